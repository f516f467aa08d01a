"""What of a text is counted: its words, pairs of words, and pieces of words and of runs.

Each feature has a name, by which the vocabulary lists it:

- a word is itself;
- two words that stand side by side are joined by a space: ``hot dog``;
- a piece of a word has a space before it. The word stands between two spaces of its own, so that
  the pieces of three characters of ``cat`` are ``"  ca"``, ``" cat"`` and ``" at "``. What is the
  whole word is no piece;
- a piece of a run (see :mod:`provender.text.recipe`) is itself, since no word begins so. A run that
  is shorter than each size is one piece.

A mark is one character with what it stands on.

``web/src/encode.js`` does the same, text by text. Here it is done once for each different word.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provender.compiled import fixed
from provender.text import loops
from provender.text.encode import FIRST_WORD, Kind
from provender.text.recipe import Recipe, mark_class, run_class
from provender.text.words import buffers_of, character_kinds, join_words, to_strings

# Before a piece of a word, so that it is no word.
PIECE = " "

# Longer words are read in pieces up to here: they are no words of a language.
MOST_CHARACTERS = 40


@dataclass(frozen=True)
class Units:
    """The words and runs of texts, in their order, cut where a text is read no further.

    ``starts`` int64 [n + 1]: text i has ``units[starts[i] : starts[i + 1]]``, int32, each the place
    of a name in ``names``; ``is_run`` bool [names].
    """

    starts: np.ndarray
    units: np.ndarray
    names: pa.StringArray
    is_run: np.ndarray


@dataclass(frozen=True)
class Counts:
    """How often each text has each feature: a sparse matrix, row for row.

    ``starts`` int64 [n + 1]: text i has ``ids[starts[i] : starts[i + 1]]``, int32 in ascending
    order, as often as ``counts`` int32 says.
    """

    starts: np.ndarray
    ids: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True)
class _Features:
    """Names of features, as :func:`provender.text.loops.cut` tells of them."""

    data: np.ndarray
    begins: np.ndarray
    lengths: np.ndarray
    kinds: np.ndarray
    keys: np.ndarray

    def take(self, places: np.ndarray) -> pa.StringArray:
        """Return the names of some."""
        begins, lengths, kinds = self.begins[places], self.lengths[places], self.kinds[places]
        out = np.empty(int(lengths.sum(dtype=np.int64) + kinds.sum(dtype=np.int64)), np.uint8)
        ends = np.empty(len(places) + 1, np.int32)
        loops.gather(self.data, begins, lengths, kinds, out, ends)
        return to_strings(out, ends)


class _Index:
    """Names, to be looked up: each has its place."""

    def __init__(self, names: pa.StringArray) -> None:
        """Read the names; of equal ones the first counts."""
        self._known = _describe(names)
        self._table = _table(len(names))
        self._look_up(self._known, adds=True)

    def __len__(self) -> int:
        return len(self._known.begins)

    def find(self, features: _Features) -> np.ndarray:
        """Return the places of features, -1 where they are not there: int32."""
        return self._look_up(features, adds=False)

    def _look_up(self, features: _Features, adds: bool) -> np.ndarray:
        ids = np.empty(len(features.begins), np.int32)
        known = _arrays(self._known)[:-1]
        loops.look_up(*_arrays(features), *known, self._table, adds, ids)
        return ids


class Vocabulary:
    """Names of features, to be looked up: ids are their places."""

    def __init__(self, names: Sequence[str] | pa.StringArray) -> None:
        """Read the names."""
        is_array = isinstance(names, pa.StringArray)
        array: pa.StringArray = names if is_array else pa.array(names, pa.string())
        self.features = _Index(array)
        # A pair is looked up by the numbers of its words: no name is put together for it.
        ids = np.flatnonzero(_matches(array, f"^[^{PIECE}]+{PIECE}")).astype(np.int32)
        parts = pc.split_pattern(array.take(pa.array(ids)), PIECE, max_splits=1).flatten()
        self._words = _Index(parts.unique())
        first, second = self._words.find(_describe(parts)).astype(np.int64).reshape(-1, 2).T
        self._table = _table(len(ids))
        loops.index_pairs(first * len(self._words) + second, ids, self._table)

    def __len__(self) -> int:
        """Return the number of names."""
        return len(self.features)

    def find_pairs(self, units: Units) -> np.ndarray:
        """Return the id of each unit and the next one as a pair, or -1: int32 [units]."""
        words = self._words.find(_describe(units.names))
        words[units.is_run] = -1
        pairs = np.empty(len(units.units), np.int32)
        loops.look_up_pairs(units.units, units.starts, words, len(self._words), self._table, pairs)
        return pairs


def read_units(recipe: Recipe, texts: pa.ChunkedArray, max_words: int) -> Units:
    """Split texts; read so many words of each, where a run counts as many as it has characters."""
    return find_units(recipe, join_words(recipe, texts), max_words)


def find_units(recipe: Recipe, words: pa.StringArray, max_words: int) -> Units:
    """Do so with texts that are split already, by ``join_words``."""
    data, offsets = buffers_of(words)
    # No text has more words than there are spaces between them, and one.
    most = (int(offsets[-1]) - int(offsets[0]) + len(words)) // 2 + 1
    units, starts = np.empty(most, np.int32), np.empty(len(words) + 1, np.int64)
    begins, lengths = np.empty(most, np.int64), np.empty(most, np.int32)
    runs = np.empty(most, np.uint8)
    count = loops.number_words(
        data, offsets, max_words, character_kinds(recipe), units, starts, begins, lengths, runs
    )
    kinds = np.full(count, loops.OTHER, np.uint8)
    found = _Features(data, begins[:count], lengths[:count], kinds, np.zeros(0, np.int64))
    names = found.take(np.arange(count))
    return Units(starts, units[: starts[-1]], names, runs[:count].astype(bool))


def count_texts(
    recipe: Recipe, units: Units, groups: np.ndarray, usable: np.ndarray
) -> tuple[pa.StringArray, np.ndarray]:
    """Return the names of all features, and how many groups of texts have each: int64.

    ``groups`` int64 [n], from 0: texts of one group count once. ``usable`` bool [names]: of the
    other words nothing is counted.
    """
    starts, features = _cut(recipe, units, usable)
    ids, first = np.empty(len(features.begins), np.int32), np.empty(len(features.begins), np.int64)
    different = loops.number_features(*_arrays(features), ids, first)
    keys, pairs = _pairs(recipe, units, usable)
    found = np.zeros(different + len(keys), np.int64)
    rows = np.argsort(groups, kind="stable")
    loops.count_groups(
        units.units, units.starts, rows, groups[rows].astype(np.int64), starts, ids, pairs,
        different, found,
    )  # fmt: skip
    # A text may have been cut before them.
    seen = np.flatnonzero(found)
    own, both = seen[seen < different], seen[seen >= different] - different
    names = [features.take(first[own]), _pair_names(units.names, keys[both])]
    return pa.concat_arrays(names), found[seen]


def encode(
    recipe: Recipe, units: Units, vocabulary: Sequence[str] | pa.StringArray | Vocabulary
) -> Counts:
    """Count the features of each text that a vocabulary has; ids are its places."""
    known = vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary(vocabulary)
    starts, features = _cut(recipe, units, np.ones(len(units.names), bool))
    own = known.features.find(features)
    has_pairs = recipe["grams"]["pairs"]
    pairs = known.find_pairs(units) if has_pairs else np.full(len(units.units), -1, np.int32)
    # No text has more of them than its units have.
    most = int(np.diff(starts)[units.units].sum()) + len(pairs)
    ends = np.empty(len(units.starts), np.int64)
    ids, counts = np.empty(most, np.int32), np.empty(most, np.int32)
    loops.count_each(units.units, units.starts, starts, own, pairs, len(known), ends, ids, counts)
    # Memory that nothing was written to takes none.
    return Counts(ends, ids[: ends[-1]], counts[: ends[-1]])


def kinds_of(recipe: Recipe, names: Sequence[str]) -> np.ndarray:
    """Return of which :class:`Kind` each feature is: uint8 [names]."""
    given = pa.array(names, pa.string())
    found = np.full(len(given), Kind.WORD, np.uint8)
    found[_matches(given, f"^{run_class(recipe)}")] = Kind.RUN
    found[_matches(given, f"^{PIECE}")] = Kind.PIECE
    return found


def are_words(recipe: Recipe, names: Sequence[str]) -> np.ndarray:
    """Tell which features are words as a whole, or one character of a run: bool [names]."""
    longer = f"^{run_class(recipe)}{mark_class(recipe)}*[^{mark_class(recipe)[1:]}"
    others: np.ndarray = _matches(pa.array(names, pa.string()), f"{PIECE}|{longer}")
    return ~others


def find_single(names: Sequence[str]) -> np.ndarray | None:
    """Return the ids of the features that are no pairs of words: int [n]; None: all are."""
    # Pieces of words have a space before them, and one behind where their word ends.
    pairs: np.ndarray = _matches(pa.array(names, pa.string()), "[^ ] [^ ]")
    return np.flatnonzero(~pairs) + FIRST_WORD if pairs.any() else None


def count_read(units: Units) -> np.ndarray:
    """Return how many words are read of each text, a run's characters each being one: int [n]."""
    lengths = [len(name) for name in units.names.to_pylist()]
    sizes = np.where(units.is_run, lengths, 1) if lengths else np.zeros(0, int)
    counted = np.concatenate([[0], np.cumsum(sizes[units.units])])
    read: np.ndarray = np.diff(counted[units.starts])
    return read


