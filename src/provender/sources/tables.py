"""A table in a file of any kind, known by how the file's name ends."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from provender.errors import UserError
from provender.sources import columns, csv, jsonl, parquet, sqlite

SQLITE, CSV, JSONL, PARQUET = "sqlite", "csv", "jsonl", "parquet"

# How files end, by what they hold.
ENDINGS = {
    ".csv": CSV, ".tsv": CSV, ".txt": CSV, ".jsonl": JSONL, ".ndjson": JSONL,
    ".parquet": PARQUET, ".sqlite": SQLITE, ".sqlite3": SQLITE, ".db": SQLITE, ".db3": SQLITE,
}  # fmt: skip

# What a row is known by.
ROWS = {SQLITE: "row id", CSV: "line", JSONL: "line", PARQUET: "row"}


def kind_of(path: Path) -> str:
    """Return what a file, or a folder, holds. Raises UserError where its ending does not tell."""
    kind = PARQUET if path.is_dir() else ENDINGS.get(path.suffix.lower())
    if kind is None:
        raise UserError(f"{path} has no ending that tells what it holds: {', '.join(ENDINGS)} do")
    return kind


def only_table(path: Path) -> str:
    """Return the one table of a database. Raises UserError where it has none, or several."""
    names = sqlite.tables_of(path)
    if len(names) != 1:
        raise UserError(f"{path} has {', '.join(names) or 'no table'}: name one of them as --table")
    return names[0]


def columns_of(path: Path, table: str) -> list[str]:
    """Return the columns whose values can be read; ``table`` is of a database."""
    kind = kind_of(path)
    if kind == SQLITE:
        return sqlite.columns_of(path, table)
    return {CSV: csv.names_of, JSONL: jsonl.columns_of, PARQUET: parquet.columns_of}[kind](path)


def read_rows(
    path: Path, table: str, named: Mapping[str, str], given: Sequence[str] = ()
) -> Iterator[columns.Row]:
    """Yield the columns that are ``named``, of each row by what it is known by.

    ``table``: of a database; ``given``: the names of a CSV file's columns, if no line has them.
    """
    kind = kind_of(path)
    if kind == SQLITE:
        return sqlite.read_rows(path, table, named)
    if kind == CSV:
        return csv.read_rows(path, named, given=given)
    return {JSONL: jsonl.read_rows, PARQUET: parquet.read_rows}[kind](path, named)
