"""List the labels of the training split, and the words that a model may know.

Words are those of the training split, augmented: most frequent first, then by code point;
the id of word i is i + 2, since 0 is padding and 1 an unknown word. train_model chooses
among them. Labels are in code point order.
"""

import argparse
import sys
from pathlib import Path

from provender import console, files
from provender.errors import UserError
from provender.running import step
from provender.text.recipe import split_in_batches

import pyarrow as pa
import pyarrow.compute as pc


def count_words(words: pa.ChunkedArray) -> list[tuple[str, int]]:
    """Count words over all texts, most frequent first, then by code point."""
    counts = pc.value_counts(pc.list_flatten(words))
    pairs = zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
    # Python compares strings by code point.
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def choose_words(counts: list[tuple[str, int]], size: int, min_count: int) -> list[str]:
    """Return the first ``size`` words that occur at least ``min_count`` times."""
    return [word for word, count in counts[:size] if count >= min_count]


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="training split, Parquet")
    parser.add_argument("--augmented", type=Path, required=True, help="more texts, Parquet")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--size", type=int, required=True, help="words at most")
    parser.add_argument("--min-count", type=int, required=True, help="occurrences at least")
    parser.add_argument("--candidates", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--labels", type=Path, required=True, help="JSON file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Read the training split and the recipe; write words and labels."""
    train = files.read_parquet(options.train, ["rowid", "text", "label"])
    augmented = files.read_parquet(options.augmented, ["rowid", "text", "label"])
    # The rest of it are validation posts.
    augmented = augmented.filter(pc.is_in(augmented["rowid"], train["rowid"].combine_chunks()))
    texts = pa.chunked_array([*train["text"].chunks, *augmented["text"].chunks], pa.string())
    counts = count_words(split_in_batches(files.read_json(options.text), texts))
    words = choose_words(counts, options.size, options.min_count)
    if not words:
        raise UserError(
            f"no word occurs {options.min_count} times in the training posts: lower "
            "vocabulary.min_count"
        )
    files.write_json(options.candidates, words)
    files.write_json(options.labels, sorted(set(train["label"].to_pylist())))
    console.log.info("kept %s of %s different words", f"{len(words):,}", f"{len(counts):,}")


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
