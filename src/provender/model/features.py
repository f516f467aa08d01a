"""Read what encode_posts wrote, as the arrays that the model takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from provender import files
from provender.errors import UserError
from provender.text.encode import FIRST_WORD, PADDING, UNKNOWN, pooling_weights


@dataclass(frozen=True)
class Features:
    """The encoded posts of one split, row for row.

    ``rowids`` int64 [n]; ``labels`` int32 [n]; ``ids`` int32 [n, max_words];
    ``weights`` float32 [n, max_words].
    """

    rowids: np.ndarray
    labels: np.ndarray
    ids: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Rows:
    """A sparse matrix, row for row: what each text has, and how much of it.

    ``starts`` int64 [n + 1]: those of row i are at ``starts[i]`` to ``starts[i + 1]`` of ``ids``
    int64 and ``values`` float64. No id is twice in a row; each is below ``columns``.
    """

    starts: np.ndarray
    ids: np.ndarray
    values: np.ndarray
    columns: int


def read_features(path: Path, kept: np.ndarray | None = None) -> Features:
    """Read one Parquet file of features and derive the pooling weights.

    With ``kept``, as :func:`find_words` gives it, ids are those of fewer words.
    """
    table = files.read_parquet(path)
    ids = table["ids"].combine_chunks()
    ids = ids.values.to_numpy().reshape(len(table), ids.type.list_size)
    if kept is not None:
        ids = renumber(ids, kept)
    return Features(table["rowid"].to_numpy(), table["label"].to_numpy(), ids, pooling_weights(ids))


def restrict(features: Features, kept: np.ndarray) -> Features:
    """Return the features as a vocabulary of the ``kept`` words alone would give them."""
    ids = renumber(features.ids, kept)
    return Features(features.rowids, features.labels, ids, pooling_weights(ids))


def rows_with(features: Features, rowids: np.ndarray) -> Features:
    """Return the rows whose row ids are among ``rowids``."""
    return rows_where(features, np.isin(features.rowids, rowids))


def rows_where(features: Features, chosen: np.ndarray) -> Features:
    """Return the rows that are ``chosen``: bool [n]."""
    return Features(
        features.rowids[chosen],
        features.labels[chosen],
        features.ids[chosen],
        features.weights[chosen],
    )


def join(*parts: Features) -> Features:
    """Return the rows of several splits, one after the other."""
    names = ("rowids", "labels", "ids", "weights")
    return Features(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def renumber(ids: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Replace word ids by their places in ``kept``, and those not there by the unknown word's."""
    size = max(int(ids.max(initial=0)), int(kept.max(initial=0))) + 1
    new = np.full(size, UNKNOWN, np.int32)
    new[PADDING] = PADDING
    new[kept] = np.arange(FIRST_WORD, FIRST_WORD + len(kept), dtype=np.int32)
    renumbered: np.ndarray = new[ids]
    return renumbered


def count_posts(ids: np.ndarray, words: int) -> np.ndarray:
    """Return how many rows of ``ids`` [n, max_words] have each word: int [words]."""
    # Sorting short rows is several times as fast as NumPy's search for unique pairs.
    ordered = np.sort(ids, axis=1)
    first = ordered >= FIRST_WORD
    first[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
    return np.bincount(ordered[first], minlength=words)


def pool(features: Features, table: np.ndarray) -> np.ndarray:
    """Return the weighted sum of each text's rows of ``table`` [ids, width]: float64 [n, width]."""
    sums = np.zeros((len(features.ids), table.shape[1]))
    for slot in range(features.ids.shape[1]):
        sums += features.weights[:, slot, np.newaxis] * table[features.ids[:, slot]]
    return sums


def to_rows(features: Features, factors: np.ndarray) -> Rows:
    """Return each text's words once, with their pooling weights times ``factors`` [ids]."""
    columns = len(factors)
    texts, slots = np.nonzero(features.ids >= FIRST_WORD)
    keys, places = np.unique(texts * columns + features.ids[texts, slots], return_inverse=True)
    ids = keys % columns
    values = np.bincount(places, features.weights[texts, slots], len(keys)) * factors[ids]
    starts = np.searchsorted(keys, np.arange(len(features.ids) + 1) * columns)
    return Rows(starts, ids, values, columns)


def find_words(words: Sequence[str], candidates: Sequence[str]) -> np.ndarray:
    """Return the ids that ``words``, in their order, have among ``candidates``: int [words].

    Raises UserError where one is not there.
    """
    ids = {word: place + FIRST_WORD for place, word in enumerate(candidates)}
    for word in words:
        if word not in ids:
            raise UserError(
                f"the word {word} ships but is none of the candidates: run snakemake again"
            )
    return np.array([ids[word] for word in words], int)
