"""Classifiers of squared hinge loss, against plain loops and against what they minimise."""

import numpy as np
import pytest
import references
from hypothesis import given
from hypothesis import strategies as st
from model_inputs import make_features

from provender.model import hinge

WORDS, LABELS = 7, 3
TEXT = st.lists(st.integers(0, WORDS - 1), max_size=6)
LABELLED = st.tuples(TEXT, st.integers(0, LABELS - 1))


@given(
    corpus=st.one_of(
        st.lists(LABELLED, min_size=1, max_size=6), st.lists(LABELLED, min_size=17, max_size=40)
    ),
    cost=st.sampled_from([0.1, 1.0, 10.0]),
    epochs=st.integers(1, 4),
    seed=st.integers(0, 9),
)
def test_any_small_corpus(
    corpus: list[tuple[list[int], int]], cost: float, epochs: int, seed: int
) -> None:
    """The mean is that of the algorithm's own steps, label by label."""
    texts, truth = [list(column) for column in zip(*corpus, strict=True)]
    factors = np.linspace(0.5, 2, WORDS)
    found = hinge.fit(make_features(texts, truth, WORDS), factors, LABELS, cost, epochs, seed)
    shuffled = np.random.Generator(np.random.PCG64(seed))
    orders = [shuffled.permutation(len(texts)).tolist() for _ in range(epochs)]
    for label in range(LABELS):
        signs = [1 if own == label else -1 for own in truth]
        expected = references.hinge(texts, signs, factors.tolist(), cost, orders)
        np.testing.assert_allclose(found[:, label], expected, rtol=1e-6, atol=1e-7)


def test_after_many_passes_the_loss_is_least() -> None:
    """A step in any direction raises the length of the weights plus C times the losses."""
    chance = np.random.default_rng(1)
    texts = chance.integers(2, 12, (40, 6)).tolist()
    truth = chance.integers(0, 2, 40)
    posts, factors = make_features(texts, truth, 12), np.ones(12)
    # Of each pass, from the means.
    means: list[np.ndarray] = []
    hinge.fit(posts, factors, 2, 1.0, 400, 1, lambda epoch, mean: means.append(mean * (epoch + 1)))
    weights = (means[-1] - means[-2])[:, 0]
    values = np.zeros((40, 13))
    values[posts.rows, posts.ids] = posts.weights
    values[:, -1] = 1
    cost = 1 / (posts.weights.astype(float) ** 2).sum() * 40
    signs = np.where(truth == 0, 1, -1)

    def objective(tried: np.ndarray) -> float:
        margins = np.maximum(1 - signs * (values @ tried), 0)
        return float(tried @ tried / 2 + cost * (margins**2).sum())

    least = objective(weights)
    for _ in range(50):
        assert objective(weights + chance.normal(0, 1e-3, 13)) > least - 1e-9
    assert least < objective(np.zeros(13)) - 1


def test_texts_without_words() -> None:
    """Only the biases learn then."""
    found = hinge.fit(make_features([[], [], []], [0, 0, 1], 3), np.ones(3), 2, 1.0, 3, 1)
    assert not found[:-1].any()
    assert found[-1, 0] == pytest.approx(-found[-1, 1])
    assert found[-1, 0] > 0
