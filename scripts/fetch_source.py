"""Write the labelled posts as table ``news(Data, Category, Year)`` of one SQLite file.

Sources: the by-date 20 newsgroups archive, a table of the user's own database, or the
docstrings of installed packages. Row ids are kept from a database and are in posting
order for the archive. Nothing is judged here beyond what SQLite and UTF-8 can hold;
``split_posts`` drops, counts and splits.
"""

import argparse
import ast
import difflib
import gzip
import hashlib
import math
import sqlite3
import sys
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from provender import files, step
from provender.errors import UserError

# Posts in the archive, for the progress bar only.
ARCHIVE_POSTS = 18_846

# The years that stand for the archive's own split: any threshold between them gives it.
TRAIN_YEARS = range(1922, 1954)
TEST_YEARS = range(1990, 2001)

# Of the docstrings, the share that counts as the test part.
DOCSTRING_TEST_SHARE = 0.4

# A docstring below this many words says little about its package.
DOCSTRING_MIN_WORDS = 8

# At most this many docstrings a package, so that none dwarfs the others.
DOCSTRINGS_PER_PACKAGE = 800

# Seconds to wait for a writer that has the user's database locked.
LOCK_SECONDS = 5

# What a folder's databases are known by, for a message that lists them.
DATABASE_SUFFIXES = {".db", ".db3", ".sqlite", ".sqlite3"}

# Stands in for the row id of a view or a WITHOUT ROWID table.
NUMBERED = "row_number() OVER ()"

# By which SQLite says that there was no space, or that a quota or limit forbade a write.
NO_SPACE = {"SQLITE_FULL", "SQLITE_IOERR_WRITE"}

# Byte 19 of a database's header, and its value where it is kept with a write-ahead log.
READ_VERSION_BYTE, WRITE_AHEAD_LOG = 19, 2

# Row ids named in a message.
NAMED_ROWS = 5

Row = tuple[int, str | None, str | None, int | float | None, int | float | str | None]


def read_newsgroups(archive: Path, topics: list[str]) -> list[Row]:
    """Read the posts of ``topics`` from the by-date archive, in posting order.

    The training part comes before the test part; within a part, a post's place in time
    is the rank of its message number within its topic, relative to the topic's size.
    Years are drawn from a hash of the post's path.
    """
    posts: dict[str, dict[str, list[tuple[int, str, str]]]] = {}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in step.progress(tar, "reading posts", ARCHIVE_POSTS):
                part, _, rest = member.name.partition("/")
                topic, _, number = rest.partition("/")
                if not (member.isfile() and number.isdigit()):
                    continue
                # Of the other topics only the names matter, for the message below.
                parts = posts.setdefault(topic, {})
                if topic in topics:
                    text = tar.extractfile(member).read().decode("latin-1")
                    parts.setdefault(part, []).append((int(number), member.name, text))
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise UserError(
            f"{archive} is not a whole tar.gz archive ({error}). Delete it and run again, or "
            "name a good one: make ARCHIVE=path"
        ) from error
    _require(topics, posts, "topic", "source.topics", f"{archive} has")
    placed = [
        (part.endswith("-test"), (rank + 0.5) / len(numbered), topic, path, text)
        for topic in topics
        for part, numbered in posts[topic].items()
        for rank, (_, path, text) in enumerate(sorted(numbered))
    ]
    return [
        (rowid, text, topic, _year(path, is_test), None)
        for rowid, (is_test, _, topic, path, text) in enumerate(sorted(placed), 1)
    ]


def read_docstrings(packages: list[str]) -> list[Row]:
    """Read docstrings of installed packages, each labelled with its package.

    Packages are parsed, never imported. Docstrings come in the order of a hash of their
    text; a text that occurs twice is taken once.
    """
    rows: list[tuple[float, str, str]] = []
    for package in step.progress(packages, "reading docstrings", len(packages)):
        try:
            recorded = metadata.files(package) or []
        except metadata.PackageNotFoundError as error:
            raise UserError(
                f"source.packages names {package}, which is not installed. Installed packages "
                "are those of requirements.lock"
            ) from error
        sources = [p for p in recorded if p.suffix == ".py" and "test" not in str(p).lower()]
        texts = {text for path in sources for text in _docstrings(Path(path.locate()))}
        # Draws of their own: the lowest of one draw would be the lowest of the next again.
        chosen = sorted(texts, key=lambda text: _draw("choose", text))[:DOCSTRINGS_PER_PACKAGE]
        rows += [(_draw("place", text), package, text) for text in chosen]
    return [
        (rowid, text, package, _year(text, _draw("part", text) < DOCSTRING_TEST_SHARE), None)
        for rowid, (_, package, text) in enumerate(sorted(rows), 1)
    ]


