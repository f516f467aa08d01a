"""Features of fewer words, of several splits, of some rows."""

import numpy as np

from provender.model.features import Features, find_words, join, renumber, restrict, rows_with
from provender.text.encode import pooling_weights

IDS = np.array([[2, 3, 1, 0], [4, 4, 5, 2], [3, 0, 0, 0]], np.int32)


def features() -> Features:
    """Return three posts, of which two have a row id."""
    return Features(np.array([7, 9, 7]), np.array([0, 1, 1], np.int32), IDS, pooling_weights(IDS))


def test_words_that_go_are_unknown() -> None:
    """Kept words get their new places, others the id of unknown words; padding stays."""
    new = renumber(IDS, np.array([5, 2]))
    assert new.tolist() == [[3, 1, 1, 0], [1, 1, 2, 3], [1, 0, 0, 0]]
    assert new.dtype == np.int32


def test_no_word_need_occur() -> None:
    """A kept word beyond those in the texts is no error."""
    assert renumber(np.array([[2, 0]], np.int32), np.array([9, 2])).tolist() == [[3, 0]]


def test_weights_are_those_of_the_kept_words() -> None:
    """A text's weights have length 1 over the words that are left."""
    left = restrict(features(), np.array([4, 5]))
    assert left.ids[1].tolist() == [2, 2, 3, 1]
    np.testing.assert_array_equal(left.weights, pooling_weights(left.ids))
    assert left.weights[0].tolist() == [0, 0, 0, 0]


def test_find_words() -> None:
    """A word's id is its place among the candidates."""
    assert find_words(["b", "a"], ["a", "c", "b"]).tolist() == [4, 2]


def test_rows() -> None:
    """Rows are joined in order, and chosen by row id, every one that has it."""
    both = join(features(), features())
    assert both.rowids.tolist() == [7, 9, 7, 7, 9, 7]
    chosen = rows_with(both, np.array([9]))
    assert chosen.labels.tolist() == [1, 1]
    assert chosen.ids.tolist() == [IDS[1].tolist()] * 2
