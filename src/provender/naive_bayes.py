"""Complement naive Bayes as a table of words by labels: the model's start, and its baseline."""

import numpy as np

from provender import arithmetic
from provender.encode import FIRST_WORD
from provender.features import Features


def inverse_document_frequency(ids: np.ndarray, words: int) -> np.ndarray:
    """Return ln((1 + n) / (1 + df)) + 1 for each id: float64 [words]."""
    rows, places = np.nonzero(ids >= FIRST_WORD)
    found = np.unique(rows * words + ids[rows, places]) % words
    frequency = np.bincount(found, minlength=words)
    return arithmetic.log((1 + len(ids)) / (1 + frequency)) + 1


def naive_bayes_table(
    train: Features, words: int, labels: int, smoothing: float, scale: float
) -> np.ndarray:
    """Return the embedding that makes the model a complement naive Bayes classifier.

    Follows Rennie et al. 2003: a word's number for a label is minus the log of its
    smoothed share in the texts of all other labels, here less the word's mean over the
    labels and times the word's inverse document frequency, which the pooling weights
    leave out. float32 [words, labels]; padding and unknown words have zeros.
    """
    rows, places = np.nonzero(train.ids >= FIRST_WORD)
    ids = train.ids[rows, places]
    frequency = inverse_document_frequency(train.ids, words)
    tf_idf = train.weights[rows, places] * frequency[ids]
    pairs, slots = np.unique(rows * words + ids, return_inverse=True)
    squares = np.bincount(slots, tf_idf) ** 2
    norms = np.sqrt(np.bincount(pairs // words, squares, minlength=len(train.ids)))
    counts = np.zeros((words, labels))
    np.add.at(counts, (ids, train.labels[rows]), tf_idf / norms[rows])
    others = counts.sum(axis=1, keepdims=True) - counts + smoothing
    table = -arithmetic.log(others / others[FIRST_WORD:].sum(axis=0))
    table -= table.mean(axis=1, keepdims=True)
    table *= scale * frequency[:, np.newaxis]
    table[:FIRST_WORD] = 0
    return table.astype(np.float32)
