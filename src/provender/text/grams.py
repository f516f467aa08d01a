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

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provender.text.recipe import Recipe, is_mark, mark_class, run_class, split_in_batches

# Before a piece of a word, so that it is no word.
PIECE = " "

# Longer words are read in pieces up to here: they are no words of a language.
MOST_CHARACTERS = 40

# Texts counted, and words read in pieces, at once: bounds the memory, not the result.
BATCH = 128
BATCH_WORDS = 4096


@dataclass(frozen=True)
class Units:
    """The words and runs of texts, in their order, cut where a text is read no further.

    ``starts`` int64 [n + 1]: text i has ``units[starts[i] : starts[i + 1]]``, int64, each the place
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


def read_units(recipe: Recipe, texts: pa.ChunkedArray, max_words: int) -> Units:
    """Split texts; read so many words of each, where a run counts as many as it has characters."""
    return find_units(recipe, split_in_batches(recipe, texts), max_words)


def find_units(recipe: Recipe, words: pa.ChunkedArray, max_words: int) -> Units:
    """Do so with texts that are split already, by ``split_in_batches``."""
    lengths = np.asarray(pc.list_value_length(words), np.int64)
    encoded = pc.list_flatten(words).combine_chunks().dictionary_encode()
    names, units = encoded.dictionary, encoded.indices.to_numpy().astype(np.int64)
    is_run = _matches(names, f"^{run_class(recipe)}")
    sizes = np.where(is_run, np.asarray(pc.utf8_length(names)), 1)[units]
    rows = np.repeat(np.arange(len(lengths)), lengths)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    room = max_words - (ends[:-1] - ends[starts[rows]])
    # The run that reaches beyond is cut.
    long = np.flatnonzero((room > 0) & (room < sizes))
    if len(long):
        ends_of = zip(units[long].tolist(), room[long].tolist(), strict=True)
        cut = [names[unit].as_py()[:size] for unit, size in ends_of]
        both = pa.concat_arrays([names, pa.array(cut, pa.string())]).dictionary_encode()
        places = both.indices.to_numpy().astype(np.int64)
        units[long] = len(names) + np.arange(len(long))
        units, names = places[units], both.dictionary
        is_run = _matches(names, f"^{run_class(recipe)}")
    kept = room > 0
    counts = np.bincount(rows[kept], minlength=len(lengths))
    return Units(np.concatenate([[0], np.cumsum(counts)]), units[kept], names, is_run)


def count_texts(
    recipe: Recipe, units: Units, groups: np.ndarray, usable: np.ndarray
) -> tuple[pa.StringArray, np.ndarray]:
    """Return the names of all features, and how many groups of texts have each: int64.

    ``groups`` int64 [n], from 0: texts of one group count once. ``usable`` bool [names]: of the
    other words nothing is counted.
    """
    owners, names = _features(recipe, units.names, units.is_run)
    kept = usable[owners]
    encoded = names.filter(pa.array(kept)).dictionary_encode()
    names = encoded.dictionary
    starts, features = _by_unit(owners[kept], encoded.indices.to_numpy(), len(units.names))
    keys, pairs = _pairs(recipe, units, usable)
    pair_names = _pair_names(units.names, keys)
    total = len(names) + len(keys)
    found = np.zeros(total, np.int64)
    ordered = np.argsort(groups, kind="stable")
    batches = np.arange(0, groups.max(initial=-1) + 1 + BATCH, BATCH)
    bounds = np.searchsorted(groups[ordered], batches)
    for first, last in itertools.pairwise(bounds.tolist()):
        rows = ordered[first:last]
        pair_ids = np.where(pairs >= 0, pairs + len(names), -1)
        tallied, _ = _tally(units, starts, features, pair_ids, rows, groups[rows], total)
        found += np.bincount(tallied % total, minlength=total)
    # A text may have been cut before them.
    seen = found > 0
    return pa.concat_arrays([names, pair_names]).filter(pa.array(seen)), found[seen]


def encode(recipe: Recipe, units: Units, vocabulary: Sequence[str] | pa.StringArray) -> Counts:
    """Count the features of each text that a vocabulary has; ids are its places."""
    is_array = isinstance(vocabulary, pa.StringArray)
    known = vocabulary if is_array else pa.array(vocabulary, pa.string())
    owners, names = _features(recipe, units.names, units.is_run)
    ids = _find(names, known)
    starts, features = _by_unit(owners[ids >= 0], ids[ids >= 0], len(units.names))
    keys, pairs = _pairs(recipe, units, np.ones(len(units.names), bool))
    pair_ids = np.concatenate([_find(_pair_names(units.names, keys), known), [-1]])[pairs]
    texts, total = len(units.starts) - 1, max(len(known), 1)
    lengths = [np.zeros(1, np.int64)]
    parts = [(np.zeros(0, np.int32), np.zeros(0, np.int32))]
    for start in range(0, texts, BATCH):
        rows = np.arange(start, min(start + BATCH, texts))
        tallied, counts = _tally(units, starts, features, pair_ids, rows, rows, total)
        lengths.append(np.bincount(tallied // total - start, minlength=len(rows)))
        parts.append(((tallied % total).astype(np.int32), counts.astype(np.int32)))
    all_ids, all_counts = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Counts(np.cumsum(np.concatenate(lengths)), all_ids, all_counts)


def are_pieces(recipe: Recipe, names: Sequence[str]) -> np.ndarray:
    """Tell which features are pieces, of words or of runs: bool [names]."""
    return _matches(pa.array(names, pa.string()), f"^(?:{PIECE}|{run_class(recipe)})")


def are_words(recipe: Recipe, names: Sequence[str]) -> np.ndarray:
    """Tell which features are words as a whole, or one character of a run: bool [names]."""
    longer = f"^{run_class(recipe)}{mark_class(recipe)}*[^{mark_class(recipe)[1:]}"
    others: np.ndarray = _matches(pa.array(names, pa.string()), f"{PIECE}|{longer}")
    return ~others


def count_read(units: Units) -> np.ndarray:
    """Return how many words are read of each text, a run's characters each being one: int [n]."""
    lengths = [len(name) for name in units.names.to_pylist()]
    sizes = np.where(units.is_run, lengths, 1) if lengths else np.zeros(0, int)
    counted = np.concatenate([[0], np.cumsum(sizes[units.units])])
    read: np.ndarray = np.diff(counted[units.starts])
    return read


