"""Posts in blocks on disk: how they are dealt, and what is learnt from them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import references
from model_inputs import make_features, write_features

from provender import threads
from provender.model import blocks, features, hinge, training
from provender.model.checkpoints import Checkpoints
from provender.model.features import Features
from provender.model.naive_bayes import NaiveBayes

WORDS, LABELS, COUNT = 30, 9, 3


def draw(count: int, seed: int) -> tuple[list[list[int]], list[int]]:
    """Return texts of ids, some without any, and their labels: a word or two tell them."""
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, LABELS, count).tolist()
    texts = [
        [2 + label, *chance.integers(2, WORDS, chance.integers(0, 6)).tolist()] if place else []
        for place, label in enumerate(truth)
    ]
    return texts, truth


def on_disk(posts: Features, folder: Path, parts: int = 4) -> blocks.Blocks:
    """Deal posts to blocks, so many of their rows at a time."""
    rows = np.arange(len(posts.labels))
    firsts = range(0, len(rows), parts)
    cut = (features.rows_where(posts, (rows >= a) & (rows < a + parts)) for a in firsts)
    return blocks.deal(cut, folder, COUNT, posts.kinds)


@pytest.mark.parametrize("dealt", [1, 20, 1 << 22])
def test_posts_are_dealt_in_turn(
    dealt: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are read at once, each block has each third post, as it was."""
    monkeypatch.setattr(blocks, "DEALT", dealt)
    posts = make_features(*draw(41, 1), WORDS, pieces=[5, 6])
    found = on_disk(posts, tmp_path / "blocks")
    assert len(found) == COUNT
    for place, block in enumerate(found):
        own = features.rows_where(posts, np.arange(41) % COUNT == place)
        for name in ("rowids", "labels", "starts", "ids", "weights", "kinds"):
            np.testing.assert_array_equal(getattr(block, name), getattr(own, name), name)
            assert getattr(block, name).dtype == getattr(own, name).dtype
    np.testing.assert_array_equal(blocks.count_all(found), blocks.count_all(posts))


def test_features_of_files_are_counted(tmp_path: Path) -> None:
    """By what the files say of themselves; a text without any counts as with one."""
    first = write_features(tmp_path / "first.parquet", [0, 0, 1], [[2, 2, 3], [], [4]])
    empty = write_features(tmp_path / "empty.parquet", [], [])
    assert blocks.count_features([first, empty, first]) == 2 * (2 + 1 + 1)


def test_blocks_in_turn() -> None:
    """Each pass takes the blocks in an order, and the texts of each: the algorithm's own steps."""
    texts, truth = draw(38, 2)
    posts = make_features(texts, truth, WORDS)
    parts = [features.rows_where(posts, np.arange(38) % COUNT == place) for place in range(COUNT)]
    factors = np.linspace(0.5, 2, WORDS)
    found = hinge.fit(parts, factors, LABELS, 1.0, 3, 4)
    shuffled = np.random.Generator(np.random.PCG64(4))
    orders = []
    for _ in range(3):
        order: list[int] = []
        for block in shuffled.permutation(COUNT).tolist():
            own = shuffled.permutation(len(parts[block].labels))
            order += (block + COUNT * own).tolist()
        orders.append(order)
    for label in range(LABELS):
        signs = [1 if own == label else -1 for own in truth]
        expected = references.hinge(texts, signs, factors.tolist(), 1.0, orders)
        np.testing.assert_allclose(found[:, label], expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_threads_make_no_difference(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has labels of its own."""
    posts, factors = make_features(*draw(60, 3), WORDS), np.ones(WORDS)
    monkeypatch.setattr(threads, "count", lambda: 3)
    expected = hinge.fit(posts, factors, LABELS, 1.0, 2, 1)
    monkeypatch.setattr(threads, "count", lambda: count)
    assert hinge.fit(posts, factors, LABELS, 1.0, 2, 1).tobytes() == expected.tobytes()


HOW = training.Training(NaiveBayes(), cost=1.0, epochs=4, share=0.5, seed=1)


def test_blocks_teach_as_well(tmp_path: Path) -> None:
    """A model of blocks is right where that of all posts at once is, on disk as in memory."""
    posts = make_features(*draw(400, 5), WORDS)
    asked = make_features(*draw(200, 6), WORDS)
    held = [features.rows_where(posts, np.arange(400) % COUNT == place) for place in range(COUNT)]
    whole, apart, read = (
        training.train(some, LABELS, HOW)
        for some in (posts, held, on_disk(posts, tmp_path / "blocks"))
    )
    assert read.table.tobytes() == apart.table.tobytes()
    right = [
        float(((features.pool(asked, w.table) + w.bias).argmax(axis=1) == asked.labels).mean())
        for w in (whole, apart)
    ]
    assert min(right) > 0.7
    assert right[1] > right[0] - 0.03


class Killed(Exception):
    """Stands for the end of the process."""


class Counted(list[Features]):
    """Blocks that count how often one is read."""

    reads = 0

    def __iter__(self) -> Iterator[Features]:
        """Read all, one after the other."""
        return (self[place] for place in range(len(self)))

    def __getitem__(self, place: Any) -> Any:
        """Read one."""
        self.reads += 1
        return super().__getitem__(place)


@pytest.mark.parametrize("count", [1, COUNT])
def test_wherever_it_ended_it_goes_on(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After whatever was written last, the next run has only the rest to do, to the same end."""
    posts, factors = make_features(*draw(50, 7), WORDS), np.ones(WORDS)
    parts = [features.rows_where(posts, np.arange(50) % count == place) for place in range(count)]

    def fit(folder: Path) -> tuple[np.ndarray, int]:
        counted = Counted(parts)
        found = hinge.fit(counted, factors, LABELS, 1.0, 3, 1, None, Checkpoints(folder, str, 0))
        return found, counted.reads

    expected, most = fit(tmp_path / "whole")
    assert expected.tobytes() == hinge.fit(parts, factors, LABELS, 1.0, 3, 1).tobytes()
    assert most == 4 * count
    write = Checkpoints.write
    # Of several blocks, dual variables are written for themselves.
    writes = 3 * count * (1 if count == 1 else 2)
    for last in range(writes):
        folder, left = tmp_path / str(last), [last]

        def end_after(
            self: Checkpoints, name: str, arrays: dict[str, np.ndarray], left: list[int] = left
        ) -> None:
            write(self, name, arrays)
            left[0] -= 1
            if left[0] < 0:
                raise Killed

        with monkeypatch.context() as changed:
            changed.setattr(Checkpoints, "write", end_after)
            with pytest.raises(Killed):
                fit(folder)
        done = (last + 1) // (1 if count == 1 else 2)
        again, reads = fit(folder)
        assert again.tobytes() == expected.tobytes()
        assert reads == most - done
        # Of each block the last dual variables, and how far all is; and the key.
        if done < 3 * count:
            assert len(list(folder.iterdir())) == (2 if count == 1 else 2 + count)


def test_what_is_of_other_inputs_is_not_used(tmp_path: Path) -> None:
    """It is removed; and so is all once it is done."""
    folder = tmp_path / "kept"
    one = Checkpoints(folder, lambda: "one", 0)
    assert not one.is_begun
    one.write("place", {"number": np.array(3)})
    assert one.is_due()
    assert not Checkpoints(folder, lambda: "one").is_due()
    found = Checkpoints(folder, lambda: "one").read("place")
    assert found is not None
    assert found["number"] == 3
    other = Checkpoints(folder, lambda: "other")
    assert other.read("place") is None
    assert not folder.exists()
    other.write("place", {"number": np.array(4)})
    other.clear()
    assert not folder.exists()
