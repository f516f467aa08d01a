"""Try other values of how the model is trained, and score each on the validation split.

Where that has few texts, it is scored by cross-validation, by parts of the training split.

From the configured values on, one after the other is replaced by its alternatives, and the
one of least loss is kept, until no change lowers it. Each model is train_model's first one,
of all candidate words: it learns from the training split alone. With word vectors, these are part
of it as they were chosen with the configured values. With the configured values
one more learns without augmentation, for comparison.

Writes a table of all that was tried, the least loss first. The test split chooses nothing:
it is not read.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any

from provender import console, files
from provender.model import arithmetic, compression, metrics, runtime, training, vectors
from provender.model.features import (
    Features,
    count_posts,
    join,
    read_features,
    restrict,
    rows_with,
)
from provender.model.naive_bayes import NaiveBayes
from provender.running import step
from provender.text.encode import FIRST_WORD
from provender.text.grams import find_single, kinds_of

import numpy as np

# What is tried of each setting: steps that change the loss by more than chance does.
GRID = {
    "smoothing": (0.1, 0.2, 0.5, 1, 2, 5),
    "power": (0.5, 0.6, 0.7, 0.8, 1),
    "idf_power": (0.25, 0.5, 0.75, 1),
    "share": (0, 0.25, 0.5, 0.75, 0.9, 1),
    "cost": (0.1, 0.3, 1, 3),
    "epochs": (1, 2, 4, 8),
}


@dataclass(frozen=True, order=True)
class Values:
    """Settings of the model by their names in the configuration."""

    smoothing: float
    power: float
    idf_power: float
    share: float
    cost: float
    epochs: int

    def __str__(self) -> str:
        """Say the settings as the configuration names them."""
        return ", ".join(f"{name} {value:g}" for name, value in asdict(self).items())


@dataclass(frozen=True, order=True)
class Score:
    """What a model is worth on the validation split."""

    loss: float
    recall: float

    def __str__(self) -> str:
        """Say both numbers."""
        return f"loss {self.loss:.4f}, recall@1 {self.recall:.4f}"


def search(
    start: Values, measure: Callable[[Values], Score], grid: Mapping[str, Sequence[float]]
) -> dict[Values, Score]:
    """Return the scores of all values tried: coordinate descent of the loss over ``grid``."""
    scores = {start: measure(start)}
    best = start
    changes = [(name, value) for name, values in grid.items() for value in values]
    number = 0
    while True:
        number += 1
        before = best
        for name, value in console.progress(changes, f"searching, round {number}", len(changes)):
            change: dict[str, Any] = {name: value}
            tried = replace(best, **change)
            if tried not in scores:
                scores[tried] = measure(tried)
            # Loss, since recall of a few hundred posts jumps by chance.
            if scores[tried].loss < scores[best].loss:
                best = tried
        console.log.info("round %d: %s; %s", number, scores[best], best)
        if best == before:
            return scores


def measure(
    parts: Sequence[tuple[Features, Features]],
    labels: int,
    how: training.Training,
    known: vectors.Vectors | None,
) -> Score:
    """Return the score of a model, its logits divided as train_model does.

    ``parts``: what is learnt, and the posts that are answered by that.
    """
    logits = np.concatenate(
        [
            compression.logits(asked, training.train(learnt, labels, how, known=known))
            for learnt, asked in parts
        ]
    )
    truth = np.concatenate([asked.labels for _, asked in parts])
    scores = arithmetic.softmax(logits / metrics.find_temperature(logits, truth))
    best = metrics.rank(scores)[:, 0]
    return Score(loss=metrics.loss(scores, truth), recall=float((best == truth).mean()))


def leave_out_unread(
    known: vectors.Vectors, *splits: Features
) -> tuple[vectors.Vectors, list[Features]]:
    """Return vectors and posts without the words that no post has: they change no score."""
    there = known.is_own | (count_posts(join(*splits)) > 0)
    kept = np.flatnonzero(there[FIRST_WORD:]) + FIRST_WORD
    return vectors.restrict(known, kept), [restrict(posts, kept) for posts in splits]


def format_table(scores: dict[Values, Score], start: Values, plain: Score | None) -> str:
    """Return all values as CSV, the least loss first; ``start`` is marked as chosen.

    ``plain`` is the score of ``start`` without augmentation, None where there is none.
    """
    augmented = plain is not None
    found = [(score, values, augmented) for values, score in scores.items()]
    if plain is not None:
        found.append((plain, start, False))
    rows = [
        [
            *(f"{value:.15g}" for value in astuple(values)),
            int(with_augmented),
            f"{score.recall:.6f}",
            f"{score.loss:.6f}",
            int(values == start and with_augmented == augmented),
        ]
        for score, values, with_augmented in sorted(found)
    ]
    names = [field.name for field in fields(Values)]
    return files.format_csv([*names, "augmented", "recall@1", "loss", "chosen"], rows)


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="features, Parquet")
    parser.add_argument("--validation", type=Path, required=True, help="features, Parquet")
    parser.add_argument("--augmented", type=Path, required=True, help="features, Parquet")
    parser.add_argument("--candidates", type=Path, required=True, help="words encoded, JSON")
    parser.add_argument("--labels", type=Path, required=True, help="labels, JSON")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--vectors", type=Path, help="words' vectors, Parquet")
    parser.add_argument("--counts", type=Path, help="with vectors: texts of each candidate, JSON")
    training.add_arguments(parser)
    parser.add_argument("--output", type=Path, required=True, help="CSV file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Search, write what was found and say what is best."""
    runtime.seed(options.seed)
    words, labels = files.read_json(options.candidates), files.read_json(options.labels)
    kinds = kinds_of(files.read_json(options.text), words)
    train, validation, augmented = (
        read_features(path, kinds)
        for path in (options.train, options.validation, options.augmented)
    )
    augmented = rows_with(augmented, train.rowids)
    how, known = training.read_arguments(options), None
    if options.vectors:
        known, (train, validation, augmented) = leave_out_unread(
            vectors.read(options.vectors, words, files.read_json(options.counts)),
            *(train, validation, augmented),
        )
        how, _ = training.choose_beside_vectors(how, train, len(labels), known)
    else:
        choice = training.choose(how, train, len(labels), find_single(words))
        how = choice.how
        train, validation, augmented = map(choice.restrict, (train, validation, augmented))
    assert how.share is not None and how.cost is not None  # choose sets them
    start = Values(
        how.start.smoothing, how.start.power, how.start.idf_power, how.share, how.cost, how.epochs
    )

    few = len(validation.labels) < training.FEW_TEXTS

    def score(values: Values, more: Features = augmented) -> Score:
        parts = [(join(train, more), validation)]
        if few:
            parts = training.list_folds(train, more)
        table = NaiveBayes(values.smoothing, values.power, values.idf_power)
        tried = replace(
            how, start=table, share=values.share, cost=values.cost, epochs=values.epochs
        )
        return measure(parts, len(labels), tried, known)

    scores = search(start, score, GRID)
    none = rows_with(augmented, np.zeros(0, int))
    plain = score(start, none) if len(augmented.rowids) else None
    files.write_text(options.output, format_table(scores, start, plain))
    best = min(scores, key=lambda values: scores[values].loss)
    asked = train if few else validation
    console.log.info("%d models on %d posts", len(scores), len(asked.rowids))
    if plain:
        console.log.info("configured, without augmentation: %s", plain)
    console.log.info("configured: %s; %s", scores[start], start)
    if best == start:
        console.log.info("best: the configured values")
    else:
        console.log.info("best: %s; %s", scores[best], best)
        old = asdict(start)
        changed = [f"{n}: {v:g}" for n, v in asdict(best).items() if v != old[n]]
        console.log.info("to take these, set in model: %s", ", ".join(changed))


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
