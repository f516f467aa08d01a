"""split_posts: what is found twice, what validates, what is too little."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from databases import make_table
from hypothesis import given
from hypothesis import strategies as st
from split_posts import main, parse_arguments

from provender import files
from provender.errors import UserError
from provender.splits.rules import (
    THRESHOLD,
    Division,
    check_sides,
    check_validation,
    drop_duplicates,
    drop_unseen,
    split_validation,
)
from provender.splits.tables import BATCH, REASONS, read_as, read_keys
from provender.text.recipe import compile_recipe

POSTS = st.lists(
    st.tuples(st.sampled_from("xyz"), st.sampled_from("ab"), st.integers(1, 4)), max_size=12
)

BY_5 = Division(THRESHOLD, 5, "5", "{:g}".format, 0.2)


def frame(posts: list[tuple[str | None, str | None, float]]) -> pd.DataFrame:
    """Return posts of (text, label, position), with row ids from 1 and positions as years."""
    rows = [(n, text, label, at, at) for n, (text, label, at) in enumerate(posts, 1)]
    table = pd.DataFrame(rows, columns=["rowid", "text", "label", "year", "position"])
    # As read_keys does: pandas would make NaN of None.
    strings = pd.DataFrame([row[1:3] for row in rows], columns=["text", "label"], dtype="object")
    table[["text", "label"]] = strings
    table["read"] = table["text"]
    return table


@given(POSTS, POSTS)
def test_duplicates(training: list[tuple], test: list[tuple]) -> None:
    """The first of equal training posts is kept, and none whose text the test part has."""
    tested = {text for text, _, _ in test}
    kept, seen = [], set()
    for rowid, (text, label, _) in enumerate(training, 1):
        if text not in tested and (text, label) not in seen:
            kept.append(rowid)
        seen.add((text, label))
    found, counts = drop_duplicates(frame(training), frame(test))
    assert found["rowid"].tolist() == kept
    on_both_sides = sum(text in tested for text, _, _ in training)
    texts = [training[rowid - 1][0] for rowid in kept]
    assert counts == {
        "on_both_sides": on_both_sides,
        "in_training": len(training) - on_both_sides - len(kept),
        "in_test_kept": len(test) - len({(text, label) for text, label, _ in test}),
        "in_training_under_two_labels_kept": sum(texts.count(text) > 1 for text in texts),
    }


@given(POSTS.filter(len))
def test_newest_tenth(posts: list[tuple]) -> None:
    """The last by position, then by row id, validate; a label's only posts do not."""
    rowids = sorted(range(1, len(posts) + 1), key=lambda rowid: (posts[rowid - 1][2], rowid))
    newest = rowids[-max(1, round(len(posts) / 10)) :]
    labels = {posts[rowid - 1][1] for rowid in set(rowids) - set(newest)}
    expected = [rowid for rowid in newest if posts[rowid - 1][1] in labels]
    train, validation = split_validation(frame(posts), "rowid")
    assert validation["rowid"].tolist() == expected
    assert sorted(train["rowid"]) == sorted(set(rowids) - set(expected))


def test_duplicates_by_hand() -> None:
    """What the test part has leaves the training part, whatever its label there."""
    training = frame([("x", "a", 1), ("y", "a", 1), ("y", "a", 2), ("y", "b", 3), ("z", "b", 4)])
    found, counts = drop_duplicates(training, frame([("x", "b", 9), ("x", "b", 9)]))
    assert found["rowid"].tolist() == [2, 4, 5]
    assert counts == {
        "on_both_sides": 1,
        "in_training": 1,
        "in_test_kept": 1,
        "in_training_under_two_labels_kept": 2,
    }


def test_newest_tenth_of_thirty() -> None:
    """Three of thirty posts validate, wherever in the table the newest stand."""
    posts = [(f"text {n}", "ab"[n % 2], 100 - n) for n in range(30)]
    train, validation = split_validation(frame(posts), "rowid")
    assert validation["rowid"].tolist() == [3, 2, 1]
    assert sorted(train["rowid"]) == list(range(4, 31))


@given(POSTS)
def test_a_tenth_of_each_label(posts: list[tuple]) -> None:
    """Drawn by a hash: at least one of each label, but never its only post; wherever it stands."""
    train, validation = split_validation(frame(posts), "hash")
    sizes = {label: sum(post[1] == label for post in posts) for label in "ab"}
    drawn = validation["label"].value_counts()
    assert all(drawn.get(label, 0) == int(size > 1) for label, size in sizes.items())
    assert sorted([*train["rowid"], *validation["rowid"]]) == [*range(1, len(posts) + 1)]