def _tally(
    units: Units,
    starts: np.ndarray,
    features: np.ndarray,
    pairs: np.ndarray,
    rows: np.ndarray,
    owners: np.ndarray,
    total: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return owner · total + feature of all features of some texts, ascending, and their counts.

    ``features``: int [.], of each unit from its place in ``starts`` on; ``pairs``: int [units],
    that of each unit and the one behind it, or -1; ``owners``: int [rows], what stands for a text.
    """
    lengths = units.starts[rows + 1] - units.starts[rows]
    places = _ranges(units.starts[rows], lengths)
    base = int(owners.min(initial=0))
    # Texts times features are more than 32 bits count.
    of = np.repeat(owners.astype(np.int64) - base, lengths)
    own, counts = np.unique(of * len(units.names) + units.units[places], return_counts=True)
    of_own, unit = own // max(len(units.names), 1), own % max(len(units.names), 1)
    sizes = starts[unit + 1] - starts[unit]
    paired = pairs[places]
    of_pair = of[paired >= 0]
    # Text by text, first those of its words, then its pairs: many short rows are sorted faster
    # than one long one, and a feature with what it counts in 32 bits faster than in 64.
    many = int(of.max(initial=-1)) + 1
    single = np.bincount(of_own, sizes, many).astype(np.int64)
    double = np.bincount(of_pair, minlength=many)
    ends = np.cumsum(single + double)
    bits = int(counts.max(initial=1)).bit_length()
    kind = np.uint32 if total << bits <= 1 << 32 else np.uint64
    both: np.ndarray = np.empty(int(ends[-1]) if many else 0, kind)
    both[_ranges(ends - single - double, single)] = (
        features[_ranges(starts[unit], sizes)] << bits | np.repeat(counts, sizes)
    ).astype(kind)
    both[_ranges(ends - double, double)] = (paired[paired >= 0] << bits | 1).astype(kind)
    first = 0
    for end in ends.tolist():
        both[first:end].sort()
        first = end
    keys = both >> bits
    is_new = np.ones(len(keys), bool)
    is_new[1:] = keys[1:] != keys[:-1]
    is_new[(ends - single - double)[single + double > 0]] = True
    begins = np.flatnonzero(is_new)
    if not len(begins):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    summed = np.add.reduceat(both & ((1 << bits) - 1), begins, dtype=np.int64)
    owner = base + np.searchsorted(ends, begins, "right")
    return owner * total + keys[begins].astype(np.int64), summed


def _ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the numbers from each start on, so many of each, one after the other."""
    before = np.cumsum(lengths) - lengths
    ranges: np.ndarray = np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)
    return ranges


def _by_unit(owners: np.ndarray, features: np.ndarray, units: int) -> tuple[np.ndarray, np.ndarray]:
    """Order features by the unit that has them: where each unit's begin, and the features."""
    order = np.argsort(owners, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=units))])
    return starts, features[order].astype(np.int64)


