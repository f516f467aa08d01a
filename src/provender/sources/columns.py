"""A table of the user's own, in whatever file: which columns are read, and what rows become."""

import argparse
import datetime
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from provender.errors import UserError
from provender.sources.posts import Post, require

Value = str | int | float | None

# A row's number in its file, and its values; or what is wrong with it.
Row = tuple[int, Sequence[Value] | str]

# Values of split.validation_by that name no column.
NO_COLUMN = ("hash", "rowid")

# The setting that names the column of labels.
LABEL = "source.label"

# What a split column holds: numbers, ISO dates or timestamps, names of splits; or there is none.
NUMBER, DATE, NAMES, NONE = FORMS = ("number", "date", "names", "none")

# What the splits are called in a column of names, by the number that stands for each.
SPLIT_NAMES = {
    "train": 0, "training": 0,
    "validation": 1, "valid": 1, "val": 1, "dev": 1, "development": 1,
    "test": 2, "testing": 2,
}  # fmt: skip

# Labels of one text at most.
MOST_LABELS = 1000

# Rows named in a message.
NAMED_ROWS = 5


@dataclass(frozen=True)
class Origin:
    """How messages name a table, what is counted in it, and how to be rid of a row."""

    name: str
    row: str
    mend: str


@dataclass(frozen=True)
class Wanted:
    """What is asked of a table.

    ``labels``: keep only these; all where empty. ``renamed``: what labels are to be called, before
    ``labels`` are asked for. ``split``: a column; empty for the form ``NONE``. ``validation_by``:
    a column whose values come along as each row's place in time, or one of ``NO_COLUMN``.
    ``separator``: what is between the labels of a text that has several; then a row becomes a post
    for each, whose numbers are the row's times ``MOST_LABELS``, plus the label's place.
    """

    text: str
    label: str
    split: str
    form: str
    labels: Sequence[str]
    renamed: Mapping[str, str]
    validation_by: str
    separator: str = ""

    def columns(self) -> dict[str, str]:
        """Return the columns by the settings that name them."""
        named = {"source.text": self.text, LABEL: self.label}
        if self.form != NONE:
            named["source.split"] = self.split
        if self.validation_by not in NO_COLUMN:
            named["split.validation_by"] = self.validation_by
        return named


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is asked of a table."""
    parser.add_argument("--text", required=True, help="column with the texts")
    parser.add_argument("--label", required=True, help="column with the labels")
    parser.add_argument("--split", default="", help="column with the split values")
    parser.add_argument("--split-form", choices=FORMS, default=NUMBER, help="what it holds")
    parser.add_argument("--labels", nargs="*", default=[], help="keep only these labels")
    parser.add_argument(
        "--rename-labels", type=json.loads, default={}, help="labels by their new names, as JSON"
    )
    parser.add_argument(
        "--label-separator", default="", help="between labels, where texts have several"
    )
    parser.add_argument("--validation-by", default="hash", help="column with the posting order")


def read_arguments(options: argparse.Namespace) -> Wanted:
    """Return what those options say."""
    return Wanted(
        options.text,
        options.label,
        options.split,
        options.split_form,
        options.labels,
        options.rename_labels,
        options.validation_by,
        options.label_separator,
    )


def to_posts(rows: Iterable[Row], wanted: Wanted, origin: Origin) -> Iterator[Post]:
    """Yield the posts of a table's rows, whose values are those of ``wanted.columns()``.

    White space around a label is no part of it. Raises UserError, with the rows' numbers, where
    rows are not as they should be, and, with what is there, for labels that no row has.
    """
    faults: dict[str, list[int]] = {}
    seen: set[str] = set()
    as_written: set[str] = set()
    has_split = wanted.form != NONE
    for number, values in rows:
        if isinstance(values, str):
            faults.setdefault(values, []).append(number)
            continue
        labels = _labels(_string(values[1]), wanted.separator)
        if len(labels) > MOST_LABELS:
            faults.setdefault(f"more than {MOST_LABELS:,} labels", []).append(number)
            continue
        named: list[tuple[int, str | None]] = []
        for place, label in enumerate(labels):
            if label is not None:
                as_written.add(label)
                label = wanted.renamed.get(label, label)
                seen.add(label)
            if not wanted.labels or label is None or label in wanted.labels:
                named.append((place, label))
        if not named:
            continue
        split: int | float | None = 0
        if has_split:
            split = _place(values[2], wanted.form)
            if split is None and values[2] is not None:
                faults.setdefault(_misplaced(values[2], wanted), []).append(number)
                continue
        position = values[-1] if len(values) > 2 + has_split else None
        position = None if position is None else _position(position)
        for place, label in named:
            rowid = number * MOST_LABELS + place if wanted.separator else number
            yield Post(rowid, _string(values[0]), label, split, position)
    refuse(faults, origin)
    require([*wanted.renamed], as_written, "label", "source.rename_labels", f"{origin.name} has")
    require(list(wanted.labels), seen, "label", "source.labels", f"{origin.name} has")


def _labels(written: str | None, separator: str) -> list[str | None]:
    """Return the labels that a value names, each once; None where it names none."""
    if written is None or not separator:
        return [None if written is None else written.strip()]
    parts = dict.fromkeys(part.strip() for part in written.split(separator))
    return [*filter(None, parts)] or [None]


def _string(value: Value) -> str | None:
    return value if value is None else str(value)


def _place(value: Value, form: str) -> int | float | None:
    """Return the number that stands for a split value; None if it is none of this form."""
    if form == NUMBER:
        return to_number(value)
    if not isinstance(value, str):
        return None
    return to_seconds(value) if form == DATE else SPLIT_NAMES.get(value.strip().lower())


def to_number(value: Value) -> int | float | None:
    """Return a number, also one that is written as text; None if it is none."""
    if isinstance(value, str):
        try:
            # Python alone reads 2019_05 as a number.
            value = math.nan if "_" in value else float(value)
        except ValueError:
            return None
    return value if value is not None and math.isfinite(value) else None


def to_seconds(value: str) -> int | float | None:
    """Return an ISO date or timestamp as seconds since 1970; None if it is none.

    A date is its first moment; what names no zone is in UTC.
    """
    try:
        moment = datetime.datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    seconds = (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)).total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def to_date(seconds: float) -> str:
    """Return seconds since 1970 as an ISO date, with the time of day where it is not midnight."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    written = moment.isoformat().replace("+00:00", "Z")
    return written.removesuffix("T00:00:00Z")


