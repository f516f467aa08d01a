"""Turn each post of one split into fixed-length word ids.

Writes a Parquet file (rowid int64, label int32, ids fixed-size list of int32) with the
rows of the split, in its order; ``label`` is the place of the post's label in labels.json.
"""

import argparse
import sys
from pathlib import Path

from provender import console, files
from provender.running import step
from provender.text.encode import encode_words
from provender.text.recipe import Recipe, split_in_batches

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def encode_split(
    posts: pa.Table, text: Recipe, words: list[str], labels: list[str], max_words: int
) -> pa.Table:
    """Encode the texts and labels of one split (columns rowid, text, label)."""
    batches = split_in_batches(text, posts["text"]).chunks
    ids = np.zeros((0, max_words), np.int32)
    ids = np.concatenate([ids, *(encode_words(batch, words, max_words) for batch in batches)])
    return pa.table(
        {
            "rowid": posts["rowid"],
            "label": pc.index_in(posts["label"], value_set=pa.array(labels)),
            "ids": pa.FixedSizeListArray.from_arrays(pa.array(ids.ravel()), max_words),
        }
    )


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
    posts = files.read_parquet(options.split, ["rowid", "text", "label"])
    features = encode_split(
        posts,
        files.read_json(options.text),
        files.read_json(options.vocabulary),
        files.read_json(options.labels),
        options.max_words,
    )
    files.write_parquet(options.output, features)
    console.log.info("encoded %s posts", f"{len(features):,}")


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
