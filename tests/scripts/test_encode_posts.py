"""encode_posts: the words, pairs and pieces of each post of a split."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from step_runs import RunScript, names_in, run_limited

from provender import files
from provender.text.recipe import Recipe, compile_recipe

POSTS = {
    "rowid": [7, 3, 40, 41],
    "text": ["Moon, sea MOON", "moon moon sea ebb sea moon", "", "—!"],
    "label": ["tides", "bread", "tides", "bread"],
    "year": [1.0, 2.0, 3.0, 4.0],
}


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """Return a compiled recipe with one rule."""
    rules = [{"pattern": "[\\x00-/:-`{-\\x7f]+", "with": " "}]
    return compile_recipe({"max_characters": 1000, "replace": rules})


@pytest.fixture
def folder(tmp_path: Path, recipe: Recipe) -> Path:
    """Return a folder with a split, a vocabulary, labels and a recipe."""
    pq.write_table(pa.table(POSTS), tmp_path / "test.parquet")
    files.write_json(tmp_path / "vocabulary.json", ["sea", "moon"])
    files.write_json(tmp_path / "labels.json", ["bread", "tides"])
    files.write_json(tmp_path / "text.json", recipe)
    return tmp_path


def arguments(folder: Path, max_words: int) -> list[str | Path]:
    """Return the command line."""
    inputs = [
        word
        for name in ("vocabulary", "labels", "text")
        for word in (f"--{name}", folder / f"{name}.json")
    ]
    output = ["--max-words", str(max_words), "--output", folder / "out" / "test.parquet"]
    return ["--split", folder / "test.parquet", *inputs, *output]


def test_whatever_is_read_at_once(run_script: RunScript, folder: Path) -> None:
    """The features, and what is said of them, are the same for a split in several row groups."""
    said = run_script("encode_posts", *arguments(folder, 5)).stderr
    whole = (folder / "out" / "test.parquet").read_bytes()
    split = folder / "test.parquet"
    pq.write_table(pq.read_table(split), split, row_group_size=3)
    assert run_script("encode_posts", *arguments(folder, 5)).stderr == said
    assert (folder / "out" / "test.parquet").read_bytes() == whole


def test_encodes_each_post(run_script: RunScript, folder: Path) -> None:
    """Known words have their place + 2, each once with its number; rows keep their order."""
    done = run_script("encode_posts", *arguments(folder, 5))
    table = pq.read_table(folder / "out" / "test.parquet")
    assert table.schema == pa.schema(
        {
            "rowid": pa.int64(),
            "label": pa.int32(),
            "ids": pa.list_(pa.int32()),
            "counts": pa.list_(pa.int32()),
        }
    )
    assert table.to_pydict() == {
        "rowid": [7, 3, 40, 41],
        "label": [1, 0, 1, 0],
        "ids": [[2, 3], [2, 3], [], []],
        "counts": [[1, 2], [2, 2], [], []],
    }
    assert done.stderr.splitlines() == [
        "encode_posts: encoded 4 posts",
        "encode_posts: test: texts without a known word, and known words a text: 50.0%, 1.8",
        "encode_posts: test: the same by label: bread 50.0%, 2.0; tides 50.0%, 1.5",
        "encode_posts: warning: test: 2 of 4 texts have no known word: lower "
        "vocabulary.min_count, or add texts to learn from",
    ]


def test_pairs_and_pieces(run_script: RunScript, folder: Path) -> None:
    """Of a text's first words, those that the vocabulary has."""
    grams = {"sizes": [], "scripts": [], "words": [3], "pairs": True}
    files.write_json(
        folder / "text.json", compile_recipe({"max_characters": 99, "replace": []}, grams)
    )
    files.write_json(folder / "vocabulary.json", ["sea moon", "  se", " oon", "ebb sea"])
    pq.write_table(
        pa.table({**POSTS, "text": ["sea moon sea moon ebb sea"] * 4}), folder / "test.parquet"
    )
    run_script("encode_posts", *arguments(folder, 5))
    table = pq.read_table(folder / "out" / "test.parquet")
    assert table["ids"].to_pylist() == [[2, 3, 4]] * 4
    assert table["counts"].to_pylist() == [[2, 2, 2]] * 4


def test_no_post(run_script: RunScript, folder: Path) -> None:
    """Of an empty split, such as that of augmentation that nobody asked for, nothing is said."""
    pq.write_table(pa.table(POSTS).slice(0, 0), folder / "test.parquet")
    done = run_script("encode_posts", *arguments(folder, 5))
    assert done.stderr == "encode_posts: encoded 0 posts\n"


def test_a_script_without_spaces(run_script: RunScript, folder: Path) -> None:
    """Where most texts cannot be parted, the script is named, with the key that mends it."""
    thai, tides = ["สวัสดีครับ", "ขอบคุณ 5", "บัญชี"], ["tides"] * 4
    table = pa.table({**POSTS, "text": [*thai, "sea"], "label": tides})
    pq.write_table(table, folder / "test.parquet")
    done = run_script("encode_posts", *arguments(folder, 5))
    said = (
        "encode_posts: warning: test: 3 of 4 texts are in a script that has no spaces between "
        "words: "
    )
    assert done.stderr.splitlines()[-1] == (
        f"{said}set text.grams.sizes, with Thai in text.grams.scripts"
    )
    others = compile_recipe(
        {"max_characters": 99, "replace": []}, {"sizes": [2], "scripts": ["Han"]}
    )
    files.write_json(folder / "text.json", others)
    done = run_script("encode_posts", *arguments(folder, 5))
    assert done.stderr.splitlines()[-1] == f"{said}add Thai to text.grams.scripts"
    grams = {"sizes": [2], "scripts": ["Thai"]}
    pieces = compile_recipe({"max_characters": 99, "replace": []}, grams)
    files.write_json(folder / "text.json", pieces)
    assert "text.grams" not in run_script("encode_posts", *arguments(folder, 5)).stderr


def test_the_file_names_no_library(run_script: RunScript, folder: Path) -> None:
    """Metadata of pandas or of a split could differ between machines."""
    run_script("encode_posts", *arguments(folder, 5))
    assert pq.read_schema(folder / "out" / "test.parquet").metadata is None


def test_full_disk(run_script: RunScript, folder: Path) -> None:
    """Features that do not fit leave nothing; with more space the same command works."""
    code, messages = run_limited(500, "encode_posts", *arguments(folder, 5))
    assert code == 1
    assert "encode_posts: error: no disk space left (File too large). Free some" in messages
    assert names_in(folder / "out") == []
    run_script("encode_posts", *arguments(folder, 5))
    assert names_in(folder / "out") == ["test.parquet"]


@pytest.mark.parametrize("name", ["test.parquet", "vocabulary.json"])
def test_missing_input(run_script: RunScript, folder: Path, name: str) -> None:
    """A file that is not there is named, with its mend."""
    (folder / name).unlink()
    done = run_script("encode_posts", *arguments(folder, 5), code=1)
    assert done.stderr.startswith("encode_posts: error: cannot read or write: ")
    assert f"{folder}/{name}" in done.stderr
    assert "Check the path and its rights, then run again" in done.stderr
    assert not (folder / "out").exists()
