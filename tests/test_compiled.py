"""Compiled loops: the bytes of plain Python, code that every CPU runs, clear where none can be."""

import hashlib
import os
import re
import runpy
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from provender import compiled
from provender.errors import UserError
from provender.model import features, outside

# What works on more than two float64 at once, or rounds a product and a sum at once.
OF_NEWER_CPUS = re.compile(r"\bvf?n?m(add|sub)|[yz]mm\d")


LOOPS = runpy.run_path(str(ROOT / "containers" / "compile_loops.py"))
PARTS = LOOPS["PARTS"]


def compute(corpus: list[tuple[list[str], int]], seed: int) -> list[bytes]:
    """Call every compiled loop and return the bytes of what it gives."""
    texts, labels = zip(*corpus, strict=True)
    chance = np.random.default_rng(seed)
    return LOOPS["call_all"]([" ".join(text) for text in texts], labels, chance)


@settings(max_examples=20)
@given(
    corpus=st.lists(
        st.tuples(st.lists(st.sampled_from(PARTS), max_size=30), st.integers(0, 2)),
        min_size=1,
        max_size=30,
    ),
    seed=st.integers(0, 9),
)
def test_the_bytes_of_plain_python(corpus: list[tuple[list[str], int]], seed: int) -> None:
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
    compute([(PARTS, 0), (PARTS[:3], 2)], 1)
    for loop, get in compiled.LOOPS.items():
        # Compiled anew: of code that was kept there is no assembly.
        dispatcher = compiled.compile_loop(loop.__wrapped__, keep=False)
        assert get().signatures, loop
        for types in get().signatures:
            dispatcher.compile(types)
        for assembly in dispatcher.inspect_asm().values():
            # What reads texts, or counts them, computes with whole numbers.
            of_counts = (outside._count, features._renumber)
            counts = loop.__module__.startswith("provender.text") or loop in of_counts
            assert "mulsd" in assembly or counts
            assert not OF_NEWER_CPUS.search(assembly), loop


def test_where_numba_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence says so, and how to mend it."""
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(UserError, match=r"Numba, .* cannot be loaded: .*make setup"):
        compiled.compile_loop(_add_one, keep=False)


def test_where_no_code_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a package that is read-only, and without a home, loops are compiled all the same."""
    monkeypatch.setattr(compiled, "_kept", lambda: Path("/proc/none"))
    assert added_one() == (0, 1)


def test_code_is_kept_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second process compiles nothing; a change of the loop's file, or of how, compiles anew."""
    monkeypatch.setattr(compiled, "_kept", lambda: tmp_path)
    assert added_one() == (0, 1)
    assert added_one() == (1, 0)
    (folder,) = tmp_path.iterdir()
    digest = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    assert folder.name == digest[:16]
    monkeypatch.setattr(Path, "read_bytes", lambda path: b"another")
    assert added_one() == (0, 1)


def test_code_that_came_with_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the package cannot be written, the user's cache begins with what it has."""
    package, caches = tmp_path / "package", tmp_path / "caches"
    monkeypatch.setattr(sys, "prefix", str(package))
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches))
    find_folder = compiled._kept.__wrapped__

    def in_a_new_process() -> tuple[int, int]:
        monkeypatch.setattr(compiled, "_kept", cache(find_folder))
        return added_one()

    assert in_a_new_process() == (0, 1)
    (common,) = (package / "share" / "provender").iterdir()
    # As for anyone but root.
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: caches in Path(path).parents and access(path, mode)
    )
    assert in_a_new_process() == (1, 0)
    assert [each.name for each in (caches / "provender").iterdir()] == [common.name]
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    assert in_a_new_process() == (0, 1)


def added_one() -> tuple[int, int]:
    """Return how often code was found, and how often it was compiled."""
    numbers = np.zeros(1)
    dispatcher = compiled.compile_loop(_add_one, keep=True)
    dispatcher(numbers)
    assert numbers.tolist() == [1]
    found = sum(dispatcher.stats.cache_hits.values())
    return found, len(dispatcher.overloads) - found


def _add_one(numbers: np.ndarray) -> None:
    numbers[0] += 1.0
