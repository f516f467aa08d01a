"""How much each feature of a text counts, as ``web/src/encode.js`` computes it."""

import math

import numpy as np

# Ids below stand for nothing: their rows hold the ends of a table that ships in bytes.
FIRST_WORD = 2

# Log counts are rounded to integers of this unit: their squares then add up exactly
# in float64, in any order, on any CPU and in JavaScript.
LOG_UNIT = 10_000

# Each text counts as if it had so many more features of each kind that nobody knows, so that one
# known word is not as much proof as a hundred. On newsgroup posts cut to 1 to 32 words, scores are
# then right as often as they say; 4 to 32 do as well on tables of any kind.
UNKNOWN = 8


def pooling_weights(starts: np.ndarray, counts: np.ndarray, is_piece: np.ndarray) -> np.ndarray:
    """Weigh each text's features: float32 [features].

    ``starts``: int [n + 1], where each text's features begin; ``counts``: int [features], how
    often it has each; ``is_piece``: bool [features]. What occurs c times counts 1 + ln c (tf
    weighting as in Salton and Buckley 1988). The words and pairs of a text, together with the
    ``UNKNOWN`` ones, have an L2 norm of 1, and so have its pieces, for themselves: else they would
    drown the words, of which there are fewer.
    """
    most = int(counts.max(initial=1))
    # Python's own logarithm: NumPy's differs between CPUs.
    log_counts = np.array(
        [0] + [math.floor((1 + math.log(c)) * LOG_UNIT + 0.5) for c in range(1, most + 1)],
        dtype=np.float64,
    )
    totals = log_counts[counts]
    texts = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    blocks = 2 * texts + is_piece
    squares = np.bincount(blocks, totals**2, 2 * (len(starts) - 1))
    norms = np.sqrt(squares + UNKNOWN * LOG_UNIT**2)
    weights: np.ndarray = (totals / norms[blocks]).astype(np.float32)
    return weights
