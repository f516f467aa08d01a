"""split_posts: validated, deduplicated, split."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from databases import digests, make_table
from step_runs import RunScript, names_in, run_limited

from provender import files
from provender.text.recipe import compile_recipe

COLUMNS = "id INTEGER PRIMARY KEY, Data TEXT, Category TEXT, Year NUMERIC"

# Twenty training posts of two labels, and two test posts.
POSTS = [(n, f"text {n}", ("bread", "tides")[n % 2], 1900 + n) for n in range(1, 21)]
POSTS += [(21, "late bread", "bread", 1990), (22, "late tides", "tides", 1990.5)]

Split = Callable[..., "Result"]


class Result:
    """What a run has written and said."""

    def __init__(self, folder: Path, messages: str) -> None:
        """Read the report; splits are read when asked for."""
        self.folder = folder
        self.messages = messages

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report."""
        return json.loads((self.folder / "report.json").read_bytes())

    def rows(self, split: str) -> list[tuple]:
        """Return a split's rows as (rowid, text, label, year)."""
        return [tuple(row.values()) for row in pq.read_table(self.path(split)).to_pylist()]

    def ids(self, split: str) -> list[int]:
        """Return a split's row ids."""
        return [row[0] for row in self.rows(split)]

    def path(self, split: str) -> Path:
        """Return a split's file."""
        return self.folder / f"{split}.parquet"


def arguments(source: Path, output: Path, threshold: float | str = 1990) -> list[str | Path]:
    """Return the command line; its recipe is written beside the source."""
    recipe = {"max_characters": 20000, "replace": [{"pattern": "[\\n!-/]+", "with": " "}]}
    files.write_json(source.with_name("text.json"), compile_recipe(recipe))
    splits = [
        word
        for name in ("train", "validation", "test", "augmented")
        for word in (f"--{name}", output / f"{name}.parquet")
    ]
    return [
        "--source",
        source,
        "--text",
        source.with_name("text.json"),
        "--by",
        "threshold",
        "--test-share",
        "0.2",
        "--threshold",
        str(threshold),
        "--validation-by",
        "rowid",
        *splits,
        "--report",
        output / "report.json",
    ]


@pytest.fixture
def split(run_script: RunScript, tmp_path: Path) -> Split:
    """Return a function that splits rows; where it must fail, nothing may be written."""

    def run(
        rows: list[tuple],
        *options: str,
        threshold: float | str = 1990,
        columns: str = COLUMNS,
        code: int = 0,
    ) -> Result:
        output = tmp_path / "splits"
        shutil.rmtree(output, ignore_errors=True)
        (tmp_path / "news.sqlite").unlink(missing_ok=True)
        source = make_table(tmp_path / "news.sqlite", rows, columns, "news")
        done = run_script("split_posts", *arguments(source, output, threshold), *options, code=code)
        if code:
            assert names_in(tmp_path) == ["news.sqlite", "text.json"]
        return Result(output, done.stderr)

    return run


def test_splits(split: Split) -> None:
    """The test part is what lies at or above the threshold; the newest tenth validates."""
    result = split(POSTS)
    assert result.rows("train") == POSTS[:18]
    assert result.rows("validation") == POSTS[18:20]
    assert result.rows("test") == POSTS[20:]
    assert pq.read_schema(result.path("test")) == pa.schema(
        {"rowid": pa.int64(), "text": pa.string(), "label": pa.string(), "year": pa.float64()}
    )
    assert result.report == {
        "rows": 22,
        "dropped": {
            "null_label": 0,
            "blank_label": 0,
            "null_split": 0,
            "null_text": 0,
            "blank_text": 0,
            "blank_after_strip": 0,
        },
        "duplicates": {
            "on_both_sides": 0,
            "in_training": 0,
            "in_test_kept": 0,
            "in_training_under_two_labels_kept": 0,
        },
        "splits": {
            "train": {"posts": 18, "labels": {"bread": 9, "tides": 9}},
            "validation": {"posts": 2, "labels": {"bread": 1, "tides": 1}},
            "test": {"posts": 2, "labels": {"bread": 1, "tides": 1}},
        },
        "augmented": {"posts": 0, "labels": {}},
        "test_without_text": {"posts": 0, "labels": {}},
        "test_with_unseen_label": {},
        "rare_labels": [],
        "warnings": [],
    }
    assert pq.read_schema(result.path("augmented")) == pq.read_schema(result.path("test"))
    assert names_in(result.folder) == [
        "augmented.parquet",
        "report.json",
        "test.parquet",
        "train.parquet",
        "validation.parquet",
    ]


