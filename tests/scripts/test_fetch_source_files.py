"""fetch_source jsonl and parquet: tables of the user's own as other programs keep them."""

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from databases import read_table
from step_runs import RunScript, names_in

Fetch = Callable[..., str]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return the file to write."""
    return tmp_path / "source" / "news.sqlite"


@pytest.fixture
def fetch(run_script: RunScript, output: Path) -> Fetch:
    """Return a function that reads a table and returns what is said."""

    def run(kind: str, path: Path, form: str = "number", code: int = 0, *more: str) -> str:
        options = ["--text", "text", "--label", "label", "--split", "day", "--split-form", form]
        options += more
        words = ["--output", output, kind, "--path", path, *options]
        done = run_script("fetch_source", *words, code=code)
        if code:
            assert names_in(output.parent) == []
        return done.stderr.removeprefix("fetch_source: error: ")

    return run


def write_lines(path: Path, *rows: object) -> Path:
    """Write each row as JSON, or as it is where it is bytes."""
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def test_json_lines(fetch: Fetch, tmp_path: Path, output: Path) -> None:
    """Objects need not have the same keys; blank lines are none."""
    rows = [
        {"text": "größe", "label": 3, "day": 1, "other": [1]}, b"", {"day": "2.5", "label": "b"},
        {"text": None, "label": "c", "day": None},
    ]  # fmt: skip
    assert fetch("jsonl", write_lines(tmp_path / "posts.jsonl", *rows)) == (
        "fetch_source: wrote 3 posts\n"
    )
    assert read_table(output) == [(1, "größe", "3", 1), (3, None, "b", 2.5), (4, None, "c", None)]


def test_several_labels(fetch: Fetch, tmp_path: Path, output: Path) -> None:
    """A row for each, whose number tells the row it is of; each once, and blank ones are none."""
    labels = ["a; b ;a", "b", ";", None, "c;b"]
    rows = [{"text": f"t{n}", "label": label, "day": n} for n, label in enumerate(labels)]
    options = ["--label-separator", ";", "--labels", "a", "B", "--rename-labels", '{"b": "B"}']
    fetch("jsonl", write_lines(tmp_path / "posts.jsonl", *rows), "number", 0, *options)
    assert read_table(output) == [
        (1000, "t0", "a", 0), (1001, "t0", "B", 0), (2000, "t1", "B", 1), (3000, "t2", None, 2),
        (4000, "t3", None, 3), (5001, "t4", "B", 4),
    ]  # fmt: skip


def test_more_labels_than_a_row_can_have(fetch: Fetch, tmp_path: Path) -> None:
    """Their numbers would be those of the next row."""
    rows = [
        {"text": "t", "label": ";".join(map(str, range(count))), "day": 1} for count in (3, 1001)
    ]
    said = fetch(
        "jsonl", write_lines(tmp_path / "posts.jsonl", *rows), "number", 1, "--label-separator", ";"
    )
    assert "1 row: more than 1,000 labels (line 2)" in said


def test_json_lines_with_faults(fetch: Fetch, tmp_path: Path) -> None:
    """Each kind of fault is named once, with its lines."""
    good = {"text": "x", "label": "a", "day": 1}
    path = write_lines(
        tmp_path / "posts.jsonl", good, b"{", b"[1]", b'{"text": "\xff"}', {**good, "text": ["x"]},
        {**good, "label": True}, {**good, "day": "soon"}, {**good, "text": "\ud800"},
    )  # fmt: skip
    assert fetch("jsonl", path, code=1) == (
        f"{path} cannot be used: 2 rows: no JSON object (line 2, 3); 1 row: not UTF-8 (line 4); "
        "2 rows: neither text nor number in text (line 5, 8); 1 row: neither text nor number in "
        "label (line 6); 1 row: no number in day (line 7). Mend or remove those lines\n"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"text": "x"}]\n', "which holds a JSON array: write each of its objects in a line"),
        (b"text,label\n", "whose first lines hold no JSON objects"),
        (b'{"text": "x", "labels": "a"}\n', "source.label names the column label, but the first"),
    ],
)
def test_what_is_no_json_lines(fetch: Fetch, tmp_path: Path, content: bytes, said: str) -> None:
    """The message says what it is, or which keys there are."""
    path = tmp_path / "posts.jsonl"
    path.write_bytes(content)
    assert said in fetch("jsonl", path, code=1)


def write_parquet(path: Path, metadata: dict[str, str] | None = None, **columns: Any) -> Path:
    """Write columns as a Parquet file of several row groups."""
    path.parent.mkdir(exist_ok=True)
    table = pa.table(columns).replace_schema_metadata(metadata)
    pq.write_table(table, path, row_group_size=2)
    return path


def test_parquet(fetch: Fetch, tmp_path: Path, output: Path) -> None:
    """Texts as large strings, labels by a dictionary, dates: rows are numbered from 1."""
    path = write_parquet(
        tmp_path / "posts.parquet",
        text=pa.array(["größe", None, "x"], pa.large_string()),
        label=pa.array(["a", "b", "a"]).dictionary_encode(),
        day=pa.array([datetime.date(1970, 1, 2), None, datetime.date(1970, 1, 3)]),
    )
    fetch("parquet", path, "date")
    assert read_table(output) == [(1, "größe", "a", 86400), (2, None, "b", None),
                                  (3, "x", "a", 172800)]  # fmt: skip


def test_a_folder_of_hugging_face(fetch: Fetch, tmp_path: Path, output: Path) -> None:
    """Files come by their names, and numbers of labels have the names that the file gives them."""
    features = {"label": {"_type": "ClassLabel", "names": ["neg", "pos"]}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    folder = tmp_path / "data"
    for name, text in (("train-1", "later"), ("train-0", "first")):
        write_parquet(
            folder / f"{name}.parquet", metadata,
            text=[text, "x", "y"], label=[1, 0, -1], day=["train", "test", "validation"],
        )  # fmt: skip
    fetch("parquet", folder, "names")
    assert read_table(output) == [
        (1, "first", "pos", 0), (2, "x", "neg", 2), (3, "y", None, 1),
        (4, "later", "pos", 0), (5, "x", "neg", 2), (6, "y", None, 1),
    ]  # fmt: skip


def test_files_that_differ(fetch: Fetch, tmp_path: Path, output: Path) -> None:
    """Before a row is read: 1 and 1.0 would be two labels. Numbers to split by are alike."""
    folder = tmp_path / "data"
    write_parquet(folder / "a.parquet", text=["x"], label=["1"], day=[1])
    write_parquet(folder / "b.parquet", text=["y"], label=pa.nulls(1), day=[1.5])
    write_parquet(
        folder / "c.parquet", text=["z"], label=pa.array(["1"]).dictionary_encode(), day=[2]
    )
    fetch("parquet", folder)
    assert [row[2] for row in read_table(output)] == ["1", None, "1"]
    output.unlink()
    write_parquet(folder / "d.parquet", text=["z"], label=[1], day=[2])
    assert fetch("parquet", folder, code=1) == (
        f"source.label names column label, which holds whole numbers in {folder}/d.parquet and "
        f"texts in {folder}/a.parquet: write one of them as the other, or name files that are "
        "alike\n"
    )
    write_parquet(folder / "d.parquet", text=["z"], other=["1"], day=[2])
    assert f"label, but {folder}/d.parquet has day, other, text" in fetch("parquet", folder, code=1)


def test_parquet_of_nulls_and_of_bytes(fetch: Fetch, tmp_path: Path, output: Path) -> None:
    """A column of nothing is nothing; bytes are texts where they are UTF-8."""
    path = write_parquet(
        tmp_path / "posts.parquet", text=[b"a\xc3\xa9", b"b"], label=pa.nulls(2), day=[1.5, 2]
    )
    fetch("parquet", path)
    assert read_table(output) == [(1, "aé", None, 1.5), (2, "b", None, 2)]
    output.unlink()
    write_parquet(path, text=[b"a", b"\xff"], label=["a", "b"], day=[1, 2])
    assert f"{path} cannot be used: 1 row: not UTF-8 in text (row 2)." in fetch(
        "parquet", path, code=1
    )


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"text": [["x"]], "label": ["a"], "day": [1]}, "column text of {} holds list<"),
        ({"text": ["x"], "label": [{"a": 1}], "day": [1]}, "column label of {} holds struct<"),
        ({"texts": ["x"], "label": ["a"], "day": [1]}, "source.text names the column text, but {}"),
    ],
)
def test_columns_that_hold_no_texts(
    fetch: Fetch, tmp_path: Path, columns: dict[str, list], said: str
) -> None:
    """The message names the column and what it holds."""
    path = write_parquet(tmp_path / "posts.parquet", **columns)
    assert said.format(path) in fetch("parquet", path, code=1)


def test_what_is_no_parquet(fetch: Fetch, tmp_path: Path) -> None:
    """Neither a file of something else nor a folder without such files."""
    (tmp_path / "posts.parquet").write_text("text,label\n", "utf-8")
    assert "which is no Parquet file" in fetch("parquet", tmp_path / "posts.parquet", code=1)
    (tmp_path / "empty").mkdir()
    said = fetch("parquet", tmp_path / "empty", code=1)
    assert "a folder without a file *.parquet: name one" in said
