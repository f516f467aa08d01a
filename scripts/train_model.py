"""Train the classifier, choose how it ships, and save it as a SavedModel and as HDF5.

A text's logits are the weighted sum of its words' rows in a table. First is chosen how it is
trained, by parts of the training split that answer one another. So it is trained on the training
split alone; on the validation split, by it, are chosen which words, how wide a table and how
coarse numbers ship within the byte budget, and the temperature that makes the scores honest.
Then it is trained once more, with all as chosen, on both splits.

Where the validation split is too small to choose by, all that is chosen by parts of the training
split, each by a model of the others. With word vectors, words that no text has may ship as well.

Of tables that are larger than memory, parts of both splits choose, evenly spaced; and trained
once more, in blocks (see provender.model.blocks), is on the training split alone. So the
temperature and the predictions are those of the very model that ships. How far it is is kept beside
the model, in the folder model.h5.checkpoint, until it is done: where it was killed, it goes on.

Writes beside the model: the words that ship; a learning curve; every candidate with its
bytes and its worth; what was chosen; and the chosen model's predictions for the validation
split, from before it had learnt from that.
"""

import argparse
import hashlib
import io
import json
import math
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from provender import console, errors, files
from provender.bundle import constants
from provender.model import (
    arithmetic,
    blocks,
    compression,
    levels,
    metrics,
    runtime,
    training,
    vectors,
)
from provender.model.checkpoints import Checkpoints
from provender.model.features import (
    Features,
    count_posts,
    join,
    read_features,
    read_parts,
    restrict,
    rows_with,
)
from provender.running import step
from provender.text.encode import FIRST_WORD
from provender.text.grams import find_single, kinds_of

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    import tf_keras

# The SavedModel's files; a name missing here would be a file that nobody checks.
SAVED_MODEL_FILES = (
    "saved_model.pb",
    "keras_metadata.pb",
    "fingerprint.pb",
    "variables/variables.index",
    "variables/variables.data-00000-of-00001",
)

# Where texts are few and have word vectors, how coarse numbers may be: more make no difference.
VECTOR_LEVELS = (compression.NARROW_LEVELS, 48)

CURVE_NAME = "curve"
CURVE = ("loss", "accuracy", "val_loss", "val_accuracy")


class LearningCurve:
    """Collects how well each epoch's classifiers do, naive Bayes left out."""

    def __init__(self, epochs: int, learnt: Features, asked: Features, kept: Checkpoints) -> None:
        """Start a curve of so many epochs, and of these posts, with what was kept of it."""
        self.epochs = epochs
        self.posts = (learnt, asked)
        self.kept = kept
        rows = kept.read(CURVE_NAME) or {"rows": np.zeros((0, len(CURVE)))}
        self.rows = [dict(zip(CURVE, row, strict=True)) for row in rows["rows"].tolist()]

    def __call__(self, epoch: int, weights: training.Weights) -> None:
        """Measure an epoch's weights, keep the values and say them."""
        values = (value for posts in self.posts for value in measure_margins(posts, weights))
        self.rows[epoch:] = [dict(zip(CURVE, values, strict=True))]
        if self.kept.is_begun:
            self.kept.write(CURVE_NAME, {"rows": np.array([[*row.values()] for row in self.rows])})
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
    weights: training.Weights, learnt: Features, known: vectors.Vectors | None
) -> np.ndarray:
    """Return all words in the order of use in which they may ship: int [words]."""
    loud = None if known is None else vectors.expected_loudness(learnt, known)
    return compression.choose_words(weights.table, learnt, loud)


def list_orders(whole: compression.Part, known: vectors.Vectors | None) -> list[compression.Part]:
    """Return a model with each order of words that is weighed.

    With word vectors, that is words that texts made known alone, and all.
    """
    if known is None:
        return [whole]
    own = whole.order[known.is_own[whole.order]]
    return [replace(whole, order=own), whole]


def cross_validate(
    train: Features,
    augmented: Features,
    labels: int,
    how: training.Training,
    known: vectors.Vectors | None,
) -> list[compression.Part]:
    """Return parts of the training split, each with a model of the others."""
    parts = []
    for number, (learnt, asked) in enumerate(training.list_folds(train, augmented), 1):
        console.log.info("cross-validation, part %d of %d", number, training.FOLDS)
        weights = training.train(learnt, labels, how, known=known)
        order = order_words(weights, learnt, known)
        parts.append(compression.Part(weights, learnt, asked, order))
    return parts


