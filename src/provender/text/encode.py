"""Words to fixed-length ids and pooling weights, as ``web/src/encode.js`` does it."""

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

PADDING = 0
UNKNOWN = 1
FIRST_WORD = 2

# Log counts are rounded to integers of this unit: their squares then add up exactly
# in float64, in any order, on any CPU and in JavaScript.
LOG_UNIT = 10_000


def encode_words(words: pa.ListArray, vocabulary: list[str], max_words: int) -> np.ndarray:
    """Look up the first ``max_words`` words of each text.

    ``words``: n lists of strings. Returns int32 [n, max_words]: the id of vocabulary
    word i is i + 2, 1 stands for any other word, 0 fills up shorter texts.
    """
    lengths = np.asarray(pc.list_value_length(words))
    found = pc.index_in(pc.list_flatten(words), value_set=pa.array(vocabulary, pa.string()))
    flat = np.asarray(pc.fill_null(found, UNKNOWN - FIRST_WORD)) + FIRST_WORD
    rows = np.repeat(np.arange(len(lengths)), lengths)
    starts = np.cumsum(lengths) - lengths
    places = np.arange(len(flat)) - np.repeat(starts, lengths)
    kept = places < max_words
    ids = np.full((len(lengths), max_words), PADDING, np.int32)
    ids[rows[kept], places[kept]] = flat[kept]
    return ids


def pooling_weights(ids: np.ndarray) -> np.ndarray:
    """Weigh each slot so that a text's embedding is the weighted sum of its words'.

    ``ids``: int [n, max_words]. Returns float32 of the same shape. A known word that
    occurs c times counts 1 + ln c in all, shared by its slots; each text's weights are
    scaled to an L2 norm of 1 over its distinct words (tf weighting as in Salton and
    Buckley 1988). Padding and unknown words weigh nothing.
    """
    texts, max_words = ids.shape
    rows, places = np.nonzero(ids >= FIRST_WORD)
    keys = rows * (int(ids.max(initial=0)) + 1) + ids[rows, places]
    distinct, slots, counts = np.unique(keys, return_inverse=True, return_counts=True)
    log_counts = np.array(
        [0] + [math.floor((1 + math.log(c)) * LOG_UNIT + 0.5) for c in range(1, max_words + 1)],
        dtype=np.float64,
    )
    totals = log_counts[counts]
    squares = np.zeros(texts)
    np.add.at(squares, distinct // (int(ids.max(initial=0)) + 1), totals**2)
    weights = np.zeros(ids.shape, np.float32)
    weights[rows, places] = totals[slots] / counts[slots] / np.sqrt(squares[rows])
    return weights
