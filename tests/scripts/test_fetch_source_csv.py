"""fetch_source csv: a table of the user's own as text, however it was written."""

from pathlib import Path

import pytest
from databases import digests, read_table
from step_runs import RunScript, names_in

LINES = ["message,team,year", "flour and yeast,bread,1990", '"ebb, flood",tides,1995.5']
EXPECTED = [(2, "flour and yeast", "bread", 1990), (3, "ebb, flood", "tides", 1995.5)]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return the user's file, in a folder of its own; it is not there yet."""
    (tmp_path / "user").mkdir()
    return tmp_path / "user" / "posts.csv"


def arguments(table: Path, *more: str, form: str = "number") -> list[str | Path]:
    """Return the command line for message, team and year, or without a split column."""
    split = [] if form == "none" else ["--split", "year"]
    options = ["--text", "message", "--label", "team", *split, "--split-form", form]
    return ["--output", output_of(table), "csv", "--path", table, *options, *more]


def output_of(table: Path) -> Path:
    """Return the file to write."""
    return table.parents[1] / "source" / "news.sqlite"


def refused(run_script: RunScript, table: Path, *more: str) -> str:
    """Return what is said of a table that can't be used; nothing is written."""
    done = run_script("fetch_source", *arguments(table, *more), code=1)
    assert names_in(output_of(table).parent) == []
    return done.stderr.partition("fetch_source: error: ")[2]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_and_marks(run_script: RunScript, table: Path, mark: bytes, end: str) -> None:
    """Rows are known by their lines, however these end, with a mark of UTF-8 or without."""
    table.write_bytes(mark + end.join(LINES).encode())
    before = digests(table.parent)
    done = run_script("fetch_source", *arguments(table))
    encoding = "utf-8-sig" if mark else "utf-8"
    assert done.stderr == (
        f"fetch_source: posts.csv is read as {encoding}, with commas between columns\n"
        "fetch_source: wrote 2 posts\n"
    )
    assert read_table(output_of(table)) == EXPECTED
    assert digests(table.parent) == before


@pytest.mark.parametrize(
    ("delimiter", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")]
)
def test_delimiters(run_script: RunScript, table: Path, delimiter: str, name: str) -> None:
    """What parts the first line into the named columns is taken, though commas are there too."""
    rows = [("message", "team", "a,b", "year"), ("ebb, flood", "tides", "c,d,e", "1995")]
    table.write_text("\n".join(delimiter.join(row) for row in rows), "utf-8")
    done = run_script("fetch_source", *arguments(table))
    assert f"with {name} between columns" in done.stderr
    assert read_table(output_of(table)) == [(2, "ebb, flood", "tides", 1995)]


def test_what_spreadsheets_write(run_script: RunScript, table: Path) -> None:
    """A line that says what is between columns, quotes within texts, texts of several lines."""
    table.write_bytes(
        b'sep=;\r\nmessage;team;year\r\n"say ""hi"",\r\nthen; go";a;1\r\n\r\n"";a;2\r\nx;b;\r\n'
    )
    run_script("fetch_source", *arguments(table))
    assert read_table(output_of(table)) == [
        (3, 'say "hi",\r\nthen; go', "a", 1),
        (6, "", "a", 2),
        (7, "x", "b", None),
    ]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Größe und Maß – bitte prüfen Sie “das” für 5 €"),
        ("cp1250", "Zażółć gęślą jaźń, proszę o zwrot pieniędzy za zamówienie"),
        ("cp1251", "Не могу войти в учётную запись, пожалуйста помогите"),
        ("cp932", "パスワードを忘れましたので再設定してください"),
        ("utf-16", "Größe 李"),
    ],
)
def test_other_encodings(run_script: RunScript, table: Path, encoding: str, text: str) -> None:
    """What is not UTF-8 is known by its letters, and said."""
    table.write_bytes(f"message;team;year\n{text};a;1\n".encode(encoding))
    done = run_script("fetch_source", *arguments(table))
    assert f"posts.csv is read as {encoding}, " in done.stderr
    assert read_table(output_of(table)) == [(2, text, "a", 1)]


def test_a_given_encoding_and_quote(run_script: RunScript, table: Path) -> None:
    """What is said counts, not what would be found."""
    table.write_bytes("message,team,year\n'a, ñ',b,1\n".encode("cp1250", "replace") + b"\xf1,c,2")
    options = ("--encoding", "CP1252", "--quote", "'")
    run_script("fetch_source", *arguments(table), *options)
    assert [row[1] for row in read_table(output_of(table))] == ["a, ?", "ñ"]
    table.write_text('message\tteam\tyear\n"so\tb\t1\n5" disk\tc\t2\n', "utf-8")
    run_script("fetch_source", *arguments(table), "--quote", "none")
    assert [row[1] for row in read_table(output_of(table))] == ['"so', '5" disk']