def _pairs(recipe: Recipe, units: Units, usable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the different pairs of words, first · names + second, and each unit's with the next.

    The latter is int [units], a place in the former, or -1.
    """
    pairs = np.full(len(units.units), -1, np.int64)
    if not recipe["grams"]["pairs"] or len(units.units) < 2:
        return np.zeros(0, np.int64), pairs
    fits = (usable & ~units.is_run)[units.units]
    both = fits[:-1] & fits[1:]
    # The last of a text stands beside none.
    ends = units.starts[1:-1]
    both[ends[(ends > 0) & (ends < len(units.units))] - 1] = False
    keys = units.units[:-1][both] * len(units.names) + units.units[1:][both]
    found, pairs[:-1][both] = np.unique(keys, return_inverse=True)
    return found, pairs


def _pair_names(names: pa.StringArray, keys: np.ndarray) -> pa.StringArray:
    first, second = keys // max(len(names), 1), keys % max(len(names), 1)
    return pc.binary_join_element_wise(
        names.take(pa.array(first)), names.take(pa.array(second)), " "
    )


def _features(
    recipe: Recipe, names: pa.StringArray, is_run: np.ndarray
) -> tuple[np.ndarray, pa.StringArray]:
    """Return the names of all words' and runs' features, and whose each is: int64."""
    grams = recipe["grams"]
    marks = is_mark(recipe)
    words, runs = np.flatnonzero(~is_run), np.flatnonzero(is_run)
    owners, found = [words], [names.take(pa.array(words))]
    if grams["sizes"] and len(runs):
        parts = [_characters(name, marks) for name in names.take(pa.array(runs)).to_pylist()]
        short = np.array([len(part) < grams["sizes"][0] for part in parts])
        owners.append(runs[short])
        found.append(names.take(pa.array(runs[short])))
        places, pieces = _windows(parts, grams["sizes"])
        owners.append(runs[places])
        found.append(pieces)
    if grams["words"] and len(words):
        is_ascii = np.asarray(pc.string_is_ascii(names))[words]
        for start in range(0, is_ascii.sum(), BATCH_WORDS):
            some = words[is_ascii][start : start + BATCH_WORDS]
            places, pieces = _ascii_windows(names.take(pa.array(some)), grams["words"])
            owners.append(some[places])
            found.append(pieces)
        others = words[~is_ascii]
        parts = [
            [PIECE, *_characters(name, marks)[:MOST_CHARACTERS], PIECE]
            for name in names.take(pa.array(others)).to_pylist()
        ]
        places, pieces = _windows(parts, grams["words"], prefix=PIECE, whole=False)
        owners.append(others[places])
        found.append(pieces)
    return np.concatenate(owners), pa.concat_arrays(found)


def _characters(unit: str, marks: np.ndarray) -> Sequence[str]:
    """Return a unit's characters, each mark with what it stands on."""
    if unit.isascii():
        return unit
    parts: list[str] = []
    for character in unit:
        if parts and marks[ord(character)]:
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def _windows(
    units: Sequence[Sequence[str]], sizes: Sequence[int], prefix: str = "", whole: bool = True
) -> tuple[np.ndarray, pa.StringArray]:
    """Return the pieces of so many characters of units, and the places of their units: int64.

    With ``whole`` false, none that is as long as its unit.
    """
    found: list[str] = []
    counts = []
    for parts in units:
        before = len(found)
        for size in sizes:
            if size < len(parts) + whole:
                found += [
                    prefix + "".join(parts[start : start + size])
                    for start in range(len(parts) - size + 1)
                ]
        counts.append(len(found) - before)
    return np.repeat(np.arange(len(counts)), counts), pa.array(found, pa.string())


def _ascii_windows(
    names: pa.StringArray, sizes: Sequence[int]
) -> tuple[np.ndarray, pa.StringArray]:
    """Return the pieces of words of ASCII, as :func:`_windows` does, without a loop over them."""
    # What take returns begins at 0.
    _, offsets, data = names.buffers()
    begins = np.frombuffer(offsets, np.int32)[: len(names) + 1].astype(np.int64)
    lengths = np.minimum(np.diff(begins), MOST_CHARACTERS)
    # Each word between two spaces, one after the other.
    ends = np.cumsum(lengths + 2)
    framed = np.full(ends[-1], ord(PIECE), np.uint8)
    framed_at = ends - lengths - 2
    characters = np.frombuffer(data, np.uint8)
    framed[_ranges(framed_at + 1, lengths)] = characters[_ranges(begins[:-1], lengths)]
    counts = np.array(
        [np.maximum(lengths + (2 - size + 1), 0) * (size < lengths + 2) for size in sizes]
    )
    total = counts.sum(axis=0)
    # Of each word all of one size, then all of the next.
    first = np.cumsum(total) - total + np.cumsum(counts, axis=0) - counts
    starts = np.empty(int(total.sum()), np.int64)
    widths = np.empty(len(starts), np.int64)
    for size, at, count in zip(sizes, first, counts, strict=True):
        places = _ranges(at, count)
        starts[places] = _ranges(framed_at, count)
        widths[places] = size
    piece_ends = np.cumsum(widths + 1)
    pieces = np.full(piece_ends[-1] if len(widths) else 0, ord(PIECE), np.uint8)
    pieces[_ranges(piece_ends - widths, widths)] = framed[_ranges(starts, widths)]
    bounds = np.concatenate([[0], piece_ends]).astype(np.int32)
    found = pa.StringArray.from_buffers(len(widths), pa.py_buffer(bounds), pa.py_buffer(pieces))
    return np.repeat(np.arange(len(names)), total), found


def _find(names: pa.StringArray, known: pa.StringArray) -> np.ndarray:
    """Return the places of names in ``known``, -1 where they are not there: int64."""
    return np.asarray(pc.fill_null(pc.index_in(names, value_set=known), -1), np.int64)


def _matches(names: pa.StringArray, pattern: str) -> np.ndarray:
    return np.asarray(pc.match_substring_regex(names, pattern))
