"""From texts to their words and runs, by a compiled recipe: many texts at once.

The recipe's tables become arrays, by which compiled loops go from character to character. What
takes part in composition, which few texts have, is composed by Arrow.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provender.compiled import fixed
from provender.text import loops
from provender.text.pattern import COLUMNS, MAX_UNCERTAIN, make_automaton
from provender.text.recipe import JAMO, Recipe, is_mark, marked, runs_of

CODE_POINTS = 0x110000

# Texts split at once, and bytes of them, unless one has more: bounds the memory, not the result.
BATCH_TEXTS = 2048
BATCH_BYTES = 1 << 26

# A text that is whole already has no more characters than this.
EVERY = 1 << 31

# Of UTF-8, bytes of a character at most.
WIDEST = 4

# What is no copy less for having it.
PUNCTUATION = "[ !-/:-@\\[-`{-~]+"


@dataclass(frozen=True)
class Tables:
    """A recipe's characters, as :func:`provender.text.loops.fold` takes them.

    ``becomes`` int32 and ``kinds`` uint8, of each code point; ``bounds`` int64, ``parts`` uint8.
    """

    becomes: np.ndarray
    bounds: np.ndarray
    parts: np.ndarray
    kinds: np.ndarray


@dataclass(frozen=True)
class Rules:
    """A recipe's replacements, as :func:`provender.text.loops.apply` takes them."""

    steps: np.ndarray
    accepts: np.ndarray
    needed: np.ndarray
    apart: np.ndarray
    bounds: np.ndarray
    literals: np.ndarray


def split_words(recipe: Recipe, texts: pa.Array | pa.ChunkedArray) -> pa.ListArray:
    """Split texts into words, and runs of what is read in pieces.

    ``texts``: n strings. Returns a list<string> array of n rows, in text order.
    """
    joined = join_words(recipe, texts)
    words = pc.split_pattern(joined, " ")
    return pc.if_else(pc.equal(joined, ""), pa.scalar([], pa.list_(pa.string())), words)


