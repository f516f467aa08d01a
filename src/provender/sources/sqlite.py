"""A table or view of the user's own SQLite database."""

import argparse
import codecs
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from provender import console
from provender.errors import UserError
from provender.sources import columns
from provender.sources.posts import Post, require

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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this kind of source."""
    parser.add_argument("--path", type=Path, required=True, help="SQLite database")
    parser.add_argument("--table", required=True)
    columns.add_arguments(parser)


def read(options: argparse.Namespace) -> Iterator[Post]:
    """Yield the rows that the options ask for."""
    wanted = columns.read_arguments(options)
    origin = columns.Origin(
        f"table {options.table} of {options.path}",
        "row id",
        "Mend those rows, or leave them out by a view and name the view as source.table",
    )
    rows = read_rows(options.path, options.table, wanted.columns())
    return columns.to_posts(rows, wanted, origin)


def read_rows(path: Path, table: str, named: Mapping[str, str]) -> Iterator[columns.Row]:
    """Yield the columns that are ``named`` of a table or view, never writing to the database.

    Tables and columns are named in capitals or not, as in SQL. Raises UserError,
    with what is there, for anything that is missing or locked.
    """
    with _open_read_only(path) as database:
        names = _tables_of(database)
        table = columns.as_named(table, names)
        require([table], names, "table", "source.table", f"{path} has")
        found = columns.find_columns(named, _columns_of(database, table), f"table {table} has")
        yield from _select(database, path, table, found)


def tables_of(path: Path) -> list[str]:
    """Return the names of a database's tables and views. Raises UserError if it is none."""
    with _open_read_only(path) as database:
        return _tables_of(database)


def _tables_of(database: sqlite3.Connection) -> list[str]:
    return [name for (name,) in database.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )]  # fmt: skip


def columns_of(path: Path, table: str) -> list[str]:
    """Return the columns of a table or view. Raises UserError where there is none."""
    with _open_read_only(path) as database:
        names = _tables_of(database)
        table = columns.as_named(table, names)
        require([table], names, "table", "source.table", f"{path} has")
        return _columns_of(database, table)


def _columns_of(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in database.execute(f"PRAGMA table_xinfo({_quoted(table)})")]


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
    raise UserError(
        f"source.path names {path}, which holds text and is no SQLite database: if it is a CSV "
        "file set source.kind to csv, and if each line is a JSON object, to jsonl"
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


def _select(
    database: sqlite3.Connection, path: Path, table: str, found: list[str]
) -> Iterator[columns.Row]:
    key = _row_key(database, table)
    # With bytes each value's encoding is ours to check; sqlite3 would stop at the first.
    database.text_factory = bytes
    selected = ", ".join(_quoted(column) for column in found)
    cursor = database.execute(f"SELECT {key}, {selected} FROM {_quoted(table)} ORDER BY 1")
    total = database.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchone()[0]
    for rowid, *values in console.progress(cursor, f"reading {path.name}", total):
        try:
            yield rowid, [_decoded(value) for value in values]
        except UnicodeDecodeError:
            yield rowid, "not UTF-8"


def _row_key(database: sqlite3.Connection, table: str) -> str:
    """Return what identifies a row: SQLite's row id, or a running number without one."""
    for name in ("rowid", "_rowid_", "oid"):
        if name in map(str.lower, _columns_of(database, table)):
            continue
        try:
            found = database.execute(f"SELECT {name} FROM {_quoted(table)} LIMIT 1").fetchone()
        except sqlite3.OperationalError:
            break
        return name if found is None or found[0] is not None else NUMBERED
    return NUMBERED


def _decoded(value: bytes | int | float | None) -> str | int | float | None:
    return value.decode("utf-8") if isinstance(value, bytes) else value
