"""Count the words, pairs and pieces of each post of one split.

Writes a Parquet file (rowid int64, label int32, ids and counts lists of int32) with the rows of the
split, in its order; ``label`` is the place of the post's label in labels.json, ``ids`` are those
words, pairs and pieces of the vocabulary that the post has, in ascending order, and ``counts`` how
often it has each.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from provender import console, files, threads
from provender.running import step
from provender.text.encode import FIRST_WORD
from provender.text.grams import are_words, encode, read_units
from provender.text.recipe import Recipe
from provender.text.scripts import KANA, not_parted

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Where more than this share of texts has no known word, something is wrong.
MANY_UNKNOWN = 0.2


SCHEMA = pa.schema(
    {
        "rowid": pa.int64(),
        "label": pa.int32(),
        "ids": pa.list_(pa.int32()),
        "counts": pa.list_(pa.int32()),
    }
)


class Encoded(NamedTuple):
    """Some posts' features, how many words of each are known, and texts by script.

    ``known``: int32 [n]; ``not_parted``: as :func:`provender.text.scripts.not_parted` has it.
    """

    features: pa.Table
    known: np.ndarray
    not_parted: Mapping[str, int]


def encode_posts(
    posts: pa.Table, text: Recipe, words: pa.StringArray, labels: pa.StringArray, max_words: int
) -> pa.Table:
    """Encode the texts and labels of some posts (columns rowid, text, label)."""
    found = encode(text, read_units(text, posts["text"], max_words), words)
    offsets = pa.array(found.starts.astype(np.int32))
    columns = [
        posts["rowid"],
        pc.index_in(posts["label"], value_set=labels),
        pa.ListArray.from_arrays(offsets, pa.array(found.ids + FIRST_WORD)),
        pa.ListArray.from_arrays(offsets, pa.array(found.counts)),
    ]
    return pa.table(columns, SCHEMA)


def count_known(features: pa.Table, is_word: np.ndarray) -> np.ndarray:
    """Return how many of each text's words are known as a whole: int64 [n].

    ``is_word``: bool [words], which features are words.
    """
    ids, counts = features["ids"].combine_chunks(), features["counts"].combine_chunks()
    own = is_word[ids.flatten().to_numpy() - FIRST_WORD]
    rows = np.repeat(np.arange(len(ids)), np.diff(np.asarray(ids.offsets)))
    return np.bincount(rows[own], counts.flatten().to_numpy()[own], len(ids)).astype(np.int64)


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--split", type=Path, required=True, help="one split, Parquet")
    parser.add_argument("--vocabulary", type=Path, required=True, help="words, JSON")
    parser.add_argument("--labels", type=Path, required=True, help="labels, JSON")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--max-words", type=int, required=True, help="words read of a post")
    parser.add_argument("--output", type=Path, required=True, help="Parquet file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Read one split, encode it and write the features."""
    recipe = files.read_json(options.text)
    words = files.read_json(options.vocabulary)
    names = files.read_json(options.labels)
    is_word, known_words = are_words(recipe, words), pa.array(words, pa.string())
    known_labels = pa.array(names, pa.string())

    def work(posts: pa.Table) -> Encoded:
        features = encode_posts(posts, recipe, known_words, known_labels, options.max_words)
        known = count_known(features, is_word)
        texts = posts["text"].combine_chunks()
        return Encoded(features, known.astype(np.int32), not_parted(recipe, texts))

    groups = files.read_groups(options.split, ["rowid", "text", "label"])
    known, places, scripts = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)], Counter[str]()
    with files.writing_parquet(options.output, SCHEMA) as output:
        for encoded in threads.in_order(work, groups):
            output.write(encoded.features)
            known.append(encoded.known)
            places.append(encoded.features["label"].to_numpy())
            scripts.update(encoded.not_parted)
    known_of, labels = np.concatenate(known), np.concatenate(places)
    console.log.info("encoded %s posts", f"{len(known_of):,}")
    if not len(known_of):
        return
    name = options.split.stem
    for line in describe(name, known_of, labels, names):
        console.log.info("%s", line)
    for warning in warn(name, known_of, scripts):
        console.log.warning("warning: %s", warning)


def describe(name: str, known: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> list[str]:
    """Return a line for a split, and one for its labels: how many words are known.

    ``known``: int [n], of each text; ``labels``: int [n], places in ``names``.
    """

    def say(rows: np.ndarray) -> str:
        return f"{(known[rows] == 0).mean():.1%}, {known[rows].mean():.1f}"

    every = np.ones(len(known), bool)
    each = "; ".join(f"{names[label]} {say(labels == label)}" for label in np.unique(labels))
    return [
        f"{name}: texts without a known word, and known words a text: {say(every)}",
        f"{name}: the same by label: {each}",
    ]


def warn(name: str, known: np.ndarray, not_parted: Mapping[str, int]) -> list[str]:
    """Return what is wrong with a split whose words are mostly unknown, and what mends it.

    ``not_parted``: texts by script, of scripts without spaces that text.grams does not have.
    """
    found = []
    for script, count in not_parted.items():
        if count > len(known) / 2:
            names = "Han, Hiragana and Katakana" if script == KANA else script
            found.append(
                f"{name}: {count:,} of {len(known):,} texts are in a script that has no spaces "
                f"between words: add {names} to text.grams.scripts"
            )
    unknown = int((known == 0).sum())
    if not found and unknown > MANY_UNKNOWN * len(known):
        found.append(
            f"{name}: {unknown:,} of {len(known):,} texts have no known word: lower "
            "vocabulary.min_count, or add texts to learn from"
        )
    return found


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
