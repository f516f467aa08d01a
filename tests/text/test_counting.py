"""Counts by name, in memory and on disk."""

import random
import resource
import zlib
from collections import Counter as Dictionary
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from provender import errors
from provender.text import counting


def names_and_counts(rows: list[tuple[str, int]]) -> tuple[pa.StringArray, np.ndarray]:
    """Return rows as what is added at once."""
    return pa.array([name for name, _ in rows], pa.string()), np.array([n for _, n in rows])


@pytest.mark.parametrize("most", [10, 200, 10_000])
def test_counts_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Whatever fits in memory, each name comes once with its sum; nothing is spilled needlessly."""
    monkeypatch.setattr(counting, "MOST_HELD", most)
    monkeypatch.setattr(counting, "MOST_DIFFERENT", most // 2)
    chance = random.Random(1)
    counter, expected = counting.Counter(tmp_path / "spilled"), Dictionary[str]()
    for _ in range(20):
        drawn = [chance.choice("abcé") * chance.randrange(1, 99) for _ in range(50)]
        rows = [(name, chance.randrange(-1, 5)) for name in drawn]
        counter.add(*names_and_counts(rows))
        for name, count in rows:
            expected[name] += count
    found = [row for table in counter.tables() for row in table.to_pylist()]
    assert len(found) == len({row["name"] for row in found})
    assert {row["name"]: row["count"] for row in found} == dict(expected)
    assert (tmp_path / "spilled").exists() == (most < 10_000)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit on the disk is an error that a step can tell of."""
    monkeypatch.setattr(counting, "MOST_HELD", 100)
    monkeypatch.setattr(counting, "MOST_DIFFERENT", 10)
    counter = counting.Counter(tmp_path / "spilled")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(OSError) as caught:
            for start in range(0, 100_000, 1000):
                counter.add(*names_and_counts([(f"w{n}", 1) for n in range(start, start + 1000)]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno in errors.NO_SPACE


def test_the_most_are_kept() -> None:
    """Of equally many, those of the least check sums; all where there is room for all."""
    rows = [(f"w{n}", [9, 5, 5, 1][n % 4]) for n in range(40)]
    table = pa.table(names_and_counts(rows), ["name", "count"]).cast(counting.SCHEMA)
    kept = counting.keep_most(table, 17).to_pylist()
    fives = sorted((name for name, n in rows if n == 5), key=lambda x: zlib.crc32(x.encode()))
    expected = [name for name, count in rows if count == 9] + fives[:7]
    assert sorted(row["name"] for row in kept) == sorted(expected)
    assert {row["count"] for row in kept} == {9, 5}
    assert counting.keep_most(table, 40) is table
