"""What a table's columns hold: which has the texts, which the labels, and which tells the time.

All is told from the values and, between columns that both could be it, from their names. Every row
is read, as a table may be sorted by label or by time; of numbers and dates eight bytes are kept.
"""

import array
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provender.errors import UserError
from provender.sources import columns, sqlite, tables

# Different values of a column that are told apart; what has more has no labels.
MOST_VALUES = 2000

# And for telling that most texts are different, so many rows do.
MOST_COMPARED = 200_000

# Rows for each label, on average, that a column of labels has at least, and characters at most.
ROWS_PER_LABEL, LABEL_CHARACTERS = 4, 60

# Where its name says that it has labels, fewer rows are enough, and any characters.
FEWEST_PER_LABEL = 2

# How likely a column is labels, or texts, of which its values do not speak; others are 1 or more.
UNLIKELY = 0.2

# Words of a column's name at most.
NAME_WORDS = 5

# What may be between labels, and in which share of the rows it then is.
SEPARATORS, SEVERAL = (";", "|", ","), 0.02

# Of other texts, such as those of one word, at least so many are different.
DIFFERENT = 0.5

# Which share of the rows the newest are to be, and between which shares a threshold is of use.
NEWEST, LEAST_NEWEST, MOST_NEWEST = 0.2, 0.05, 0.5

# Names that columns of each kind often have, the likeliest first.
TEXT_NAMES = (
    "text", "message", "body", "content", "post", "comment", "description", "review", "sentence",
    "question", "document", "utterance", "tweet", "article", "abstract", "summary", "title",
)  # fmt: skip
LABEL_NAMES = (
    "label", "labels", "category", "class", "topic", "target", "intent", "team", "tag", "genre",
    "sentiment", "section", "department", "rating", "stars", "score", "subject", "type", "kind",
    "group", "queue", "language",
)  # fmt: skip
TIME_NAMES = (
    "created", "posted", "published", "sent", "received", "opened", "date", "time", "timestamp",
    "datetime", "day", "month", "year", "when",
)  # fmt: skip

# Of numbers these alone are of time: years, and seconds or milliseconds since 1970.
YEARS = (1900, 2100)
EPOCHS = ((1e8, 5e9), (1e11, 5e12))

# What is no text to learn from, whatever its length: addresses, and digests or numbers of rows.
ADDRESS = re.compile(r"(https?://|www\.)\S*|\S+@\S+")
CODE = re.compile(r"[0-9A-Fa-f-]{8,}|[A-Z]{0,5}[-_#]?[0-9]+")


@dataclass
class Column:
    """What is known of a column's values; those that are empty are left out of all."""

    name: str
    rows: int = 0
    characters: int = 0
    codes: int = 0
    # How often each value is there; None once there are too many. Different ones, as hashes.
    values: Counter[str] | None = field(default_factory=Counter)
    different: set[int] = field(default_factory=set)
    # The values as numbers or seconds; None once one is neither.
    numbers: "array.array[float] | None" = field(default_factory=lambda: array.array("d"))
    seconds: "array.array[float] | None" = field(default_factory=lambda: array.array("d"))

    def add(self, value: columns.Value) -> None:
        """Count a value."""
        if value is None or value == "":
            return
        text = str(value).strip()
        self.rows += 1
        self.characters += len(text)
        self.codes += bool(ADDRESS.fullmatch(text) or CODE.fullmatch(text))
        if self.rows <= MOST_COMPARED:
            self.different.add(hash(text))
        if self.values is not None:
            self.values[text] += 1
            if len(self.values) > MOST_VALUES:
                self.values = None
        self.numbers = _append(self.numbers, columns.to_number(value))
        self.seconds = _append(
            self.seconds, columns.to_seconds(value) if isinstance(value, str) else None
        )

    @property
    def mean(self) -> float:
        """Characters of a value on average."""
        return self.characters / max(self.rows, 1)

    @property
    def share(self) -> float:
        """Different values for each row."""
        return len(self.different) / max(min(self.rows, MOST_COMPARED), 1)


@dataclass(frozen=True)
class Split:
    """What tells the test part: a column, and where it is divided; why, in words."""

    column: str = ""
    threshold: int | str | None = None
    why: str = ""


