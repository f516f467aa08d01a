"""Words, pairs and pieces, against plain loops."""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from references import Composition, count_features, fold_table, split_text

from provender.text.encode import Kind
from provender.text.grams import are_words, count_texts, encode, kinds_of, read_units
from provender.text.recipe import Recipe, compile_recipe

RULES = {"max_characters": 1000, "replace": [{"pattern": "[!,]", "apart": True}]}
GRAMS: dict[str, Any] = {
    "sizes": [1, 3],
    "scripts": ["Han", "Thai"],
    "words": [2, 4],
    "pairs": True,
}
# Words of the same hash, as provender.text.loops has it.
SAME_HASH = ("hhuhtvqzb", "soohcjtgg")
TEXTS = st.lists(st.text("ab é\u0301字漢ก่!,", max_size=14), max_size=6)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """Return a recipe with all that there is."""
    return compile_recipe(RULES, GRAMS)


@pytest.fixture(scope="module")
def compose(recipe: Recipe) -> Composition:
    """Return what composes texts by the tables."""
    return Composition(recipe)


def column(texts: list[str]) -> pa.ChunkedArray:
    """Return texts as a split has them."""
    return pa.chunked_array([texts], pa.string())


@settings(max_examples=40)
@given(texts=TEXTS, most=st.integers(1, 9), every=st.integers(1, 3))
def test_any_texts(
    recipe: Recipe, compose: Composition, texts: list[str], most: int, every: int
) -> None:
    """Each text has what the definition says, as often; others are not known."""
    table = fold_table(recipe)
    split = [split_text(recipe, table, text, compose) for text in texts]
    expected = [count_features(recipe, words, most, compose) for words in split]
    units = read_units(recipe, column(texts), most)
    usable = np.ones(len(units.names), bool)
    names, found = count_texts(recipe, units, np.arange(len(texts)), usable)
    texts_of = Counter(name for counts in expected for name in counts)
    assert dict(zip(names.to_pylist(), found.tolist(), strict=True)) == texts_of
    vocabulary = sorted(texts_of)[::every]
    encoded = encode(recipe, units, vocabulary)
    for row, counts in enumerate(expected):
        own = slice(encoded.starts[row], encoded.starts[row + 1])
        pairs = zip(encoded.ids[own].tolist(), encoded.counts[own].tolist(), strict=True)
        known = [(place, counts[word]) for place, word in enumerate(vocabulary) if word in counts]
        assert list(pairs) == known


def test_by_hand(recipe: Recipe) -> None:
    """Names of all kinds, and which kind each is."""
    units = read_units(recipe, column(["cab 字漢字 ab!"]), 9)
    names, _ = count_texts(recipe, units, np.zeros(1, int), np.ones(len(units.names), bool))
    pieces = [
        "  c", " ca", " ab", " b ", "  a", "  cab", " cab ", "  !", " ! ", "字", "漢", "字漢字",
    ]  # fmt: skip
    words = ["cab", "ab", "!"]
    assert sorted(names.to_pylist()) == sorted([*pieces, *words, "ab !"])
    expected = [Kind.PIECE] * 9 + [Kind.RUN] * 3 + [Kind.WORD] * 4
    assert kinds_of(recipe, [*pieces, *words, "ab !"]).tolist() == expected
    known = are_words(recipe, [*words, "字", "ก่", "字漢", "ab !", "  a", "a\u0301"])
    assert known.tolist() == [True] * 5 + [False] * 3 + [True]


def test_groups_count_once(recipe: Recipe) -> None:
    """Texts of one group are one; of words that may not be used nothing is counted."""
    units = read_units(recipe, column(["ab ab", "ab ba", "ba"]), 9)
    usable = np.array([name != "ba" for name in units.names.to_pylist()])
    names, found = count_texts(recipe, units, np.array([1, 1, 0]), usable)
    assert dict(zip(names.to_pylist(), found.tolist(), strict=True)) == {
        "ab": 1, "  a": 1, " ab": 1, " b ": 1, "ab ab": 1,
    }  # fmt: skip


def test_many_texts_of_many_features(recipe: Recipe) -> None:
    """Texts times features beyond 32 bits are counted as few are, in numbers of any kind."""
    texts = [f"{first}{second} b" for first in "abcdefghij" for second in "abcdefghij"]
    units = read_units(recipe, pa.chunked_array([texts]), 100)
    usable = np.ones(len(units.names), bool)
    far = 8_000_000 + np.arange(len(texts), dtype=np.int32)
    names, found = count_texts(recipe, units, far, usable)
    near, expected = count_texts(recipe, units, np.arange(len(texts)), usable)
    assert int(far.max()) * len(names) > 2**31
    assert names.equals(near)
    assert found.tolist() == expected.tolist()


def test_long_words_and_no_texts(recipe: Recipe) -> None:
    """Forty characters of a word are read in pieces; of no text nothing."""
    units = read_units(recipe, column(["x" * 39 + "yz"]), 9)
    names, _ = count_texts(recipe, units, np.zeros(1, int), np.ones(1, bool))
    assert {" xy", " y "} <= set(names.to_pylist())
    assert " yz" not in names.to_pylist()
    nothing = read_units(recipe, column([]), 9)
    assert len(count_texts(recipe, nothing, np.zeros(0, int), np.zeros(0, bool))[0]) == 0
    assert encode(recipe, nothing, ["a"]).starts.tolist() == [0]


def fnv(name: str) -> int:
    """Return FNV-1a of 32 bits."""
    found = 2166136261
    for byte in name.encode():
        found = (found ^ byte) * 16777619 % 2**32
    return found


def test_names_of_the_same_key(recipe: Recipe) -> None:
    """Words of one hash are two, in texts and in a vocabulary."""
    # Found by trying: of so many characters, two of the same hash.
    first, second = SAME_HASH
    assert fnv(first) == fnv(second)
    units = read_units(recipe, column([f"{first} {second} {first}"]), 9)
    assert units.names.to_pylist() == [first, second]
    assert units.units.tolist() == [0, 1, 0]
    names, _ = count_texts(recipe, units, np.zeros(1, int), np.ones(2, bool))
    assert {first, second} <= set(names.to_pylist())
    found = encode(recipe, units, [second, first])
    assert (found.ids.tolist(), found.counts.tolist()) == ([0, 1], [1, 2])
    assert encode(recipe, units, [second]).counts.tolist() == [1]
