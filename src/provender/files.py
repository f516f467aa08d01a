"""Write files whole or not at all, in a form that depends on their content alone."""

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provender.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa


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


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write ``text`` as UTF-8 with its line ends as they are."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="")


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write ``value`` as :func:`format_json` does."""
    write_text(path, format_json(value))


def format_json(value: Any) -> str:
    """Return ``value`` as indented JSON with sorted keys; NaN is refused."""
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


def write_parquet(path: str | os.PathLike[str], table: "pa.Table") -> None:
    """Write ``table`` without library metadata, which could name versions or hosts."""
    # Takes half a second to import, which steps without tables do not need.
    import pyarrow.parquet as pq

    with replacing(path) as part:
        pq.write_table(table.replace_schema_metadata(None), part, compression="zstd")


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
