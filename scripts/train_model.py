"""Train the classifier, choose how it ships, and save it as a SavedModel and as HDF5.

A text's logits are the weighted sum of its words' rows in a table. First is chosen how it is
trained, by parts of the training split that answer one another. So it is trained on the training
split alone; on the validation split, by it, are chosen which words, how wide a table and how
coarse numbers ship within the byte budget, and the temperature that makes the scores honest.
Then it is trained once more, with all as chosen, on both splits.

With word vectors, words that no text has may ship as well. Where the validation split is then too
small to choose by, the temperature is that of the parts of the training split, and as many words
ship as there is room for.

Writes beside the model: the words that ship; a learning curve; every candidate with its
bytes and its worth; what was chosen; and the chosen model's predictions for the validation
split, from before it had learnt from that.
"""

import argparse
import io
import math
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from provender import console, errors, files
from provender.bundle import constants
from provender.model import (
    arithmetic,
    compression,
    levels,
    metrics,
    runtime,
    training,
    vectors,
)
from provender.model.features import (
    Features,
    count_posts,
    join,
    read_features,
    restrict,
    rows_with,
)
from provender.running import step
from provender.text.encode import FIRST_WORD
from provender.text.grams import are_pieces

import numpy as np

if TYPE_CHECKING:
    import tf_keras

# The SavedModel's files; a name missing here would be a file that nobody checks.
SAVED_MODEL_FILES = (
    "saved_model.pb",
    "keras_metadata.pb",
    "fingerprint.pb",
    "variables/variables.index",
    "variables/variables.data-00000-of-00001",
)

# With fewer texts to validate, what word vectors are trained by is not chosen on them.
FEW_TEXTS = 100

CURVE = ("loss", "accuracy", "val_loss", "val_accuracy")


class LearningCurve:
    """Collects how well each epoch's classifiers do, naive Bayes left out."""

    def __init__(self, epochs: int, learnt: Features, asked: Features) -> None:
        """Start an empty curve of so many epochs, and of these posts."""
        self.epochs = epochs
        self.posts = (learnt, asked)
        self.rows: list[dict[str, float]] = []

    def __call__(self, epoch: int, weights: training.Weights) -> None:
        """Measure an epoch's weights, keep the values and say them."""
        values = (value for posts in self.posts for value in measure_margins(posts, weights))
        self.rows.append(dict(zip(CURVE, values, strict=True)))
        said = ", ".join(f"{name} {value:.4f}" for name, value in self.rows[-1].items())
        console.log.info("epoch %d of %d: %s", epoch + 1, self.epochs, said)

    def as_csv(self) -> str:
        """Return one line an epoch."""
        rows = [
            [epoch, *(f"{row[name]:.6f}" for name in CURVE)]
            for epoch, row in enumerate(self.rows, 1)
        ]
        return files.format_csv(["epoch", *CURVE], rows)


def measure_margins(posts: Features, weights: training.Weights) -> tuple[float, float]:
    """Return the mean squared hinge loss of a post, all labels added up, and the accuracy."""
    margins = compression.logits(posts, weights)
    best = margins.argmax(axis=1)
    rows = np.arange(len(margins))
    margins[rows, posts.labels] *= -1
    losses = np.maximum(1 + margins, 0) ** 2
    return math.fsum(arithmetic.add_rows(losses)) / len(rows), float((best == posts.labels).mean())


def list_candidates(candidates: list[compression.Candidate], chosen: compression.Candidate) -> str:
    """Return the candidates as CSV, with marks on those of the front and the chosen one."""
    front = compression.front(candidates)
    rows = [
        [
            each.words,
            each.width,
            each.levels,
            each.bytes,
            f"{each.recall:.6f}",
            f"{each.loss:.6f}",
            int(each in front),
            int(each is chosen),
        ]
        for each in candidates
    ]
    names = ["words", "width", "levels", "bytes", "recall@1", "loss", "front", "chosen"]
    return files.format_csv(names, rows)


def order_words(
    weights: training.Weights, learnt: Features, known: vectors.Vectors | None, few: bool
) -> list[np.ndarray]:
    """Return orders of use in which words may ship: int [words] each.

    With word vectors there are two, that of what texts made known, and that of all words; the
    second alone, where there are too ``few`` texts to weigh one against the other.
    """
    if known is None:
        return [compression.choose_words(weights.table, learnt)]
    loud = vectors.expected_loudness(learnt, known)
    every = compression.choose_words(weights.table, learnt, loud)
    return [every] if few else [every[known.is_own[every]], every]


