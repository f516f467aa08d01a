"""How much each feature of a text counts, as ``web/src/encode.js`` computes it."""

import enum
import math

import numpy as np

from provender.compiled import compiled, fixed

# Ids below stand for nothing: their rows hold the ends of a table that ships in bytes.
FIRST_WORD = 2

# Log counts are rounded to integers of this unit: their squares then add up exactly
# in float64, in any order, on any CPU and in JavaScript.
LOG_UNIT = 10_000

# Each text counts as if it had so many more features of each kind that nobody knows, so that one
# known word is not as much proof as a hundred. On newsgroup posts cut to 1 to 32 words, scores are
# then right as often as they say; 4 to 32 do as well on tables of any kind.
UNKNOWN = 8


# Words, pairs of words and pieces of runs share one measure, in which so many pieces of runs count
# as one word: of sizes 1 to 3 a character has three, and a word of Chinese or Japanese about two.
# So a word of English in a Chinese text does not outweigh the rest. From 2 to 10, five do best on
# tables of Chinese and Japanese together.
RUN_PIECES = 5


class Kind(enum.IntEnum):
    """What a feature is of: a word or a pair of words; a piece of a run; a piece of a word."""

    WORD = 0
    RUN = 1
    PIECE = 2


def pooling_weights(starts: np.ndarray, counts: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Weigh each text's features: float32 [features].

    ``starts``: int [n + 1], where each text's features begin; ``counts``: int [features], how
    often it has each; ``kinds``: uint8 [features]. What occurs c times counts 1 + ln c (tf
    weighting as in Salton and Buckley 1988). The words and pairs of a text, together with the
    ``UNKNOWN`` ones, have an L2 norm of 1, and so have the pieces of its words, for themselves:
    else they would drown the words, of which there are fewer. Where a text has runs, words and
    their pieces weigh less, by the share that is theirs; the pieces of runs weigh as much as both
    together do in a text without runs.
    """
    most = int(counts.max(initial=1))
    # Python's own logarithm: NumPy's differs between CPUs.
    log_counts = np.array(
        [0] + [math.floor((1 + math.log(c)) * LOG_UNIT + 0.5) for c in range(1, most + 1)],
        dtype=np.float64,
    )
    begins = fixed(np.ascontiguousarray(starts, np.int64))
    times = fixed(np.ascontiguousarray(counts, np.int32))
    kinds = fixed(np.ascontiguousarray(kinds, np.uint8))
    squares = np.zeros((len(starts) - 1, len(Kind)))
    _add_squares(begins, times, kinds, log_counts, squares)
    unknown = UNKNOWN * LOG_UNIT**2
    words, pieces = squares[:, Kind.WORD] + unknown, squares[:, Kind.PIECE] + unknown
    all_words = words + squares[:, Kind.RUN] / RUN_PIECES
    # Exact without runs; with them each operation is rounded as IEEE 754 says, in JavaScript too.
    parts = [all_words, all_words * (RUN_PIECES / 2), pieces * (all_words / words)]
    weights = np.empty(len(counts), np.float32)
    _divide(begins, times, kinds, log_counts, np.sqrt(np.stack(parts, axis=1)), weights)
    return weights


@compiled
def _add_squares(
    starts: np.ndarray,
    counts: np.ndarray,
    kinds: np.ndarray,
    log_counts: np.ndarray,
    squares: np.ndarray,
) -> None:
    """Add up each text's squares, by kind, in ``squares`` float64 [n, kinds]."""
    for row in range(len(squares)):
        for place in range(starts[row], starts[row + 1]):
            total = log_counts[counts[place]]
            squares[row, kinds[place]] += total * total


@compiled
def _divide(
    starts: np.ndarray,
    counts: np.ndarray,
    kinds: np.ndarray,
    log_counts: np.ndarray,
    norms: np.ndarray,
    weights: np.ndarray,
) -> None:
    """Set ``weights`` float32 [features]; ``norms``: float64 [n, kinds]."""
    for row in range(len(norms)):
        for place in range(starts[row], starts[row + 1]):
            weights[place] = log_counts[counts[place]] / norms[row, kinds[place]]
