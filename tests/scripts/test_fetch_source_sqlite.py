"""fetch_source sqlite: a table of the user's own database."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from databases import digests, execute, make_table, read_table
from step_runs import RunScript, interrupt, interrupted, names_in, run_limited

POSTS = [("flour and yeast", "bread", 1990), ("ebb, flood", "tides", 1995.5)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of the user's databases."""
    (tmp_path / "user").mkdir()
    return tmp_path / "user"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return the file to write, in a folder that is not there yet."""
    return tmp_path / "source" / "news.sqlite"


def arguments(database: Path, output: Path, **changes: str) -> list[str | Path]:
    """Return the command line for posts(body, topic, year), with ``changes``."""
    columns = {"table": "posts", "text": "body", "label": "topic", "split": "year", **changes}
    options = [word for name, value in columns.items() for word in (f"--{name}", value)]
    return ["--output", output, "sqlite", "--path", database, *options]


def test_copies_the_three_columns(run_script: RunScript, folder: Path, output: Path) -> None:
    """Each row comes under its row id, and the user's file stays as it is."""
    database = make_table(folder / "posts.sqlite", POSTS)
    execute(database, "UPDATE posts SET rowid = 70 WHERE topic = 'bread'")
    before = digests(folder)
    done = run_script("fetch_source", *arguments(database, output))
    assert done.stderr == "fetch_source: wrote 2 posts\n"
    assert read_table(output) == [
        (2, "ebb, flood", "tides", 1995.5),
        (70, "flour and yeast", "bread", 1990),
    ]
    assert names_in(output.parent) == ["news.sqlite"]
    assert digests(folder) == before


def test_writes_the_same_bytes_again(run_script: RunScript, folder: Path, output: Path) -> None:
    """The file depends on the rows alone, so that its digest can stand for them."""
    database = make_table(folder / "posts.sqlite", POSTS)
    run_script("fetch_source", *arguments(database, output))
    first = output.read_bytes()
    run_script("fetch_source", *arguments(database, output))
    assert output.read_bytes() == first


def test_values_of_other_types(run_script: RunScript, folder: Path, output: Path) -> None:
    """Numbers and blobs of UTF-8 count as texts and labels; the texts keep each character."""
    text = "a\x00b\r\n\u2028\U0001f469\u200d\U0001f680"
    rows = [(12, 3.5, 1), (b"caf\xc3\xa9", b"x", 2), (text, "İ", 3), (None, "", 4), ("", None, 5)]
    database = make_table(folder / "posts.sqlite", rows)
    run_script("fetch_source", *arguments(database, output))
    assert read_table(output) == [
        (1, "12", "3.5", 1),
        (2, "café", "x", 2),
        (3, text, "İ", 3),
        (4, None, "", 4),
        (5, "", None, 5),
    ]


def test_a_database_in_utf_16(run_script: RunScript, folder: Path, output: Path) -> None:
    """SQLite may keep its texts in UTF-16, which is no fault."""
    database = folder / "posts.sqlite"
    with closing(sqlite3.connect(database)) as made:
        made.execute("PRAGMA encoding = 'UTF-16le'")
        made.execute("CREATE TABLE posts (body, topic, year)")
        made.execute("INSERT INTO posts VALUES ('dough 🍞 ß', 'bread', 1990)")
        made.commit()
        assert made.execute("PRAGMA encoding").fetchone() == ("UTF-16le",)
    run_script("fetch_source", *arguments(database, output))
    assert read_table(output) == [(1, "dough 🍞 ß", "bread", 1990)]


def test_split_values_as_strings(run_script: RunScript, folder: Path, output: Path) -> None:
    """Numbers that are stored as text are numbers."""
    years = ["1990", " 1990.5 ", "-3", "1e3", b"7"]
    rows = [("flour", "bread", year) for year in years]
    database = make_table(folder / "posts.sqlite", rows)
    run_script("fetch_source", *arguments(database, output))
    assert [row[3] for row in read_table(output)] == [1990, 1990.5, -3, 1000, 7]