def read_database(
    path: Path,
    table: str,
    text: str,
    label: str,
    split: str,
    labels: list[str],
    validation_by: str,
) -> Iterator[Row]:
    """Read three columns of a table or view of the user's database, never writing to it.

    ``labels``: keep only these; all where empty. ``validation_by``: a column whose values
    come along as each row's place in time, or ``rowid``. Raises UserError, with what is
    there, for anything that is missing, locked, not UTF-8 or not a number.
    """
    with _open_read_only(path) as database:
        names = [name for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        )]  # fmt: skip
        _require([table], names, "table", "source.table", f"{path} has")
        columns = [row[1] for row in database.execute(f"PRAGMA table_xinfo({_quoted(table)})")]
        settings = {"source.text": text, "source.label": label, "source.split": split}
        if validation_by != "rowid":
            settings["split.validation_by"] = validation_by
        for setting, column in settings.items():
            _require([column], columns, "column", setting, f"table {table} has")
        yield from _read_rows(database, path, table, list(settings.values()), labels)


def write_source(path: Path, rows: Iterable[Row], with_position: bool) -> int:
    """Write ``rows`` to a new SQLite file and return their number."""
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
            count = database.executemany(insert, (row[:width] for row in rows)).rowcount
            database.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname not in NO_SPACE:
                raise
            raise UserError(step.no_space(path, str(error))) from error
        finally:
            database.close()
    return max(count, 0)


def _draw(purpose: str, text: str) -> float:
    """Return a number from 0 to 1 that depends on ``text`` alone, another for each purpose."""
    digest = hashlib.sha256(f"{purpose} {text}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


def _year(key: str, is_test: bool) -> int:
    years = TEST_YEARS if is_test else TRAIN_YEARS
    return years[int(_draw("year", key) * len(years))]


def _docstrings(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        # Packages also hold templates and code for other Pythons, by the same ending.
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text and len(text.split()) >= DOCSTRING_MIN_WORDS:
                yield text


def _require(wanted: list[str], there: Iterable[str], what: str, setting: str, where: str) -> None:
    there = sorted(there)
    for name in wanted:
        if name not in there:
            close = difflib.get_close_matches(name, there, 1)
            hint = f" Did you mean {close[0]}?" if close else ""
            listed = ", ".join(there) or "none"
            raise UserError(f"{setting} names the {what} {name}, but {where} {listed}.{hint}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _open_read_only(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        there = sorted(p.name for p in path.parent.glob("*") if p.suffix in DATABASE_SUFFIXES)
        listed = f"; in {path.parent} there is {', '.join(there)}" if there else ""
        raise UserError(f"source.path names {path}, which is no file{listed}")
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
    database: sqlite3.Connection, path: Path, table: str, columns: list[str], labels: list[str]
) -> Iterator[Row]:
    key = _row_key(database, table)
    # With bytes each value's encoding is ours to check; sqlite3 would stop at the first.
    database.text_factory = bytes
    selected = ", ".join(_quoted(column) for column in columns)
    cursor = database.execute(f"SELECT {key}, {selected} FROM {_quoted(table)} ORDER BY 1")
    faults: dict[str, list[int]] = {}
    total = database.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchone()[0]
    seen: set[str] = set()
    for rowid, *values in step.progress(cursor, f"reading {path.name}", total):
        try:
            text, label, split, *position = [_decoded(value) for value in values]
        except UnicodeDecodeError:
            faults.setdefault("not UTF-8", []).append(rowid)
            continue
        text, label = _string(text), _string(label)
        if label is not None:
            seen.add(label)
        if labels and label is not None and label not in labels:
            continue
        year = _number(split)
        if year is None:
            faults.setdefault(f"no number in {columns[2]}", []).append(rowid)
            continue
        if position and position[0] is None:
            faults.setdefault(f"nothing in {columns[3]}", []).append(rowid)
            continue
        yield rowid, text, label, year, _position(position[0]) if position else None
    if faults:
        raise UserError(_describe(faults, path, table))
    _require(labels, seen, "label", "source.labels", f"table {table} has")


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


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="SQLite file to write")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    newsgroups = kinds.add_parser("newsgroups", help="the by-date 20 newsgroups archive")
    newsgroups.add_argument("--archive", type=Path, required=True)
    newsgroups.add_argument("--sha256", nargs="+", required=True, help="digests it may have")
    newsgroups.add_argument("--topics", nargs="+", required=True)
    docstrings = kinds.add_parser("docstrings", help="docstrings of installed packages")
    docstrings.add_argument("--packages", nargs="+", required=True)
    database = kinds.add_parser("sqlite", help="a table of your own database")
    database.add_argument("--database", type=Path, required=True)
    database.add_argument("--table", required=True)
    database.add_argument("--text", required=True, help="column with the texts")
    database.add_argument("--label", required=True, help="column with the labels")
    database.add_argument("--split", required=True, help="column with the split values")
    database.add_argument("--labels", nargs="*", default=[], help="keep only these labels")
    database.add_argument("--validation-by", default="rowid", help="column with the posting order")
    return parser


def main(options: argparse.Namespace) -> None:
    """Read the chosen source and write it."""
    with_position = False
    if options.kind == "newsgroups":
        files.check_sha256(options.archive, options.sha256)
        rows: Iterable[Row] = read_newsgroups(options.archive, options.topics)
    elif options.kind == "docstrings":
        rows = read_docstrings(options.packages)
    else:
        with_position = options.validation_by != "rowid"
        rows = read_database(
            options.database,
            options.table,
            options.text,
            options.label,
            options.split,
            options.labels,
            options.validation_by,
        )
    count = write_source(options.output, rows, with_position)
    step.log.info("wrote %s posts", f"{count:,}")


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
