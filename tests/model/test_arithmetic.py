"""Logarithm, exponential, softmax, products, axes: right, and the same on every CPU."""

import hashlib
import os
import subprocess
import sys
from decimal import Decimal, localcontext

import numpy as np
import pytest

from provender.model import arithmetic
from provender.reproduction.reproduce import OLD_CPU

# Numbers of all sizes, and many around 1, where a logarithm loses digits.
NUMBERS = np.concatenate(
    [
        10.0 ** np.random.default_rng(1).uniform(-300, 300, 3_000),
        np.random.default_rng(2).uniform(0.5, 2, 3_000),
        [1, 2, np.nextafter(1, 0), np.nextafter(1, 2), np.sqrt(0.5)],
    ]
)

# Run in a process of its own, since libraries look at the CPU once, when they are loaded.
DIGESTS = """
import hashlib, numpy as np
from provender.model import arithmetic
numbers = np.random.default_rng(3).uniform(0, 30, (20_000, 8))
product = arithmetic.matmul(numbers, numbers[:8])
axes = arithmetic.eigenvectors(arithmetic.gram(numbers - 15, numbers[:, 0]))
for values in (arithmetic.log(numbers), arithmetic.exp(-numbers), product, axes):
    print(hashlib.sha256(values.tobytes()).hexdigest())
"""


def exact(function: str, values: np.ndarray) -> np.ndarray:
    """Return ``function`` of Python's decimals, of 40 digits, rounded to float64."""
    with localcontext() as context:
        context.prec = 40
        return np.array([float(getattr(Decimal(float(value)), function)()) for value in values])


def ulps(values: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference in units in the last place."""
    return float(np.max(np.abs(values - expected) / np.spacing(np.abs(expected))))


def test_log() -> None:
    """The logarithm is right to a few units in the last place, and exactly 0 for 1."""
    assert ulps(arithmetic.log(NUMBERS), exact("ln", NUMBERS)) < 4
    assert arithmetic.log(np.array([1.0]))[0] == 0


def test_exp() -> None:
    """Powers are right to a unit in the last place, and tiny ones no less than they are."""
    exponents = np.concatenate([np.random.default_rng(6).uniform(-700, 100, 3_000), [0, -1e-300]])
    assert ulps(arithmetic.exp(exponents), exact("exp", exponents)) < 2
    assert arithmetic.exp(np.array([-1e9]))[0] == arithmetic.exp(np.array([-700.0]))[0] > 0


def test_softmax() -> None:
    """Scores are right to float32's last place; none is lost where logits lie far apart."""
    logits = np.random.default_rng(4).normal(scale=8, size=(300, 5))
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.array([exact("exp", row) for row in shifted])
    expected = exponentials / exponentials.sum(axis=1, keepdims=True)
    scores = arithmetic.softmax(logits)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, rtol=6e-8, atol=0)
    assert arithmetic.softmax(np.array([[0.0, -1e4]])).tolist() == [[1, 0]]
    assert arithmetic.softmax(np.array([[3.0] * 4])).tolist() == [[0.25] * 4]


def test_matmul() -> None:
    """The product is NumPy's, but for the rounding of float64."""
    chance = np.random.default_rng(5)
    left, right = (chance.normal(size=size).astype(np.float32) for size in ((50, 7), (7, 3)))
    product = arithmetic.matmul(left, right)
    np.testing.assert_allclose(product, left.astype(np.float64) @ right, rtol=1e-12, atol=1e-14)


def test_gram() -> None:
    """The sum of outer products is NumPy's, but for the rounding of float64."""
    chance = np.random.default_rng(7)
    rows, weights = chance.normal(size=(1250, 4)).astype(np.float32), chance.uniform(size=1250)
    expected = (rows.astype(np.float64) * weights[:, np.newaxis]).T @ rows.astype(np.float64)
    np.testing.assert_allclose(arithmetic.gram(rows, weights), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("size", [1, 2, 3, 20])
def test_eigenvectors(size: int) -> None:
    """They are orthonormal, and the matrix only stretches each, the first the most."""
    rows = np.random.default_rng(size).normal(size=(30, size))
    rows -= rows.mean(axis=1, keepdims=True)
    matrix = rows.T @ rows
    vectors = arithmetic.eigenvectors(matrix)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(size), atol=1e-12)
    stretched = vectors.T @ matrix @ vectors
    np.testing.assert_allclose(stretched, np.diag(np.diag(stretched)), atol=1e-10)
    np.testing.assert_allclose(
        np.diag(stretched), np.linalg.eigvalsh(matrix)[::-1], rtol=1e-10, atol=1e-10
    )


def test_eigenvectors_of_what_is_next_to_nothing() -> None:
    """Elements whose squares are 0 are left alone, and divide nothing by zero."""
    assert arithmetic.eigenvectors(np.full((2, 2), 1e-200)).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("cpu", [{}, OLD_CPU])
def test_the_same_on_every_cpu(cpu: dict[str, str]) -> None:
    """With code for old CPUs, and with this one's, the bytes are the same."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DIGESTS],
        env={**os.environ, **cpu}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    numbers = np.random.default_rng(3).uniform(0, 30, (20_000, 8))
    product = arithmetic.matmul(numbers, numbers[:8])
    axes = arithmetic.eigenvectors(arithmetic.gram(numbers - 15, numbers[:, 0]))
    values = (arithmetic.log(numbers), arithmetic.exp(-numbers), product, axes)
    assert done.stdout.split() == [hashlib.sha256(each.tobytes()).hexdigest() for each in values]
