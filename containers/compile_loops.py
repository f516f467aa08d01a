"""Calls each compiled loop as a build does, so that the image has its machine code.

Each process would compile the loops anew otherwise, since nobody may write into the image later.
The image's test sees to it that a build compiles none, tests/test_compiled.py that none is missing.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from provender.model import arithmetic, features, hinge, naive_bayes, outside
from provender.text import counting, grams
from provender.text.encode import FIRST_WORD, Kind
from provender.text.recipe import compile_recipe

# Each of its texts' parts is another case for the loops that read texts.
RECIPE = compile_recipe(
    {"max_characters": 99, "replace": [{"pattern": "[!,]", "apart": True}]},
    {"sizes": [1, 2], "scripts": ["Han"], "words": [2, 3], "pairs": True},
)
PARTS = ["a", "Bé", "long-words", "e\u0301", "字漢字", "!", "ab", "x😀y", "abcdefghij"]

# Features that are kept.
KEPT = 9


def call_all(
    texts: Sequence[str], labels: Sequence[int], chance: np.random.Generator
) -> list[bytes]:
    """Return the bytes of what the loops give for texts by the recipe, and their labels."""
    column = pa.chunked_array([texts], pa.string())
    units = grams.read_units(RECIPE, column, 20)
    usable = np.ones(len(units.names), bool)
    names, counts = grams.count_texts(RECIPE, units, np.arange(len(texts)), usable)
    kept = counting.keep_most(pa.table([names, counts], counting.SCHEMA), KEPT)["name"].to_pylist()
    encoded = grams.encode(RECIPE, units, kept)
    kinds = np.full(FIRST_WORD + KEPT, Kind.WORD, np.uint8)
    kinds[FIRST_WORD : FIRST_WORD + len(kept)] = grams.kinds_of(RECIPE, kept)
    posts = features.make_features(
        np.arange(len(texts)),
        np.array(labels, np.int32),
        encoded.starts,
        (encoded.ids + FIRST_WORD).astype(np.int32),
        encoded.counts.astype(np.int32),
        kinds,
    )
    size, many = len(kinds), max(labels) + 1
    table, factors = chance.normal(0, 1, (size, many)), chance.uniform(0.5, 2, size)
    square = chance.normal(0, 1, (many, many))
    found = (
        np.frombuffer("|".join(names.to_pylist()).encode(), np.uint8),
        counts,
        encoded.starts,
        encoded.ids,
        encoded.counts,
        posts.weights,
        hinge.fit(posts, factors, many, 1.0, 2, 1),
        features.pool(posts, table),
        features.add_squares(posts),
        features.restrict(posts, np.arange(3, size)).ids,
        naive_bayes.naive_bayes_table(posts, many, naive_bayes.NaiveBayes(0.1, 0.7)),
        outside.count_by_label([posts], many, size),
        arithmetic.matmul(table, square),
        arithmetic.eigenvectors(arithmetic.gram(table, factors)),
    )
    return [each.tobytes() for each in found]


if __name__ == "__main__":
    call_all([" ".join(PARTS), " ".join(PARTS[:3])], [0, 2], np.random.default_rng(1))