@dataclass(frozen=True)
class Found:
    """What was found in a table."""

    path: Path
    kind: str
    table: str
    # Names for the columns of a CSV file that has none.
    given: Sequence[str]
    rows: int
    text: Column
    label: Column
    # What is between labels, where texts have several.
    separator: str
    split: Split
    # Other columns that could have been taken.
    other_texts: Sequence[str]
    other_labels: Sequence[str]


def look(path: Path, table: str = "", text: str = "", label: str = "") -> Found:
    """Return what a table in a file holds; ``table``, ``text`` and ``label`` where they are known.

    Raises UserError where there is no such file, table or column, or nothing that could be it.
    """
    if not path.exists():
        raise UserError(f"there is no {path}: name the file that has your texts as --from")
    kind = tables.kind_of(path)
    if kind == tables.SQLITE:
        table = _table(path, table)
    names = tables.columns_of(path, table)
    numbered = [f"column_{number}" for number in range(1, len(names) + 1)]
    given = numbered if kind == tables.CSV and _is_row(names) else []
    known, rows = _read(path, table, given or names, given)
    if kind == tables.CSV and not given and _repeats(known):
        given = numbered
        known, rows = _read(path, table, given, given)
    names = given or names
    for option, name in (("--text", text), ("--label", label)):
        if name and columns.as_named(name, names) not in names:
            raise UserError(f"{option} is {name}, and {path} has {', '.join(names)}")
    where = f"{path} ({', '.join(names)})"
    texts = _choose(known, columns.as_named(text, names), _text_worth)
    chosen = _first(texts, f"no column of {where} looks like texts: name it as --text")
    rest = [column for column in known if column.name != chosen.name]
    labels = _choose(rest, columns.as_named(label, names), _label_worth)
    labelled = _first(
        labels, f"no column of {where} looks like labels, a few values in many rows: "
        "name it as --label",
    )  # fmt: skip
    split = find_split([column for column in rest if column.name != labelled.name], rows)
    return Found(
        path, kind, table, given, rows, chosen, labelled, find_separator(labelled), split,
        other_texts=[column.name for column in texts[1:]],
        other_labels=[column.name for column in labels[1:] if column.name != split.column],
    )  # fmt: skip


def _table(path: Path, named: str) -> str:
    if not named:
        return tables.only_table(path)
    there = sqlite.tables_of(path)
    if (table := columns.as_named(named, there)) not in there:
        raise UserError(f"--table is {named}, and {path} has {', '.join(there) or 'none'}")
    return table


def _is_row(names: Sequence[str]) -> bool:
    """Tell whether the first line of a CSV file looks like a row of values, not like names."""
    alike = len({name.lower() for name in names}) < len(names)
    return alike or not all(map(_is_name, names))


def _is_name(name: str) -> bool:
    if not name or len(name) > LABEL_CHARACTERS or len(name.split()) > NAME_WORDS:
        return False
    return columns.to_number(name) is None and not ADDRESS.fullmatch(name)


def _repeats(known: Sequence[Column]) -> bool:
    """Tell whether what the first line calls a column is a value in that column, too."""
    return any(column.values and column.values[column.name] > 1 for column in known)


def _read(
    path: Path, table: str, names: Sequence[str], given: Sequence[str]
) -> tuple[list[Column], int]:
    known = [Column(name) for name in names]
    rows = 0
    for _, values in tables.read_rows(path, table, {name: name for name in names}, given):
        rows += 1
        # What is wrong with a row is said by the build, with all other such rows.
        if not isinstance(values, str):
            for column, value in zip(known, values, strict=True):
                column.add(value)
    if not rows:
        raise UserError(f"{path} has no rows: name a file with texts and labels as --from")
    return known, rows


def _append(
    numbers: "array.array[float] | None", value: float | None
) -> "array.array[float] | None":
    if numbers is None or value is None:
        return None
    numbers.append(value)
    return numbers


def _first(found: Sequence[Column], otherwise: str) -> Column:
    if not found:
        raise UserError(otherwise)
    return found[0]


def _choose(known: Iterable[Column], named: str, worth: Callable[[Column], float]) -> list[Column]:
    """Return the column that is named, or those that can be it, the best first."""
    if named:
        return [column for column in known if column.name == named]
    worths = {column.name: worth(column) for column in known}
    able = [column for column in known if worths[column.name] > 0]
    return sorted(able, key=lambda column: -worths[column.name])