def test_a_table_sorted_by_label() -> None:
    """Validation is a tenth of each label, and the same texts however the table is sorted."""
    posts = [(f"text {n}", label, 1) for label in "abc" for n in range(50)]
    found = []
    for rows in (posts, posts[::-1]):
        _, validation = split_validation(frame(rows), "hash")
        assert validation["label"].value_counts().to_dict() == {"a": 5, "b": 5, "c": 5}
        found.append(set(validation["text"]))
    assert found[0] == found[1]


def test_order_of_positions() -> None:
    """As in SQLite: nothing before numbers before texts, so none of them is an error."""
    posts = frame([(f"text {n}", "ab"[n % 2], 1) for n in range(30)])
    places = [*(f"2024-01-{n:02}" for n in range(10)), *range(10), *[None] * 10]
    posts["position"] = pd.Series(places, dtype="object")
    _, validation = split_validation(posts, "posted")
    assert validation["rowid"].tolist() == [8, 9, 10]
    posts["position"] = [1.5, float("nan")] * 15
    _, validation = split_validation(posts, "posted")
    assert validation["rowid"].tolist() == [25, 27, 29]


def test_texts_are_compared_as_the_model_reads_them() -> None:
    """Case, punctuation and blanks make no other text, but where no word is left at all."""
    recipe = compile_recipe(
        {"max_characters": 99, "replace": [{"pattern": "[\\t -/:-@]+", "with": " "}]}
    )
    read = read_as(recipe, ["Late  bread!", "late\tbread", "Bread, late", "!!", "??"])
    assert read == [b"late bread"] * 2 + [b"bread late", b"!!", b"??"]


def test_the_threshold_belongs_to_the_test_part(tmp_path: Path) -> None:
    """The step itself: a post at the threshold is tested on, one just below is learned from."""
    years = [*range(1, 21), 21.5, 21.999, 22, 23]
    rows = [(n, f"text {n}", "ab"[n % 2], year) for n, year in enumerate(years, 1)]
    write_posts(tmp_path / "news.sqlite", rows)
    splits = ("train", "validation", "test", "augmented")
    outputs = [word for name in splits for word in (f"--{name}", str(tmp_path / name))]
    files.write_json(tmp_path / "text.json", compile_recipe({"max_characters": 9, "replace": []}))
    options = ["--source", str(tmp_path / "news.sqlite"), "--threshold", "22", *outputs]
    options += ["--by", "threshold", "--test-share", "0.2"]
    options += ["--text", str(tmp_path / "text.json"), "--validation-by", "rowid"]
    main(parse_arguments().parse_args([*options, "--report", str(tmp_path / "report.json")]))
    found = {name: pq.read_table(tmp_path / name)["year"].to_pylist() for name in splits}
    assert found == {
        "train": years[:20],
        "validation": [21.5, 21.999],
        "test": [22, 23],
        "augmented": [],
    }


def write_posts(path: Path, rows: list[tuple]) -> None:
    """Write table news as fetch_source does."""
    database = sqlite3.connect(path)
    with database:
        database.execute("CREATE TABLE news (id INTEGER PRIMARY KEY, Data, Category, Year)")
        database.executemany("INSERT INTO news VALUES (?, ?, ?, ?)", rows)
    database.close()


def test_unusable_rows_count_once(tmp_path: Path) -> None:
    """A row is counted by the first reason for which it is dropped."""
    rows = [
        ("one", "a", 1),
        (None, None, 1),
        (" \n", " ", 1),
        (None, "a", 1),
        ("\t", "b", 1),
        ("> quoted", "b", 1),
        ("two", "b", None),
    ]
    write_posts(tmp_path / "news.sqlite", [(n, *row) for n, row in enumerate(rows, 1)])
    recipe = compile_recipe({"max_characters": 9, "replace": []})
    posts, digests = read_keys(tmp_path / "news.sqlite", recipe, ["quotes"])
    assert [(*REASONS, "used")[reason] for reason in posts["reason"]] == [
        "used",
        "null_label",
        "blank_label",
        "null_text",
        "blank_text",
        "blank_after_strip",
        "null_split",
    ]
    assert posts["read"].tolist() == [0, *[-1] * 6]
    assert len(digests) == 1


