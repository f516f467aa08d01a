"""What differs inside two files is told in terms of their format."""

import gzip
import io
import json
import sqlite3
import tarfile
import tempfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pytest

from provender import files
from provender.reproduction import differences

Pair = tuple[Path, Path]


@pytest.fixture
def sides(tmp_path: Path) -> Pair:
    """Return two folders."""
    for side in ("left", "right"):
        (tmp_path / side).mkdir()
    return tmp_path / "left", tmp_path / "right"


def write(sides: Pair, name: str, left: bytes, right: bytes) -> Pair:
    """Write one file in both folders."""
    for side, content in zip(sides, (left, right), strict=True):
        (side / name).write_bytes(content)
    return sides[0] / name, sides[1] / name


def explain_json(sides: Pair, left: object, right: object) -> list[str]:
    """Return what differs between two values, written as JSON."""
    contents = [json.dumps(value).encode() for value in (left, right)]
    return differences.explain(*write(sides, "a.json", *contents))


def test_json_names_the_place(sides: Pair) -> None:
    """Keys and places in lists lead to each value that differs, is absent or of another type."""
    left = {"a": {"b": [1, 2, 3]}, "same": 1, "kind": 1}
    right = {"a": {"b": [1, 5]}, "same": 1, "kind": True, "new": None}
    assert explain_json(sides, left, right) == [
        "$.a.b[1]: 2 | 5",
        "$.a.b[2]: 3 | absent",
        "$.kind: 1 | True",
        "$.new: absent | None",
    ]


def test_json_in_another_form(sides: Pair) -> None:
    """The order of keys is told; where only spaces differ, so are the bytes."""
    assert explain_json(sides, {"a": 1, "b": 2}, {"b": 2, "a": 1}) == ["$: keys in another order"]
    assert differences.explain(*write(sides, "a.json", b"[1]", b"[1]\n")) == [
        "the same content, but bytes differ from offset 3; 3 | 4 bytes"
    ]


def test_many_differences_are_cut_short(sides: Pair) -> None:
    """Of a file that differs all over, the first lines are shown."""
    lines = explain_json(sides, list(range(50)), list(range(1, 51)))
    assert lines == [*(f"$[{n}]: {n} | {n + 1}" for n in range(10)), "and more"]


def test_parquet_names_the_column(sides: Pair) -> None:
    """Columns that differ are named, with rows and the largest difference of numbers."""
    scores = np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)
    for side, shift in zip(sides, (0, 0.125), strict=True):
        columns = {
            "rowid": [1, 2],
            "text": ["same", f"shift {shift}"],
            "scores": pa.FixedSizeListArray.from_arrays(pa.array((scores - shift).ravel()), 2),
        }
        files.write_parquet(side / "a.parquet", pa.table(columns))
    assert differences.explain(sides[0] / "a.parquet", sides[1] / "a.parquet") == [
        "column text: 1 of 2 rows; the first, row 1: shift 0 | shift 0.125",
        "column scores: 2 of 2 rows, max |Δ| 0.125; the first, row 0: "
        "[0.25, 0.75] | [0.125, 0.625]",
    ]


def test_parquet_with_other_columns(sides: Pair) -> None:
    """Columns of another type or length, and those of one side, are named."""
    for side, table in zip(
        sides,
        (pa.table({"a": [1, 2], "b": [1, 2]}), pa.table({"a": [1.0, 2.0], "c": [1, 2]})),
        strict=True,
    ):
        files.write_parquet(side / "a.parquet", table)
    left, right = sides[0] / "a.parquet", sides[1] / "a.parquet"
    assert differences.explain(left, right) == [
        "column a: 2 int64 | 2 double",
        f"column b: only in {left}",
        f"column c: only in {right}",
    ]


def test_hdf5_names_the_tensor(sides: Pair) -> None:
    """Tensors that differ are named with the largest difference, attributes with both values."""
    for side, shift in zip(sides, (0, 1e-3), strict=True):
        with h5py.File(side / "a.h5", "w") as file:
            file["embedding/table"] = np.array([[1.0, 2.0], [3.0, 4.0 + shift]], np.float32)
            file["bias"] = np.zeros(3, np.float32)
            file.attrs["made"] = f"at {shift}"
    assert differences.explain(sides[0] / "a.h5", sides[1] / "a.h5") == [
        "attribute./@made: at 0 | at 0.001",
        "tensor embedding/table: 1 of 4 values, max |Δ| 0.001",
    ]


def test_shard_names_the_tensor(sides: Pair) -> None:
    """A shard of TensorFlow.js is read by the model.json beside it, quantised weights too."""
    weights = [
        {"name": "table", "shape": [2, 2], "dtype": "float32", "quantization": {"dtype": "uint8"}},
        {"name": "kernel", "shape": [3], "dtype": "float32"},
    ]
    manifest = {"weightsManifest": [{"paths": ["s.bin"], "weights": weights}]}
    for side in sides:
        files.write_json(side / "model.json", manifest)
    contents = [
        np.array([1, 2, 3, last], np.uint8).tobytes() + np.array([1, 2, x], "<f4").tobytes()
        for last, x in ((4, 0.5), (9, 0.25))
    ]
    assert differences.explain(*write(sides, "s.bin", *contents)) == [
        "tensor table: 1 of 4 values, max |Δ| 5",
        "tensor kernel: 1 of 3 values, max |Δ| 0.25",
    ]


