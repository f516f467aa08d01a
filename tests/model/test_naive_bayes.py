"""train_model's start, against complement naive Bayes in plain loops."""

import math

import numpy as np
import references
from hypothesis import given
from hypothesis import strategies as st

from provender.model.features import Features
from provender.model.naive_bayes import (
    NaiveBayes,
    inverse_document_frequency,
    naive_bayes_out_of_fold,
    naive_bayes_table,
)
from provender.text.encode import pooling_weights

WORDS = 8
LABELS = 3
TEXT = st.lists(st.integers(0, WORDS - 1), min_size=5, max_size=5)


def make_features(texts: list[list[int]], truth: list[int]) -> Features:
    """Return texts as a split's features."""
    ids = np.array(texts, np.int32)
    rowids = np.arange(len(texts), dtype=np.int64)
    return Features(rowids, np.array(truth, np.int32), ids, pooling_weights(ids))


@given(
    st.lists(st.tuples(TEXT, st.integers(0, LABELS - 1)), min_size=1, max_size=8),
    st.sampled_from([0.01, 0.3, 1.0]),
    st.sampled_from([0.5, 1.0, 4.0]),
    st.sampled_from([0.7, 1.0, 2.0]),
    st.sampled_from([0.5, 1.0]),
)
def test_any_small_corpus(
    corpus: list[tuple[list[int], int]],
    smoothing: float,
    scale: float,
    power: float,
    idf_power: float,
) -> None:
    """The table is the loops' one; texts without known words and unused labels included."""
    texts, truth = [list(column) for column in zip(*corpus, strict=True)]
    how = NaiveBayes(smoothing, power, idf_power, scale)
    table = naive_bayes_table(make_features(texts, truth), WORDS, LABELS, how)
    assert table.dtype == np.float32
    expected = references.naive_bayes(
        texts, truth, WORDS, LABELS, smoothing, scale, power, idf_power
    )
    np.testing.assert_allclose(table, expected, rtol=1e-5, atol=1e-5)


def test_by_hand() -> None:
    """Two texts of a word each: a word's share among the other label's words decides."""
    table = naive_bayes_table(make_features([[2], [3]], [0, 1]), 4, 2, NaiveBayes(scale=2))
    inverse = math.log(3 / 2) + 1
    # Of three smoothed counts a label's other label has two for its own word.
    half = inverse * (math.log(3 / 1) - math.log(3 / 2))
    expected = [[0, 0], [0, 0], [half, -half], [-half, half]]
    np.testing.assert_allclose(table, expected, rtol=1e-6)


def test_inverse_document_frequency() -> None:
    """A word counts once a text, however often it stands there; a word of no text counts too."""
    frequency = inverse_document_frequency(np.array([[2, 2, 3], [2, 1, 0], [0, 0, 0]]), 5)
    expected = [math.log(4 / 3) + 1, math.log(4 / 2) + 1, math.log(4 / 1) + 1]
    np.testing.assert_allclose(frequency[2:], expected)


@given(
    st.lists(
        st.tuples(TEXT, st.integers(0, LABELS - 1), st.integers(0, 2)), min_size=1, max_size=8
    ),
    st.sampled_from([0.3, 1.0]),
    st.sampled_from([0.7, 1.0]),
)
def test_out_of_fold(
    corpus: list[tuple[list[int], int, int]], smoothing: float, power: float
) -> None:
    """Each text is answered by the table of the other folds' texts; folds may be empty."""
    texts, truth, folds = [list(column) for column in zip(*corpus, strict=True)]
    how = NaiveBayes(smoothing, power, 0.5, 2.0)
    posts = make_features(texts, truth)
    table, found = naive_bayes_out_of_fold(posts, WORDS, LABELS, how, np.array(folds))
    np.testing.assert_allclose(table, naive_bayes_table(posts, WORDS, LABELS, how), rtol=1e-6)
    assert found.dtype == np.float32
    for row, text in enumerate(texts):
        own = [place for place, fold in enumerate(folds) if fold == folds[row]]
        table = references.naive_bayes(
            texts, truth, WORDS, LABELS, smoothing, 2.0, power, 0.5, left_out=own
        )
        weights = references.pooling_weights(text)
        expected = [
            sum(weight * table[word][label] for word, weight in zip(text, weights, strict=True))
            for label in range(LABELS)
        ]
        np.testing.assert_allclose(found[row], expected, rtol=1e-4, atol=1e-5)
