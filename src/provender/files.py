"""Write files whole or not at all, in a form that depends on their content alone."""

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provender.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


# What stands in one line of JSON.
SCALARS = {str, int, float, bool, type(None)}


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside ``path`` and rename it to ``path`` on success.

    The temporary name is fixed, so that what a killed run leaves behind is
    overwritten by the next one instead of piling up.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def scratch(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the name of a folder beside ``path`` for what is only needed on the way there.

    It is fixed, as above; a step that does not need it need not make it.
    """
    folder = Path(path).with_name(Path(path).name + ".scratch")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write ``text`` as UTF-8 with its line ends as they are."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="")


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write ``value`` as :func:`format_json` does."""
    write_text(path, format_json(value))


def format_json(value: Any) -> str:
    """Return ``value`` as indented JSON with sorted keys; NaN is refused."""
    if isinstance(value, list) and value and set(map(type, value)) <= SCALARS:
        # As with the indent, for which Python has no fast way.
        text = json.dumps(value, ensure_ascii=False, separators=(",\n ", ": "), allow_nan=False)
        return f"[\n {text[1:-1]}\n]\n"
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    return text + "\n"


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file in UTF-8."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def format_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV with a header row."""
    table = io.StringIO(newline="")
    csv.writer(table, lineterminator="\n").writerows([header, *rows])
    return table.getvalue()


def read_parquet(
    source: str | os.PathLike[str] | bytes, columns: list[str] | None = None
) -> "pa.Table":
    """Read one Parquet file, by its path or its bytes, all of it or the named columns.

    Unlike ``pyarrow.parquet.read_table``, which loads Arrow's machinery for folders of files,
    a quarter of a second and 50 MB; and without threads, of which one that is still there when
    Python ends takes the process down with it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(pa.BufferReader(source) if isinstance(source, bytes) else source) as file:
        return file.read(columns, use_threads=False)


def read_groups(
    path: str | os.PathLike[str],
    columns: list[str],
    choose: Callable[[int], Iterable[int]] = range,
    rows: int = 0,
) -> Iterator["pa.Table"]:
    """Read the named columns of a Parquet file by its row groups, without threads.

    ``choose`` says which ones, given their number. With ``rows``, of each so many rows at a time. A
    file that is not there is an error at once.
    """
    import pyarrow.parquet as pq

    return _read_groups(pq.ParquetFile(path), columns, choose, rows)


def _read_groups(
    opened: "pq.ParquetFile", columns: list[str], choose: Callable[[int], Iterable[int]], rows: int
) -> Iterator["pa.Table"]:
    import pyarrow as pa

    with opened as file:
        for group in choose(file.num_row_groups):
            if not rows:
                yield file.read_row_group(group, columns, use_threads=False)
                continue
            for batch in file.iter_batches(rows, [group], columns, use_threads=False):
                yield pa.Table.from_batches([batch])


def write_parquet(path: str | os.PathLike[str], table: "pa.Table") -> None:
    """Write ``table`` without library metadata, which could name versions or hosts."""
    # Takes half a second to import, which steps without tables do not need.
    import pyarrow.parquet as pq

    with replacing(path) as part:
        pq.write_table(table.replace_schema_metadata(None), part, compression="zstd")


# Rows of a row group, and bytes of its texts, whichever are fewer: what is read at once.
GROUP_ROWS, GROUP_BYTES = 1024, 1 << 25


@contextmanager
def writing_parquet(
    path: str | os.PathLike[str], schema: "pa.Schema", **how: Any
) -> Iterator["RowGroups"]:
    """Write a table part by part, without library metadata; ``how``: pyarrow's own options."""
    import pyarrow.parquet as pq

    with (
        replacing(path) as part,
        pq.ParquetWriter(part, schema, compression="zstd", **how) as writer,
    ):
        groups = RowGroups(writer, schema)
        yield groups
        groups.close()


class RowGroups:
    """Writes a table in row groups that depend on its rows alone, however they come."""

    def __init__(self, writer: "pq.ParquetWriter", schema: "pa.Schema") -> None:
        """Begin with no rows; texts count where there is a column ``text``."""
        self._writer = writer
        self._held = schema.empty_table()

    def write(self, table: "pa.Table") -> None:
        """Add rows."""
        import pyarrow as pa

        self._held = pa.concat_tables([self._held, table])
        while count := self._full():
            group = self._held.slice(0, count).combine_chunks()
            # First, so that a group is not held twice while it is written.
            self._held = self._held.slice(count)
            self._writer.write_table(group)

    def close(self) -> None:
        """Write the rows that are left, and what ends the file; then nothing more can fail."""
        if len(self._held):
            self._writer.write_table(self._held.combine_chunks())
            self._held = self._held.slice(0, 0)
        self._writer.close()

    def _full(self) -> int:
        """Return the number of rows of the next group, 0 if they are not all there yet."""
        import pyarrow.compute as pc

        if "text" in self._held.column_names:
            sizes = pc.cumulative_sum(pc.binary_length(self._held["text"].slice(0, GROUP_ROWS)))
            many = pc.sum(pc.less(sizes, GROUP_BYTES)).as_py() or 0
            if many < min(len(self._held), GROUP_ROWS):
                return int(many) + 1
        return GROUP_ROWS if len(self._held) >= GROUP_ROWS else 0


Batch = tuple["pa.Table", dict[str, Any]]


def write_batches(
    path: str | os.PathLike[str], schema: "pa.Schema", batches: Iterable[Batch]
) -> None:
    """Write tables as they come, each with what JSON can say of it: what soon is read again."""
    import pyarrow as pa

    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with replacing(path) as part, pa.ipc.new_stream(str(part), schema, options=options) as writer:
        for table, told in batches:
            arrays = [column.combine_chunks() for column in table.columns]
            batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
            writer.write_batch(batch, custom_metadata={"told": json.dumps(told)})


def read_batches(paths: Iterable[str | os.PathLike[str]]) -> Iterator[Batch]:
    """Read what :func:`write_batches` wrote to some files, one after another."""
    import pyarrow as pa

    for path in paths:
        # The end is told by an exception alone.
        with pa.ipc.open_stream(pa.OSFile(str(path))) as reader, suppress(StopIteration):
            while True:
                batch, metadata = reader.read_next_batch_with_custom_metadata()
                yield pa.Table.from_batches([batch]), json.loads(metadata["told"])


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the hexadecimal SHA-256 digest of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sha256(path: str | os.PathLike[str], expected: list[str]) -> None:
    """Raise UserError, naming both digests, unless ``path`` has one of ``expected``."""
    digest = sha256(path)
    if digest not in expected:
        raise UserError(
            f"{path} has the sha256 digest {digest}, but source.sha256 expects "
            f"{' or '.join(expected)}. It is another file or a damaged one: name a good one by "
            "make ARCHIVE=path"
        )
