"""The functions on which Node's trainer stands give what Python's give, to the last bit."""

import json
import math
import random
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

from provender import files
from provender.bundle import node
from provender.model import arithmetic
from provender.sources.columns import to_seconds
from provender.splits.strip import PARTS, strip_post
from provender.text import tables
from provender.text.pattern import find_needed

SCRIPT = Path(__file__).with_name("train_functions.mjs")

NUMBERS = 4000

# Numbers at the edges of rounding, of what is normal, and of how Python writes them.
EDGES = [0.0, 0.5, 1.5, 2.5, 1.0, 3.0, 1e-5, 1e-4, 123456.0, 1e15, 1e16, 1.5e16, 1e22, 5e-324]
EDGES += [2.2250738585072014e-308, 1.7976931348623157e308, 0.1, 2 / 3, 9007199254740993.0]

PATTERNS = [
    "[a-z0-9._%+\\-]{1,60}@[a-z0-9.\\-]+", "a+b", "(a|b)c", "(ab|cb)", "[x]y?", "a*b", "a{0,2}b{2}",
    "\\x41+", "[^a]\\.", "(a|ba)+", "[!-/:-@\\[-`{-~]", "(a(b|cb))", "\\n|\\n\\t", "[a-a]{1}z",
]  # fmt: skip

MOMENTS = [
    "2024-02-29", "2023-02-29", "2024-13-01", "1969-12-31", "0001-01-01", "9999-12-31T23:59:59",
    "2024-03-01T12:30", "2024-03-01 12:30:15.123456Z", "2024-03-01T12:30:15.5+05:30",
    "2024-03-01T12-08:00", " 2024-03-01 ", "no date", "2024-03-01T12:30:15.1234567",
]  # fmt: skip

POST = (
    "From: a\nSubject: re: Re: Core\nSummary:x\n\nIn article 1\n> quoted\nhe said: \n\nyes\n"
    "---\nsig\n"
)


