"""The text recipe: one piece of data that Python and the browser interpret alike.

A compiled recipe (:func:`compile_recipe`) is plain JSON:

``max_characters``
    How many characters (code points) are read of a text; what follows is left out, so
    that a text of any length takes a bounded time.
``lower``
    ``[first, last, step, delta]`` runs: every ``step``-th code point of
    ``first..last`` becomes the code point ``delta`` further on.
``separators``
    ``[first, last]`` runs of code points that become a space.
``replace``
    ``[pattern, replacement]`` pairs, applied in order; the replacement is literal.

Both tables only hold code points beyond ASCII: A-Z are lower-cased by rule and the
rest of ASCII is the patterns' business. ``web/src/text.js`` is the other interpreter.
"""

import sys
import unicodedata
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Recipe = dict[str, Any]

FIRST_BEYOND_ASCII = 0x80
# Texts split at once.
BATCH_TEXTS = 2048
SURROGATES = range(0xD800, 0xE000)

# Unicode's general categories that make up words: letters, marks, numbers.
WORD_CATEGORIES = (b"L", b"M", b"N")


def compile_recipe(recipe: dict[str, Any]) -> Recipe:
    """Compile what ``config/text.yaml`` holds and add the Unicode tables.

    What a letter is comes from Python's Unicode database and its lower case from
    Arrow's, so that running the recipe at column speed agrees with the tables.
    """
    codes = np.arange(FIRST_BEYOND_ASCII, sys.maxunicode + 1, dtype="<i4")
    codes = codes[(codes < SURROGATES.start) | (codes >= SURROGATES.stop)]
    categories = "".join(map(unicodedata.category, _to_text(codes))).encode()[::2]
    in_words = np.isin(np.frombuffer(categories, "S1"), WORD_CATEGORIES)
    letters = codes[in_words]
    lowered = _to_codes(pc.utf8_lower(pa.scalar(_to_text(letters))).as_py())
    # This fails for a lower case of two characters, which the table could not hold.
    deltas = lowered - letters
    changed = deltas != 0
    return {
        "max_characters": recipe["max_characters"],
        "lower": _lower_runs(letters[changed].tolist(), deltas[changed].tolist()),
        "separators": _consecutive(codes[~in_words]),
        "replace": [[rule["pattern"], rule["with"]] for rule in recipe["replace"]],
    }


def split_words(recipe: Recipe, texts: pa.Array | pa.ChunkedArray) -> pa.ListArray:
    """Split texts into words.

    ``texts``: n strings. Returns a list<string> array of n rows, in text order.
    Nothing is done row by row: each rule runs over the whole column in Arrow's RE2.
    """
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    texts = pc.utf8_slice_codeunits(texts, 0, recipe["max_characters"])
    # In this order: what Unicode has no letter for yet may have one as its lower case.
    texts = pc.utf8_lower(pc.replace_substring_regex(texts, _separator_class(recipe), " "))
    for pattern, replacement in recipe["replace"]:
        # In RE2 a backslash starts a reference to a group; here it means itself.
        literal = replacement.replace("\\", "\\\\")
        texts = pc.replace_substring_regex(texts, pattern, literal)
    return _without_empty(pc.split_pattern(texts, " "))


def split_in_batches(recipe: Recipe, texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Split texts into words as :func:`split_words` does, some at once.

    Each rule copies what it works on: of many texts at once, hundreds of megabytes.
    """
    starts = range(0, len(texts), BATCH_TEXTS)
    parts = [split_words(recipe, texts.slice(start, BATCH_TEXTS)) for start in starts]
    return pa.chunked_array(parts, pa.list_(pa.string()))


def _without_empty(words: pa.ListArray) -> pa.ListArray:
    """Leave out the empty words that outer and repeated spaces give."""
    kept = pc.not_equal(words.values, "")
    before = np.concatenate([[0], np.cumsum(kept, dtype=np.int32)])
    return pa.ListArray.from_arrays(before[words.offsets], words.values.filter(kept))


def _separator_class(recipe: Recipe) -> str:
    ranges = "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in recipe["separators"])
    return f"[{ranges}]"


def _to_text(codes: np.ndarray) -> str:
    return codes.tobytes().decode("utf-32-le")


def _to_codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le"), "<i4")


def _consecutive(codes: np.ndarray) -> list[list[int]]:
    """Return the first and last of each run of consecutive code points."""
    ends = np.flatnonzero(np.diff(codes) > 1)
    first, last = codes[[0, *(ends + 1)]], codes[[*ends, -1]]
    runs: list[list[int]] = np.stack([first, last], axis=1).tolist()
    return runs


def _lower_runs(codes: list[int], deltas: list[int]) -> list[list[int]]:
    """Pack code points and their deltas into runs of one delta and one step of 1 or 2."""
    runs: list[list[int]] = []
    for code, delta in zip(codes, deltas, strict=True):
        if runs and runs[-1][3] == delta:
            first, last, step, _ = runs[-1]
            if code - last == step or (first == last and code - last == 2):
                runs[-1][1:3] = [code, code - last]
                continue
        runs.append([code, code, 1, delta])
    return runs
