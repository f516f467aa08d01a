"""Complement naive Bayes as a table of words by labels: the model's start, and its baseline."""

from dataclasses import dataclass

import numpy as np

from provender.model import arithmetic
from provender.model.features import Features, count_posts
from provender.text.encode import FIRST_WORD

# Texts counted at once: bounds the memory, not the result.
BATCH = 1024


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


def inverse_document_frequency(ids: np.ndarray, words: int) -> np.ndarray:
    """Return ln((1 + n) / (1 + df)) + 1 for each id: float64 [words]."""
    return arithmetic.log((1 + len(ids)) / (1 + count_posts(ids, words))) + 1


def raise_to(values: np.ndarray, power: float) -> np.ndarray:
    """Return numbers of at least 0 raised to a positive power: float64."""
    if power == 1:
        return values
    positive = np.where(values > 0, values, 1)
    return np.where(values > 0, arithmetic.exp(power * arithmetic.log(positive)), 0)


def naive_bayes_table(train: Features, words: int, labels: int, how: NaiveBayes) -> np.ndarray:
    """Return the embedding that makes the model a complement naive Bayes classifier.

    Follows Rennie et al. 2003: a word's number for a label is minus the log of its
    smoothed share in the texts of all other labels, here less the word's mean over the
    labels and times the word's inverse document frequency, which the pooling weights
    leave out. float32 [words, labels]; padding and unknown words have zeros.
    """
    frequency = _frequency(train, words, how)
    return _table(_count(train, frequency, labels), frequency, how)


def _frequency(train: Features, words: int, how: NaiveBayes) -> np.ndarray:
    return raise_to(inverse_document_frequency(train.ids, words), how.idf_power)


def _count(train: Features, frequency: np.ndarray, labels: int) -> np.ndarray:
    """Add up the tf-idf of the texts of each label, at length 1: float64 [words, labels]."""
    words = len(frequency)
    counts = np.zeros((words, labels))
    for start in range(0, len(train.ids), BATCH):
        batch = slice(start, start + BATCH)
        rows, places = np.nonzero(train.ids[batch] >= FIRST_WORD)
        ids = train.ids[batch][rows, places]
        tf_idf = train.weights[batch][rows, places] * frequency[ids]
        pairs, slots = np.unique(rows * words + ids, return_inverse=True)
        squares = np.bincount(slots, tf_idf) ** 2
        norms = np.sqrt(np.bincount(pairs // words, squares, minlength=BATCH))
        np.add.at(counts, (ids, train.labels[batch][rows]), tf_idf / norms[rows])
    return counts


def _table(counts: np.ndarray, frequency: np.ndarray, how: NaiveBayes) -> np.ndarray:
    """Return the table of words counted [words, labels] and their rarity [words]: float32."""
    counts = raise_to(counts, how.power)
    others = counts.sum(axis=1, keepdims=True) - counts + how.smoothing
    table = -arithmetic.log(others / others[FIRST_WORD:].sum(axis=0))
    table -= table.mean(axis=1, keepdims=True)
    table *= frequency[:, np.newaxis]
    table[:FIRST_WORD] = 0
    return table.astype(np.float32)
