"""A Parquet file of the user's own, or a folder of them, as Hugging Face's datasets are kept.

The folder may be in an object store.
"""

import argparse
import contextlib
import datetime
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from provender import console, files
from provender.errors import UserError
from provender.sources import columns, store
from provender.sources.posts import Post

ENDING = ".parquet"

# Whose values mean something as they are written, so that 1 and 1.0 are different.
MEANT = ("source.text", columns.LABEL)
TEXT = "text"

# Rows read at once.
BATCH_ROWS = 4096

# Where Hugging Face's datasets keep the names of labels that are numbers.
FEATURES = b"huggingface"

TEXTS = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary,
)  # fmt: skip


class Part(NamedTuple):
    """One file of a table: what messages call it, and how its columns and its rows are read.

    ``copy`` gives a path to read all of it from.
    """

    name: str
    open: Callable[[], pq.ParquetFile]
    copy: Callable[[], AbstractContextManager[Path]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this kind of source."""
    parser.add_argument(
        "--path", required=True, help="Parquet file, a folder, or s3://bucket/prefix"
    )
    parser.add_argument(
        "--files", type=Path, help="JSON file to write: digests of the files of a store"
    )
    columns.add_arguments(parser)


def read(options: argparse.Namespace) -> Iterator[Post]:
    """Yield the rows that the options ask for."""
    wanted = columns.read_arguments(options)
    origin = columns.Origin(options.path, "row", "Mend or remove those rows")
    if store.is_place(options.path):
        rows = read_stored(options.path, wanted.columns(), options.files)
    else:
        rows = read_rows(Path(options.path), wanted.columns())
    return columns.to_posts(rows, wanted, origin)


def read_rows(path: Path, named: Mapping[str, str]) -> Iterator[columns.Row]:
    """Yield the columns that are ``named``; rows count from 1 through all files by their names."""

    def keep(each: Path) -> AbstractContextManager[Path]:
        return contextlib.nullcontext(each)

    parts = [Part(str(each), partial(_open, each), partial(keep, each)) for each in files_of(path)]
    yield from _read_parts(parts, named, path.name)


def read_stored(place: str, named: Mapping[str, str], told: Path) -> Iterator[columns.Row]:
    """Yield the same of a store, one file of which is copied at a time.

    ``told``: a JSON file to write, with name, bytes and sha256 digest of each.
    """
    there = store.Store(place)
    found: list[dict[str, object]] = []

    @contextlib.contextmanager
    def copy(each: store.Stored) -> Iterator[Path]:
        with files.scratch(told) as folder:
            folder.mkdir(parents=True)
            digest = there.copy(each, folder / "part.parquet")
            found.append({"name": each.name, "bytes": each.size, "sha256": digest})
            yield folder / "part.parquet"

    def open_stored(each: store.Stored) -> pq.ParquetFile:
        return _open(there.open(each), each.name)

    parts = [
        Part(each.name, partial(open_stored, each), partial(copy, each))
        for each in there.files(ENDING)
    ]
    yield from _read_parts(parts, named, place)
    files.write_json(told, {"place": place, "files": found})


def files_of(path: Path) -> list[Path]:
    """Return the Parquet files of a folder by their names, or the file itself."""
    if not path.is_dir():
        columns.check_file(path)
        return [path]
    found = sorted(path.rglob(f"*{ENDING}"), key=lambda each: each.as_posix())
    if not found:
        raise UserError(f"source.path names {path}, a folder without a file *{ENDING}: name one")
    return found


def columns_of(path: Path) -> list[str]:
    """Return the columns of the first file whose values can be read."""
    with _open(files_of(path)[0]) as file:
        return [field.name for field in file.schema_arrow if _is_readable(field)]


def _open(source: Path | pa.NativeFile, name: str = "") -> pq.ParquetFile:
    try:
        return pq.ParquetFile(source)
    except pa.ArrowInvalid as error:
        said = f"source.path names {name or source}, which is no Parquet file: {error}"
        raise UserError(said) from error


def _read_parts(
    parts: Sequence[Part], named: Mapping[str, str], what: str
) -> Iterator[columns.Row]:
    """Look at the columns of all parts first, so that none that differs is found late."""
    total, kinds = 0, dict[str, tuple[str, str]]()
    for part in parts:
        with part.open() as file:
            total += file.metadata.num_rows
            _check_columns(file.schema_arrow, named, part.name, kinds)
    yield from console.progress(_read_rows(parts, named), f"reading {what}", total)


def _check_columns(
    schema: pa.Schema, named: Mapping[str, str], part: str, kinds: dict[str, tuple[str, str]]
) -> None:
    """Raise UserError where a part lacks columns, or has them otherwise than the parts before.

    ``kinds``: what each column holds, by its setting, and the first part that says so; added to.
    """
    found = columns.find_columns(named, schema.names, f"{part} has")
    for setting, name in zip(named, found, strict=True):
        _check_type(schema.field(name), part)
        kind = _kind(schema.field(name))
        known, first = kinds.setdefault(setting, (kind, part)) if kind else ("", "")
        # Numbers to split or to order by mean the same, whole or not.
        if known != kind and (setting in MEANT or TEXT in (known, kind)):
            raise UserError(
                f"{setting} names column {name}, which holds {kind}s in {part} and {known}s in "
                f"{first}: write one of them as the other, or name files that are alike"
            )


def _kind(field: pa.Field) -> str:
    """Return what a column holds: texts, whole numbers, …; nothing where it is empty."""
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if pa.types.is_null(kind):
        return ""
    if any(fits(kind) for fits in TEXTS):
        return TEXT
    if pa.types.is_integer(kind):
        return "whole number"
    return "number" if pa.types.is_floating(kind) else "date"


def _read_rows(parts: Sequence[Part], named: Mapping[str, str]) -> Iterator[columns.Row]:
    number = 0
    label = list(named).index(columns.LABEL) if columns.LABEL in named else None
    for part in parts:
        with part.copy() as path, _open(path, part.name) as file:
            schema = file.schema_arrow
            found = columns.find_columns(named, schema.names, f"{part.name} has")
            names = [] if label is None else _label_names(schema, found[label])
            for batch in file.iter_batches(BATCH_ROWS, columns=list(dict.fromkeys(found))):
                values = [_values(batch.column(name)) for name in found]
                for row in zip(*values, strict=True):
                    number += 1
                    bad = [n for n, each in zip(found, row, strict=True) if each is _NOT_UTF_8]
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


def _check_type(field: pa.Field, part: str) -> None:
    if not _is_readable(field):
        raise UserError(
            f"column {field.name} of {part} holds {field.type}: name one with texts, numbers or "
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