def describe_vectors(
    known: vectors.Vectors, kept: np.ndarray, trials: list[training.Trial]
) -> dict[str, object]:
    """Return what the report of what was chosen says of word vectors."""
    return {
        "vector_share": trials[0].vector_share,
        "vector_shares": [
            {
                "share": trial.share,
                "vector_share": trial.vector_share,
                "recall": trial.recall,
                "loss": trial.loss,
            }
            for trial in trials
        ],
        "words_by_vectors_alone": int((~known.is_own[kept]).sum()),
    }


def ship(
    weights: training.Weights,
    posts: Features,
    chosen: compression.Candidate,
    temperature: float,
) -> tuple["tf_keras.Model", training.Weights]:
    """Return the model that ships, and its weights as they are after narrowing and rounding.

    ``posts`` are those that it has learnt from. The axes, the columns' scales and the temperature
    stand in the dense layer behind the table.
    """
    axes = compression.principal_axes(weights.table, count_posts(posts))
    axes = axes[:, : chosen.width]
    grid, scales = compression.quantise(compression.narrow(weights.table, axes), chosen.levels)
    # Rounded here, so that the weights are those that the model holds.
    kernel = (scales[:, np.newaxis] * axes.T / temperature).astype(np.float32)
    bias = (weights.bias / temperature).astype(np.float32)
    model = training.build_model(grid, kernel, bias)
    return model, training.Weights(arithmetic.matmul(grid, kernel), bias)


