"""Complement naive Bayes as a table of words by labels: the model's start, and its baseline."""

from dataclasses import dataclass

import numpy as np

from provender.compiled import compiled
from provender.model import arithmetic
from provender.model.blocks import Posts, as_blocks
from provender.model.features import count_posts
from provender.text.encode import FIRST_WORD


@dataclass(frozen=True)
class NaiveBayes:
    """How the table is made; the defaults are plain complement naive Bayes on tf-idf.

    ``smoothing`` is added to each count after that was raised to ``power``: below 1, words
    that are frequent in a label count less. Inverse document frequencies are raised to
    ``idf_power``.
    """

    smoothing: float = 1.0
    power: float = 1.0
    idf_power: float = 1.0


def inverse_document_frequency(train: Posts) -> np.ndarray:
    """Return ln((1 + n) / (1 + df)) + 1 for each id: float64 [ids]."""
    count = 0
    posts: np.ndarray | int = 0
    for block in as_blocks(train):
        count, posts = count + len(block.labels), posts + count_posts(block)
    return arithmetic.log((1 + count) / (1 + np.asarray(posts))) + 1


def raise_to(values: np.ndarray, power: float) -> np.ndarray:
    """Return numbers of at least 0 raised to a positive power: float64."""
    if power == 1:
        return values
    raised = np.zeros(values.shape)
    positive = values > 0
    raised[positive] = arithmetic.exp(power * arithmetic.log(values[positive]))
    return raised


def naive_bayes_table(train: Posts, labels: int, how: NaiveBayes) -> np.ndarray:
    """Return the table that makes the model a complement naive Bayes classifier.

    Follows Rennie et al. 2003: a word's number for a label is minus the log of its
    smoothed share in the texts of all other labels, here less the word's mean over the
    labels and times the word's inverse document frequency, which the pooling weights
    leave out. float64 [ids, labels]; the ids that stand for nothing have zeros.
    """
    frequency = raise_to(inverse_document_frequency(train), how.idf_power)
    counts = raise_to(_count(train, frequency, labels), how.power)
    others = arithmetic.add_rows(counts)[:, np.newaxis] - counts + how.smoothing
    table = -arithmetic.log(others / others[FIRST_WORD:].sum(axis=0))
    table -= (arithmetic.add_rows(table) / labels)[:, np.newaxis]
    table *= frequency[:, np.newaxis]
    table[:FIRST_WORD] = 0
    return table


def _count(train: Posts, frequency: np.ndarray, labels: int) -> np.ndarray:
    """Add up the tf-idf of the texts of each label, at length 1: float64 [ids, labels]."""
    counts = np.zeros((len(frequency), labels))
    for block in as_blocks(train):
        _add_posts(block.starts, block.ids, block.weights, block.labels, frequency, counts)
    return counts


@compiled
def _add_posts(
    starts: np.ndarray,
    ids: np.ndarray,
    weights: np.ndarray,
    answers: np.ndarray,
    frequency: np.ndarray,
    counts: np.ndarray,
) -> None:
    for row in range(len(answers)):
        square = 0.0
        for place in range(starts[row], starts[row + 1]):
            tf_idf = weights[place] * frequency[ids[place]]
            square += tf_idf * tf_idf
        norm = np.sqrt(square)
        for place in range(starts[row], starts[row + 1]):
            counts[ids[place], answers[row]] += weights[place] * frequency[ids[place]] / norm