def test_same_bytes_whatever_the_order(run_script: RunScript, tmp_path: Path) -> None:
    """The files depend on the rows alone, not on how the table was filled."""
    written = []
    for name, rows in (("as-is", POSTS), ("reversed", POSTS[::-1])):
        source = make_table(tmp_path / f"{name}.sqlite", rows, COLUMNS, "news")
        run_script("split_posts", *arguments(source, tmp_path / name))
        written.append(digests(tmp_path / name))
    assert written[0] == written[1]


def test_rows_without_text_or_label_are_dropped(split: Split) -> None:
    """Each such row is counted once, by the first reason, and said in the log."""
    unusable = [
        (31, "text", None, 1900),
        (32, None, None, 1990),
        (33, "text", "", 1900),
        (34, "text", " \t\n\u3000", 1990),
        (35, None, "bread", 1900),
        (36, "", "bread", 1900),
        (37, " \r\n\u2028", "tides", 1990),
        (38, "\x85", "tides", 1990),
        (39, "text", "tides", None),
    ]
    result = split([*POSTS, *unusable])
    assert result.report["rows"] == 31
    assert result.report["dropped"] == {
        "null_label": 2,
        "blank_label": 2,
        "null_split": 1,
        "null_text": 1,
        "blank_text": 3,
        "blank_after_strip": 0,
    }
    assert result.rows("train") == POSTS[:18]
    assert result.rows("test") == POSTS[20:]
    counted = "null label 2, blank label 2, null split 1, null text 1, blank text 3"
    assert f"dropped: {counted}\n" in result.messages


def test_strips_the_parts_that_it_is_told_to(split: Split) -> None:
    """Headers, footers and quotes go, and what is blank without them has a count of its own."""
    posts = [(row, f"Subject: x\n\n{text}", label, year) for row, text, label, year in POSTS]
    full = "Subject: x\n\nA writes:\n> quoted\nmy words\n\nmore of them\n--\na name\n"
    rows = [*posts, (40, full, "bread", 1995), (41, "Subject: x\n\n> quoted\n", "bread", 1995)]
    result = split(rows, "--strip", "headers", "footers", "quotes")
    assert result.rows("test") == [
        *POSTS[20:],
        (40, "my words\n\nmore of them", "bread", 1995),
    ]
    assert result.report["dropped"]["blank_after_strip"] == 1
    assert result.report["test_without_text"] == {"posts": 1, "labels": {"bread": 1}}


def test_learns_again_with_other_parts_stripped(split: Split) -> None:
    """Train and validation posts come once more an augmentation, without its parts."""
    head = "From: a@b.c\nSubject: Re: the RE: moon\nLines: 3\nKeywords: ebb\n\n"
    posts = [(row, head + text, label, year) for row, text, label, year in POSTS]
    full = head + "A writes:\n> quoted\nmy words\n\nmore of them\n--\na name\n"
    rows = [*posts, (40, full, "bread", 1901)]
    strip = ["--strip", "headers", "footers", "quotes"]
    result = split(rows, *strip, "--augment", "headers", "headers_but_subject+footers")
    found = [text for row, text, _, _ in result.rows("augmented") if row == 40]
    assert found == [
        "A writes:\n> quoted\nmy words\n\nmore of them\n--\na name\n",
        "   the   moon\n ebb\n\nA writes:\n> quoted\nmy words\n\nmore of them",
    ]
    ids = result.ids("augmented")
    assert sorted(set(ids)) == sorted(result.ids("train") + result.ids("validation"))
    assert result.report["augmented"]["posts"] == len(ids) == 2 * len(set(ids))