@pytest.mark.parametrize("year", ["", "soon", "nan", float("inf"), "9" * 400, "2019_05"])
def test_split_value_that_is_no_number(
    run_script: RunScript, folder: Path, output: Path, year: str | float | None
) -> None:
    """The rows are counted and named, and the message says how to leave them out."""
    rows = [*POSTS, ("rye", "bread", year), ("moon", "tides", year)]
    database = make_table(folder / "posts.sqlite", rows)
    done = run_script("fetch_source", *arguments(database, output), code=1)
    assert f"table posts of {database} cannot be used: 2 rows: no number in year" in done.stderr
    assert "(row id 3, 4). Mend those rows, or leave them out by a view" in done.stderr
    assert names_in(output.parent) == []


def test_names_no_more_than_five_rows(run_script: RunScript, folder: Path, output: Path) -> None:
    """A table full of faults does not fill the screen."""
    database = make_table(folder / "posts.sqlite", [("rye", "bread", "x")] * 9)
    done = run_script("fetch_source", *arguments(database, output), code=1)
    assert "9 rows: no number in year (row id 1, 2, 3, 4, 5, …). Mend" in done.stderr


@pytest.mark.parametrize("column", ["body", "topic"])
def test_bytes_that_are_not_utf_8(
    run_script: RunScript, folder: Path, output: Path, column: str
) -> None:
    """The rows are named beside those with other faults, and nothing is written."""
    database = make_table(folder / "posts.sqlite", [*POSTS, ("rye", "bread", "x")])
    execute(database, f"UPDATE posts SET {column} = CAST(x'666cff' AS TEXT) WHERE rowid = 2")
    done = run_script("fetch_source", *arguments(database, output), code=1)
    assert "1 row: not UTF-8 (row id 2); 1 row: no number in year (row id 3). Mend" in done.stderr
    assert names_in(output.parent) == []


def test_missing_database(run_script: RunScript, folder: Path, output: Path) -> None:
    """The message lists the databases that are in the folder, and nothing is made there."""
    for name in ("b.db", "a.sqlite3", "notes.txt"):
        (folder / name).write_bytes(b"")
    done = run_script("fetch_source", *arguments(folder / "posts.sqlite", output), code=1)
    assert done.stderr == (
        f"fetch_source: error: source.path names {folder}/posts.sqlite, which is no file; "
        f"in {folder} there is a.sqlite3, b.db\n"
    )
    assert names_in(folder) == ["a.sqlite3", "b.db", "notes.txt"]
    assert names_in(output.parent) == []


def test_missing_table(run_script: RunScript, folder: Path, output: Path) -> None:
    """The message lists tables and views, without SQLite's own, and the nearest."""
    columns = "id INTEGER PRIMARY KEY AUTOINCREMENT, body, topic, year"
    database = make_table(folder / "posts.sqlite", [], columns)
    execute(database, "CREATE VIEW recent AS SELECT * FROM posts")
    done = run_script("fetch_source", *arguments(database, output, table="post"), code=1)
    assert done.stderr == (
        f"fetch_source: error: source.table names the table post, but {database} has "
        "posts, recent. Did you mean posts?\n"
    )
    assert names_in(output.parent) == []


def test_database_without_tables(run_script: RunScript, folder: Path, output: Path) -> None:
    """An empty file is an empty database to SQLite."""
    (folder / "posts.sqlite").touch()
    done = run_script("fetch_source", *arguments(folder / "posts.sqlite", output), code=1)
    assert f"but {folder}/posts.sqlite has none.\n" in done.stderr
    assert names_in(output.parent) == []


@pytest.mark.parametrize(
    ("option", "setting", "name", "hint"),
    [
        ("text", "source.text", "bdy", " Did you mean body?"),
        ("label", "source.label", "topics", " Did you mean topic?"),
        ("split", "source.split", "when", ""),
        ("validation-by", "split.validation_by", "yaer", " Did you mean year?"),
    ],
)
def test_missing_column(
    run_script: RunScript,
    folder: Path,
    output: Path,
    option: str,
    setting: str,
    name: str,
    hint: str,
) -> None:
    """The message names the setting, lists the columns and the nearest of them."""
    database = make_table(folder / "posts.sqlite", POSTS)
    done = run_script("fetch_source", *arguments(database, output, **{option: name}), code=1)
    assert done.stderr == (
        f"fetch_source: error: {setting} names the column {name}, but table posts has "
        f"body, topic, year.{hint}\n"
    )
    assert names_in(output.parent) == []


