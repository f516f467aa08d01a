"""List the labels of the training split, and the words that a model may know.

Words are those of the training split, augmented: those that most texts have first, then by
code point; the id of word i is i + 2, since 0 is padding and 1 an unknown word. train_model
chooses among them. Left out is what may tell of a person: words of few texts, of six digits
or more, and those of a list. Labels are in code point order.
"""

import argparse
import sys
from collections.abc import Collection
from pathlib import Path

from provender import console, files
from provender.errors import UserError
from provender.running import step
from provender.text.recipe import Recipe, split_in_batches

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# So many digits in a word are a number of a telephone, an account or a customer.
MANY_DIGITS = 6


def count_texts(words: pa.ChunkedArray, texts: np.ndarray) -> list[tuple[str, int]]:
    """Return each word with the number of texts that have it, most first, then by code point.

    ``words``: n lists of strings; ``texts``: int [n], which of them are of one text.
    """
    flat = pc.list_flatten(words).combine_chunks().dictionary_encode()
    rows = np.repeat(texts, np.asarray(pc.list_value_length(words)))
    size = int(texts.max(initial=0)) + 1
    pairs = np.unique(flat.indices.to_numpy().astype(np.int64) * size + rows)
    counts = np.bincount(pairs // size).tolist()
    # Python compares strings by code point.
    return sorted(
        zip(flat.dictionary.to_pylist(), counts, strict=True), key=lambda pair: (-pair[1], pair[0])
    )


def number_texts(words: pa.ChunkedArray) -> np.ndarray:
    """Return a number for each list of words, the same for the same words: int [n]."""
    joined = pc.binary_join(words, " ").combine_chunks()
    numbers: np.ndarray = joined.dictionary_encode().indices.to_numpy()
    return numbers


def choose_words(
    counts: list[tuple[str, int]], size: int, min_count: int, excluded: Collection[str]
) -> dict[str, int]:
    """Return the first ``size`` words that may be used, each with its number of texts."""
    kept = [
        (word, count)
        for word, count in counts
        if count >= min_count and word not in excluded and not has_many_digits(word)
    ]
    return dict(kept[:size])


def has_many_digits(word: str) -> bool:
    """Tell whether a word may be somebody's number, in the digits of whatever script."""
    return sum(character.isdecimal() for character in word) >= MANY_DIGITS


def read_excluded(path: Path, recipe: Recipe) -> set[str]:
    """Read the words of a list, as the recipe has them. Raises UserError where it is no text."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UserError(f"{path} (vocabulary.exclude) is no text in UTF-8: {error}") from error
    words = split_in_batches(recipe, pa.chunked_array([lines], pa.string()))
    return set(pc.list_flatten(words).to_pylist())


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="training split, Parquet")
    parser.add_argument("--augmented", type=Path, required=True, help="more texts, Parquet")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--size", type=int, required=True, help="words at most")
    parser.add_argument("--min-count", type=int, required=True, help="texts at least")
    parser.add_argument("--exclude", type=Path, help="text file: words to leave out")
    parser.add_argument("--candidates", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--counts", type=Path, required=True, help="the same: texts of each word")
    parser.add_argument("--labels", type=Path, required=True, help="JSON file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Read the training split and the recipe; write words and labels."""
    train = files.read_parquet(options.train, ["rowid", "text", "label"])
    augmented = files.read_parquet(options.augmented, ["rowid", "text", "label"])
    # The rest of it are validation posts.
    augmented = augmented.filter(pc.is_in(augmented["rowid"], train["rowid"].combine_chunks()))
    recipe = files.read_json(options.text)
    words = split_in_batches(recipe, train["text"])
    # A post is one text, however often it is there with other parts stripped.
    texts = number_texts(words)
    own = pc.index_in(augmented["rowid"], value_set=train["rowid"].combine_chunks()).to_numpy()
    again = split_in_batches(recipe, augmented["text"])
    counts = count_texts(
        pa.chunked_array([*words.chunks, *again.chunks], words.type),
        np.concatenate([texts, texts[own]]),
    )
    excluded = read_excluded(options.exclude, recipe) if options.exclude else set()
    kept = choose_words(counts, options.size, options.min_count, excluded)
    if not kept:
        raise UserError(
            f"no word is in {options.min_count} different training texts: lower "
            "vocabulary.min_count"
        )
    files.write_json(options.candidates, list(kept))
    files.write_json(options.counts, list(kept.values()))
    files.write_json(options.labels, sorted(set(train["label"].to_pylist())))
    console.log.info("kept %s of %s different words", f"{len(kept):,}", f"{len(counts):,}")


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