@pytest.mark.parametrize(
    "values", [[3, 1, 2], [3, 1.5, None], ["b", "a", None], [3, "a", None, 1.5]]
)
def test_positions_of_all_kinds(tmp_path: Path, values: list) -> None:
    """However they are spread over batches, they are those of the table, in SQLite's order."""
    columns = "id INTEGER PRIMARY KEY, Data, Category, Year, Position"
    chance = random.Random(1)
    places = [chance.choice(values[:2] if n < BATCH else values) for n in range(BATCH + 50)]
    rows = [(n, f"text {n}", "a", 1, place) for n, place in enumerate(places)]
    source = make_table(tmp_path / "news.sqlite", rows, columns, "news")
    recipe = compile_recipe({"max_characters": 9, "replace": []})
    posts, _ = read_keys(source, recipe, [])
    found = [None if place != place else place for place in posts["position"].tolist()]
    assert found == places
    with closing(sqlite3.connect(source)) as database:
        ordered = [row for (row,) in database.execute("SELECT id FROM news ORDER BY Position, id")]
    _, validation = split_validation(posts, "posted")
    count = len(validation)
    assert validation["rowid"].tolist() == ordered[-count:]


def test_few_posts_are_warned_about() -> None:
    """Five training posts are enough not to be warned about."""
    training = frame([("x", label, 1) for label in "aaaaabbbbc"])
    assert check_sides(training, frame([("y", "a", 9)]), {}, BY_5, training) == [
        "2 labels have fewer than 5 training texts, from which little is learned: b (4), c (1). "
        "Add texts, or set source.min_posts"
    ]


@pytest.mark.parametrize(
    ("training", "test", "message"),
    [
        ([], [], "no post is left: every row lacks a text, a label or a split value"),
        (
            [],
            [("x", "a", 9), ("x", "a", 12)],
            "the training part is empty: the split values run from 9 to 12, so set "
            "split.threshold above the first and up to the second (it is 5; rows at or above it "
            "are the test part)",
        ),
        (
            [("x", "a", 1), ("y", "b", 2)],
            [],
            "the test part is empty: the split values run from 1 to 2, so set split.threshold "
            "above the first and up to the second (it is 5; rows at or above it are the test part)",
        ),
        (
            [("x", "a", 1), ("y", "b", 2)],
            [("z", "d", 9), ("z", "c", 9)],
            "only the test part has the labels of its rows, c, d, so that none of them can be "
            "learned: check source.label, or move split.threshold",
        ),
        (
            [("x", "a", 1)],
            [("y", "a", 9)],
            "the training part has one label, a: a classifier needs two. Check source.label and "
            "source.labels",
        ),
    ],
)
def test_sides_from_which_nothing_is_learned(
    training: list[tuple], test: list[tuple], message: str
) -> None:
    """The message says what is missing and what to set."""
    with pytest.raises(UserError) as caught:
        check_sides(
            frame(training), *drop_unseen(frame(training), frame(test)), BY_5, frame(training)
        )
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ([], "each of the 2 texts of the training part is in the test part too"),
        ([("z", "a", 1)], "each training text with the label b is in the test part too"),
    ],
)
def test_all_that_could_be_learned_from_is_in_the_test_part(
    training: list[tuple], message: str
) -> None:
    """The message tells the cause, which another threshold would not mend."""
    test, written = frame([("x", "a", 9), ("y", "b", 9)]), frame([("x", "a", 1), ("y", "b", 1)])
    with pytest.raises(UserError, match=message) as caught:
        check_sides(frame(training), *drop_unseen(frame(training), test), BY_5, written)
    assert "split.threshold" not in str(caught.value)


def test_labels_that_validation_lacks() -> None:
    """They are named, a few of many, with what to do about a sorted table."""
    train = frame([("x", label, 1) for label in "abcdefg"])
    assert check_validation(train, train, "rowid") == []
    (said,) = check_validation(train, frame([("y", "g", 2)]), "rowid")
    assert said.startswith("the validation split has no text of 6 of 7 labels (a, b, c, d, e, …), ")
    assert said.endswith("Leave out split.validation_by: then a tenth of each label validates")
    (said,) = check_validation(train, frame([("y", "g", 2)]), "hash")
    assert said.endswith("Each has one training text alone: add texts of it")