def join_words(recipe: Recipe, texts: pa.Array | pa.ChunkedArray) -> pa.StringArray:
    """Split ``texts``, n strings; return those words and runs of each with a space between them."""
    tables, rules = _made(recipe)
    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    found = [pa.array([], pa.string())]
    for chunk in chunks:
        start = 0
        while start < len(chunk):
            some = chunk.slice(start, BATCH_TEXTS)
            while len(some) > 1 and some.nbytes > BATCH_BYTES:
                some = some.slice(0, len(some) // 2)
            start += len(some)
            found.append(_apply(rules, tables.kinds, _fold(tables, some, recipe)))
    return pa.concat_arrays(found)


def without_punctuation(words: pa.StringArray) -> pa.StringArray:
    """Return what tells texts apart: their words with spaces between them, punctuation left out.

    ``words``: n strings, of :func:`join_words`. Returns n strings.
    """
    return _apply(_NO_PUNCTUATION, _NO_KINDS, words)


def character_kinds(recipe: Recipe) -> np.ndarray:
    """Return what each code point is, as :mod:`provender.text.loops` has it: uint8 [0x110000]."""
    return _made(recipe)[0].kinds


def buffers_of(texts: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of strings, uint8, and their offsets, int32 [n + 1]; both read-only."""
    _, offsets, data = texts.buffers()
    if not len(texts):
        return fixed(np.zeros(0, np.uint8)), fixed(np.zeros(1, np.int32))
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return fixed(np.frombuffer(data or b"", np.uint8)), fixed(bounds)


def to_strings(data: np.ndarray, offsets: np.ndarray) -> pa.StringArray:
    """Return strings by their bytes, uint8, and offsets, int32 [n + 1]."""
    return pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))


def _fold(tables: Tables, texts: pa.StringArray, recipe: Recipe) -> pa.StringArray:
    most = recipe["max_characters"]
    folded, composes = _fold_each(tables, texts, most)
    if not composes.any():
        return folded
    rows = pa.array(composes.astype(bool))
    some = pc.utf8_slice_codeunits(texts.filter(rows), 0, most)
    some, _ = _fold_each(tables, pc.utf8_normalize(some, "NFC"), EVERY)
    # What became lower case, or was parted by what is ignored, may compose now.
    return pc.replace_with_mask(folded, rows, pc.utf8_normalize(some, "NFC"))


def _fold_each(
    tables: Tables, texts: pa.StringArray, most: int
) -> tuple[pa.StringArray, np.ndarray]:
    data, offsets = buffers_of(texts)
    composes = np.zeros(len(texts), np.uint8)

    def write(out: np.ndarray, ends: np.ndarray) -> int:
        return loops.fold(
            data, offsets, most, tables.becomes, tables.bounds, tables.parts, tables.kinds,
            out, ends, composes,
        )  # fmt: skip

    return _write(write, offsets), composes


def _apply(rules: Rules, kinds: np.ndarray, texts: pa.StringArray) -> pa.StringArray:
    data, offsets = buffers_of(texts)

    def write(out: np.ndarray, ends: np.ndarray) -> int:
        return loops.apply(
            data, offsets, rules.steps, rules.accepts, rules.needed, WIDEST * (MAX_UNCERTAIN + 1),
            rules.apart, rules.bounds, rules.literals, kinds, out, ends,
        )  # fmt: skip

    return _write(write, offsets)


def _write(write: Callable[[np.ndarray, np.ndarray], int], offsets: np.ndarray) -> pa.StringArray:
    """Return what a loop writes, which may take more room than what it reads."""
    room = int(offsets[-1] - offsets[0]) * 3 // 2 + 1024
    ends = np.empty(len(offsets), np.int32)
    while True:
        out = np.empty(room, np.uint8)
        written = write(out, ends)
        if written >= 0:
            return to_strings(out[:written], ends)
        room *= 2


# Of the last recipes: a recipe is never changed, and a step has one.
_KEPT: deque[tuple[Recipe, Tables, Rules]] = deque(maxlen=4)


def _made(recipe: Recipe) -> tuple[Tables, Rules]:
    for known, tables, rules in tuple(_KEPT):
        if known is recipe:
            return tables, rules
    made = make_tables(recipe), make_rules(recipe["replace"])
    _KEPT.append((recipe, *made))
    return made


def make_tables(recipe: Recipe) -> Tables:
    """Return what a recipe says of characters."""
    table = {code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    for first, last, step, delta in recipe["lower"]:
        table |= {code: chr(code + delta) for code in range(first, last + 1, step)}
    table |= {ord(character): text for character, text in recipe["fold"]}
    for first, last in runs_of(recipe["symbols"]):
        table |= {code: f" {table.get(code, chr(code))} " for code in range(first, last + 1)}
    texts = [" ", "", *table.values()]
    becomes = np.full(CODE_POINTS, -1, np.int32)
    becomes[list(table)] = 2 + np.arange(len(table))
    for place, name in enumerate(("separators", "ignored")):
        becomes[marked([recipe[name]])] = place
    kinds = np.where(is_mark(recipe), loops.MARK | loops.COMPOSES, 0).astype(np.uint8)
    if recipe["grams"]["sizes"]:
        kinds[marked([recipe["grams"]["characters"]])] |= loops.RUN
    others = [*map(ord, recipe["pairs"][2::3]), *(ord(parts[0]) for parts in recipe["parts"])]
    kinds[[*others, *JAMO]] |= loops.COMPOSES
    for code, text in table.items():
        kinds[code] |= max((kinds[ord(other)] for other in text), default=0) & loops.COMPOSES
    return Tables(becomes, *_joined([text.encode() for text in texts]), kinds)


def make_rules(replace: Sequence[Sequence[Any]]) -> Rules:
    """Return what a recipe replaces: its patterns, what becomes of each match, what each needs."""
    automata = [make_automaton(pattern) for pattern, *_ in replace]
    states = max((len(paths) for paths, _ in automata), default=1)
    steps = np.zeros((len(replace), states, COLUMNS), np.int16)
    accepts = np.zeros((len(replace), states), np.uint8)
    for rule, (paths, ends) in enumerate(automata):
        for state, path in enumerate(paths):
            for bits, other in path:
                steps[rule, state, _columns(bits)] = other
        accepts[rule, list(ends)] = 1
    needed = [ord(character) if character else -1 for *_, character in replace]
    literals = [replacement for _, replacement, _ in replace]
    return Rules(
        steps,
        accepts,
        np.array(needed, np.int32),
        np.array([literal is None for literal in literals], np.uint8),
        *_joined([(literal or "").encode() for literal in literals]),
    )


@cache
def _columns(bits: int) -> list[int]:
    return [column for column in range(COLUMNS) if bits >> column & 1]


def _joined(texts: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Return texts one after the other: where each begins, int64 [n + 1], and their bytes."""
    bounds = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    return bounds, fixed(np.frombuffer(b"".join(texts), np.uint8))


_NO_PUNCTUATION = make_rules([(PUNCTUATION, " ", "")])
_NO_KINDS = np.zeros(CODE_POINTS, np.uint8)
