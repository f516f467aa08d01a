"""Learn to tell texts that have none of the labels, and measure how well that is told.

Each text of the validation split is taken twice: as it is, and with its own label hidden from the
model. Writes a JSON report with the coefficients that tell the two apart, and, of the test split,
which part of either is told to have none of the labels, from each limit on.
"""

import argparse
import sys
from pathlib import Path

from provender import console, files
from provender.model import outside
from provender.model.features import find_words, read_features, rows_where
from provender.running import step
from provender.text.encode import FIRST_WORD
from provender.text.grams import are_pieces, are_words, count_read, read_units

import numpy as np

# Of more texts of a split, so many, evenly spaced.
MOST_TEXTS = 4000

LIMITS = [round(0.05 * step, 2) for step in range(1, 20)]


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="features, Parquet")
    for split in ("validation", "test"):
        parser.add_argument(f"--{split}", type=Path, required=True, help="features, Parquet")
        parser.add_argument(f"--{split}-texts", type=Path, required=True, help="split, Parquet")
        parser.add_argument(f"--{split}-scores", type=Path, required=True, help="scores, Parquet")
    parser.add_argument("--candidates", type=Path, required=True, help="words encoded, JSON")
    parser.add_argument("--vocabulary", type=Path, required=True, help="words that ship, JSON")
    parser.add_argument("--labels", type=Path, required=True, help="labels, JSON")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--max-words", type=int, required=True, help="words read of a text")
    parser.add_argument("--min-count", type=int, required=True, help="texts that teach a word")
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    return parser


def see_split(options: argparse.Namespace, split: str) -> tuple[outside.Seen, outside.Seen]:
    """Return what is known of a split's texts, with all labels and with their own hidden.

    Texts of which nothing is known are left out: of these the answer is known.
    """
    recipe, candidates = files.read_json(options.text), files.read_json(options.candidates)
    pieces = are_pieces(recipe, candidates)
    features = read_features(getattr(options, split), pieces)
    scores = files.read_parquet(getattr(options, f"{split}_scores"), ["scores"])["scores"]
    texts = files.read_parquet(getattr(options, f"{split}_texts"), ["text"])["text"]
    some = np.zeros(len(features.labels), bool)
    some[:: -(-len(some) // MOST_TEXTS) or 1] = True
    read = count_read(read_units(recipe, texts.filter(some), options.max_words))
    rows = rows_where(features, some)
    is_word = np.zeros(len(features.is_piece), bool)
    shipped = find_words(files.read_json(options.vocabulary), candidates)
    is_word[shipped] = are_words(recipe, candidates)[shipped - FIRST_WORD]
    train = read_features(options.train, pieces)
    known, without = outside.count_known(rows, train, is_word, options.min_count)
    values = scores.combine_chunks().flatten().to_numpy().reshape(len(some), -1)[some]
    told = known > 0
    return (
        outside.see(values[told], known[told], read[told]),
        outside.hide(values[told], rows.labels[told], without[told], read[told]),
    )


def main(options: argparse.Namespace) -> None:
    """Fit on the validation split, measure on the test split, write the report."""
    labels = len(files.read_json(options.labels))
    by = outside.fit(*see_split(options, "validation"), labels)
    curve: list[dict[str, float]] = []
    if by:
        seen, hidden = (outside.other(each, by) for each in see_split(options, "test"))
        if len(seen):
            curve = [
                {
                    "from": limit,
                    "inside": float(np.count_nonzero(seen >= limit) / len(seen)),
                    "outside": float(np.count_nonzero(hidden >= limit) / len(hidden)),
                }
                for limit in LIMITS
            ]
    files.write_json(options.output, {"other": by, "curve": curve})
    if curve:
        half = next(point for point in curve if point["from"] == 0.5)
        console.log.info(
            "told to have none of the labels, at one half: %.0f %% of test texts, and %.0f %% "
            "where their label is hidden",
            100 * half["inside"],
            100 * half["outside"],
        )
    else:
        console.log.info("too few texts to learn from what has none of the labels")


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