def _text_worth(column: Column) -> float:
    """Return how much a column looks like texts: their length, where most are different."""
    if column.numbers or column.seconds or column.codes > column.rows / 2:
        return 0
    hint = _hint(column.name, TEXT_NAMES)
    # Texts of a word or two are often alike: then the name tells, where no other column is one.
    return column.mean * (1 + hint) if column.share >= DIFFERENT else UNLIKELY * hint


def _label_worth(column: Column) -> float:
    """Return how much a column looks like labels: a few short values, each in many rows."""
    if column.values is None or not 2 <= len(column.values) <= column.rows / FEWEST_PER_LABEL:
        return 0
    if column.seconds:
        return 0
    if column.codes > column.rows / 2 and not column.numbers:
        return 0
    if {value.lower() for value in column.values} <= columns.SPLIT_NAMES.keys():
        return 0
    hint = _hint(column.name, LABEL_NAMES)
    if len(column.values) > column.rows / ROWS_PER_LABEL or column.mean > LABEL_CHARACTERS:
        # Many or long labels: then the name tells, where no other column is as likely.
        return UNLIKELY * (1 + hint) if hint else 0
    # Numbers and yes or no stand for much else, so they need a name that says that they are labels.
    likely = UNLIKELY if column.numbers or len(column.values) == 2 else 1
    return likely + 10 * hint


def _hint(name: str, names: Sequence[str]) -> float:
    """Return up to 1 where a name, or a word of it, is one of ``names``; more for earlier ones."""
    words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())
    found = [place for place, known in enumerate(names) if known in words]
    if not found:
        return 0
    whole = 1.0 if len(words) == 1 else 0.8
    return whole * (1 - min(found) / (2 * len(names)))


def find_separator(label: Column) -> str:
    """Return what is between labels, where some rows have several that others have alone."""
    counted = label.values or Counter()
    for separator in SEPARATORS:
        several = {value: count for value, count in counted.items() if separator in value}
        parts = [part.strip() for value in several for part in value.split(separator)]
        alone = sum(part in counted for part in parts)
        if several and sum(several.values()) >= SEVERAL * label.rows and alone > len(parts) / 2:
            return separator
    return ""


def find_split(known: Iterable[Column], rows: int) -> Split:
    """Return what tells the test part: names of splits, else time, else nothing."""
    timed = []
    for column in known:
        if column.values is not None:
            named = {columns.SPLIT_NAMES.get(value.lower()) for value in column.values}
            if {0, 2} <= named and None not in named and column.rows == rows:
                return Split(column.name, None, "it says train and test")
        if column.rows == rows and (found := _by_time(column)):
            timed.append((_hint(column.name, TIME_NAMES), found))
    return max(timed, key=lambda each: each[0])[1] if timed else Split()


def _by_time(column: Column) -> Split | None:
    hint = _hint(column.name, TIME_NAMES)
    if column.seconds:
        whole_days = [second - second % 86_400 for second in column.seconds]
        place = _divide(whole_days)
        threshold: int | str | None = None if place is None else columns.to_date(place)
    elif column.numbers and _is_time(column.numbers, hint > 0):
        place = _divide(column.numbers)
        threshold = None if place is None else int(place)
    else:
        return None
    if place is None or threshold is None:
        return None
    numbers = column.seconds or column.numbers or ()
    share = sum(number >= place for number in numbers) / len(numbers)
    return Split(column.name, threshold, f"{share:.0%} of the rows are of that time or later")


def _is_time(numbers: Sequence[float], is_named: bool) -> bool:
    least, most = min(numbers), max(numbers)
    if any(number != int(number) for number in numbers):
        return False
    # A number of any other column can lie between these.
    return is_named and any(low <= least and most <= high for low, high in (YEARS, *EPOCHS))


def _divide(numbers: Sequence[float]) -> float | None:
    """Return the value from which on about the newest fifth is; None if none is near it."""
    counted = sorted(Counter(numbers).items(), reverse=True)
    found, newest, best = None, 0, 1.0
    for value, count in counted:
        newest += count
        share = newest / len(numbers)
        if LEAST_NEWEST <= share <= MOST_NEWEST and abs(share - NEWEST) < best:
            found, best = value, abs(share - NEWEST)
    return found
