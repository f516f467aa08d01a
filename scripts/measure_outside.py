"""Learn to tell texts that have none of the labels, and measure how well that is told.

Each text of the validation split is taken twice: as it is, and with its own label hidden from the
model. Writes a JSON report with the coefficients that tell the two apart, and, of the test split,
which part of either is told to have none of the labels, from each limit on.
"""

import argparse
import sys
from pathlib import Path

from provender import console, files
from provender.model import blocks, outside
from provender.model.features import find_words, read_parts
from provender.running import step
from provender.text.encode import FIRST_WORD
from provender.text.grams import are_words, count_read, kinds_of, read_units

import numpy as np

# Of more texts of a split, so many, evenly spaced; and so many are read at once.
MOST_TEXTS = 4000
BATCH_TEXTS = 256

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


def count_words(options: argparse.Namespace, split: str, every: int) -> np.ndarray:
    """Return how many words are read of each ``every``-th text of a split: int [texts]."""
    recipe = files.read_json(options.text)
    counts = [np.zeros(0, int)]
    row = 0
    for table in files.read_groups(getattr(options, f"{split}_texts"), ["text"]):
        texts = table["text"].take(np.arange(-row % every, len(table), every))
        row += len(table)
        for first in range(0, len(texts), BATCH_TEXTS):
            some = texts.slice(first, BATCH_TEXTS)
            counts.append(count_read(read_units(recipe, some, options.max_words)))
    return np.concatenate(counts)


class Splits:
    """What is known of texts, by all that training texts have taught."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Read the words, and count them in the training texts, which are read part by part."""
        recipe, candidates = files.read_json(options.text), files.read_json(options.candidates)
        self.options = options
        self.labels = len(files.read_json(options.labels))
        self.kinds = kinds_of(recipe, candidates)
        self.is_word = np.zeros(FIRST_WORD + len(candidates), bool)
        shipped = find_words(files.read_json(options.vocabulary), candidates)
        self.is_word[shipped] = are_words(recipe, candidates)[shipped - FIRST_WORD]
        parts = read_parts(options.train, self.kinds)
        self.learnt = outside.count_by_label(parts, self.labels, len(self.is_word))

    def see(self, split: str, part: int) -> tuple[outside.Seen, outside.Seen]:
        """Return what is known of a split's texts, with all labels and with their own hidden.

        There are scores of each ``part``-th text. Texts of which nothing is known are left out: of
        these the answer is known.
        """
        scores = files.read_parquet(getattr(self.options, f"{split}_scores"), ["scores"])["scores"]
        some = -(-len(scores) // MOST_TEXTS) or 1
        path = getattr(self.options, split)
        labels = files.read_parquet(path, ["label"])["label"].to_numpy()[:: part * some]
        rows = read_parts(path, self.kinds, every=part * some)
        read = count_words(self.options, split, part * some)
        known, without = outside.count_known(
            rows, self.learnt, self.is_word, self.options.min_count
        )
        values = scores.combine_chunks().flatten().to_numpy().reshape(len(scores), -1)[::some]
        told = known > 0
        return (
            outside.see(values[told], known[told], read[told]),
            outside.hide(values[told], labels[told], without[told], read[told]),
        )


def main(options: argparse.Namespace) -> None:
    """Fit on the validation split, measure on the test split, write the report."""
    step.give_back_memory()
    splits = Splits(options)
    part = blocks.part_to_validate(options.validation)
    by = outside.fit(*splits.see("validation", part), splits.labels)
    curve: list[dict[str, float]] = []
    if by:
        seen, hidden = (outside.other(each, by) for each in splits.see("test", 1))
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
