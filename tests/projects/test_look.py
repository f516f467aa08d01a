"""Which column of a table is taken for what, by its values and its name."""

import csv
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provender.errors import UserError
from provender.projects import look

WORDS = [
    "tide", "moon", "sand", "oven", "crust", "rye", "gull", "harbour", "flour", "kneel", "proof",
    "basin",
]  # fmt: skip


def sentence(number: int) -> str:
    """Return a text unlike others."""
    return (
        " ".join(WORDS[(number * step + step) % len(WORDS)] for step in range(1, 9)) + f" {number}"
    )


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    """Write a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows] if header else rows)
    return path


def tickets(rows: int = 200) -> list[list[object]]:
    """Return rows: id, day, address, open or closed, text, team, priority."""
    return [
        [
            number, f"20{20 + number // 50}-{1 + number % 12:02}-03", f"a{number}@b.org",
            "open" if number % 3 else "closed", sentence(number),
            ("billing", "login", "shipping")[number % 3], number % 5,
        ]
        for number in range(rows)
    ]  # fmt: skip


HEADER = ["id", "created_at", "mail", "state", "message", "team", "priority"]


def test_a_table_of_tickets(tmp_path: Path) -> None:
    """Texts are long and all different, labels few; days part the newest fifth."""
    found = look.look(write(tmp_path / "t.csv", HEADER, tickets()))
    assert (found.kind, found.rows, found.text.name, found.label.name) == (
        "csv", 200, "message", "team",
    )  # fmt: skip
    assert found.other_labels == ["state", "priority"]
    assert (found.split.column, found.split.threshold) == ("created_at", "2023-03-03")
    assert found.split.why == "21% of the rows are of that time or later"
    named = look.look(tmp_path / "t.csv", text="mail", label="STATE")
    assert (named.text.name, named.label.name) == ("mail", "state")


def test_the_same_in_other_files(tmp_path: Path) -> None:
    """JSON Lines, SQLite and Parquet; values that can't be read are no column to choose."""
    rows = [dict(zip(HEADER, row, strict=True)) for row in tickets()]
    lines = tmp_path / "t.jsonl"
    lines.write_text("".join(json.dumps({**row, "tags": ["a"]}) + "\n" for row in rows))
    parquet = tmp_path / "t.parquet"
    table = pa.Table.from_pylist([{**row, "tags": [1]} for row in rows])
    pq.write_table(table, parquet)
    database = tmp_path / "t.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute(f"CREATE TABLE ticket ({', '.join(HEADER)})")
        connection.executemany("INSERT INTO ticket VALUES (?, ?, ?, ?, ?, ?, ?)", tickets())
    for path in (lines, parquet, database):
        found = look.look(path)
        assert (found.text.name, found.label.name) == ("message", "team"), path
        assert found.split.threshold == "2023-03-03"
    assert look.look(database).table == "ticket"


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("year", [2000 + n // 20 for n in range(200)], 2008),
        ("posted", [1_600_000_000 + 86_400 * n for n in range(200)], 1_613_824_000),
        # Not named as a time is; not whole; not of a time; a gap in one row; all of one day.
        ("price", [2000 + n // 20 for n in range(200)], None),
        ("year", [2000.5 + n for n in range(200)], None),
        ("year", list(range(200)), None),
        ("day", [""] + ["2020-01-01"] * 100 + ["2021-01-01"] * 99, None),
        ("day", ["2020-01-01"] * 200, None),
        # Half of the rows are of the newest day: too many to test on a fifth.
        ("day", ["2020-01-01"] * 60 + ["2021-01-01"] * 140, None),
        ("day", ["2020-01-01T10:00:00Z"] * 150 + ["2021-01-01T11:00:00+02:00"] * 50, "2021-01-01"),
    ],
)
def test_time(tmp_path: Path, name: str, values: list[object], expected: object) -> None:
    """Numbers count where they can be years or seconds and are named so; dates always."""
    rows = [[sentence(n), "ab"[n % 2], value] for n, value in enumerate(values)]
    found = look.look(write(tmp_path / "t.csv", ["text", "label", name], rows))
    assert found.split.threshold == expected


def test_a_column_that_says_the_split(tmp_path: Path) -> None:
    """It comes before time, and is no label."""
    rows = [
        [sentence(n), "ab"[n % 2], ("train", "dev", "test")[n % 3], 2000 + n] for n in range(90)
    ]
    found = look.look(write(tmp_path / "t.csv", ["text", "label", "part", "year"], rows))
    assert (found.split.column, found.split.threshold) == ("part", None)
    assert found.other_labels == []


@pytest.mark.parametrize("times", [0.4, 1, 2])
def test_without_a_line_of_names(tmp_path: Path, times: float) -> None:
    """Columns get names where the first line is a row: by its length, or as a label returns."""
    rows = [
        ["ham" if n % 3 else "spam", sentence(n)[: int(50 * times)] + str(n)] for n in range(60)
    ]
    found = look.look(write(tmp_path / "t.csv", [], rows))
    assert found.given == ["column_1", "column_2"]
    assert (found.text.name, found.label.name, found.rows) == ("column_2", "column_1", 60)


def test_stars_of_products(tmp_path: Path) -> None:
    """Numbers that rate are labels, and names of products, though they return, are not."""
    rows = [[f"B{n % 9:07}", 1 + n % 5, sentence(n)] for n in range(90)]
    found = look.look(write(tmp_path / "t.csv", ["ProductId", "Score", "Text"], rows))
    assert (found.label.name, found.other_labels) == ("Score", [])


def test_several_labels_in_a_row(tmp_path: Path) -> None:
    """What is between them is found, where most of them stand alone elsewhere."""
    several = ["a", "b", "a; b", "c"]
    rows = [[sentence(n), several[n % 4], f"{n % 3}, {n % 2}"] for n in range(80)]
    path = write(tmp_path / "t.csv", ["text", "label", "place"], rows)
    assert look.look(path).separator == ";"
    assert look.look(path, label="place").separator == ""


def test_numbers_as_labels(tmp_path: Path) -> None:
    """A column called label is one, whatever its values; a number that is no label is not."""
    rows = [[n % 4, sentence(n), n % 2] for n in range(80)]
    assert (
        look.look(write(tmp_path / "a.csv", ["stars", "text", "label"], rows)).label.name == "label"
    )
    assert look.look(write(tmp_path / "b.csv", ["stars", "text", "x"], rows)).label.name == "stars"


def test_names_where_values_do_not_tell(tmp_path: Path) -> None:
    """Short texts that are often alike; labels that are long, or of two rows each."""
    rows = [[WORDS[n % 12], "ab"[n % 2]] for n in range(80)]
    found = look.look(write(tmp_path / "a.csv", ["body", "side"], rows))
    assert (found.text.name, found.label.name) == ("body", "side")
    for label in ([f"{n % 9} {'long ' * 20}" for n in range(80)], [f"{n // 2}" for n in range(80)]):
        rows = [[2000 + n % 20, sentence(n), label[n]] for n in range(80)]
        found = look.look(write(tmp_path / "b.csv", ["year", "text", "category"], rows))
        assert (found.text.name, found.label.name) == ("text", "category")
    # Where a column's values tell, the name does not.
    rows = [[sentence(n), f"{n // 3}", "abc"[n % 3]] for n in range(80)]
    found = look.look(write(tmp_path / "c.csv", ["x", "group", "y"], rows))
    assert (found.text.name, found.label.name) == ("x", "y")


def test_languages_without_spaces(tmp_path: Path) -> None:
    """A text need not have spaces, nor be long."""
    rows = [[chr(0x4E00 + n) + "海", "ab"[n % 2], f"{n:08x}-{n:04x}"] for n in range(80)]
    found = look.look(write(tmp_path / "t.csv", ["body", "side", "uuid"], rows))
    assert (found.text.name, found.label.name) == ("body", "side")


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        (["a", "b"], [[n, n % 2] for n in range(40)], "no column of .* looks like texts: name it"),
        (["a", "b"], [[sentence(n), n] for n in range(40)], "no column of .* looks like labels"),
        (["a", "b"], [], "has no rows: name a file with texts and labels"),
    ],
)
def test_nothing_to_take(
    tmp_path: Path, header: list[str], rows: list[list[object]], message: str
) -> None:
    """What is missing is said, with the columns that there are."""
    with pytest.raises(UserError, match=message):
        look.look(write(tmp_path / "t.csv", header, rows))


def test_no_such_file_table_or_column(tmp_path: Path) -> None:
    """Each is named with what there is."""
    with pytest.raises(UserError, match=r"there is no .*none.csv: name the file"):
        look.look(tmp_path / "none.csv")
    path = write(tmp_path / "t.csv", HEADER, tickets())
    with pytest.raises(UserError, match=r"--label is tema, and .* has id, created_at"):
        look.look(path, label="tema")
    with sqlite3.connect(tmp_path / "two.db") as connection:
        connection.executescript("CREATE TABLE one (a); CREATE TABLE two (a)")
    with pytest.raises(UserError, match="has one, two: name one of them as --table"):
        look.look(tmp_path / "two.db")
    with pytest.raises(UserError, match=r"--table is three, and .*two.db has one, two"):
        look.look(tmp_path / "two.db", "three")
    (tmp_path / "t.docx").write_text("")
    with pytest.raises(UserError, match="no ending that tells what it holds"):
        look.look(tmp_path / "t.docx")
