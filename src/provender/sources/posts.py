"""A labelled text as every kind of source yields it, and the table that all of them become."""

import difflib
import hashlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from provender import errors, files
from provender.errors import UserError

# The years that stand for the archive's own split: any threshold between them gives it.
TRAIN_YEARS = range(1922, 1954)
TEST_YEARS = range(1990, 2001)

# By which SQLite says that there was no space, or that a quota or limit forbade a write.
NO_SPACE = {"SQLITE_FULL", "SQLITE_IOERR_WRITE"}


class Post(NamedTuple):
    """One row of a source, as it is there: nothing is judged yet."""

    rowid: int
    text: str | None
    label: str | None
    # By this number the test part is told from the training part.
    split: int | float | None
    # The row's place in time, where that is not its row id.
    position: int | float | str | None = None


def write_posts(path: Path, posts: Iterable[Post], with_position: bool) -> int:
    """Write ``posts`` as table ``news`` to a new SQLite file and return their number."""
    position = ", Position" if with_position else ""
    with files.replacing(path) as part:
        part.unlink(missing_ok=True)
        database = sqlite3.connect(part, isolation_level=None)
        try:
            # Nobody else reads the file before it is renamed, so it needs no journal.
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            database.execute(
                "CREATE TABLE news (id INTEGER PRIMARY KEY, Data TEXT, Category TEXT, "
                f"Year NUMERIC{position})"
            )
            database.execute("BEGIN")
            values = "?, ?, ?, ?, ?" if with_position else "?, ?, ?, ?"
            insert = f"INSERT INTO news VALUES ({values})"
            width = 5 if with_position else 4
            count = database.executemany(insert, (post[:width] for post in posts)).rowcount
            database.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname not in NO_SPACE:
                raise
            raise UserError(errors.no_space(path, str(error))) from error
        finally:
            database.close()
    return max(count, 0)


def draw(purpose: str, text: str) -> float:
    """Return a number from 0 to 1 that depends on ``text`` alone, another for each purpose."""
    digest = hashlib.sha256(f"{purpose} {text}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


def draw_year(key: str, is_test: bool) -> int:
    """Return a year of the test or the training part, drawn from a hash of ``key``."""
    years = TEST_YEARS if is_test else TRAIN_YEARS
    return years[int(draw("year", key) * len(years))]


def require(wanted: list[str], there: Iterable[str], what: str, setting: str, where: str) -> None:
    """Raise UserError, with what is there, unless every name of ``wanted`` is."""
    there = sorted(there)
    for name in wanted:
        if name not in there:
            close = difflib.get_close_matches(name, there, 1)
            hint = f" Did you mean {close[0]}?" if close else ""
            listed = ", ".join(there) or "none"
            raise UserError(f"{setting} names the {what} {name}, but {where} {listed}.{hint}")