def _cut(recipe: Recipe, units: Units, usable: np.ndarray) -> tuple[np.ndarray, _Features]:
    """Return the features of the usable names, and which are whose: int64 [names + 1]."""
    grams = recipe["grams"]
    data, offsets = buffers_of(units.names)
    sizes = np.array(grams["sizes"], np.int64), np.array(grams["words"], np.int64)
    lengths = np.diff(offsets).astype(np.int64)
    # A word between two spaces has, of each size, fewer pieces than characters.
    most = int((1 + (lengths + 2) * max(map(len, sizes))).sum())
    framed = np.empty(int((2 * lengths + 2).sum()), np.uint8)
    starts = np.empty(len(units.names) + 1, np.int64)
    begins, sizes_of = np.empty(most, np.int64), np.empty(most, np.int32)
    kinds, keys = np.empty(most, np.uint8), np.empty(most, np.int64)
    count = loops.cut(
        data, offsets, units.is_run.astype(np.uint8), usable.astype(np.uint8),
        character_kinds(recipe), *sizes, MOST_CHARACTERS, framed, starts, begins, sizes_of, kinds,
        keys,
    )  # fmt: skip
    return starts, _Features(
        fixed(framed), begins[:count], sizes_of[:count], kinds[:count], keys[:count]
    )


