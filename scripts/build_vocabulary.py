"""List the labels of the training split, and the words that a model may know.

Words, pairs of words and pieces are those of the training split, augmented: those that most texts
have first, then by code point; the id of word i is i + 2. train_model chooses among them. Left out
is what may tell of a person: words and pairs that few texts have, words of six digits or more,
those of a list, and their pairs and pieces. Labels are in code point order.

With word vectors, what is left of ``--size`` is filled with words that have one, in the file's
order; they count 0 texts, since nothing of them comes from the texts.
"""

import argparse
import itertools
import sys
import zlib
from collections.abc import Collection, Iterable
from pathlib import Path

from provender import console, files
from provender.errors import UserError
from provender.running import step
from provender.text.grams import are_pieces, count_texts, read_units
from provender.text.recipe import Recipe, number_texts, split_in_batches

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# So many digits in a word are a number of a telephone, an account or a customer.
MANY_DIGITS = 6

# A list of words is read whole.
MOST_WORDS = 1 << 31


def choose_words(
    counts: Iterable[tuple[str, int]], size: int, excluded: Collection[str]
) -> dict[str, int]:
    """Return the ``size`` words that most texts have and that may be used, with their numbers.

    Equally frequent ones are in code point order, by which Python compares strings; which of them
    are among the ``size`` is drawn, so that no script and no letter is left out.
    """
    kept = [
        (word, count)
        for word, count in counts
        if word not in excluded and not has_many_digits(word)
    ]
    if len(kept) > size:
        kept.sort(key=lambda pair: (-pair[1], zlib.crc32(pair[0].encode()), pair[0]))
    return dict(sorted(kept[:size], key=lambda pair: (-pair[1], pair[0])))


def read_known(path: Path, own: Collection[str]) -> list[str]:
    """Return the words that have a vector, in the file's order.

    Raises UserError where none of the ``own`` words has one.
    """
    known: list[str] = files.read_parquet(path, ["word"])["word"].to_pylist()
    covered = len(set(known) & set(own))
    console.log.info("%s of the words that were kept have a vector", f"{covered:,}")
    if not covered:
        raise UserError(
            "none of the words of the training texts has a vector in vectors.path: are they of "
            "another language? Name a file of the texts' own, or leave out vectors"
        )
    return known


def may_be_used(names: list[str], excluded: Collection[str]) -> np.ndarray:
    """Tell of which words and runs pairs and pieces may be used as well: bool [names]."""
    return np.array([name not in excluded and not has_many_digits(name) for name in names], bool)


def has_many_digits(word: str) -> bool:
    """Tell whether a word may be somebody's number, in the digits of whatever script."""
    return sum(character.isdecimal() for character in word) >= MANY_DIGITS


def read_excluded(path: Path, recipe: Recipe) -> set[str]:
    """Read the words of a list, as the recipe has them. Raises UserError where it is no text."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UserError(f"{path} (vocabulary.exclude) is no text in UTF-8: {error}") from error
    units = read_units(recipe, pa.chunked_array([lines], pa.string()), MOST_WORDS)
    # The pieces of a run are what stands for words there.
    plain = {**recipe, "grams": {**recipe["grams"], "words": [], "pairs": False}}
    every = np.ones(len(units.names), bool)
    names, _ = count_texts(plain, units, np.arange(len(lines)), every)
    return {*names.to_pylist(), *units.names.to_pylist()}


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="training split, Parquet")
    parser.add_argument("--augmented", type=Path, required=True, help="more texts, Parquet")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--size", type=int, required=True, help="words at most")
    parser.add_argument("--min-count", type=int, required=True, help="texts at least")
    parser.add_argument(
        "--piece-min-count", type=int, required=True, help="the same of pieces of words and runs"
    )
    parser.add_argument("--max-words", type=int, required=True, help="words read of a text")
    parser.add_argument("--exclude", type=Path, help="text file: words to leave out")
    parser.add_argument("--vectors", type=Path, help="words that have a vector, Parquet")
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
    excluded = read_excluded(options.exclude, recipe) if options.exclude else set()
    # A post is one text, however often it is there with other parts stripped.
    own = pc.index_in(augmented["rowid"], value_set=train["rowid"].combine_chunks()).to_numpy()
    texts = number_texts(split_in_batches(recipe, train["text"]))
    units = read_units(
        recipe,
        pa.chunked_array([*train["text"].chunks, *augmented["text"].chunks], pa.string()),
        options.max_words,
    )
    names, found = count_texts(
        recipe,
        units,
        np.concatenate([texts, texts[own]]),
        may_be_used(units.names.to_pylist(), excluded),
    )
    least = np.where(are_pieces(recipe, names), options.piece_min_count, options.min_count)
    frequent = found >= least
    counts = zip(
        names.filter(pa.array(frequent)).to_pylist(), found[frequent].tolist(), strict=True
    )
    kept = choose_words(counts, options.size, excluded)
    if not kept:
        raise UserError(
            f"no word is in {options.min_count} different training texts, and no piece in "
            f"{options.piece_min_count}: lower vocabulary.min_count and vocabulary.piece_min_count"
        )
    if options.vectors:
        known = read_known(options.vectors, kept)
        others = (word for word in known if word not in kept)
        usable = (w for w in others if w not in excluded and not has_many_digits(w))
        kept |= dict.fromkeys(itertools.islice(usable, options.size - len(kept)), 0)
    files.write_json(options.candidates, list(kept))
    files.write_json(options.counts, list(kept.values()))
    files.write_json(options.labels, sorted(set(train["label"].to_pylist())))
    console.log.info(
        "kept %s of %s different words, pairs and pieces", f"{len(kept):,}", f"{len(names):,}"
    )


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
