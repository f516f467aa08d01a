"""Complement naive Bayes, against plain loops."""

import math

import numpy as np
import references
from hypothesis import given
from hypothesis import strategies as st
from model_inputs import make_features

from provender.model.naive_bayes import NaiveBayes, inverse_document_frequency, naive_bayes_table

WORDS = 8
LABELS = 3
TEXT = st.lists(st.integers(0, WORDS - 1), min_size=5, max_size=5)


@given(
    st.lists(st.tuples(TEXT, st.integers(0, LABELS - 1)), min_size=1, max_size=8),
    st.sampled_from([0.01, 0.3, 1.0]),
    st.sampled_from([0.7, 1.0, 2.0]),
    st.sampled_from([0.5, 1.0]),
)
def test_any_small_corpus(
    corpus: list[tuple[list[int], int]],
    smoothing: float,
    power: float,
    idf_power: float,
) -> None:
    """The table is the loops' one; texts without known words and unused labels included."""
    texts, truth = [list(column) for column in zip(*corpus, strict=True)]
    how = NaiveBayes(smoothing, power, idf_power)
    table = naive_bayes_table(make_features(texts, truth, WORDS), LABELS, how)
    expected = references.naive_bayes(texts, truth, WORDS, LABELS, smoothing, power, idf_power)
    np.testing.assert_allclose(table, expected, rtol=1e-5, atol=1e-5)


def test_by_hand() -> None:
    """Two texts of a word each: a word's share among the other label's words decides."""
    table = naive_bayes_table(make_features([[2], [3]], [0, 1], 4), 2, NaiveBayes())
    inverse = math.log(3 / 2) + 1
    # Of three smoothed counts a label's other label has two for its own word.
    half = inverse / 2 * (math.log(3 / 1) - math.log(3 / 2))
    expected = [[0, 0], [0, 0], [half, -half], [-half, half]]
    np.testing.assert_allclose(table, expected, rtol=1e-6)


def test_inverse_document_frequency() -> None:
    """A word counts once a text, however often it stands there; a word of no text counts too."""
    frequency = inverse_document_frequency(make_features([[2, 2, 3], [2, 1], []], [0, 0, 0], 5))
    expected = [math.log(4 / 3) + 1, math.log(4 / 2) + 1, math.log(4 / 1) + 1]
    np.testing.assert_allclose(frequency[2:], expected)
