"""Functions whose last bit is the same on every CPU.

NumPy and the C library pick another logarithm and exponential for AVX-512, for AVX2 and for
neither, and these differ in their last bits; so do the matrix products of NumPy's BLAS, and
TensorFlow's softmax between CPUs whose approximate reciprocals differ. What is here takes
only operations that IEEE 754 defines to the bit: addition, subtraction, multiplication,
division, square roots and rounding.
"""

from collections.abc import Callable

import numpy as np

from provender.compiled import compiled

SQRT_HALF = 0.7071067811865476
LN_2 = 0.6931471805599453

# ln 2 in two parts: the first, of 33 bits, times a small integer is exact (as in fdlibm).
LN_2_HIGH = 6.93147180369123816490e-01
LN_2_LOW = 1.90821492927058770002e-10

# Terms after which the series below add less than half a unit in the last place.
LOG_TERMS = 11
EXP_TERMS = 14

# Below it exp is no normal float64; such a score would be 0 as float32 too.
LOWEST_EXPONENT = -700.0

# So many rows, and so many numbers, stay in a CPU's cache.
ROWS = 200
NUMBERS = 8192

# Each squares what is left off the diagonal; from whatever matrix, eight leave nothing.
SWEEPS = 10


def _by_parts(function: Callable[[np.ndarray], np.ndarray], values: np.ndarray) -> np.ndarray:
    """Return a function of each number, of so many at once that stay in a CPU's cache: float64."""
    values = np.ascontiguousarray(values, np.float64)
    result = np.empty(values.shape)
    flat, found = values.reshape(-1), result.reshape(-1)
    for start in range(0, len(flat), NUMBERS):
        found[start : start + NUMBERS] = function(flat[start : start + NUMBERS])
    return result


def log(values: np.ndarray) -> np.ndarray:
    """Return the natural logarithm of positive finite numbers: float64, error below 4 ulp.

    ln(m 2^e) = e ln 2 + 2 artanh((m - 1) / (m + 1)), m between √½ and √2.
    """
    return _by_parts(_log, values)


def _log(values: np.ndarray) -> np.ndarray:
    mantissa, exponent = np.frexp(values)
    low = mantissa < SQRT_HALF
    mantissa = np.where(low, 2 * mantissa, mantissa)
    ratio = (mantissa - 1) / (mantissa + 1)
    square = ratio * ratio
    series = np.zeros_like(ratio)
    for term in range(LOG_TERMS - 1, -1, -1):
        series = series * square + 1 / (2 * term + 1)
    result: np.ndarray = (exponent - low) * LN_2 + 2 * ratio * series
    return result


def exp(values: np.ndarray) -> np.ndarray:
    """Return e to the power of numbers up to 700: float64, error below 2 ulp.

    e^x = 2^k e^r, r being at most ½ ln 2 from 0. Below ``LOWEST_EXPONENT`` its power is given.
    """
    return _by_parts(_exp, values)


def _exp(values: np.ndarray) -> np.ndarray:
    values = np.maximum(values, LOWEST_EXPONENT)
    powers = np.rint(values / LN_2)
    rest = (values - powers * LN_2_HIGH) - powers * LN_2_LOW
    series = np.ones_like(rest)
    for term in range(EXP_TERMS, 0, -1):
        series = 1 + rest / term * series
    result: np.ndarray = np.ldexp(series, powers.astype(np.int32))
    return result


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the softmax of each row of ``logits`` [n, labels]: float32, from float64."""
    logits = np.asarray(logits, np.float64)
    exponentials = exp(logits - logits.max(axis=1, keepdims=True))
    shares: np.ndarray = exponentials / add_rows(exponentials)[:, np.newaxis]
    return shares.astype(np.float32)


def add_rows(values: np.ndarray) -> np.ndarray:
    """Return the sum of each row of ``values`` [n, k], from the first column on: float64 [n].

    Column by column: how NumPy adds up a row depends on its length.
    """
    total = np.zeros(len(values))
    for column in values.T:
        total += column
    return total


def matmul(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return ``left`` [n, k] times ``right`` [k, m]: float64, added up in the order of k."""
    total = np.zeros((left.shape[0], right.shape[1]))
    _matmul(np.ascontiguousarray(left, np.float64), np.ascontiguousarray(right, np.float64), total)
    return total


