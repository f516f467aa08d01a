"""A linear classifier of each label against the rest: squared hinge loss, dual coordinate descent.

That of LIBLINEAR's L2-regularised L2-loss support vector machine (Hsieh et al. 2008, algorithm
1), for all labels at once: each text in turn gets the weight that is right for it while those of
all others stand, once for each label. A text changes only its own words' rows, so that a pass
takes as long as its words are many. The first passes overshoot this way and that, so that what
counts is the mean of the weights over three passes, ``MEANS`` times a pass: on the tables of the
bench as good as the optimum or better, at a third of the time. Once a pass would be too seldom, and
depend on the order of the texts: on two tables of some fifty labels recall@1 was 1.1 and 1.5 points
lower, and from seed to seed it varied by .7 and 1.4 points, not by .4 and .5.

All sums have one order and no fused step: the same weights on every CPU.
"""

import math
from collections.abc import Callable

import numpy as np

from provender import console
from provender.model.compiled import compiled
from provender.model.features import Features

# How many times a pass the weights enter the mean, where there are as many texts.
MEANS = 16


def fit(
    posts: Features,
    factors: np.ndarray,
    labels: int,
    cost: float,
    epochs: int,
    seed: int,
    report: Callable[[int, np.ndarray], None] | None = None,
) -> np.ndarray:
    """Return what each id adds to each label's margin: float64 [ids + 1, labels].

    A text's value of an id is its pooling weight times the id's number in ``factors`` [ids].
    ``cost`` times the mean square of the texts' lengths is the support vector machine's C, so that
    it means the same whatever the unit. The last row is the bias: that of an id that each text has
    with a value of 1. ``report`` is told of each epoch, from 0, the mean up to its end.
    """
    size, count = len(factors), len(posts.labels)
    total = np.zeros((size + 1, labels))
    weights = np.zeros((size + 1, labels))
    duals = np.zeros((count, labels))
    lengths = np.zeros(count)
    _measure(posts.starts, posts.ids, posts.weights, factors, lengths)
    mean = math.fsum(lengths) / max(count, 1)
    # One dual variable's own part of the loss.
    diagonal = mean / (2 * cost) if mean > 0 else 1.0
    shuffled = np.random.Generator(np.random.PCG64(seed))
    ends = sorted({part * count // MEANS for part in range(1, MEANS + 1)} - {0})
    for epoch in range(epochs):
        order = shuffled.permutation(count)
        parts = zip([0, *ends], ends, strict=False)
        for first, end in console.progress(
            parts, f"training, pass {epoch + 1} of {epochs}", len(ends)
        ):
            _learn(
                order[first:end],
                posts.starts,
                posts.ids,
                posts.weights,
                posts.labels,
                factors,
                lengths,
                diagonal,
                duals,
                weights,
            )
            total += weights
        if report:
            report(epoch, total / max(len(ends) * (epoch + 1), 1))
    return total / max(len(ends) * epochs, 1)


@compiled
def _measure(
    starts: np.ndarray,
    ids: np.ndarray,
    pooling: np.ndarray,
    factors: np.ndarray,
    lengths: np.ndarray,
) -> None:
    """Add to ``lengths`` float64 [n] the square of each text's length."""
    for row in range(len(lengths)):
        for place in range(starts[row], starts[row + 1]):
            value = pooling[place] * factors[ids[place]]
            lengths[row] += value * value


@compiled
def _learn(
    order: np.ndarray,
    starts: np.ndarray,
    ids: np.ndarray,
    pooling: np.ndarray,
    answers: np.ndarray,
    factors: np.ndarray,
    lengths: np.ndarray,
    diagonal: float,
    duals: np.ndarray,
    weights: np.ndarray,
) -> None:
    """Let the texts in ``order`` change ``weights`` [ids + 1, labels], ``duals`` [n, labels]."""
    bias = len(weights) - 1
    labels = weights.shape[1]
    margins = np.empty(labels)
    for row in order:
        margins[:] = 0.0
        for place in range(starts[row], starts[row + 1]):
            own = ids[place]
            value = pooling[place] * factors[own]
            for label in range(labels):
                margins[label] += weights[own, label] * value
        step = 1.0 / (lengths[row] + 1.0 + diagonal)
        for label in range(labels):
            # A margin is the distance to the right side: of all other labels, the negative one.
            side = 1.0 if label == answers[row] else -1.0
            margin = side * (margins[label] + weights[bias, label])
            dual = duals[row, label]
            change = max(dual - (margin - 1.0 + dual * diagonal) * step, 0.0) - dual
            duals[row, label] = dual + change
            margins[label] = side * change
            weights[bias, label] += side * change
        for place in range(starts[row], starts[row + 1]):
            own = ids[place]
            value = pooling[place] * factors[own]
            for label in range(labels):
                weights[own, label] += value * margins[label]