def test_text_names_the_line(sides: Pair) -> None:
    """The line that differs is shown from near where it does."""
    start = b"epoch,loss\n" + b"x" * 100
    pair = write(sides, "a.csv", start + b"1,0.25\n", start + b"1,0.50\nmore\n")
    assert differences.explain(*pair) == [
        f"line 2: …{'x' * 26}1,0.25 | …{'x' * 26}1,0.50",
        "line 3: absent | more",
    ]


def test_sqlite_names_table_and_row(sides: Pair) -> None:
    """The row and the place of the column are named; so are tables of one side."""
    for side, label in zip(sides, ("tides", "bread"), strict=True):
        database = sqlite3.connect(side / "a.sqlite")
        with database:
            database.execute("CREATE TABLE news (Data TEXT, Category TEXT)")
            database.executemany(
                "INSERT INTO news VALUES (?, ?)", [("one", "chess"), ("two", label)]
            )
            if label == "bread":
                database.execute("CREATE TABLE other (a)")
        database.close()
    assert differences.explain(sides[0] / "a.sqlite", sides[1] / "a.sqlite") == [
        "table.other: absent | CREATE TABLE other (a)",
        "table news, row 2, column.2: tides | bread",
    ]


def tar(content: bytes, when: int, name: str = "package/about.json") -> bytes:
    """Return a tar.gz with one member."""
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size, member.mtime = len(content), when
        archive.addfile(member, io.BytesIO(content))
    return gzip.compress(memory.getvalue(), mtime=0)


def test_tar_names_the_member(sides: Pair) -> None:
    """A member's own record and its content, told in terms of its format, are named."""
    pair = write(sides, "a.tgz", tar(b'{"posts": 1}', 5), tar(b'{"posts": 2}', 6))
    assert differences.explain(*pair) == [
        "member package/about.json.mtime: 5 | 6",
        "member package/about.json, $.posts: 1 | 2",
    ]


def test_a_member_that_leads_out(sides: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written beside the folder that an archive is unpacked into."""
    top = sides[0].parent
    monkeypatch.setattr(tempfile, "tempdir", str(top))
    pair = write(sides, "a.tgz", *(tar(b"{}", when, "../../out") for when in (5, 6)))
    assert differences.explain(*pair) == ["member ../../out.mtime: 5 | 6"]
    assert sorted(path.name for path in top.iterdir()) == ["left", "right"]


def test_zip_names_the_member(sides: Pair) -> None:
    """Of a zip too, also where the order of members is all that differs."""
    contents = []
    for names in (["a.txt", "b.txt"], ["b.txt", "a.txt"]):
        memory = io.BytesIO()
        with zipfile.ZipFile(memory, "w") as archive:
            for name in names:
                archive.writestr(zipfile.ZipInfo(name), name)
        contents.append(memory.getvalue())
    assert differences.explain(*write(sides, "a.zip", *contents)) == [
        "members[0]: a.txt | b.txt",
        "members[1]: b.txt | a.txt",
    ]


def test_other_files_are_bytes(sides: Pair) -> None:
    """For any other file, and for one that is not what its name says, offset and size are."""
    assert differences.explain(*write(sides, "a.png", b"\x89PNG1", b"\x89PNG23")) == [
        "bytes differ from offset 4; 5 | 6 bytes"
    ]
    first, *rest = differences.explain(*write(sides, "a.json", b"[1]", b"[1"))
    assert first.startswith("cannot be opened as what it is called (Expecting")
    assert rest == ["bytes differ from offset 2; 3 | 2 bytes"]


def test_compare_walks_what_is_built(sides: Pair) -> None:
    """Every file below data/ and dist/ is compared, inputs and anything else are not."""
    for side, value in zip(sides, ("1", "2"), strict=True):
        for name in ("data/a/b.txt", "data/archive/c.txt", "dist/d.txt", "logs/e.txt"):
            files.write_text(side / name, value if name != "dist/d.txt" else "same")
        files.write_text(side / f"dist/only{value}.txt", "")
    assert differences.compare(*sides) == {
        "data/a/b.txt": ["line 1: 1 | 2"],
        "dist/only1.txt": [f"only in {sides[0]}"],
        "dist/only2.txt": [f"only in {sides[1]}"],
    }


def test_digests_are_of_what_was_built(tmp_path: Path) -> None:
    """Neither an archive that was fetched nor a release is."""
    for name in ("data/a", "dist/b", "dist/releases/c/d", "data/archive/e", "data/archives"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert list(differences.digests(tmp_path)) == ["data/a", "data/archives", "dist/b"]