def _describe(names: pa.StringArray) -> _Features:
    """Tell of features by their names."""
    data, offsets = buffers_of(names)
    begins, lengths = np.empty(len(names), np.int64), np.empty(len(names), np.int32)
    kinds, keys = np.empty(len(names), np.uint8), np.empty(len(names), np.int64)
    loops.describe(data, offsets, begins, lengths, kinds, keys)
    return _Features(data, begins, lengths, kinds, keys)


def _table(size: int) -> np.ndarray:
    """Return an empty table for so many keys."""
    return np.zeros(1 << max(2 * size, loops.LEAST_SLOTS).bit_length() + 1, np.int64)


def _arrays(
    features: _Features,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return features.data, features.begins, features.lengths, features.kinds, features.keys


def _pairs(recipe: Recipe, units: Units, usable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the different pairs of words, first · names + second, and each unit's with the next.

    The latter is int32 [units], a place in the former, or -1.
    """
    if not recipe["grams"]["pairs"]:
        return np.zeros(0, np.int64), np.full(len(units.units), -1, np.int32)
    fits = (usable & ~units.is_run).astype(np.uint8)
    keys, pairs = np.empty(len(units.units), np.int64), np.empty(len(units.units), np.int32)
    count = loops.number_pairs(units.units, units.starts, fits, keys, pairs)
    return keys[:count], pairs


def _pair_names(names: pa.StringArray, keys: np.ndarray) -> pa.StringArray:
    first, second = keys // max(len(names), 1), keys % max(len(names), 1)
    return pc.binary_join_element_wise(
        names.take(pa.array(first)), names.take(pa.array(second)), " "
    )


def _matches(names: pa.StringArray, pattern: str) -> np.ndarray:
    return np.asarray(pc.match_substring_regex(names, pattern))
