"""A Parquet file of the user's own, or a folder of them, as Hugging Face's datasets are kept."""

import argparse
import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from provender import console
from provender.errors import UserError
from provender.sources import columns
from provender.sources.posts import Post

# Rows read at once.
BATCH_ROWS = 4096

# Where Hugging Face's datasets keep the names of labels that are numbers.
FEATURES = b"huggingface"

TEXTS = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary,
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this kind of source."""
    parser.add_argument("--path", type=Path, required=True, help="Parquet file, or a folder")
    columns.add_arguments(parser)


def read(options: argparse.Namespace) -> Iterator[Post]:
    """Yield the rows that the options ask for."""
    wanted = columns.read_arguments(options)
    origin = columns.Origin(str(options.path), "row", "Mend or remove those rows")
    return columns.to_posts(read_rows(options.path, wanted.columns()), wanted, origin)


def read_rows(path: Path, named: Mapping[str, str]) -> Iterator[columns.Row]:
    """Yield the columns that are ``named``; rows count from 1 through all files by their names."""
    opened = [(each, _open(each)) for each in files_of(path)]
    total = sum(file.metadata.num_rows for _, file in opened)
    yield from console.progress(_read_rows(opened, named), f"reading {path.name}", total)


def files_of(path: Path) -> list[Path]:
    """Return the Parquet files of a folder by their names, or the file itself."""
    if not path.is_dir():
        columns.check_file(path)
        return [path]
    found = sorted(path.rglob("*.parquet"), key=lambda each: each.as_posix())
    if not found:
        raise UserError(f"source.path names {path}, a folder without a file *.parquet: name one")
    return found


def columns_of(path: Path) -> list[str]:
    """Return the columns of the first file whose values can be read."""
    schema = _open(files_of(path)[0]).schema_arrow
    return [field.name for field in schema if _is_readable(field)]


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise UserError(f"source.path names {path}, which is no Parquet file: {error}") from error


def _read_rows(
    opened: Sequence[tuple[Path, pq.ParquetFile]], named: Mapping[str, str]
) -> Iterator[columns.Row]:
    number = 0
    label = list(named).index(columns.LABEL) if columns.LABEL in named else None
    for path, file in opened:
        schema = file.schema_arrow
        found = columns.find_columns(named, schema.names, f"{path} has")
        for name in found:
            _check_type(schema.field(name), path)
        names = [] if label is None else _label_names(schema, found[label])
        for batch in file.iter_batches(BATCH_ROWS, columns=list(dict.fromkeys(found))):
            values = [_values(batch.column(name)) for name in found]
            for row in zip(*values, strict=True):
                number += 1
                bad = [name for name, each in zip(found, row, strict=True) if each is _NOT_UTF_8]
                if bad:
                    yield number, f"not UTF-8 in {bad[0]}"
                    continue
                if label is not None and names and isinstance(row[label], int):
                    # Hugging Face writes -1 where there is no label.
                    own = names[row[label]] if 0 <= row[label] < len(names) else None
                    row = (*row[:label], own, *row[label + 1 :])
                yield number, row


# Stands for bytes that are no text.
_NOT_UTF_8 = object()


def _values(column: pa.Array) -> list[Any]:
    """Return a column's values: texts, numbers, ISO dates, None, or ``_NOT_UTF_8``."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if any(fits(column.type) for fits in TEXTS):
        # Parquet's texts need not be UTF-8.
        return [_decoded(value) for value in column.cast(pa.large_binary()).to_pylist()]
    return [
        value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value
        for value in column.to_pylist()
    ]


def _decoded(value: bytes | None) -> object:
    try:
        return None if value is None else value.decode("utf-8")
    except UnicodeDecodeError:
        return _NOT_UTF_8


def _is_readable(field: pa.Field) -> bool:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    return any(
        fits(kind)
        for fits in (
            *TEXTS, pa.types.is_integer, pa.types.is_floating, pa.types.is_date,
            pa.types.is_timestamp, pa.types.is_null,
        )
    )  # fmt: skip


def _check_type(field: pa.Field, path: Path) -> None:
    if not _is_readable(field):
        raise UserError(
            f"column {field.name} of {path} holds {field.type}: name one with texts, numbers or "
            "dates, or write such a column first"
        )


def _label_names(schema: pa.Schema, label: str) -> list[str]:
    """Return what the numbers of a column of labels mean, where the file says so."""
    try:
        features = json.loads((schema.metadata or {})[FEATURES])["info"]["features"]
        names = features[label].get("names")
    except (KeyError, TypeError, ValueError):
        return []
    return list(map(str, names)) if isinstance(names, list) else []