def test_learns_again_with_more_stripped(split: Split) -> None:
    """Where posts are read as they are, augmentations may still strip them."""
    post = "Subject: moon\n\n> quoted\nmy words\n\na name"
    strip = ["headers_but_subject+footers", "headers+footers+quotes", "quotes"]
    result = split([*POSTS, (40, post, "bread", 1901)], "--augment", *strip)
    assert [text for row, text, _, _ in result.rows("augmented") if row == 40] == [
        " moon\n\n> quoted\nmy words",
        "my words",
        "Subject: moon\n\nmy words\n\na name",
    ]


def test_what_is_stripped_anyway_is_not_learnt_again(split: Split) -> None:
    """Such an augmentation would repeat the posts, in whatever order it names the parts."""
    options = ["--strip", "headers", "quotes", "--augment", "quotes+headers"]
    head = [(row, f"Subject: x\n\n{text}", *rest) for row, text, *rest in POSTS]
    assert split(head, *options).rows("augmented") == []


def test_no_text_of_the_test_part_is_learnt(split: Split) -> None:
    """What a post would quote of a test post word by word is not learnt from."""
    rows = [*POSTS, (30, "my words\n> late bread", "bread", 1900)]
    rows += [(31, "> late bread", "tides", 1900), (32, "> late\n\nwords", "bread", 1901)]
    rows += [(33, "> late bread\n\nmore", "bread", 1990), (34, "> late\n\nwords", "tides", 1991)]
    result = split(rows, "--strip", "quotes", "--augment", "nothing")
    texts = [text for _, text, _, _ in result.rows("augmented")]
    assert "my words\n> late bread" in texts
    assert "> late\n\nwords" not in texts


def test_a_text_on_both_sides_stays_in_test_alone(split: Split) -> None:
    """It would be known by heart, whatever label the training part has it under."""
    rows = [*POSTS, (31, "late bread", "bread", 1900), (32, "late tides", "bread", 1900)]
    result = split(rows)
    assert result.report["duplicates"]["on_both_sides"] == 2
    assert {31, 32}.isdisjoint(result.ids("train") + result.ids("validation"))
    assert result.ids("test") == [21, 22]
    assert "found twice: on both sides 2\n" in result.messages


def test_texts_are_compared_after_stripping(split: Split) -> None:
    """Two posts that differ in their headers are one text to the model."""
    posts = [(row, f"Date: {row}\n\n{text}", label, year) for row, text, label, year in POSTS]
    result = split([*posts, (31, "Date: 31\n\nlate bread", "bread", 1900)], "--strip", "headers")
    assert result.report["duplicates"]["on_both_sides"] == 1


def test_repeated_texts(split: Split) -> None:
    """In training a text stays once a label; the test part is left as it is."""
    rows = [
        *POSTS,
        (31, "text 1", "tides", 1900),
        (32, "text 1", "bread", 1900),
        (33, "late bread", "bread", 1990),
        (34, "late bread", "tides", 1990),
    ]
    result = split(rows)
    assert result.report["duplicates"] == {
        "on_both_sides": 0,
        "in_training": 1,
        "in_test_kept": 1,
        "in_training_under_two_labels_kept": 2,
    }
    training = result.ids("train") + result.ids("validation")
    assert training == [*range(1, 21), 32]
    assert result.ids("test") == [21, 22, 33, 34]


