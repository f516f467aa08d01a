"""Count the words, pairs and pieces of each post of one split.

Writes a Parquet file (rowid int64, label int32, ids and counts lists of int32) with the rows of the
split, in its order; ``label`` is the place of the post's label in labels.json, ``ids`` are those
words, pairs and pieces of the vocabulary that the post has, in ascending order, and ``counts`` how
often it has each. A shard encodes some of the split's row groups.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from provender import console, files, threads
from provender.running import shards, step
from provender.text.encode import FIRST_WORD
from provender.text.grams import Vocabulary, are_words, encode, read_units
from provender.text.recipe import Recipe
from provender.text.scripts import advise, not_parted

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Where more than this share of texts has no known word, something is wrong.
MANY_UNKNOWN = 0.2

# Posts encoded at once: bounds the memory, not the result.
BATCH = 256

SCHEMA = pa.schema(
    {
        "rowid": pa.int64(),
        "label": pa.int32(),
        "ids": pa.list_(pa.int32()),
        "counts": pa.list_(pa.int32()),
    }
)

# A text's ids rise, so that their differences take a third of the bytes, and less time.
ENCODING = {
    "column_encoding": {"ids.list.element": "DELTA_BINARY_PACKED"},
    "use_dictionary": ["label", "counts.list.element"],
}

# What a shard leaves of each post.
SHARD_SCHEMA = SCHEMA.append(pa.field("known", pa.int32()))


class Encoded(NamedTuple):
    """Some posts' features, how many words of each are known, and texts by script.

    ``known``: int32 [n]; ``not_parted``: as :func:`provender.text.scripts.not_parted` has it.
    """

    features: pa.Table
    known: np.ndarray
    not_parted: Mapping[str, int]


def encode_posts(
    posts: pa.Table, text: Recipe, words: Vocabulary, labels: pa.StringArray, max_words: int
) -> pa.Table:
    """Encode the texts and labels of some posts (columns rowid, text, label)."""
    found = encode(text, read_units(text, posts["text"], max_words), words)
    found.ids[:] += FIRST_WORD
    offsets = pa.array(found.starts.astype(np.int32))
    columns = [
        posts["rowid"],
        pc.index_in(posts["label"], value_set=labels),
        pa.ListArray.from_arrays(offsets, pa.array(found.ids)),
        pa.ListArray.from_arrays(offsets, pa.array(found.counts)),
    ]
    return pa.table(columns, SCHEMA)


def count_known(features: pa.Table, is_word: np.ndarray) -> np.ndarray:
    """Return how many of each text's words are known as a whole: int64 [n].

    ``is_word``: bool [words], which features are words.
    """
    found = [np.zeros(0, np.int64)]
    for ids, counts in zip(features["ids"].chunks, features["counts"].chunks, strict=True):
        known = counts.flatten().to_numpy() * is_word[ids.flatten().to_numpy() - FIRST_WORD]
        offsets = np.asarray(ids.offsets)
        before = np.append(0, np.cumsum(known, dtype=np.int64))
        found.append(np.diff(before[offsets - offsets[0]]))
    return np.concatenate(found)


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--split", type=Path, required=True, help="one split, Parquet")
    parser.add_argument("--vocabulary", type=Path, required=True, help="words, JSON")
    parser.add_argument("--labels", type=Path, required=True, help="labels, JSON")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--max-words", type=int, required=True, help="words read of a post")
    output = parser.add_argument("--output", type=Path, required=True, help="Parquet file to write")
    shards.add_arguments(parser, [output])
    return parser


def encode_split(options: argparse.Namespace, names: Sequence[str]) -> Iterator[Encoded]:
    """Yield the features of the split's posts, or of a shard's, ``BATCH`` at once."""
    recipe = files.read_json(options.text)
    words = files.read_json(options.vocabulary)
    is_word, known_words = are_words(recipe, words), Vocabulary(words)
    known_labels = pa.array(names, pa.string())

    def work(posts: pa.Table) -> Encoded:
        features = encode_posts(posts, recipe, known_words, known_labels, options.max_words)
        known = count_known(features, is_word)
        texts = posts["text"].combine_chunks()
        return Encoded(features, known.astype(np.int32), not_parted(recipe, texts))

    choose = options.shard.of if options.shard else range
    # Of long texts a whole row group's features are some 25 MB.
    some = files.read_groups(options.split, ["rowid", "text", "label"], choose, rows=BATCH)
    return threads.in_order(work, some)


def write_shard(path: Path, found: Iterator[Encoded]) -> None:
    """Write what :func:`read_shards` reads."""
    batches = (
        (each.features.append_column("known", [each.known]), dict(each.not_parted))
        for each in found
    )
    files.write_batches(path, SHARD_SCHEMA, batches)


def read_shards(paths: Sequence[Path]) -> Iterator[Encoded]:
    """Yield what shards have encoded, one after another."""
    for table, not_parted_of in files.read_batches(paths):
        yield Encoded(table.select(SCHEMA.names), table["known"].to_numpy(), not_parted_of)


def main(options: argparse.Namespace) -> None:
    """Read one split, encode it and write the features."""
    names = files.read_json(options.labels)
    found = read_shards(options.parts) if options.parts else encode_split(options, names)
    if options.shard:
        write_shard(options.part[0], found)
        return
    known, places, scripts = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)], Counter[str]()
    with files.writing_parquet(options.output, SCHEMA, **ENCODING) as output:
        for encoded in found:
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
    advice = advise(files.read_json(options.text), scripts, len(known_of))
    for warning in warn(name, known_of, advice):
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


def warn(name: str, known: np.ndarray, advice: Sequence[str]) -> list[str]:
    """Return what is wrong with a split whose words are mostly unknown, and what mends it.

    ``advice``: as :func:`provender.text.scripts.advise` gives it.
    """
    found = [f"{name}: {each}" for each in advice]
    unknown = int((known == 0).sum())
    if not found and unknown > MANY_UNKNOWN * len(known):
        found.append(
            f"{name}: {unknown:,} of {len(known):,} texts have no known word: lower "
            "vocabulary.min_count, or add texts to learn from"
        )
    return found


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
