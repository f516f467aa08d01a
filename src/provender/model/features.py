"""Read what encode_posts wrote, as the arrays that the model takes."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from provender import files
from provender.errors import UserError
from provender.model.compiled import compiled
from provender.text.encode import FIRST_WORD, pooling_weights


@dataclass(frozen=True)
class Features:
    """The encoded posts of one split, row for row: a sparse matrix.

    ``rowids`` int64 [n]; ``labels`` int32 [n]; ``starts`` int64 [n + 1]: row i has
    ``ids[starts[i] : starts[i + 1]]``, int32, ``counts`` int32 times, each with
    its pooling weight in ``weights`` float32. ``is_piece`` bool [ids], of each id that there is:
    the ids of words and pairs, and those of pieces, are weighed apart.
    """

    rowids: np.ndarray
    labels: np.ndarray
    starts: np.ndarray
    ids: np.ndarray
    counts: np.ndarray
    weights: np.ndarray
    is_piece: np.ndarray

    def __post_init__(self) -> None:
        """Make the arrays read-only, as those from Arrow are: one type, compiled for once."""
        for field in fields(self):
            array = getattr(self, field.name).view()
            array.flags.writeable = False
            object.__setattr__(self, field.name, array)

    @property
    def rows(self) -> np.ndarray:
        """Return the row of each of ``ids``: int64."""
        return np.repeat(np.arange(len(self.labels)), np.diff(self.starts))


def make_features(
    rowids: np.ndarray,
    labels: np.ndarray,
    starts: np.ndarray,
    ids: np.ndarray,
    counts: np.ndarray,
    is_piece: np.ndarray,
) -> Features:
    """Return encoded posts with their pooling weights."""
    weights = pooling_weights(starts, counts, is_piece[ids])
    return Features(rowids, labels, starts, ids, counts, weights, is_piece)


def read_features(path: Path, are_pieces: np.ndarray, kept: np.ndarray | None = None) -> Features:
    """Read one Parquet file of features and derive the pooling weights.

    ``are_pieces``: bool [vocabulary], which of its features are pieces. With ``kept``, as
    :func:`find_words` gives it, ids are those of fewer features.
    """
    table = files.read_parquet(path)
    ids, counts = table["ids"].combine_chunks(), table["counts"].combine_chunks()
    starts = np.asarray(ids.offsets, np.int64)
    found = make_features(
        table["rowid"].to_numpy(),
        table["label"].to_numpy(),
        starts - starts[0],
        ids.flatten().to_numpy(),
        counts.flatten().to_numpy(),
        np.concatenate([np.zeros(FIRST_WORD, bool), are_pieces]),
    )
    return found if kept is None else restrict(found, kept)


def restrict(features: Features, kept: np.ndarray) -> Features:
    """Return the features as a vocabulary of the ``kept`` ids alone would give them."""
    new = np.full(len(features.is_piece), -1, np.int32)
    new[kept] = np.arange(FIRST_WORD, FIRST_WORD + len(kept), dtype=np.int32)
    ids = new[features.ids]
    known = ids >= 0
    before = np.concatenate([[0], np.cumsum(known)])
    return make_features(
        features.rowids,
        features.labels,
        before[features.starts],
        ids[known],
        features.counts[known],
        np.concatenate([np.zeros(FIRST_WORD, bool), features.is_piece[kept]]),
    )


def _starts(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)])


def rows_with(features: Features, rowids: np.ndarray) -> Features:
    """Return the rows whose row ids are among ``rowids``."""
    return rows_where(features, np.isin(features.rowids, rowids))


def rows_where(features: Features, chosen: np.ndarray) -> Features:
    """Return the rows that are ``chosen``: bool [n]."""
    lengths = np.diff(features.starts)
    of = np.repeat(chosen, lengths)
    return Features(
        features.rowids[chosen],
        features.labels[chosen],
        _starts(lengths[chosen]),
        features.ids[of],
        features.counts[of],
        features.weights[of],
        features.is_piece,
    )


def join(*parts: Features) -> Features:
    """Return the rows of several splits of one vocabulary, one after the other."""
    names = ("rowids", "labels", "ids", "counts", "weights")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    starts = _starts(np.concatenate([np.diff(part.starts) for part in parts]))
    return Features(starts=starts, is_piece=parts[0].is_piece, **joined)


def count_posts(features: Features) -> np.ndarray:
    """Return how many rows have each id: int [ids]."""
    return np.bincount(features.ids, minlength=len(features.is_piece))


def pool(features: Features, table: np.ndarray) -> np.ndarray:
    """Return the weighted sum of each text's rows of ``table`` [ids, width]: float64 [n, width]."""
    sums = np.zeros((len(features.labels), table.shape[1]))
    exact = np.ascontiguousarray(table, np.float64)
    _pool(features.starts, features.ids, features.weights, exact, sums)
    return sums


@compiled
def _pool(
    starts: np.ndarray, ids: np.ndarray, weights: np.ndarray, table: np.ndarray, sums: np.ndarray
) -> None:
    for row in range(len(sums)):
        for place in range(starts[row], starts[row + 1]):
            own, weight = ids[place], weights[place]
            for column in range(table.shape[1]):
                sums[row, column] += weight * table[own, column]


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