def test_validation_by_position(split: Split) -> None:
    """With a column Position, its newest tenth validates; ties are broken by row id."""
    rows = [(*post, f"2020-01-{31 - post[0] // 2:02}") for post in POSTS]
    result = split(rows, columns=COLUMNS + ", Position")
    assert result.ids("validation") == [1, 3]
    assert result.ids("train") == [2, *range(4, 21)]


def test_the_only_posts_of_a_label_stay_in_train(split: Split) -> None:
    """A label that the newest tenth has alone could not be learned."""
    rows = [*POSTS, (31, "mate", "chess", 1989), (41, "pawn", "chess", 1990)]
    result = split(rows)
    assert result.ids("validation") == [20]
    assert result.rows("train")[-1] == (31, "mate", "chess", 1989)


def test_label_with_few_posts_is_warned_about(split: Split) -> None:
    """Fewer than five training posts are said in the log and in the report."""
    rows = [*POSTS, (31, "mate", "chess", 1900), (41, "pawn", "chess", 1990)]
    rows += [(50 + n, f"word {n}", "prose", 1900) for n in range(4)]
    rows += [(60 + n, f"line {n}", "verse", 1900) for n in range(5)]
    result = split(rows)
    warnings = [
        "2 labels have fewer than 5 training texts, from which little is learned: chess (1), prose "
        "(4). Add texts, or set source.min_posts",
    ]
    assert result.report["warnings"][:-1] == warnings
    assert result.report["warnings"][-1].startswith("the validation split has no text of 4 of 5 ")
    for warning in warnings:
        assert f"split_posts: warning: {warning}\n" in result.messages


@pytest.mark.parametrize(
    ("labels", "warning"),
    [
        (["Bread", "bread", "tides"], "labels Bread, bread differ in case alone and count as "),
        (["0.0", "1.0", "2.0"], "labels are numbers with .0, such as 0.0: pandas writes whole "),
        (["0.5", "1.0", "2.0"], None),
    ],
)
def test_labels_that_may_be_meant_otherwise(
    split: Split, labels: list[str], warning: str | None
) -> None:
    """Labels alike but for capitals, and numbers as pandas writes them, are told of."""
    rows = [
        (number, f"word {number}", label, 1900 + 90 * (number % 6 == 5))
        for number, label in enumerate(labels * 12, 100)
    ]
    warnings = split(rows).report["warnings"]
    assert len(warnings) == (1 if warning else 0)
    for said in warnings:
        assert said.startswith(warning)
        assert "source.rename_labels" in said


@pytest.mark.parametrize(("threshold", "side"), [(1900, "training"), (1990.6, "test")])
def test_a_side_without_posts(split: Split, threshold: float, side: str) -> None:
    """The message says which values the threshold must lie between."""
    result = split(POSTS, threshold=threshold, code=1)
    assert result.messages == (
        f"split_posts: error: the {side} part is empty: the split values run from 1901 to "
        "1990.5, so set split.threshold above the first and up to the second "
        f"(it is {threshold}; rows at or above it are the test part)\n"
    )


def test_label_only_in_test(split: Split) -> None:
    """What only new rows have is left out, counted, and learned another time."""
    rows = [*POSTS, (41, "pawn", "chess", 1990), (42, "a line", "verse", 1990)]
    result = split(rows)
    assert result.ids("test") == [21, 22]
    assert result.report["test_with_unseen_label"] == {"chess": 1, "verse": 1}
    assert (
        "warning: 2 test texts have labels that no training text has, and are left out: chess, "
        "verse. They are learned once the training part has them"
    ) in result.messages


def test_fewer_than_two_labels(split: Split) -> None:
    """One label leaves nothing to tell apart."""
    result = split([row for row in POSTS if row[2] == "bread"], code=1)
    assert "the training part has one label, bread: a classifier needs two" in result.messages
    assert "Check source.label and source.labels" in result.messages