def _misplaced(value: Value, wanted: Wanted) -> str:
    if wanted.form == DATE:
        return f"no ISO date or timestamp in {wanted.split}"
    if wanted.form == NAMES:
        return (
            f"neither train, validation nor test in {wanted.split}, which split.threshold would "
            "divide if it held numbers or dates"
        )
    if isinstance(value, str) and to_seconds(value) is not None:
        return f"a date in {wanted.split}, where split.threshold is a number: make that a date, too"
    return f"no number in {wanted.split}"


def _position(value: str | int | float) -> str | int | float:
    # As text, 10 would come before 9.
    number = to_number(value)
    return value if number is None else number


def refuse(faults: Mapping[str, Sequence[int]], origin: Origin) -> None:
    """Raise UserError where rows have faults, with the first numbers of each fault's rows."""
    if not faults:
        return
    said = []
    for fault, rows in faults.items():
        named = ", ".join(map(str, rows[:NAMED_ROWS])) + (", …" if len(rows) > NAMED_ROWS else "")
        said.append(
            f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}: {fault} ({origin.row} {named})"
        )
    raise UserError(f"{origin.name} cannot be used: {'; '.join(said)}. {origin.mend}")


def as_named(name: str, there: Sequence[str]) -> str:
    """Return a column's name as it is there, if that is the only one that differs in case."""
    alike = [each for each in there if each.lower() == name.lower()]
    return alike[0] if name not in there and len(alike) == 1 else name


def find_columns(named: Mapping[str, str], there: Sequence[str], where: str) -> list[str]:
    """Return the columns that are ``named``, by the settings that do so, as they are there.

    Raises UserError, with ``where`` and what is there, for one that is missing.
    """
    found = []
    for setting, name in named.items():
        found.append(as_named(name, there))
        require(found[-1:], there, "column", setting, where)
    return found


def check_file(path: Path) -> None:
    """Raise UserError, with what is there, unless a file is."""
    if path.is_file():
        return
    there = sorted(each.name for each in path.parent.glob(f"*{path.suffix}")) if path.suffix else []
    listed = f"; in {path.parent} there is {', '.join(there)}" if there else ""
    raise UserError(f"source.path names {path}, which is no file{listed}")
