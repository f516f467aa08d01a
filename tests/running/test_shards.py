"""Shards share out splitting, counting and encoding; what is made depends on none of that."""

import argparse
import logging
import random
import sqlite3
from pathlib import Path

import build_vocabulary
import encode_posts
import pytest
import split_posts

from provender import files
from provender.console import log
from provender.running import rerun, shards
from provender.splits import tables
from provender.text.recipe import compile_recipe

RULES = {"max_characters": 1000, "replace": [{"pattern": "[\\x00-/:-`{-\\x7f]+", "with": " "}]}

# Texts of a few words: many are there several times, on both sides of the split too.
ROWS, WORDS = 900, "flour yeast oven king queen rook moon sea ebb"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a table and a recipe, in which the test runs, with small batches."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files, "GROUP_ROWS", 64)
    monkeypatch.setattr(tables, "BATCH", 50)
    chance = random.Random(3)
    database = sqlite3.connect("news.sqlite")
    with database:
        database.execute(
            "CREATE TABLE news (id INTEGER PRIMARY KEY, Data TEXT, Category TEXT, "
            "Year NUMERIC, Position)"
        )
        for number in range(ROWS):
            words = chance.choices(WORDS.split(), k=chance.choice([1, 2, 5]))
            text = f"Subject: s{number % 700}\n\n{' '.join(words)}, {number % 900}"
            label = chance.choice(["bread", "chess", "tides", None, " "])
            position = chance.choice([number, number + 0.5, None, f"day {number}"])
            database.execute(
                "INSERT INTO news VALUES (?, ?, ?, ?, ?)",
                (3 * number - 20, text, label, chance.choice([1, 2, None, 1.5]), position),
            )
    database.close()
    files.write_json("text.json", compile_recipe(RULES))
    return tmp_path


def run(step: object, command: str, total: int, parts: list[str]) -> None:
    """Do the work of a step, shared out to so many shards; 0: to none.

    ``parts``: what each shard leaves.
    """
    words = command.split()

    def do(*more: str) -> None:
        options = step.parse_arguments()
        options.add_argument("--log")
        step.main(options.parse_args([*words, *more]))

    names = [f"{number}-of-{total}" for number in range(1, total + 1)]
    for name in names:
        do("--shard", name, "--part", *shards.left([name], *parts))
    do("--parts", *shards.left(names, *parts))


def build(total: int) -> dict[str, str]:
    """Split, count and encode; return the digests of what was made, and drop it."""
    split = "--source news.sqlite --text text.json --by threshold --threshold 2 --test-share 0.2 "
    split += "--validation-by Position --strip headers --augment nothing --report out/report.json "
    split += " ".join(
        f"--{n} out/{n}.parquet" for n in ("train", "validation", "test", "augmented")
    )
    run(split_posts, split, total, ["parts/{shard}.rows"])
    count = "--train out/train.parquet --augmented out/augmented.parquet --text text.json "
    count += "--size 300 --min-count 2 --piece-min-count 2 --max-words 30 "
    count += "--candidates out/candidates.json --counts out/counts.json --labels out/labels.json"
    run(build_vocabulary, count, total, ["parts/{shard}.posts", "parts/{shard}.names"])
    for name in ("train", "augmented"):
        encode = f"--split out/{name}.parquet --vocabulary out/candidates.json "
        encode += f"--labels out/labels.json --text text.json --max-words 30 --output out/{name}.f"
        run(encode_posts, encode, total, [f"parts/{name}.{{shard}}"])
    found = {path.name: files.sha256(path) for path in sorted(Path("out").iterdir())}
    for path in Path("out").iterdir():
        path.unlink()
    return found


def test_the_same_bytes_whatever_their_number(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """1, 2, 7 and 64 shards, more than there are row groups, make what no shard makes.

    Also where there are too many different words to hold, in whatever shard.
    """
    monkeypatch.setattr(log, "propagate", True)
    caplog.set_level(logging.INFO, log.name)
    said, made = [], []
    for total in (0, 1, 2, 7, 64):
        caplog.clear()
        made.append(build(total))
        said.append([message for message in caplog.messages if message])
    assert len(made[0]) == 10
    assert made == made[:1] * 5
    assert said[0] and said == said[:1] * 5
    monkeypatch.setattr("provender.text.counting.MOST_HELD", 1000)
    monkeypatch.setattr("provender.text.counting.MOST_DIFFERENT", 100)
    assert build(7) == made[0]


def test_each_row_group_is_one_shards() -> None:
    """Together they do all, each once, in order, none much more than another."""
    for total in (1, 2, 7, 64):
        for count in (0, 1, 5, 64, 1000):
            parts = [shards.parse(f"{n}-of-{total}").of(count) for n in range(1, total + 1)]
            assert [place for part in parts for place in part] == list(range(count))
            assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("name", ["0-of-3", "4-of-3", "3", "a-of-b", "1-of-3.arrow"])
def test_what_is_no_shard(name: str) -> None:
    """A name that names none is refused."""
    with pytest.raises(argparse.ArgumentTypeError, match="such as 3-of-7"):
        shards.parse(name)


def test_their_number_follows_from_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One for each 256 MiB, and at least one; a number that is set counts."""
    table = tmp_path / "table"
    for size, total in ((0, 1), (1 << 28, 1), ((1 << 28) + 1, 2), (10 << 28, 10), (1 << 40, 256)):
        with table.open("wb") as file:
            file.truncate(size)
        assert shards.count("auto", [str(table), str(tmp_path / "missing")]) == total
    assert shards.count(7, [str(table)]) == rerun.count_shards(7, []) == 7
    # What is recorded of a build knows of none.
    with rerun.only_reading():
        assert rerun.count_shards(7, []) == 1
    assert shards.names(1) == []
    assert shards.names(2) == ["1-of-2", "2-of-2"]


def test_what_others_have_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What builds by another number have left goes; of this one it stays."""
    monkeypatch.chdir(tmp_path)
    for folder in (shards.FOLDER, shards.RECEIPTS):
        for name in ("1-of-7.x", "2-of-70.x", "1-of-3.x"):
            (folder / "step").mkdir(parents=True, exist_ok=True)
            (folder / "step" / name).touch()
    shards.forget_others(7)
    assert sorted(path.name for path in tmp_path.rglob("*.x")) == ["1-of-7.x"] * 2