def test_no_line_of_names(run_script: RunScript, table: Path) -> None:
    """The message shows what was taken for names; they can be given."""
    table.write_text("flour,bread,1990\nebb,tides,1995\n", "utf-8")
    assert refused(run_script, table) == (
        f"source.text names the column message, but the first line of {table} has 1990, bread, "
        "flour. If that is no line of names, give them as source.columns\n"
    )
    run_script("fetch_source", *arguments(table), "--columns", "message", "team", "year")
    assert read_table(output_of(table)) == [(1, "flour", "bread", 1990), (2, "ebb", "tides", 1995)]


def test_rows_with_faults(run_script: RunScript, table: Path) -> None:
    """Each kind of fault is named once, with the lines where such rows begin."""
    rows = [*LINES, "a,b", "a,b,3,d", "x,y,soon", '"a" b,c,4', '"open,c,5']
    table.write_text("\n".join(rows) + "\n", "utf-8")
    assert refused(run_script, table) == (
        f"{table} cannot be used: 2 rows: not 3 columns as in the first line (line 4, 5); "
        "1 row: no number in year (line 6); 1 row: a quote within a text that is not doubled "
        "(line 7); 1 row: a quote that is never closed (line 8). Mend or remove those lines, or "
        "say how the file is written by source.encoding, source.delimiter and source.quote\n"
    )


def test_two_encodings_in_one_file(run_script: RunScript, table: Path) -> None:
    """A file of UTF-8 with some lines of another encoding is refused by those lines."""
    lines = [f"größe {number},a,1".encode() for number in range(3)]
    table.write_bytes(b"\n".join([b"message,team,year", *lines, "maß,b,2".encode("cp1252")]))
    assert "1 row: not utf-8 (line 5)" in refused(run_script, table)


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"a\0b,c\n1,2\n", [], "which is no text: save it as CSV in UTF-8"),
        (b"message,message,team,year\n", [], "has the column message more than once"),
        (b"message,team,year\n", ["--encoding", "utf-9"], "source.encoding is utf-9, which Python"),
        (b"", [], "source.text names the column message, but the first line of"),
    ],
)
def test_what_is_no_table(
    run_script: RunScript, table: Path, content: bytes, options: list[str], said: str
) -> None:
    """The message says what it is, or what is asked for."""
    table.write_bytes(content)
    assert said in refused(run_script, table, *options)


def test_no_file(run_script: RunScript, table: Path) -> None:
    """What lies there is named."""
    table.with_name("pots.csv").touch()
    said = refused(run_script, table)
    assert (
        said
        == f"source.path names {table}, which is no file; in {table.parent} there is pots.csv\n"
    )


@pytest.mark.parametrize(
    ("form", "values", "expected"),
    [
        ("date", ["1970-01-02", "1970-01-01T00:00:01Z", "1970-01-01 01:00:00.5+01:00"],
         [86400, 1, 0.5]),
        ("names", ["train", "Validation", " TEST "], [0, 1, 2]),
        ("names", ["training", "dev", "testing"], [0, 1, 2]),
        ("none", ["x", "y", ""], [0, 0, 0]),
    ],
)  # fmt: skip
def test_split_columns(
    run_script: RunScript, table: Path, form: str, values: list[str], expected: list[float]
) -> None:
    """Dates become seconds since 1970, names the numbers of splits."""
    rows = "".join(f"text,a,{value}\n" for value in values)
    table.write_text("message,team,year\n" + rows, "utf-8")
    run_script("fetch_source", *arguments(table, form=form))
    assert [row[3] for row in read_table(output_of(table))] == expected


@pytest.mark.parametrize(
    ("form", "value", "fault"),
    [
        ("number", "2024-01-31", "a date in year, where split.threshold is a number: make that"),
        ("date", "2024", "no ISO date or timestamp in year"),
        ("date", "31/01/2024", "no ISO date or timestamp in year"),
        ("names", "2", "neither train, validation nor test in year, which split.threshold would"),
    ],
)
def test_split_values_of_another_form(
    run_script: RunScript, table: Path, form: str, value: str, fault: str
) -> None:
    """The message says what was expected, and of a date among numbers what to do."""
    table.write_text(f"message,team,year\ntext,a,{value}\n", "utf-8")
    done = run_script("fetch_source", *arguments(table, form=form), code=1)
    assert f"1 row: {fault}" in done.stderr
    assert "(line 2)" in done.stderr
