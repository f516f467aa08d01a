"""Word ids and pooling weights, against loops over single words."""

import numpy as np
import pyarrow as pa
import pytest
import references
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from provender.text.encode import encode_words, pooling_weights

WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=9)
IDS = arrays(
    np.int32,
    st.tuples(st.integers(0, 6), st.integers(1, 12)),
    elements=st.one_of(st.integers(0, 5), st.integers(0, 30_000)),
)


def look_up(texts: list[list[str]], vocabulary: list[str], max_words: int) -> list[list[int]]:
    """Return the ids of texts, word by word."""
    rows = []
    for words in texts:
        row = [0] * max_words
        for place, word in enumerate(words[:max_words]):
            row[place] = 2 + vocabulary.index(word) if word in vocabulary else 1
        rows.append(row)
    return rows


@given(
    st.lists(WORDS, max_size=8),
    st.lists(st.sampled_from("abcdef"), unique=True, min_size=1),
    st.integers(1, 10),
)
def test_ids(texts: list[list[str]], vocabulary: list[str], max_words: int) -> None:
    """Each text's first words are looked up, in order, and zeros fill up the rest."""
    words = pa.array(texts, pa.list_(pa.string()))
    ids = encode_words(words, vocabulary, max_words)
    assert ids.dtype == np.int32
    assert ids.shape == (len(texts), max_words)
    assert ids.tolist() == look_up(texts, vocabulary, max_words)


def test_ids_by_hand() -> None:
    """Word i has id i + 2, another word 1, no word 0; what is beyond max_words is left out."""
    words = pa.array([["sea", "moon", "ebb"], [], ["sun"], ["moon"] * 4], pa.list_(pa.string()))
    assert encode_words(words, ["moon", "sea"], 3).tolist() == [
        [3, 2, 1],
        [0, 0, 0],
        [1, 0, 0],
        [2, 2, 2],
    ]


def test_ids_of_a_slice() -> None:
    """A slice of a column is encoded as if it were a column."""
    words = pa.array([["a"], ["b", "a"], ["c"]], pa.list_(pa.string())).slice(1, 2)
    assert encode_words(words, ["a", "b"], 2).tolist() == [[3, 2], [1, 0]]


@given(IDS)
def test_weights(ids: np.ndarray) -> None:
    """Each slot weighs its share of 1 + ln c over the text's length."""
    weights = pooling_weights(ids)
    assert weights.dtype == np.float32
    expected = np.array([references.pooling_weights(row) for row in ids.tolist()])
    np.testing.assert_allclose(weights, expected.reshape(ids.shape), rtol=2e-7)


@given(IDS)
def test_norm(ids: np.ndarray) -> None:
    """A text's distinct words have length 1 together, where it has a known word at all."""
    for row, weights in zip(ids, pooling_weights(ids), strict=True):
        totals = [weights[row == word].astype(float).sum() for word in np.unique(row[row > 1])]
        length = np.linalg.norm(totals) if totals else 0.0
        assert length == pytest.approx(1.0 if (row > 1).any() else 0.0, abs=1e-6)
        assert (weights[row <= 1] == 0).all()


def test_weights_by_hand() -> None:
    """A word that stands twice counts 1.6931, shared by its slots, beside one that counts 1."""
    length = np.hypot(1.6931, 1)
    expected = [1.6931 / 2 / length, 1 / length, 1.6931 / 2 / length, 0, 0]
    np.testing.assert_allclose(pooling_weights(np.array([[9, 2, 9, 1, 0]]))[0], expected, rtol=1e-6)


def test_weights_of_no_texts() -> None:
    """No texts have no weights, in the shape of theirs."""
    assert pooling_weights(np.zeros((0, 7), np.int32)).shape == (0, 7)