def ask(name: str, given: Any) -> Any:
    """Return what a function of web/train gives."""
    done = subprocess.run(
        [node.program(), SCRIPT],
        input=json.dumps({"name": name, "given": given}),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return json.loads(done.stdout)


def draw(seed: int, low: float, high: float, count: int = NUMBERS) -> list[float]:
    """Return numbers of all sizes between two powers of ten, of both signs."""
    chance = random.Random(seed)
    return [chance.choice((-1, 1)) * 10 ** chance.uniform(low, high) for _ in range(count)]


def bits(values: Any) -> bytes:
    """Return numbers as the bits that they are; a zero is one whatever its sign."""
    return struct.pack(f"<{len(values)}d", *(value + 0.0 for value in values))


def as_matrix(values: np.ndarray) -> dict[str, Any]:
    """Return a matrix as web/train has it."""
    return {"values": values.ravel().tolist(), "width": values.shape[1]}


def test_logarithms_and_powers() -> None:
    """Of all sizes, and from where exp is bounded."""
    positive = [abs(value) for value in draw(1, -300, 300)]
    assert bits(ask("log", positive)) == bits(arithmetic.log(np.array(positive)))
    powers = [*draw(2, -9, 2.8), *draw(3, 0, 1), -699.5, -701.0, -1e9, 0.0, 700.0]
    assert bits(ask("exp", powers)) == bits(arithmetic.exp(np.array(powers)))


def test_sums() -> None:
    """Rounded once, of numbers that cancel out; and row by row."""
    chance = random.Random(4)
    lists = [draw(seed, -20, 20, chance.randint(0, 60)) for seed in range(200)]
    lists += [[*values, *(-value for value in values[1:])] for values in lists if values]
    lists += [
        [1e16, 1.0, 1e-16],
        [1e16, 1.0, 1.0],
        [1.0, 2**-53, 2**-106],
        [1.0, -(2**-54), -1e-40],
    ]
    assert bits(ask("fsum", lists)) == bits([math.fsum(values) for values in lists])
    rows = np.array(draw(5, -8, 8, 130 * 7)).reshape(-1, 7)
    assert bits(ask("add_rows", as_matrix(rows))) == bits(arithmetic.add_rows(rows))


@pytest.mark.parametrize("width", [2, 3, 8, 41])
def test_matrices(width: int) -> None:
    """Softmax, products, sums of products and eigenvectors."""
    rows = np.random.default_rng(width).normal(size=(450, width)) * 3
    weights = np.arange(len(rows)) % 17
    assert bits(ask("softmax", as_matrix(rows))) == bits(arithmetic.softmax(rows).ravel().tolist())
    gram = arithmetic.gram(rows, weights)
    assert bits(ask("gram", [as_matrix(rows), weights.tolist()])) == bits(gram.ravel().tolist())
    axes = arithmetic.eigenvectors(gram)
    assert bits(ask("eigenvectors", as_matrix(gram))) == bits(axes.ravel().tolist())
    product = arithmetic.matmul(rows, axes)
    asked = ask("matmul", [as_matrix(rows), as_matrix(axes)])
    assert bits(asked) == bits(product.ravel().tolist())


def test_rounding_and_writing() -> None:
    """A half goes to the even number, and floats are written as Python writes them."""
    values = [*EDGES, *draw(6, -12, 20), *(number + 0.5 for number in range(-9, 9))]
    assert bits(ask("rint", values)) == bits(np.rint(values))
    assert ask("repr", values) == list(map(repr, values))
    shares = [abs(value) for value in draw(7, -9, 1)] + [
        step / 2**k for k in range(9) for step in range(9)
    ]
    shares += [1 / 128, 3 / 128, 0.0000005, 5 / 2**20]
    assert ask("fixed", shares) == [f"{value:.6f}" for value in shares]


def test_json() -> None:
    """Keys in order, of code points; and texts as they are."""
    values = [
        {"b": [], "a": {}, "\uffee": 1, "😀": [True, None, "é\u2028\x7f\n"]},
        [0.5, [1, 2]],
        "x",
    ]
    assert ask("json", values) == [files.format_json(value) for value in values]


def test_permutations() -> None:
    """Those of NumPy's generator, for small seeds and large, in turn."""
    seeds = [0, 1, 2, 4294967295, 4294967296, 2**53 - 1]
    counts = [1, 2, 3, 20, 1000]
    expected = [
        [np.random.Generator(np.random.PCG64(seed)).permutation(n).tolist() for n in counts]
        for seed in seeds
    ]
    assert ask("permutations", [[seed, *counts] for seed in seeds]) == expected


def test_texts() -> None:
    """Their order, the white space around them, and what newsgroup posts are stripped of."""
    chance = random.Random(8)
    letters = ["a", "b", "\ud7ff", "\ue000", "\uffee", "😀", "\U0010ffff"]
    texts = ["".join(chance.choices(letters, k=chance.randint(0, 3))) for _ in range(300)]
    assert ask("sort", texts) == sorted(texts)
    spaced = [f"{chr(code)}x{chr(code)}" for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    assert ask("strip", spaced) == [text.strip() for text in spaced]
    posts = [
        [POST[:end], parts]
        for end in range(len(POST) + 1)
        for parts in ([], [PARTS[0]], [*PARTS[1:]])
    ]
    assert ask("strip_post", posts) == [strip_post(text, parts) for text, parts in posts]


def test_moments() -> None:
    """ISO dates and timestamps are the same seconds."""
    assert ask("seconds", MOMENTS) == [to_seconds(moment) for moment in MOMENTS]


def test_needed_characters() -> None:
    """Of each pattern the character that all its matches hold."""
    assert ask("needed", PATTERNS) == [find_needed(pattern) for pattern in PATTERNS]


def test_tables_of_unicode() -> None:
    """They are those that Python's libraries have: after an update, make unicode writes them."""
    written = (ROOT / tables.FILE).read_text(encoding="utf-8")
    assert written == tables.build(), f"{tables.FILE} is out of date: run make unicode"