def test_no_usable_row(split: Split) -> None:
    """A table without rows that have both a text and a label is told as that."""
    result = split([(1, " ", "bread", 1900), (2, "text", None, 1990)], code=1)
    assert "no post is left: every row lacks a text, a label or a split value" in result.messages


@pytest.mark.parametrize(
    ("by", "mend"),
    [
        ("rowid", "only labels that occur nowhere else in it. Leave out split.validation_by"),
        ("hash", "the training part has one text of each label. Add texts"),
    ],
)
def test_nothing_to_validate_with(split: Split, by: str, mend: str) -> None:
    """With so few posts that none can be spared, each order has its mend."""
    rows = [(1, "rye", "bread", 1900), (2, "ebb", "tides", 1900), (3, "loaf", "bread", 1990)]
    result = split(rows, "--validation-by", by, code=1)
    assert "no post is left to validate with: " in result.messages
    assert mend in result.messages


def test_copies_that_the_model_reads_alike(split: Split) -> None:
    """Texts that differ in case, punctuation or blanks alone are one text on both sides."""
    rows = [*POSTS, (31, "Late   BREAD!", "bread", 1900), (32, "TEXT 1.", "tides", 1901)]
    result = split(rows)
    assert result.report["duplicates"]["on_both_sides"] == 1
    assert result.report["duplicates"]["in_training"] == 1
    assert {31, 32}.isdisjoint(result.ids("train") + result.ids("validation"))