def test_csv(run_script: RunScript, folder: Path, output: Path) -> None:
    """A file of text is no database, and the message says which kinds it may be."""
    lines = "".join(f"text {n},bread,{n}\n" for n in range(100))
    (folder / "posts.csv").write_text("body,topic,year\n" + lines, encoding="utf-8")
    done = run_script("fetch_source", *arguments(folder / "posts.csv", output), code=1)
    assert f"source.path names {folder}/posts.csv, which holds text and is no SQLite" in done.stderr
    assert names_in(output.parent) == []
    assert "if it is a CSV file set source.kind to csv" in done.stderr


def test_no_database(run_script: RunScript, folder: Path, output: Path) -> None:
    """A picture gets no advice that would not help."""
    (folder / "posts.sqlite").write_bytes(b"\x89PNG\r\n")
    done = run_script("fetch_source", *arguments(folder / "posts.sqlite", output), code=1)
    assert f"source.path names {folder}/posts.sqlite, which is no SQLite database" in done.stderr
    assert names_in(output.parent) == []


def test_damaged_database(run_script: RunScript, folder: Path, output: Path) -> None:
    """A database with overwritten pages is named, with the command that may mend it."""
    rows = [(f"text {n}", "bread", n) for n in range(2000)]
    database = make_table(folder / "posts.sqlite", rows)
    content = database.read_bytes()
    database.write_bytes(content[: len(content) // 2] + b"\xff" * (len(content) // 2))
    done = run_script("fetch_source", *arguments(database, output), code=1)
    assert "is not a readable SQLite database (database disk image is malformed)" in done.stderr
    assert f"mend the file: sqlite3 {database} .recover" in done.stderr
    assert names_in(output.parent) == []


def test_locked_by_a_writer(run_script: RunScript, folder: Path, output: Path) -> None:
    """A writer's lock is waited for, then named; afterwards the same command works."""
    database = make_table(folder / "posts.sqlite", POSTS)
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        done = run_script("fetch_source", *arguments(database, output), code=1)
        writer.execute("ROLLBACK")
    assert f"{database} is locked by a program that writes to it. Let it finish" in done.stderr
    assert names_in(output.parent) == []
    run_script("fetch_source", *arguments(database, output))
    assert len(read_table(output)) == 2


def test_write_ahead_log_of_an_open_database(
    run_script: RunScript, folder: Path, output: Path
) -> None:
    """Rows that a writer has only put into its log are read, and nothing of it changes."""
    database = folder / "posts.sqlite"
    execute(database, "PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("CREATE TABLE posts (body, topic, year)")
        writer.executemany("INSERT INTO posts VALUES (?, ?, ?)", POSTS)
        writer.commit()
        assert names_in(folder) == ["posts.sqlite", "posts.sqlite-shm", "posts.sqlite-wal"]
        before = digests(folder)
        run_script("fetch_source", *arguments(database, output))
        after = digests(folder)
    assert [row[1:] for row in read_table(output)] == POSTS
    # The index of the log, -shm, counts its readers.
    assert {**after, "posts.sqlite-shm": ""} == {**before, "posts.sqlite-shm": ""}


def test_write_ahead_log_at_rest(run_script: RunScript, folder: Path, output: Path) -> None:
    """Where no program has the database open, no log and no index is left beside it."""
    database = make_table(folder / "posts.sqlite", POSTS)
    execute(database, "PRAGMA journal_mode = WAL")
    before = digests(folder)
    run_script("fetch_source", *arguments(database, output))
    assert [row[1:] for row in read_table(output)] == POSTS
    assert digests(folder) == before
    assert list(before) == ["posts.sqlite"]


def test_write_ahead_log_after_a_crash(run_script: RunScript, folder: Path, output: Path) -> None:
    """The rows in the log of a writer that died are read; database and log stay."""
    live = folder / "live.sqlite"
    execute(live, "PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(live)) as writer:
        writer.execute("CREATE TABLE posts (body, topic, year)")
        writer.executemany("INSERT INTO posts VALUES (?, ?, ?)", POSTS)
        writer.commit()
        for name in ("sqlite", "sqlite-wal"):
            (folder / f"posts.{name}").write_bytes((folder / f"live.{name}").read_bytes())
    before = digests(folder)
    run_script("fetch_source", *arguments(folder / "posts.sqlite", output))
    assert [row[1:] for row in read_table(output)] == POSTS
    assert digests(folder).items() >= before.items()


def test_view(run_script: RunScript, folder: Path, output: Path) -> None:
    """The rows of a view, which have no ids, are numbered in its order."""
    database = make_table(folder / "posts.sqlite", POSTS)
    execute(database, "CREATE VIEW late AS SELECT * FROM posts ORDER BY year DESC")
    run_script("fetch_source", *arguments(database, output, table="late"))
    assert read_table(output) == [(1, *POSTS[1]), (2, *POSTS[0])]


def test_view_that_cannot_be_read(run_script: RunScript, folder: Path, output: Path) -> None:
    """A view on what SQLite alone does not have is told in SQLite's words."""
    database = make_table(folder / "posts.sqlite", POSTS)
    execute(
        database, "CREATE VIEW odd AS SELECT body, topic, application_year() AS year FROM posts"
    )
    done = run_script("fetch_source", *arguments(database, output, table="odd"), code=1)
    assert f"SQLite cannot read {database}: no such function: application_year" in done.stderr
    assert "name another as source.table" in done.stderr
    assert names_in(output.parent) == []


def test_table_without_row_ids(run_script: RunScript, folder: Path, output: Path) -> None:
    """The rows of a WITHOUT ROWID table are numbered by its primary key."""
    database = folder / "posts.sqlite"
    execute(
        database,
        "CREATE TABLE posts (body PRIMARY KEY, topic, year) WITHOUT ROWID",
        "INSERT INTO posts VALUES ('yeast', 'bread', 1990), ('ebb', 'tides', 1995)",
    )
    run_script("fetch_source", *arguments(database, output))
    assert read_table(output) == [(1, "ebb", "tides", 1995), (2, "yeast", "bread", 1990)]


def test_column_named_rowid(run_script: RunScript, folder: Path, output: Path) -> None:
    """A column of that name is not taken for SQLite's row id."""
    rows = [(900, *POSTS[0]), (100, *POSTS[1])]
    database = make_table(folder / "posts.sqlite", rows, "RowId, body, topic, year")
    run_script("fetch_source", *arguments(database, output))
    assert read_table(output) == [(1, *POSTS[0]), (2, *POSTS[1])]


@pytest.mark.parametrize("name", ["my posts", 'the "best"', "it's", "order", "größe; DROP", "-x"])
def test_names_that_need_quotes(
    run_script: RunScript, folder: Path, output: Path, name: str
) -> None:
    """Any name that SQLite allows for a file, a table or a column does."""
    quoted = '"' + name.replace('"', '""') + '"'
    database = make_table(folder / f"{name} 100%?#.sqlite", POSTS, f"{quoted}, topic, year", quoted)
    columns = [f"--table={name}", f"--text={name}", "--label=topic", "--split=year"]
    run_script("fetch_source", "--output", output, "sqlite", "--path", database, *columns)
    assert read_table(output) == [(1, *POSTS[0]), (2, *POSTS[1])]


def test_validation_by_a_column(run_script: RunScript, folder: Path, output: Path) -> None:
    """The column's values come along as Position; numbers in text are numbers."""
    rows = [(*POSTS[0], "9"), (*POSTS[1], "10"), ("rye", "bread", 1991, "2020-01-31")]
    database = make_table(folder / "posts.sqlite", rows, "body, topic, year, posted TEXT")
    run_script("fetch_source", *arguments(database, output, **{"validation-by": "posted"}))
    assert read_table(output) == [
        (1, *POSTS[0], 9),
        (2, *POSTS[1], 10),
        (3, "rye", "bread", 1991, "2020-01-31"),
    ]


def test_validation_by_a_column_with_gaps(
    run_script: RunScript, folder: Path, output: Path
) -> None:
    """Rows without a place in time come first, and so are not what validates."""
    rows = [(*POSTS[0], 1), (*POSTS[1], None)]
    database = make_table(folder / "posts.sqlite", rows, "body, topic, year, posted")
    options = arguments(database, output, **{"validation-by": "posted"})
    run_script("fetch_source", *options)
    assert [row[4] for row in read_table(output)] == [1, None]


def test_labels_filter(run_script: RunScript, folder: Path, output: Path) -> None:
    """Rows with other labels are left out, even faulty ones; those without a label stay."""
    rows = [*POSTS, ("pawn", "chess", "never"), ("rook", None, 1992)]
    database = make_table(folder / "posts.sqlite", rows)
    run_script("fetch_source", *arguments(database, output), "--labels", "tides", "bread")
    assert read_table(output) == [(1, *POSTS[0]), (2, *POSTS[1]), (4, "rook", None, 1992)]


def test_labels_filter_names_a_label_that_is_not_there(
    run_script: RunScript, folder: Path, output: Path
) -> None:
    """The message lists the labels of the table, all of them, and the nearest."""
    database = make_table(folder / "posts.sqlite", [*POSTS, ("rook", None, 1992)])
    done = run_script(
        "fetch_source", *arguments(database, output), "--labels", "bread", "tide", code=1
    )
    assert done.stderr == (
        f"fetch_source: error: source.labels names the label tide, but table posts of {database} "
        "has bread, tides. Did you mean tides?\n"
    )
    assert names_in(output.parent) == []


def test_failure_keeps_the_old_file(run_script: RunScript, folder: Path, output: Path) -> None:
    """A run that fails leaves what an earlier one has written."""
    database = make_table(folder / "posts.sqlite", POSTS)
    run_script("fetch_source", *arguments(database, output))
    first = digests(output.parent)
    execute(database, "INSERT INTO posts VALUES ('rye', 'bread', 'x')")
    run_script("fetch_source", *arguments(database, output), code=1)
    assert digests(output.parent) == first


def test_full_disk(run_script: RunScript, folder: Path, output: Path) -> None:
    """A table that does not fit leaves nothing; with more space the same command works."""
    database = make_table(folder / "posts.sqlite", [("rye " * 1000, "bread", 1990)] * 100)
    code, messages = run_limited(100_000, "fetch_source", *arguments(database, output))
    assert code == 1
    assert f"fetch_source: error: no disk space left while writing {output} (" in messages
    assert "Free some and run the same command again" in messages
    assert names_in(output.parent) == []
    run_script("fetch_source", *arguments(database, output))
    assert len(read_table(output)) == 100


def test_interrupted(folder: Path, output: Path) -> None:
    """Ctrl-C amid the copying leaves nothing."""
    database = make_table(folder / "posts.sqlite", [("rye", "bread", 1990)] * 500_000)
    part = output.with_name("news.sqlite.part")
    ended = interrupt(part.exists, "fetch_source", *arguments(database, output))
    assert ended == (130, interrupted("fetch_source"))
    assert names_in(output.parent) == []


def test_labels_are_trimmed_and_renamed(run_script: RunScript, folder: Path, output: Path) -> None:
    """White space around a label is no part of it; the map gives it another name."""
    names = ["billing", "BILLING", " billing", "billing\n", "login"]
    rows = [(f"text {number}", name, 1990) for number, name in enumerate(names)]
    database = make_table(folder / "posts.sqlite", rows)
    words = arguments(database, output)
    done = run_script("fetch_source", *words, "--rename-labels", '{"BILLING": "billing"}')
    assert done.stderr == "fetch_source: wrote 5 posts\n"
    assert [label for _, _, label, _ in read_table(output)] == ["billing"] * 4 + ["login"]
    done = run_script("fetch_source", *words, "--rename-labels", '{"Login": "x"}', code=1)
    assert "source.rename_labels names the label Login, but table posts of " in done.stderr
    assert "Did you mean login?" in done.stderr


def test_names_in_capitals(run_script: RunScript, folder: Path, output: Path) -> None:
    """As in SQL, a table or column is found however its letters are written."""
    database = make_table(folder / "posts.sqlite", POSTS)
    run_script("fetch_source", *arguments(database, output, table="Posts", text="BODY"))
    assert len(read_table(output)) == 2
