"""A table or view of the user's own SQLite database."""

import argparse
import codecs
import json
import math
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from provender import console
from provender.errors import UserError
from provender.sources.posts import Post, require

# Values of split.validation_by that name no column.
NO_COLUMN = ("hash", "rowid")

# Seconds to wait for a writer that has the user's database locked.
LOCK_SECONDS = 5

# What a folder's databases are known by, for a message that lists them.
DATABASE_SUFFIXES = {".db", ".db3", ".sqlite", ".sqlite3"}

# What each database begins with.
HEADER = b"SQLite format 3\0"

# Stands in for the row id of a view or a WITHOUT ROWID table.
NUMBERED = "row_number() OVER ()"

# Byte 19 of a database's header, and its value where it is kept with a write-ahead log.
READ_VERSION_BYTE, WRITE_AHEAD_LOG = 19, 2

# Row ids named in a message.
NAMED_ROWS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this kind of source."""
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--table", required=True)
    parser.add_argument("--text", required=True, help="column with the texts")
    parser.add_argument("--label", required=True, help="column with the labels")
    parser.add_argument("--split", required=True, help="column with the split values")
    parser.add_argument("--labels", nargs="*", default=[], help="keep only these labels")
    parser.add_argument(
        "--rename-labels", type=json.loads, default={}, help="labels by their new names, as JSON"
    )
    parser.add_argument("--validation-by", default="hash", help="column with the posting order")


def read(options: argparse.Namespace) -> Iterator[Post]:
    """Yield the rows that the options ask for."""
    return read_database(
        options.database,
        options.table,
        options.text,
        options.label,
        options.split,
        options.labels,
        options.rename_labels,
        options.validation_by,
    )


def read_database(
    path: Path,
    table: str,
    text: str,
    label: str,
    split: str,
    labels: list[str],
    renamed: Mapping[str, str],
    validation_by: str,
) -> Iterator[Post]:
    """Read three columns of a table or view of the user's database, never writing to it.

    ``labels``: keep only these; all where empty. White space around a label is no part of it.
    ``renamed``: what labels are to be called, before ``labels`` are asked for.
    ``validation_by``: a column whose values come along as each row's place in time, or one of
    ``NO_COLUMN``. Tables and columns are named in capitals or not, as in SQL. Raises UserError,
    with what is there, for anything that is missing, locked, not UTF-8 or not a number.
    """
    with _open_read_only(path) as database:
        names = [name for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        )]  # fmt: skip
        table = _as_named(table, names)
        require([table], names, "table", "source.table", f"{path} has")
        columns = [row[1] for row in database.execute(f"PRAGMA table_xinfo({_quoted(table)})")]
        settings = {"source.text": text, "source.label": label, "source.split": split}
        if validation_by not in NO_COLUMN:
            settings["split.validation_by"] = validation_by
        settings = {setting: _as_named(name, columns) for setting, name in settings.items()}
        for setting, column in settings.items():
            require([column], columns, "column", setting, f"table {table} has")
        yield from _read_rows(database, path, table, list(settings.values()), labels, renamed)


def _as_named(name: str, there: list[str]) -> str:
    """Return the name as the database has it: to SQLite, small and capital letters are the same."""
    alike = [each for each in there if each.lower() == name.lower()]
    return alike[0] if name not in there and len(alike) == 1 else name


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _open_read_only(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        there = sorted(p.name for p in path.parent.glob("*") if p.suffix in DATABASE_SUFFIXES)
        listed = f"; in {path.parent} there is {', '.join(there)}" if there else ""
        raise UserError(f"source.path names {path}, which is no file{listed}")
    _check_header(path)
    real = path.resolve()
    # Such a database would get a log and its index beside it, even when opened to be read;
    # SQLite leaves them out for a file that does not change.
    at_rest = _keeps_log(real) and not real.with_name(real.name + "-wal").exists()
    uri = f"{real.as_uri()}?mode=ro{'&immutable=1' if at_rest else ''}"
    before = real.stat()
    database = sqlite3.connect(uri, uri=True, timeout=LOCK_SECONDS)
    try:
        # One transaction: what is read is of one moment, whoever writes meanwhile.
        database.execute("BEGIN")
        yield database
    except sqlite3.Error as error:
        raise UserError(_explain(path, error)) from error
    finally:
        database.close()
    after = real.stat()
    if at_rest and (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise UserError(f"{path} was written to while it was read: run again")


def _check_header(path: Path) -> None:
    """Raise UserError for a file that is no database at all, with what to do about it."""
    with path.open("rb") as file:
        start = file.read(1024)
    # An empty file is a database without tables.
    if start.startswith(HEADER) or not start:
        return
    try:
        # The last character may be cut.
        is_text = "\0" not in codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        is_text = False
    if not is_text:
        raise UserError(f"source.path names {path}, which is no SQLite database: name one")
    made = path.with_suffix(".sqlite")
    raise UserError(
        f"source.path names {path}, which holds text and is no SQLite database. If it is a CSV "
        f"file, this makes one with the table posts, to be named as source.path:\n"
        f"  python -c \"import pandas, sqlite3; pandas.read_csv('{path}')"
        f".to_sql('posts', sqlite3.connect('{made}'), index=False)\""
    )


def _keeps_log(path: Path) -> bool:
    with path.open("rb") as file:
        header = file.read(READ_VERSION_BYTE + 1)
    return header[READ_VERSION_BYTE:] == bytes([WRITE_AHEAD_LOG])


def _explain(path: Path, error: sqlite3.Error) -> str:
    if "locked" in str(error):
        return (
            f"{path} is locked by a program that writes to it. Let it finish its transaction "
            "or close it, then run again"
        )
    if "not a database" in str(error) or "malformed" in str(error):
        return (
            f"{path} is not a readable SQLite database ({error}). Check source.path, or mend "
            f"the file: sqlite3 {path} .recover"
        )
    return (
        f"SQLite cannot read {path}: {error}. Mend the table or view, or name another as "
        "source.table"
    )


def _read_rows(
    database: sqlite3.Connection,
    path: Path,
    table: str,
    columns: list[str],
    labels: list[str],
    renamed: Mapping[str, str],
) -> Iterator[Post]:
    key = _row_key(database, table)
    # With bytes each value's encoding is ours to check; sqlite3 would stop at the first.
    database.text_factory = bytes
    selected = ", ".join(_quoted(column) for column in columns)
    cursor = database.execute(f"SELECT {key}, {selected} FROM {_quoted(table)} ORDER BY 1")
    faults: dict[str, list[int]] = {}
    total = database.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchone()[0]
    seen: set[str] = set()
    as_written: set[str] = set()
    for rowid, *values in console.progress(cursor, f"reading {path.name}", total):
        try:
            text, label, split, *position = [_decoded(value) for value in values]
        except UnicodeDecodeError:
            faults.setdefault("not UTF-8", []).append(rowid)
            continue
        text, label = _string(text), _string(label)
        if label is not None:
            label = label.strip()
            as_written.add(label)
            label = renamed.get(label, label)
            seen.add(label)
        if labels and label is not None and label not in labels:
            continue
        year = _number(split)
        if year is None and split is not None:
            faults.setdefault(f"no number in {columns[2]}", []).append(rowid)
            continue
        place = position[0] if position else None
        yield Post(rowid, text, label, year, None if place is None else _position(place))
    if faults:
        raise UserError(_describe(faults, path, table))
    require([*renamed], as_written, "label", "source.rename_labels", f"table {table} has")
    require(labels, seen, "label", "source.labels", f"table {table} has")


def _row_key(database: sqlite3.Connection, table: str) -> str:
    """Return what identifies a row: SQLite's row id, or a running number without one."""
    for name in ("rowid", "_rowid_", "oid"):
        columns = [
            row[1].lower() for row in database.execute(f"PRAGMA table_xinfo({_quoted(table)})")
        ]
        if name in columns:
            continue
        try:
            found = database.execute(f"SELECT {name} FROM {_quoted(table)} LIMIT 1").fetchone()
        except sqlite3.OperationalError:
            break
        return name if found is None or found[0] is not None else NUMBERED
    return NUMBERED


def _decoded(value: bytes | int | float | None) -> str | int | float | None:
    return value.decode("utf-8") if isinstance(value, bytes) else value


def _string(value: str | int | float | None) -> str | None:
    return value if value is None else str(value)


def _number(value: str | int | float | None) -> int | float | None:
    if isinstance(value, str):
        try:
            # Python alone reads 2019_05 as a number.
            value = math.nan if "_" in value else float(value)
        except ValueError:
            return None
    return value if value is not None and math.isfinite(value) else None


def _position(value: str | int | float) -> str | int | float:
    # As text, 10 would come before 9.
    number = _number(value)
    return value if number is None else number


def _describe(faults: dict[str, list[int]], path: Path, table: str) -> str:
    said = []
    for fault, rows in faults.items():
        named = ", ".join(map(str, rows[:NAMED_ROWS])) + (", …" if len(rows) > NAMED_ROWS else "")
        said.append(f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}: {fault} (row id {named})")
    return (
        f"table {table} of {path} cannot be used: {'; '.join(said)}. Mend those rows, or leave "
        "them out by a view and name the view as source.table"
    )
