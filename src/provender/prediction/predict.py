"""Texts in, answers out: from the command line, lines or a table, to a terminal or a file."""

import csv
import itertools
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from provender import files
from provender.errors import UserError
from provender.prediction.answers import Answer, Answerer
from provender.sources import columns, tables

# Texts answered at once.
BATCH = 2048

# How files end that can be written.
WRITTEN = (".csv", ".jsonl", ".parquet")

# From here on it is said that a text may have none of the labels.
LIKELY = 0.5

# Of a coefficient's digits, so many say something.
OTHER_DIGITS = 4

Row = TypeVar("Row")

# A row's number, what is kept of it, and its text.
Asked = tuple[int, Sequence[columns.Value], str]


def describe(answer: Answer) -> str:
    """Return an answer in lines for a terminal, with what is to be known of it."""
    width = max((len(label) for label, _ in answer.labels), default=0)
    lines = [f"{label:<{width}}  {score:.3f}" for label, score in answer.labels]
    known = f"{answer.known} of {answer.read} words {'is' if answer.known == 1 else 'are'} known"
    if not lines:
        return f"no answer: {known}"
    if answer.other is not None and answer.other >= LIKELY:
        known += f"; perhaps none of the labels ({answer.other:.2f})"
    return "\n".join([*lines, known if answer.sure else f"not sure: {known}"])


def from_lines(lines: Iterable[str]) -> Iterator[Asked]:
    """Yield each line as a text, by its number."""
    for number, line in enumerate(lines, 1):
        yield number, (), line.rstrip("\n")


def from_table(path: Path, text: str, table: str, kept: Sequence[str]) -> Iterator[Asked]:
    """Yield the texts of a table's column ``text``, and of each row the columns ``kept``.

    ``table``: of a database; empty where it has but one. Raises UserError for what is not there,
    and, having read all, with the numbers of rows that can't be read.
    """
    named = {"--column": text, **{f"--keep {column}": column for column in kept}}
    if not path.exists():
        raise UserError(f"--from names {path}, which is not there")
    kind = tables.kind_of(path)
    if kind == tables.SQLITE:
        table = table or tables.only_table(path)
    faults: dict[str, list[int]] = {}
    for number, values in tables.read_rows(path, table, named):
        if isinstance(values, str):
            faults.setdefault(values, []).append(number)
        else:
            yield number, values[1:], "" if values[0] is None else str(values[0])
    columns.refuse(
        faults, columns.Origin(str(path), tables.ROWS[kind], "Mend or remove those rows")
    )


def answers(
    asked: Iterable[Asked], answerer: Answerer, kept: Sequence[str], top: int
) -> Iterator[dict[str, Any]]:
    """Yield a row for each text: its number, what is kept of it, and the answer."""
    top = min(top, len(answerer.bundle.labels))
    for some in batches(asked):
        found = answerer.answer([text for _, _, text in some], top)
        for (number, values, _), answer in zip(some, found, strict=True):
            yield {"row": number, **dict(zip(kept, values, strict=True)), **_cells(answer, top)}


def batches(asked: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield rows as lists of so many as are answered at once."""
    rest = iter(asked)
    while some := list(itertools.islice(rest, BATCH)):
        yield some


def _cells(answer: Answer, top: int) -> dict[str, Any]:
    """Return an answer by the columns of a table: label, score, label_2, score_2 and so on."""
    cells: dict[str, Any] = {}
    for place in range(top):
        end = f"_{place + 1}" if place else ""
        label, score = answer.labels[place] if place < len(answer.labels) else (None, None)
        # As short as can be for a float32, which the page has.
        cells |= {f"label{end}": label, f"score{end}": None if score is None else float(str(score))}
    counts = {"known": answer.known, "read": answer.read}
    other = None if answer.other is None else round(answer.other, OTHER_DIGITS)
    return {**cells, "sure": answer.sure, "other": other, **counts}


def write(rows: Iterable[dict[str, Any]], path: Path | None) -> int:
    """Write rows as CSV to standard output, or to a file as its name ends; return their number.

    A file is there once all of it is. Raises UserError for a name that ends otherwise.
    """
    counter = itertools.count()
    counted = (row for row, _ in zip(rows, counter, strict=False))
    if path is None:
        _write_csv(counted, sys.stdout)
        return next(counter)
    kind = path.suffix.lower()
    if kind not in WRITTEN:
        raise UserError(f"--to names {path}, which ends in none of {', '.join(WRITTEN)}")
    with files.replacing(path) as part:
        if kind == ".parquet":
            _write_parquet(counted, part)
        else:
            with part.open("w", encoding="utf-8", newline="") as file:
                (_write_csv if kind == ".csv" else _write_lines)(counted, file)
    return next(counter)


def _write_csv(rows: Iterator[dict[str, Any]], file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    first = next(rows, {})
    if first:
        writer.writerow(first)
    for row in itertools.chain([first], rows):
        writer.writerow(_as_json(v) if isinstance(v, bool) else v for v in row.values())


def _write_lines(rows: Iterator[dict[str, Any]], file: TextIO) -> None:
    for row in rows:
        file.write(f"{_as_json(row)}\n")


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _write_parquet(rows: Iterator[dict[str, Any]], part: Path) -> None:
    first = next(rows, None)
    if first is None:
        raise UserError("there is no text to answer, and so no table to write")
    schema, rows = _schema(first), itertools.chain([first], rows)
    with pq.ParquetWriter(part, schema) as writer:
        while some := list(itertools.islice(rows, BATCH)):
            # What is kept of a table may be of several types: it is text then.
            plain = [{name: _plain(name, value) for name, value in row.items()} for row in some]
            writer.write_table(pa.Table.from_pylist(plain, schema))


# Columns of answers that are no texts.
TYPES = {
    "row": pa.int64(),
    "known": pa.int64(),
    "read": pa.int64(),
    "sure": pa.bool_(),
    "other": pa.float64(),
}


def _schema(row: dict[str, Any]) -> pa.Schema:
    return pa.schema(
        [(name, TYPES.get(name, pa.float32() if _is_score(name) else pa.string())) for name in row]
    )


def _is_score(name: str) -> bool:
    return name == "score" or (name.startswith("score_") and name[6:].isdigit())


def _plain(name: str, value: Any) -> Any:
    return value if value is None or name in TYPES or _is_score(name) else str(value)
