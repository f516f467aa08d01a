"""SQLite files made and read by the tests of the steps."""

import hashlib
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path


def execute(path: Path, *statements: str) -> None:
    """Run SQL statements on a database, which is made where there is none."""
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def make_table(
    path: Path, rows: Iterable[tuple], columns: str = "body, topic, year", table: str = "posts"
) -> Path:
    """Write ``rows`` as a new table, by default posts(body, topic, year) without types."""
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"CREATE TABLE {table} ({columns})")
        for row in rows:
            marks = ", ".join("?" * len(row))
            database.execute(f"INSERT INTO {table} VALUES ({marks})", row)
        database.commit()
    return path


def read_table(path: Path, table: str = "news") -> list[tuple]:
    """Return a table's rows in the order of their ids."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file of a folder, to see that none has changed or come."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