def known_by_vector(words: Sequence[str], known: vectors.Vectors | None) -> set[str]:
    """Return those of all words that are known by their vectors alone."""
    if known is None:
        return set()
    return {words[word] for word in np.flatnonzero(~known.is_own[FIRST_WORD:]).tolist()}


def describe_vectors(
    known: vectors.Vectors, kept: np.ndarray, trials: list[training.Trial]
) -> dict[str, object]:
    """Return what the report of what was chosen says of word vectors."""
    return {
        "vector_share": trials[0].vector_share,
        "vector_cost": trials[0].vector_cost,
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


@dataclass(frozen=True)
class Shipped:
    """The model that ships, as its layers have it: see training.build_model."""

    table: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray

    @property
    def weights(self) -> training.Weights:
        """Return what each id adds to each label's logit."""
        return training.Weights(arithmetic.matmul(self.table, self.kernel), self.bias)


def round_off(
    weights: training.Weights,
    posts: np.ndarray,
    chosen: compression.Candidate,
    temperature: float,
) -> Shipped:
    """Return a model as it is after narrowing and rounding.

    ``posts``: how many of those that it has learnt from have each id, int [ids]. The axes, the
    columns' scales and the temperature stand in the dense layer behind the table.
    """
    axes = compression.principal_axes(weights.table, posts)
    axes = axes[:, : chosen.width]
    grid, scales = compression.quantise(compression.narrow(weights.table, axes), chosen.levels)
    # Rounded here, so that the weights are those that the model holds.
    kernel = (scales[:, np.newaxis] * axes.T / temperature).astype(np.float32)
    bias = (weights.bias / temperature).astype(np.float32)
    return Shipped(grid, kernel, bias)


def answer(
    part: compression.Part, kept: np.ndarray, chosen: compression.Candidate, temperature: float
) -> np.ndarray:
    """Return the logits of a part's posts by its model, as it would ship: float64 [n, labels].

    ``kept``: the ids of the words that ship, in their order.
    """
    weights = training.Weights(compression.rows_of(part.weights.table, kept), part.weights.bias)
    counts = count_posts(restrict(part.learnt, kept))
    shipped = round_off(weights, counts, chosen, temperature)
    return compression.logits(restrict(part.asked, kept), shipped.weights)


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


def read_posts(
    options: argparse.Namespace, kinds: np.ndarray
) -> tuple[int, Features, Features, Features]:
    """Return in how many blocks posts are learnt from, and the three files' features.

    0 blocks where all is held at once; else these are the posts that choose: of training as many as
    a block has, and the texts that were made of them.
    """
    learnt = blocks.count_features([options.train, options.augmented])
    part = blocks.part_to_validate(options.validation)
    validation = read_features(options.validation, kinds, every=part)
    if not blocks.are_blocks(learnt, options.validation):
        train, augmented = (
            read_features(path, kinds) for path in (options.train, options.augmented)
        )
        return 0, train, validation, augmented
    count = blocks.count_blocks(learnt)
    train = read_features(options.train, kinds, every=count)
    console.log.info(
        "%s features are learnt from in blocks: %d; of %s training texts, and %s to validate, is "
        "chosen",
        f"{learnt:,}", count, f"{len(train.labels):,}", f"{len(validation.labels):,}",
    )  # fmt: skip
    return count, train, validation, read_features(options.augmented, kinds, rowids=train.rowids)


def read_learnt(
    options: argparse.Namespace, kinds: np.ndarray, kept: np.ndarray
) -> Iterator[Features]:
    """Yield all posts of the training split, and then what was made of them, part by part.

    Of their words those alone that are ``kept``.
    """
    rowids = [np.zeros(0, np.int64)]
    for part in read_parts(options.train, kinds, kept):
        rowids.append(part.rowids)
        yield part
    every = np.concatenate(rowids)
    for some in blocks.gather(read_parts(options.augmented, kinds, kept)):
        yield rows_with(some, every)


def digest_all(options: argparse.Namespace) -> str:
    """Return a digest of all that the model follows from: files, options, code."""
    outputs = {"saved_model", "hdf5", "vocabulary", "history", "sizes", "choice", "predictions"}
    outputs |= {"log", "receipt", "outputs"}
    read = {
        name: files.sha256(value) if isinstance(value, Path) else value
        for name, value in vars(options).items()
        if name not in outputs
    }
    code = [Path(__file__), *Path(training.__file__).parent.glob("*.py")]
    digests = sorted(files.sha256(path) for path in [*code, *map(Path, read.pop("inputs", []))])
    text = json.dumps([read, digests], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


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


@dataclass(frozen=True)
class Learnt:
    """What posts have taught: the model that ships, its words, and what is said of it.

    ``candidates``: how many words there were to choose from. ``history`` and ``sizes`` are CSV.
    """

    shipped: Shipped
    words: list[str]
    candidates: int
    chosen: compression.Candidate
    choice: dict[str, object]
    history: str
    sizes: str
    predictions: "pa.Table"


def learn(options: argparse.Namespace, checkpoints: Checkpoints) -> Learnt:
    """Train, choose, and train again."""
    words, labels = files.read_json(options.candidates), files.read_json(options.labels)
    text = files.read_json(options.text)
    kinds = kinds_of(text, words)
    in_blocks, train, validation, augmented = read_posts(options, kinds)
    known = None
    how = training.read_arguments(options)
    choice_of = training.Choice(how, {}, {})
    trials: list[training.Trial] = []
    if options.vectors:
        known = vectors.read(options.vectors, words, files.read_json(options.counts))
        how, trials = training.choose_beside_vectors(how, train, len(labels), known)
    else:
        choice_of = training.choose(how, train, len(labels), find_single(words), checkpoints)
        how = choice_of.how
    train, validation, augmented = map(choice_of.restrict, (train, validation, augmented))
    # The ids that features have in the files.
    own = (
        np.arange(FIRST_WORD, FIRST_WORD + len(words)) if choice_of.kept is None else choice_of.kept
    )
    words = [words[word - FIRST_WORD] for word in own]
    learnt = join(train, rows_with(augmented, train.rowids))
    curve = None if in_blocks else LearningCurve(options.epochs, train, validation, checkpoints)
    weights = training.train(learnt, len(labels), how, curve, known, (checkpoints, "first"))
    whole = compression.Part(weights, learnt, validation, order_words(weights, learnt, known))
    few = len(validation.labels) < training.FEW_TEXTS
    parts = cross_validate(train, augmented, len(labels), how, known) if few else [whole]
    temperature = metrics.find_temperature(
        np.concatenate([compression.logits(part.asked, part.weights) for part in parts]),
        np.concatenate([part.asked.labels for part in parts]),
    )

    is_set = options.budget_kb != training.AUTO
    budget = compression.find_budget(len(labels), float(options.budget_kb) if is_set else None)
    by_few_vectors = few and known is not None
    # How many more words are worth their bytes is then what words that are new tell, which few do.
    near = 1.0 if is_set or by_few_vectors else compression.NEAR
    shapes = compression.find_shapes(len(labels))
    if by_few_vectors:
        shapes = [(shapes[0][0], each) for each in VECTOR_LEVELS]
    judged = [(whole, parts)] if few else [(each, [each]) for each in list_orders(whole, known)]
    alone = known_by_vector(words, known)

    def pack(some: Sequence[str]) -> bytes:
        return constants.pack("", labels, some, options.max_words, text, 1, (), alone)

    weighed = list(
        console.progress(
            (
                (candidate, model, by)
                for model, by in judged
                for candidate in compression.weigh(
                    model,
                    by,
                    words,
                    temperature,
                    pack,
                    budget,
                    shapes,
                )
            ),
            "weighing candidates",
            sum(compression.count_candidates(len(model.order), len(shapes)) for model, _ in judged),
        )
    )
    candidates = [candidate for candidate, *_ in weighed]
    chosen = compression.choose(candidates, budget, near)
    if chosen.bytes > budget:
        console.log.warning(
            "warning: no model is as small as model.budget_kb asks, %g; the smallest one is taken, "
            "of %s bytes",
            budget / 1000,
            f"{chosen.bytes:,}",
        )
    best = next(model for candidate, model, _ in weighed if candidate is chosen)
    kept = compression.in_code_point_order(best.order[: chosen.words], words)
    kept_vectors = known and vectors.restrict(known, kept)
    stage = (checkpoints, "final")
    if in_blocks:
        asked = restrict(validation, kept)
        curve = LearningCurve(options.epochs, restrict(train, kept), asked, checkpoints)
        del learnt, train, augmented, weights, whole, parts, judged, weighed, best
        with files.scratch(options.hdf5) as folder:
            some_posts = read_learnt(options, kinds, own[kept - FIRST_WORD])
            posts = blocks.deal(some_posts, folder, in_blocks, asked.kinds)
            final = training.train(posts, len(labels), how, curve, kept_vectors, stage)
            counts = blocks.count_all(posts)
        if not few:
            temperature = metrics.find_temperature(compression.logits(asked, final), asked.labels)
        shipped = round_off(final, counts, chosen, temperature)
        predicted = logits = compression.logits(asked, shipped.weights)
        truth = asked.labels
    else:
        predicted = logits = answer(best, kept, chosen, temperature)
        truth = validation.labels
        if few:
            logits = np.concatenate(
                [answer(part, part.order[: chosen.words], chosen, temperature) for part in parts]
            )
            truth = np.concatenate([part.asked.labels for part in parts])
        everything = restrict(join(train, validation, augmented), kept)
        final = training.train(everything, len(labels), how, None, kept_vectors, stage)
        shipped = round_off(final, count_posts(everything), chosen, temperature)
    scores = arithmetic.softmax(logits)
    uncalibrated = arithmetic.softmax(logits * temperature)

    choice = {
        **asdict(chosen),
        "budget": budget,
        "near": near,
        "share": how.share,
        "shares": [
            {"share": share, "recall": recall} for share, recall in choice_of.recall.items()
        ],
        "cost": how.cost,
        "costs": [{"cost": cost, "recall": recall} for cost, recall in choice_of.costs.items()],
        "temperature": temperature,
        "calibration_error": {
            "before": metrics.calibration(uncalibrated, truth)["expected_error"],
            "after": metrics.calibration(scores, truth)["expected_error"],
        },
        "unsure_below": metrics.sure_from(scores, truth, options.sure_accuracy),
        "sure_accuracy": options.sure_accuracy,
    }
    if choice_of.recalls is not None:
        choice["pairs"] = {
            "kept": choice_of.kept is None,
            "recall": choice_of.recalls[0],
            "recall_without": choice_of.recalls[1],
        }
    if few:
        choice["folds"] = training.FOLDS
    if known is not None:
        choice |= describe_vectors(known, kept, trials)
        choice["by_vector"] = [w for w in (words[word - FIRST_WORD] for word in kept) if w in alone]
    return Learnt(
        shipped=shipped,
        words=[words[word - FIRST_WORD] for word in kept],
        candidates=len(words),
        chosen=chosen,
        choice=choice,
        history=curve.as_csv() if curve else "",
        sizes=list_candidates(candidates, chosen),
        predictions=metrics.predictions(
            validation.rowids, validation.labels, arithmetic.softmax(predicted)
        ),
    )


def main(options: argparse.Namespace) -> None:
    """Learn, and save what was learnt."""
    checkpoints = Checkpoints(
        options.hdf5.with_name(options.hdf5.name + ".checkpoint"), lambda: digest_all(options)
    )
    # No post is held any more when TensorFlow is imported.
    learnt = learn(options, checkpoints)
    runtime.seed(options.seed)
    shipped = learnt.shipped
    model = training.build_model(shipped.table, shipped.kernel, shipped.bias)
    save(model, options.saved_model, options.hdf5)
    files.write_json(options.vocabulary, learnt.words)
    files.write_text(options.history, learnt.history)
    files.write_text(options.sizes, learnt.sizes)
    files.write_parquet(options.predictions, learnt.predictions)
    files.write_json(options.choice, learnt.choice)
    checkpoints.clear()
    console.log.info(
        "chosen: %s of %s words, width %d, %s, %s bytes",
        f"{len(learnt.words):,}",
        f"{learnt.candidates:,}",
        learnt.chosen.width,
        levels.describe(learnt.chosen.levels),
        f"{learnt.chosen.bytes:,}",
    )


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