def save(model: "tf_keras.Model", saved_model: Path, hdf5: Path) -> None:
    """Save the trained model in both formats, each whole or not at all."""
    part = saved_model.with_name(saved_model.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        # First: saving a second time in one process gives other bytes.
        save_saved_model(model, part)
        with files.replacing(hdf5) as file:
            file.write_bytes(to_hdf5(model))
        shutil.rmtree(saved_model, ignore_errors=True)
        part.replace(saved_model)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def save_saved_model(model: "tf_keras.Model", folder: Path) -> None:
    """Save the model to ``folder``, without the random identifier that it would get."""
    import tensorflow as tf

    try:
        model.save(folder, save_format="tf", include_optimizer=False)
    except tf.errors.OpError as error:
        # TensorFlow keeps the operating system's words, but not its error number.
        for code in errors.NO_SPACE:
            if os.strerror(code) in str(error):
                raise OSError(code, os.strerror(code), str(folder)) from error
        raise
    runtime.clear_fingerprint_uuid(folder / "fingerprint.pb")
    written = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    if written != sorted(SAVED_MODEL_FILES):
        raise RuntimeError(f"TensorFlow wrote other files than the workflow names: {written}")


def to_hdf5(model: "tf_keras.Model") -> bytes:
    """Return the model as an HDF5 file, made in memory: h5py fails oddly on a full disk."""
    import h5py

    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        model.save(file, save_format="h5", include_optimizer=False)
    return memory.getvalue()


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="features, Parquet")
    parser.add_argument("--validation", type=Path, required=True, help="features, Parquet")
    parser.add_argument("--augmented", type=Path, required=True, help="features, Parquet")
    parser.add_argument("--candidates", type=Path, required=True, help="words encoded, JSON")
    parser.add_argument("--labels", type=Path, required=True, help="labels, JSON")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--max-words", type=int, required=True, help="words read of a text")
    parser.add_argument("--vectors", type=Path, help="words' vectors, Parquet")
    parser.add_argument("--counts", type=Path, help="with vectors: texts of each candidate, JSON")
    training.add_arguments(parser)
    parser.add_argument(
        "--sure-accuracy", type=float, required=True, help="of the answers that are called sure"
    )
    parser.add_argument(
        "--budget-kb", required=True, help=f"of words and weights: a number, or {training.AUTO}"
    )
    parser.add_argument("--saved-model", type=Path, required=True, help="folder to write")
    parser.add_argument("--hdf5", type=Path, required=True, help="HDF5 file to write")
    parser.add_argument("--vocabulary", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--history", type=Path, required=True, help="CSV file to write")
    parser.add_argument("--sizes", type=Path, required=True, help="CSV file to write")
    parser.add_argument("--choice", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--predictions", type=Path, required=True, help="Parquet file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Train, choose, train again and save."""
    runtime.seed(options.seed)
    words, labels = files.read_json(options.candidates), files.read_json(options.labels)
    text = files.read_json(options.text)
    is_piece = are_pieces(text, words)
    train, validation, augmented = (
        read_features(path, is_piece)
        for path in (options.train, options.validation, options.augmented)
    )
    learnt = join(train, rows_with(augmented, train.rowids))
    known = None
    how = training.read_arguments(options)
    shares: dict[float, float] = {}
    trials: list[training.Trial] = []
    if options.vectors:
        known = vectors.read(options.vectors, words, files.read_json(options.counts))
        how, trials = training.choose_beside_vectors(how, train, len(labels), known)
    else:
        how, shares = training.choose(how, train, len(labels))
    curve = LearningCurve(options.epochs, train, validation)
    weights = training.train(learnt, len(labels), how, curve, known)
    few = known is not None and len(validation.labels) < FEW_TEXTS
    temperature = (
        metrics.find_temperature(trials[0].logits, train.labels)
        if few
        else metrics.find_temperature(compression.logits(validation, weights), validation.labels)
    )

    is_set = options.budget_kb != training.AUTO
    budget = compression.find_budget(len(labels), float(options.budget_kb) if is_set else None)
    near = 1.0 if is_set else compression.NEAR
    orders = order_words(weights, learnt, known, few)
    shapes = compression.find_shapes(len(labels))
    if few:
        shapes = [(shapes[0][0], compression.NARROW_LEVELS)]
    weighed = list(
        console.progress(
            (
                (candidate, order)
                for order in orders
                for candidate in compression.weigh(
                    weights,
                    learnt,
                    validation,
                    words,
                    temperature,
                    lambda chosen: constants.pack("", labels, chosen, options.max_words, text, 1),
                    budget,
                    order,
                    shapes,
                )
            ),
            "weighing candidates",
            sum(compression.count_candidates(len(order), len(shapes)) for order in orders),
        )
    )
    candidates = [candidate for candidate, _ in weighed]
    chosen = (
        compression.choose_unweighed(candidates, budget)
        if few
        else compression.choose(candidates, budget, near)
    )
    if chosen.bytes > budget:
        console.log.warning(
            "warning: no model is as small as model.budget_kb asks, %g; the smallest one is taken, "
            "of %s bytes",
            budget / 1000,
            f"{chosen.bytes:,}",
        )
    order = next(order for candidate, order in weighed if candidate is chosen)
    kept = compression.in_code_point_order(order[: chosen.words], words)
    asked = restrict(validation, kept)
    kept_weights = training.Weights(compression.rows_of(weights.table, kept), weights.bias)
    _, rounded = ship(kept_weights, restrict(learnt, kept), chosen, temperature)
    scores = arithmetic.softmax(compression.logits(asked, rounded))
    uncalibrated = arithmetic.softmax(compression.logits(asked, rounded) * temperature)

    everything = restrict(join(train, validation, augmented), kept)
    kept_vectors = known and vectors.restrict(known, kept)
    final = training.train(everything, len(labels), how, known=kept_vectors)
    model, _ = ship(final, everything, chosen, temperature)
    save(model, options.saved_model, options.hdf5)
    files.write_json(options.vocabulary, [words[word - FIRST_WORD] for word in kept])
    files.write_text(options.history, curve.as_csv())
    files.write_text(options.sizes, list_candidates(candidates, chosen))
    files.write_parquet(options.predictions, metrics.predictions(asked, scores))
    choice = {
        **asdict(chosen),
        "budget": budget,
        "near": near,
        "share": how.share,
        "shares": [{"share": share, "recall": recall} for share, recall in shares.items()],
        "temperature": temperature,
        "calibration_error": {
            "before": metrics.calibration(uncalibrated, asked.labels)["expected_error"],
            "after": metrics.calibration(scores, asked.labels)["expected_error"],
        },
        "unsure_below": metrics.sure_from(scores, asked.labels, options.sure_accuracy),
        "sure_accuracy": options.sure_accuracy,
    }
    if known is not None:
        choice |= describe_vectors(known, kept, trials)
    files.write_json(options.choice, choice)
    console.log.info(
        "chosen: %s of %s words, width %d, %s, %s bytes",
        f"{chosen.words:,}",
        f"{len(words):,}",
        chosen.width,
        levels.describe(chosen.levels),
        f"{chosen.bytes:,}",
    )


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
