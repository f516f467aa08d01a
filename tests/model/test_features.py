"""Features of fewer words, of several splits, of some rows."""

import itertools

import numpy as np
import pytest
import references
from hypothesis import given
from hypothesis import strategies as st
from model_inputs import make_features

from provender.model.features import Features, find_words, join, pool, restrict, rows_with
from provender.text.encode import Kind

TEXTS = [[2, 3, 1, 0], [4, 4, 5, 2], [3, 0, 0, 0]]


def three_posts() -> Features:
    """Return three posts, of which two have a row id; word 5 is a piece."""
    return make_features(TEXTS, [0, 1, 1], 6, rowids=[7, 9, 7], pieces=[5])


def rows_of(found: Features) -> list[dict[int, float]]:
    """Return each text's ids with their weights."""
    pairs = list(zip(found.ids.tolist(), found.weights.tolist(), strict=True))
    starts = found.starts.tolist()
    return [dict(pairs[a:b]) for a, b in itertools.pairwise(starts)]


def test_words_and_pieces_are_weighed_apart() -> None:
    """Each kind has length 1 in a text, with eight more that are unknown."""
    found = rows_of(three_posts())
    words = references.word_vector([4, 4, 2])
    assert found[1] == pytest.approx({**words, 5: 1 / 3}, rel=1e-6)
    assert found[2] == pytest.approx({3: 1 / 3}, rel=1e-6)


def test_weights_are_those_of_the_kept_words() -> None:
    """Kept words get their new places; a text's weights are as if it had no others."""
    left = restrict(three_posts(), np.array([5, 4]))
    twice = references.word_vector([3, 3])[3]
    assert rows_of(left) == [{}, pytest.approx({2: 1 / 3, 3: twice}, rel=1e-6), {}]
    assert left.kinds.tolist() == [Kind.WORD, Kind.WORD, Kind.PIECE, Kind.WORD]
    assert left.counts.tolist() == [2, 1]


def test_find_words() -> None:
    """A word's id is its place among the candidates."""
    assert find_words(["b", "a"], ["a", "c", "b"]).tolist() == [4, 2]


def test_rows() -> None:
    """Rows are joined in order, and chosen by row id, every one that has it."""
    both = join(three_posts(), three_posts())
    assert both.rowids.tolist() == [7, 9, 7, 7, 9, 7]
    assert both.rows.tolist() == [0, 0, 1, 1, 1, 2, 3, 3, 4, 4, 4, 5]
    chosen = rows_with(both, np.array([9]))
    assert chosen.labels.tolist() == [1, 1]
    assert rows_of(chosen) == rows_of(three_posts())[1:2] * 2


@given(
    texts=st.lists(st.lists(st.integers(0, 7), max_size=6), max_size=9),
    width=st.integers(1, 3),
)
def test_pool(texts: list[list[int]], width: int) -> None:
    """Each text has the weighted sum of its words' rows."""
    table = np.random.default_rng(1).normal(size=(8, width))
    found = pool(make_features(texts, [0] * len(texts), 8), table)
    expected = [
        sum((weight * table[word] for word, weight in references.word_vector(ids).items()),
            start=np.zeros(width))
        for ids in texts
    ]  # fmt: skip
    np.testing.assert_allclose(found, np.reshape(expected, (-1, width)), rtol=1e-6, atol=1e-7)
