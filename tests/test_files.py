"""Files are written whole or not at all, and by their content alone."""

import hashlib
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provender import files
from provender.errors import UserError

# SHA-256 of "abc", from FIPS 180-2.
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=20,
)


def names(folder: Path) -> list[str]:
    """Return what lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_replacing_keeps_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    """Whoever reads meanwhile reads the old file."""
    path = tmp_path / "file"
    path.write_text("old")
    with files.replacing(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
def test_replacing_leaves_nothing_on_an_error(tmp_path: Path, error: type[BaseException]) -> None:
    """The old file stays, no part of the new one does, and the error passes through."""
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(error, match=r"^half-way$"), files.replacing(path) as part:
        part.write_text("ne")
        raise error("half-way")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_replacing_takes_the_place_of_what_a_killed_run_left(tmp_path: Path) -> None:
    """Parts do not pile up."""
    (tmp_path / "file.part").write_text("left behind by a killed run")
    with files.replacing(tmp_path / "file") as part:
        part.write_text("new")
    assert (tmp_path / "file").read_text() == "new"
    assert names(tmp_path) == ["file"]


def test_replacing_makes_folders(tmp_path: Path) -> None:
    """A path in a folder that is not there yet can be written."""
    files.write_text(tmp_path / "a" / "b" / "file", "text")
    assert (tmp_path / "a" / "b" / "file").read_text() == "text"


def test_text_keeps_its_line_ends(tmp_path: Path) -> None:
    """Bytes do not depend on the machine's line ends or encoding."""
    files.write_text(tmp_path / "file", "é\r\n\n\r…")
    assert (tmp_path / "file").read_bytes() == b"\xc3\xa9\r\n\n\r\xe2\x80\xa6"


def test_json_is_canonical(tmp_path: Path) -> None:
    """Equal values give equal bytes, whatever order their keys came in."""
    files.write_json(tmp_path / "one", {"b": [1.5, "é"], "a": {"y": None, "x": True}})
    files.write_json(tmp_path / "other", {"a": {"x": True, "y": None}, "b": [1.5, "é"]})
    expected = (
        '{\n "a": {\n  "x": true,\n  "y": null\n },\n "b": [\n  1.5,\n  "é"\n ]\n}\n'
    ).encode()
    assert (tmp_path / "one").read_bytes() == expected
    assert (tmp_path / "other").read_bytes() == expected


@given(value=JSON)
def test_json_round_trip(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    """What was written is read again."""
    path = tmp_path_factory.getbasetemp() / "round-trip.json"
    files.write_json(path, value)
    assert files.read_json(path) == value


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_json_refuses_what_is_no_number(tmp_path: Path, number: float) -> None:
    """NaN is no JSON: the old file stays."""
    files.write_json(tmp_path / "file", 1)
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        files.write_json(tmp_path / "file", {"metric": [number]})
    assert files.read_json(tmp_path / "file") == 1
    assert names(tmp_path) == ["file"]


def test_parquet_names_no_library(tmp_path: Path) -> None:
    """A table made by pandas is written as one that was not."""
    table = {"rowid": [3, 1], "text": ["a", "é"]}
    files.write_parquet(tmp_path / "pandas", pa.Table.from_pandas(pd.DataFrame(table)))
    files.write_parquet(
        tmp_path / "plain", pa.table(pq.read_table(tmp_path / "pandas").to_pydict())
    )
    assert pq.read_schema(tmp_path / "pandas").metadata is None
    assert pq.read_table(tmp_path / "pandas").to_pydict() == table
    assert pq.read_table(tmp_path / "plain").to_pydict() == table


def test_sha256(tmp_path: Path) -> None:
    """The digest is that of the file's bytes."""
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert files.sha256(path) == ABC
    path.write_bytes(b"\0\xff" * 300_000)
    assert files.sha256(path) == hashlib.sha256(b"\0\xff" * 300_000).hexdigest()


@pytest.mark.parametrize("expected", [[ABC], ["0" * 64, ABC]])
def test_a_good_digest_passes(tmp_path: Path, expected: list[str]) -> None:
    """One of the expected digests is enough."""
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert files.check_sha256(path, expected) is None


def test_a_wrong_digest_names_both(tmp_path: Path) -> None:
    """The message has the digest found, those expected and the mend."""
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with pytest.raises(UserError) as caught:
        files.check_sha256(path, ["0" * 64, "1" * 64])
    assert str(caught.value) == (
        f"{path} has the sha256 digest {ABC}, but source.sha256 expects {'0' * 64} or {'1' * 64}. "
        "It is another file or a damaged one: name a good one by make ARCHIVE=path"
    )


@pytest.mark.parametrize("batch", [1, 7, 50, 400])
def test_row_groups_depend_on_rows_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """However rows come, they stand in the same groups: of so many rows, or of so many bytes."""
    monkeypatch.setattr(files, "GROUP_ROWS", 30)
    monkeypatch.setattr(files, "GROUP_BYTES", 1000)
    texts = ["x" * (n % 5 if n < 200 else n) for n in range(300)]
    table = pa.table({"rowid": pa.array(range(300), pa.int64()), "text": texts})
    with files.writing_parquet(tmp_path / "a.parquet", table.schema) as groups:
        for start in range(0, 300, batch):
            groups.write(table.slice(start, batch))
    read = list(files.read_groups(tmp_path / "a.parquet", ["rowid", "text"]))
    assert pa.concat_tables(read).equals(table)
    sizes = [len(group) for group in read]
    assert sizes[:6] == [30] * 6
    # From row 200 on, each group is full with the text that reaches the limit.
    assert sizes[6:9] == [25, 5, 5]
    assert all(sum(map(len, group["text"].to_pylist()[:-1])) < 1000 for group in read)
