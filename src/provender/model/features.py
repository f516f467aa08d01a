"""Read what encode_posts wrote, as the arrays that the model takes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from provender import files, threads
from provender.compiled import compiled, fixed
from provender.errors import UserError
from provender.text.encode import FIRST_WORD, Kind, pooling_weights

if TYPE_CHECKING:
    import pyarrow as pa

# Of the arrays, as they are in memory.
TYPES: dict[str, type[np.generic]] = {
    "rowids": np.int64,
    "labels": np.int32,
    "starts": np.int64,
    "ids": np.int32,
    "counts": np.int32,
    "weights": np.float32,
}

# Rows that are changed at once, and that are read at once: a row group of long texts has 25 MB.
ROWS, READ_ROWS = 1024, 256


@dataclass(frozen=True)
class Features:
    """The encoded posts of one split, row for row: a sparse matrix.

    ``rowids`` int64 [n]; ``labels`` int32 [n]; ``starts`` int64 [n + 1]: row i has
    ``ids[starts[i] : starts[i + 1]]``, int32, ``counts`` int32 times, each with
    its pooling weight in ``weights`` float32. ``kinds`` uint8 [ids], of each id that there is,
    as provender.text.encode numbers them.
    """

    rowids: np.ndarray
    labels: np.ndarray
    starts: np.ndarray
    ids: np.ndarray
    counts: np.ndarray
    weights: np.ndarray
    kinds: np.ndarray

    def __post_init__(self) -> None:
        """Make the arrays read-only, as those from Arrow are: one type, compiled for once."""
        for field in fields(self):
            object.__setattr__(self, field.name, fixed(getattr(self, field.name)))

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
    kinds: np.ndarray,
) -> Features:
    """Return encoded posts with their pooling weights."""
    weights = pooling_weights(starts, counts, kinds[ids])
    return Features(rowids, labels, starts, ids, counts, weights, kinds)


def read_features(
    path: Path,
    kinds: np.ndarray,
    kept: np.ndarray | None = None,
    every: int = 1,
    rowids: np.ndarray | None = None,
) -> Features:
    """Read one Parquet file of features and derive the pooling weights.

    ``kinds``: uint8 [vocabulary], those of its features. With ``kept``, as :func:`find_words`
    gives it, ids are those of fewer features. Of the rows, each ``every``-th is read, from the
    first on; with ``rowids``, only what has one of these row ids.
    """
    some = read_parts(path, kinds, kept, every)
    if rowids is not None:
        some = (rows_with(part, rowids) for part in some)
    return _concatenate(some, _known(kinds, kept))


def read_parts(
    path: Path, kinds: np.ndarray, kept: np.ndarray | None = None, every: int = 1
) -> Iterator[Features]:
    """Read the same, ``READ_ROWS`` at a time, so that the file may be larger than memory."""
    all_kinds = _known(kinds, None)

    def make(table: "pa.Table") -> Features:
        ids, counts = table["ids"].combine_chunks(), table["counts"].combine_chunks()
        starts = np.asarray(ids.offsets, np.int64)
        found = (
            table["rowid"].to_numpy(),
            table["label"].to_numpy(),
            starts - starts[0],
            ids.flatten().to_numpy(),
            counts.flatten().to_numpy(),
        )
        if kept is None:
            return make_features(*found, all_kinds)
        # Weights follow from what is kept.
        weights = np.broadcast_to(np.float32(0), len(ids.flatten()))
        return restrict(Features(*found, weights, all_kinds), kept)

    yield from threads.in_order(make, _read_rows(path, every))


def _read_rows(path: Path, every: int) -> Iterator["pa.Table"]:
    row = 0
    for table in files.read_groups(path, ["rowid", "label", "ids", "counts"], rows=READ_ROWS):
        first, row = -row % every, row + len(table)
        yield table.take(np.arange(first, len(table), every)) if every > 1 else table


def count_parts(path: Path) -> int:
    """Return in how many parts :func:`read_parts` gives all rows."""
    import pyarrow.parquet as pq

    found = pq.read_metadata(path)
    groups = (found.row_group(group).num_rows for group in range(found.num_row_groups))
    return sum(-(-rows // READ_ROWS) for rows in groups)


def _known(kinds: np.ndarray, kept: np.ndarray | None) -> np.ndarray:
    """Return the kinds of ids, of all features or of the ``kept`` ids: uint8 [ids]."""
    every = np.concatenate([np.full(FIRST_WORD, Kind.WORD, np.uint8), kinds])
    return every if kept is None else np.concatenate([every[:FIRST_WORD], every[kept]])


def restrict(features: Features, kept: np.ndarray) -> Features:
    """Return the features as a vocabulary of the ``kept`` ids alone would give them."""
    new = np.full(len(features.kinds), -1, np.int32)
    new[kept] = np.arange(FIRST_WORD, FIRST_WORD + len(kept), dtype=np.int32)
    kinds = np.concatenate([np.full(FIRST_WORD, Kind.WORD, np.uint8), features.kinds[kept]])

    def renumber(part: Features) -> Features:
        starts = np.zeros(len(part.starts), np.int64)
        ids, counts = (np.empty(len(part.ids), np.int32) for _ in range(2))
        _renumber(part.starts, part.ids, part.counts, fixed(new), starts, ids, counts)
        ids, counts = ids[: starts[-1]], counts[: starts[-1]]
        return make_features(part.rowids, part.labels, starts, ids, counts, kinds)

    return _concatenate(map(renumber, cut(features)), kinds)


@compiled
def _renumber(
    starts: np.ndarray,
    ids: np.ndarray,
    counts: np.ndarray,
    new: np.ndarray,
    new_starts: np.ndarray,
    new_ids: np.ndarray,
    new_counts: np.ndarray,
) -> None:
    """Write the features that have a number in ``new`` int32 [ids], -1 of the others."""
    size = 0
    for row in range(len(starts) - 1):
        for place in range(starts[row], starts[row + 1]):
            own = new[ids[place]]
            if own >= 0:
                new_ids[size], new_counts[size] = own, counts[place]
                size += 1
        new_starts[row + 1] = size


def cut(features: Features) -> Iterator[Features]:
    """Yield the rows by ``ROWS`` at a time, without a copy: what is made of them stays small."""
    starts = features.starts
    for first in range(0, len(features.labels), ROWS):
        rows = slice(first, first + ROWS)
        own = starts[first : first + ROWS + 1]
        places = slice(own[0], own[-1])
        yield Features(
            features.rowids[rows],
            features.labels[rows],
            own - own[0],
            features.ids[places],
            features.counts[places],
            features.weights[places],
            features.kinds,
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
        features.kinds,
    )


def rows_at(features: Features, rows: np.ndarray) -> Features:
    """Return the rows at these places, int [n]; the others are not looked at."""
    lengths = np.diff(features.starts)[rows]
    starts = _starts(lengths)
    places = np.arange(starts[-1]) + np.repeat(features.starts[rows] - starts[:-1], lengths)
    return Features(
        features.rowids[rows],
        features.labels[rows],
        starts,
        features.ids[places],
        features.counts[places],
        features.weights[places],
        features.kinds,
    )


def join(*parts: Features) -> Features:
    """Return the rows of several splits of one vocabulary, one after the other."""
    return _concatenate(parts, parts[0].kinds)


def _concatenate(parts: Iterable[Features], kinds: np.ndarray) -> Features:
    """Return the rows of all ``parts``, of which there may be none.

    The arrays of one field are given up before those of the next are copied: little is held twice.
    """
    held: dict[str, list[np.ndarray]] = {name: [np.zeros(0, own)] for name, own in TYPES.items()}
    for part in parts:
        for name, arrays in held.items():
            own = getattr(part, name)
            arrays.append(np.diff(own) if name == "starts" else own)
    joined = {name: np.concatenate(held.pop(name)) for name in TYPES}
    joined["starts"] = _starts(joined["starts"])
    return Features(kinds=kinds, **joined)


def count_posts(features: Features) -> np.ndarray:
    """Return how many rows have each id: int [ids]."""
    counts = np.zeros(len(features.kinds), np.int64)
    for part in cut(features):
        counts += np.bincount(part.ids, minlength=len(counts))
    return counts


def add_squares(features: Features) -> np.ndarray:
    """Return the sum of the squares of each id's pooling weights: float64 [ids]."""
    sums = np.zeros(len(features.kinds))
    _add_squares(features.ids, features.weights, sums)
    return sums


@compiled
def _add_squares(ids: np.ndarray, weights: np.ndarray, sums: np.ndarray) -> None:
    for place in range(len(ids)):
        weight = np.float64(weights[place])
        sums[ids[place]] += weight * weight


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