@compiled
def _matmul(left: np.ndarray, right: np.ndarray, total: np.ndarray) -> None:
    for row in range(len(total)):
        for place in range(len(right)):
            for column in range(right.shape[1]):
                total[row, column] += left[row, place] * right[place, column]


def gram(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the sum of each row's outer product with itself, times its weight: [k, k].

    ``rows``: [n, k], k at least 2; ``weights``: [n]. float64, added up in the order of the rows,
    ``ROWS`` at a time.
    """
    size = rows.shape[1]
    total = np.zeros((size, size))
    _gram(np.ascontiguousarray(rows, np.float64), np.asarray(weights, np.float64), total)
    # Of two products that differ in their last bit, the mean.
    return (total + total.T) / 2


@compiled
def _gram(rows: np.ndarray, weights: np.ndarray, total: np.ndarray) -> None:
    size = rows.shape[1]
    for start in range(0, len(rows), ROWS):
        part = np.zeros((size, size))
        for row in range(start, min(start + ROWS, len(rows))):
            for place in range(size):
                for column in range(size):
                    part[place, column] += rows[row, column] * weights[row] * rows[row, place]
        total += part


def eigenvectors(matrix: np.ndarray) -> np.ndarray:
    """Return the eigenvectors of a symmetric matrix [k, k], as columns: float64.

    That of the largest eigenvalue comes first. Jacobi's method (Golub and Van Loan 2013, 8.5):
    rotations that each make one pair of elements zero, as many at once as share no axis.
    """
    matrix, vectors = np.array(matrix, np.float64), np.eye(len(matrix))
    rounds = _pair_up(len(matrix))
    for _ in range(SWEEPS):
        for first, second in rounds:
            _rotate(matrix, vectors, first, second)
    return vectors[:, np.argsort(-np.diag(matrix), kind="stable")]


def _pair_up(size: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return rounds in which each of so many axes meets one other, and in the end each has met all.

    As players of a tournament: the first one stays, the others move on by one seat.
    """
    even = size + size % 2
    seats = list(range(even))
    rounds = []
    for _ in range(even - 1):
        pairs = [sorted((seats[place], seats[even - 1 - place])) for place in range(even // 2)]
        # With an odd number, one rests.
        met = [pair for pair in pairs if pair[1] < size]
        rounds.append((np.array([a for a, _ in met], int), np.array([b for _, b in met], int)))
        seats = [seats[0], seats[-1], *seats[1:-1]]
    return rounds


def _rotate(matrix: np.ndarray, vectors: np.ndarray, first: np.ndarray, second: np.ndarray) -> None:
    """Turn pairs of axes so that ``matrix`` is zero where they meet, and ``vectors`` with them."""
    apart = matrix[second, second] - matrix[first, first]
    twice = 2 * matrix[first, second]
    # Squared, so that what is as good as zero is left alone.
    length = np.sqrt(apart * apart + twice * twice)
    turn = twice * twice > 0
    tangent = np.zeros(len(first))
    tangent[turn] = twice[turn] / (np.abs(apart[turn]) + length[turn])
    tangent[apart < 0] *= -1
    cosine = 1 / np.sqrt(tangent * tangent + 1)
    sine = tangent * cosine
    for turned in (matrix, matrix.T, vectors):
        _turn(first, second, cosine, sine, turned)
    matrix[first, second] = matrix[second, first] = 0


@compiled
def _turn(
    first: np.ndarray,
    second: np.ndarray,
    cosine: np.ndarray,
    sine: np.ndarray,
    turned: np.ndarray,
) -> None:
    for row in range(len(turned)):
        for pair in range(len(first)):
            one, other = turned[row, first[pair]], turned[row, second[pair]]
            turned[row, first[pair]] = cosine[pair] * one - sine[pair] * other
            turned[row, second[pair]] = sine[pair] * one + cosine[pair] * other
