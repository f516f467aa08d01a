"""How likely a text has none of the labels, learnt from texts whose own label is hidden.

No table has texts outside of its labels. But each of its texts is one to a model that lacks the
text's label: its best score is then that of another label, and the words that only its own label's
texts have taught are unknown. A logistic regression tells these from the same texts with all
labels, by what ``web/src/predict.js`` knows of a text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from provender.compiled import compiled
from provender.model import arithmetic
from provender.model.features import Features

# Weight of the coefficients' squares, so that few texts teach little.
RIDGE = 1.0

# Newton's method has converged long before.
STEPS = 25

# Of fewer texts nothing is learnt.
FEWEST = 20

# With two labels, hiding one leaves nothing to lead before.
FEWEST_LABELS = 3

DIGITS = 4

# The smallest float32: scores of 0 have no logarithm.
LOWEST = 1e-38


@dataclass(frozen=True)
class Seen:
    """What is known of texts: float64 [n] each.

    ``lead``: of the best label's logit over the mean of the others; ``known``: the share of the
    words that were read; ``length``: the natural logarithm of 1 and how many these are.
    """

    lead: np.ndarray
    known: np.ndarray
    length: np.ndarray

    @property
    def columns(self) -> np.ndarray:
        """Return a row for each text, with a constant before: float64 [n, 4]."""
        return np.column_stack([np.ones(len(self.lead)), self.lead, self.known, self.length])


def see(scores: np.ndarray, known: np.ndarray, read: np.ndarray) -> Seen:
    """Return what is known of texts with all labels.

    ``scores``: float32 [n, labels]; ``known`` and ``read``: int [n], numbers of words.
    """
    return see_logits(_logits(scores), known, read)


def see_logits(logits: np.ndarray, known: np.ndarray, read: np.ndarray) -> Seen:
    """Return the same by the model's logits: float64 [n, labels]."""
    return Seen(_lead(logits), known / np.maximum(read, 1), arithmetic.log(1.0 + read))


def hide(scores: np.ndarray, labels: np.ndarray, known: np.ndarray, read: np.ndarray) -> Seen:
    """Return what is known of texts without the label of each: int [n] of ``labels``.

    ``known``: int [n], of the words that other labels' texts have taught.
    """
    others = np.ones(scores.shape, bool)
    others[np.arange(len(labels)), labels] = False
    # Of no texts, numpy cannot tell how many are left.
    logits = _logits(scores)[others].reshape(len(labels), scores.shape[1] - 1)
    return see_logits(logits, known, read)


def _logits(scores: np.ndarray) -> np.ndarray:
    """Return logits that differ as the model's do: float64."""
    return arithmetic.log(np.maximum(scores, LOWEST))


def _lead(logits: np.ndarray) -> np.ndarray:
    """Return how far the largest of each row is above the mean of the others: float64 [n]."""
    most = logits.max(axis=1) if logits.size else np.zeros(len(logits))
    others = (arithmetic.add_rows(logits) - most) / max(logits.shape[1] - 1, 1)
    lead: np.ndarray = most - others
    return lead


def count_by_label(parts: Iterable[Features], labels: int, ids: int) -> np.ndarray:
    """Return how many texts of each label have each id: int32 [labels, ids]."""
    counts = np.zeros((labels, ids), np.int32)
    for part in parts:
        _count(part.starts, part.ids, part.labels, counts)
    return counts


@compiled
def _count(starts: np.ndarray, ids: np.ndarray, labels: np.ndarray, counts: np.ndarray) -> None:
    """Add to ``counts`` [labels, ids] each text's ids, which are different ones."""
    for row in range(len(labels)):
        for place in range(starts[row], starts[row + 1]):
            counts[labels[row], ids[place]] += 1


def count_known(
    parts: Iterable[Features], learnt: np.ndarray, is_word: np.ndarray, min_count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many words of each text are known, and how many without its label: int [n] each.

    ``learnt``: of the training texts, as :func:`count_by_label` gives it. ``is_word``: bool [ids],
    which ids are words that ship. A word is known by ``min_count`` texts.
    """
    everywhere = learnt.sum(axis=0)
    known, without = [np.zeros(0, int)], [np.zeros(0, int)]
    for texts in parts:
        rows, ids = texts.rows, texts.ids
        others = everywhere[ids] - learnt[texts.labels[rows], ids]
        counts = np.where(is_word[ids], texts.counts, 0)
        left = np.where(others >= min_count, counts, 0)
        for found, some in ((known, counts), (without, left)):
            # Exact: sums of whole numbers.
            found.append(np.bincount(rows, some, len(texts.labels)).astype(int))
    return np.concatenate(known), np.concatenate(without)


def fit(inside: Seen, outside: Seen, labels: int) -> list[float]:
    """Return the coefficients of the constant, lead, known share and length; none of few texts.

    The probability that a text has none of the ``labels`` is the logistic function of their sum;
    half of the texts are taken to have none.
    """
    columns = np.concatenate([inside.columns, outside.columns])
    if len(columns) < 2 * FEWEST:
        return []
    hidden = np.repeat([0.0, 1.0], [len(inside.lead), len(outside.lead)])
    used = [0, 1, 2, 3] if labels >= FEWEST_LABELS else [0, 2, 3]
    own = columns[:, used]
    penalty = np.array([0.0] + [RIDGE] * (len(used) - 1))
    weights = np.zeros(len(used))
    for _ in range(STEPS):
        chances = _logistic(own, weights)
        slope = _sum(own, hidden - chances) - penalty * weights
        curve = arithmetic.gram(own, chances * (1 - chances)) + np.diag(penalty)
        weights = weights + _solve(curve, slope)
    found = np.zeros(columns.shape[1])
    found[used] = weights
    return [round(float(weight), DIGITS) for weight in found]


def other(seen: Seen, by: Sequence[float]) -> np.ndarray:
    """Return how likely texts have none of the labels, by the coefficients: float64 [n]."""
    return _logistic(seen.columns, np.array(by))


def _logistic(columns: np.ndarray, weights: np.ndarray) -> np.ndarray:
    sums = arithmetic.add_rows(columns * weights)
    chances: np.ndarray = 1 / (1 + arithmetic.exp(-sums))
    return chances


def _sum(columns: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted sum of the rows, in their order: float64 [k]."""
    rows = np.zeros(len(columns), int)
    return np.array([np.bincount(rows, column * weights, 1)[0] for column in columns.T])


def _solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve a positive definite system [k, k] by elimination, in one order on every CPU."""
    rows = [[*map(float, row), float(value)] for row, value in zip(matrix, right, strict=True)]
    for place, pivot in enumerate(rows):
        for below in rows[place + 1 :]:
            factor = below[place] / pivot[place]
            for column in range(place, len(pivot)):
                below[column] -= factor * pivot[column]
    solved = [0.0] * len(rows)
    for place in reversed(range(len(rows))):
        rest = sum(rows[place][i] * solved[i] for i in range(place + 1, len(rows)))
        solved[place] = (rows[place][-1] - rest) / rows[place][place]
    return np.array(solved)
