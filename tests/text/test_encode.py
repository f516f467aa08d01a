"""Pooling weights, against loops over single words."""

import numpy as np
import pytest
import references
from hypothesis import given
from hypothesis import strategies as st
from model_inputs import counts_of

from provender.text.encode import Kind, pooling_weights

TEXTS = st.lists(st.lists(st.integers(0, 9), max_size=30), max_size=6)


@given(TEXTS, st.lists(st.sampled_from(Kind), min_size=10, max_size=10))
def test_weights(texts: list[list[int]], kinds: list[Kind]) -> None:
    """Words weigh 1 + ln c over their own length, pieces over theirs, beside runs less."""
    starts, ids, counts = counts_of(texts)
    weights = pooling_weights(starts, counts, np.array(kinds, np.uint8)[ids])
    assert weights.dtype == np.float32
    expected = [
        references.post_vector(
            *([word for word in text if word >= 2 and kinds[word] == kind] for kind in Kind)
        )[word]
        for row, text in enumerate(texts)
        for word in ids[starts[row] : starts[row + 1]]
    ]
    np.testing.assert_allclose(weights, expected, rtol=2e-7)


def test_weights_by_hand() -> None:
    """A word that stands twice counts 1.6931 beside one that counts 1, and eight unknown ones."""
    length = np.hypot(1.6931, 3)
    starts, counts = np.array([0, 2, 2]), np.array([1, 2], np.int32)
    weights = pooling_weights(starts, counts, np.zeros(2, np.uint8))
    assert weights.tolist() == pytest.approx([1 / length, 1.6931 / length], rel=1e-6)


def test_weights_of_no_texts() -> None:
    """No texts have no weights."""
    nothing = np.zeros(0, np.int32)
    assert pooling_weights(np.zeros(1, int), nothing, nothing.astype(np.uint8)).shape == (0,)
