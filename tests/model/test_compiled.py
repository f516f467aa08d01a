"""Compiled loops: the bytes of plain Python, code that every CPU runs, clear where none can be."""

import re
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_inputs import make_features

from provender.errors import UserError
from provender.model import arithmetic, compiled, features, hinge, naive_bayes

WORDS, LABELS = 9, 3

# What works on more than two float64 at once, or rounds a product and a sum at once.
OF_NEWER_CPUS = re.compile(r"\bvf?n?m(add|sub)|[yz]mm\d")


def compute(corpus: list[tuple[list[int], int]], seed: int) -> list[bytes]:
    """Call every compiled loop and return the bytes of what it gives."""
    texts, truth = [list(column) for column in zip(*corpus, strict=True)]
    posts = make_features(texts, truth, WORDS, pieces=[7, 8])
    chance = np.random.default_rng(seed)
    table, factors = chance.normal(0, 1, (WORDS, LABELS)), chance.uniform(0.5, 2, WORDS)
    found = (
        hinge.fit(posts, factors, LABELS, 1.0, 2, seed),
        features.pool(posts, table),
        naive_bayes.naive_bayes_table(posts, LABELS, naive_bayes.NaiveBayes(0.1, 0.7)),
        arithmetic.matmul(table, table[:LABELS]),
        arithmetic.gram(table, factors),
    )
    return [each.tobytes() for each in found]


@settings(max_examples=20)
@given(
    corpus=st.lists(
        st.tuples(st.lists(st.integers(0, WORDS - 1), max_size=30), st.integers(0, LABELS - 1)),
        min_size=1,
        max_size=30,
    ),
    seed=st.integers(0, 9),
)
def test_the_bytes_of_plain_python(corpus: list[tuple[list[int], int]], seed: int) -> None:
    """Whatever the texts, each loop computes to the bit what Python makes of its lines."""
    found = compute(corpus, seed)
    with pytest.MonkeyPatch.context() as patch:
        for loop in compiled.LOOPS:
            module = sys.modules[loop.__module__]
            patch.setattr(module, loop.__name__, loop.__wrapped__)
        assert compute(corpus, seed) == found


def test_code_for_every_cpu() -> None:
    """No loop's machine code needs more than the first x86-64: no AVX, no fused multiply-add."""
    assert len(compiled.LOOPS) > 5
    compute([([2, 3, 3, 7], 0), ([4, 8], 1)], 1)
    for loop, get in compiled.LOOPS.items():
        # Compiled anew: of code that was kept there is no assembly.
        dispatcher = compiled.compile_loop(loop.__wrapped__, keep=False)
        assert get().signatures, loop
        for types in get().signatures:
            dispatcher.compile(types)
        for assembly in dispatcher.inspect_asm().values():
            assert "mulsd" in assembly
            assert not OF_NEWER_CPUS.search(assembly), loop


def test_where_numba_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence says so, and how to mend it."""
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(UserError, match=r"Numba, .* cannot be loaded: .*make setup"):
        compiled.compile_loop(_add_one, keep=False)


def test_where_no_code_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a package that is read-only, and without a home, loops are compiled all the same."""
    monkeypatch.setattr("os.access", lambda path, mode: False)
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])
    numbers = np.zeros(1)
    compiled.compiled(_add_one)(numbers)
    assert numbers.tolist() == [1]


def _add_one(numbers: np.ndarray) -> None:
    numbers[0] += 1.0