def test_a_tenth_of_each_label_by_default(split: Split) -> None:
    """Of a table sorted by label, validation has all labels."""
    rows = [(n, f"text {n}", ("bread", "chess", "tides")[n // 30], 1900) for n in range(90)]
    rows += [(100 + n, f"late {n}", label, 1990) for n, label in enumerate(("bread", "chess"))]
    result = split(rows, "--validation-by", "hash")
    counts = result.report["splits"]["validation"]["labels"]
    assert counts == {"bread": 3, "chess": 3, "tides": 3}
    assert result.report["warnings"] == []


def test_full_disk(run_script: RunScript, tmp_path: Path) -> None:
    """A split that does not fit leaves no part of it; with more space the same command works."""
    rows = [(row, f"{text} {'x' * row * 997}", label, year) for row, text, label, year in POSTS]
    source = make_table(tmp_path / "news.sqlite", rows, COLUMNS, "news")
    output = tmp_path / "splits"
    code, messages = run_limited(1000, "split_posts", *arguments(source, output))
    assert code == 1
    assert "split_posts: error: no disk space left (File too large). Free some" in messages
    assert names_in(output) == []
    run_script("split_posts", *arguments(source, output))
    assert pq.read_table(output / "train.parquet").num_rows == 18


def test_missing_source(run_script: RunScript, tmp_path: Path) -> None:
    """A database that is not there is named, and not made."""
    options = arguments(tmp_path / "news.sqlite", tmp_path / "splits")
    done = run_script("split_posts", *options, code=1)
    assert f"No such file or directory: '{tmp_path}/news.sqlite'. Check the path" in done.stderr
    assert names_in(tmp_path) == ["text.json"]


def test_drawn_by_a_hash(split: Split) -> None:
    """About the share is tested on; what is there stays on its side as rows are added."""
    texts = [(n, f"text {n}", ("bread", "tides")[n % 2], 0) for n in range(1, 401)]
    texts += [(n + 400, f"Text, {n}!", ("bread", "tides")[n % 2], 0) for n in range(1, 401, 7)]
    options = ("--by", "hash", "--test-share", "0.3", "--validation-by", "hash")
    few = split(texts[:300], *options)
    first = set(few.ids("test"))
    assert 70 < len(first) < 110
    result = split(texts, *options)
    test = set(result.ids("test"))
    assert first == {rowid for rowid in test if rowid <= 300}
    # A copy but for capitals and marks is on the same side.
    assert {n + 400 in test for n in test if n + 400 <= 800 and n % 7 == 1} == {True}
    learnt = set(result.ids("train") + result.ids("validation"))
    assert not learnt & {n + 400 for n in test} and not test & {n + 400 for n in learnt}
    assert set(split(texts, *options[:3], "0.6", *options[4:]).ids("test")) > test


@pytest.mark.parametrize(("share", "part"), [("0.999", "all"), ("0.001", "none")])
def test_a_hash_that_draws_one_side(split: Split, share: str, part: str) -> None:
    """The message names the share, which is what to set."""
    result = split(POSTS, "--by", "hash", "--test-share", share, code=1)
    assert f"of 22 texts, split.test drew {part} to be in the test part" in result.messages


def test_named_splits(split: Split) -> None:
    """A column says what each row is for; of copies the one that validates or is tested stays."""
    rows = [
        (1, "rye", "bread", 0), (2, "ebb", "tides", 0), (3, "oat", "bread", 1),
        (4, "Oat", "bread", 0), (5, "flood", "tides", 1), (6, "dough", "bread", 2),
        (7, "neap", "tides", 2),
        (8, "dough!", "bread", 1), (9, "pawn", "chess", 1), (10, "moon", "tides", 0),
    ]  # fmt: skip
    result = split(rows, "--by", "names")
    assert result.ids("test") == [6, 7]
    assert result.ids("validation") == [3, 5]
    # What only validates is there to be learnt from.
    assert result.ids("train") == [1, 2, 9, 10]


def test_named_splits_without_validation(split: Split) -> None:
    """Then it is split off as without names."""
    rows = [(*row[:3], 2 if row[3] >= 1990 else 0) for row in POSTS]
    result = split(rows, "--by", "names", "--validation-by", "hash")
    assert result.ids("test") == [21, 22]
    assert len(result.ids("validation")) == 2
    said = split([row for row in rows if row[3] == 0], "--by", "names", code=1).messages
    assert "the test part is empty: no row of it says test in source.split" in said


def test_dates(split: Split) -> None:
    """A threshold may be a date; so are the values that a message names."""
    rows = [(n, text, label, n * 86400) for n, text, label, _ in POSTS]
    assert split(rows, threshold="1970-01-22").ids("test") == [21, 22]
    said = split(rows, threshold="2024-01-31", code=1).messages
    assert "the split values run from 1970-01-02 to 1970-01-23, so set split.threshold" in said
    assert "(it is 2024-01-31; rows at or above it are the test part)" in said


RARE = [
    *POSTS, (31, "pawn", "chess", 1901), (32, "rook", "chess", 1902), (33, "rhyme", "verse", 1903),
    (34, "pawn", "verse", 1904), (35, "bishop", "chess", 1990), (36, "ode", "verse", 1990),
]  # fmt: skip


def test_rare_labels_are_left_out(split: Split) -> None:
    """What fewer training texts have than asked is in no split, and counted."""
    result = split(RARE, "--min-posts", "3", "--validation-by", "hash")
    for name in ("train", "validation", "test"):
        assert {row[2] for row in result.rows(name)} == {"bread", "tides"}
    assert result.report["rare_labels"] == ["chess", "verse"]
    assert "labels of fewer than 3 training texts are left out: 2" in result.messages
    options = ("--min-posts", "2", "--validation-by", "hash")
    assert split(RARE, *options).report["rare_labels"] == []


def test_rare_labels_become_one(split: Split) -> None:
    """Of a text that two of them had, one post is left."""
    result = split(RARE, "--min-posts", "3", "--rare-labels", "other", "--validation-by", "hash")
    learnt = [row for name in ("train", "validation") for row in result.rows(name)]
    assert sorted(row[0] for row in learnt if row[2] == "other") == [31, 32, 33]
    assert [row[0] for row in result.rows("test") if row[2] == "other"] == [35, 36]
    assert "labels of fewer than 3 training texts are now other: 2" in result.messages
