"""The model in tf-keras, and how it is trained. Seed by determinism first."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provender.model import arithmetic
from provender.model.features import Features, pool
from provender.model.naive_bayes import NaiveBayes, naive_bayes_out_of_fold

if TYPE_CHECKING:
    import tf_keras

# Parts of the posts, of which each is answered by naive Bayes of the others; of 3 to 20 none
# was better by more than chance.
FOLDS = 5


@dataclass(frozen=True)
class Training:
    """How a model is trained: from which start, how long and how fast."""

    start: NaiveBayes
    epochs: int
    batch_size: int
    learning_rate: float
    seed: int


@dataclass(frozen=True)
class Weights:
    """A trained model: what each id adds to each label's logit, per pooling weight.

    ``table`` float32 [ids, labels]; ``bias`` float32 [labels].
    """

    table: np.ndarray
    bias: np.ndarray


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a model is trained."""
    parser.add_argument("--smoothing", type=float, required=True, help="naive Bayes' alpha")
    parser.add_argument("--power", type=float, required=True, help="exponent of its counts")
    parser.add_argument("--idf-power", type=float, required=True, help="and of word rarity")
    parser.add_argument("--scale", type=float, required=True, help="factor on the start's logits")
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True, help="Adam's at the start")
    parser.add_argument("--seed", type=int, required=True)


def read_arguments(options: argparse.Namespace) -> Training:
    """Return what those options say."""
    return Training(
        NaiveBayes(options.smoothing, options.power, options.idf_power, options.scale),
        options.epochs,
        options.batch_size,
        options.learning_rate,
        options.seed,
    )


def build_model(
    table: np.ndarray, kernel: np.ndarray, bias: np.ndarray, max_words: int
) -> "tf_keras.Model":
    """Return the tf-keras model: a weighted sum of the table's rows, then a dense layer.

    ``table``: [ids, width]; ``kernel``: [width, labels]; ``bias``: [labels]. Inputs:
    ``word_ids`` int32 and ``word_weights`` float32, both [n, max_words]. Output: ``scores``
    float32 [n, labels], each row adding up to 1.
    """
    import tf_keras as keras

    keras.backend.clear_session()
    word_ids = keras.Input((max_words,), name="word_ids", dtype="int32")
    word_weights = keras.Input((max_words,), name="word_weights")
    embedding = keras.layers.Embedding(*table.shape, name="embedding")
    pooled = keras.layers.Dot(axes=(1, 1), name="pooling")([word_weights, embedding(word_ids)])
    scores = keras.layers.Dense(len(bias), activation="softmax", name="scores")
    model = keras.Model([word_ids, word_weights], scores(pooled), name="classifier")
    embedding.set_weights([table])
    scores.set_weights([kernel, bias])
    return model


def train(
    posts: Features,
    words: int,
    labels: int,
    how: Training,
    validation: Features | None = None,
    report: Callable[[int, dict[str, float]], None] | None = None,
    bars: bool = True,
) -> Weights:
    """Train a model of so many ids and labels from complement naive Bayes on.

    Logits are those of naive Bayes times a matrix, plus a table's and a bias; these three are
    trained, the matrix from the identity on, the rest from zero. Of a post that it has seen
    naive Bayes is too sure, so there it answers out of fold (as in Wolpert 1992, stacked
    generalization). In the end all add up to one table. The learning rate falls to zero,
    step by step.

    ``report`` is told of each epoch, from 0, what Keras measures. A terminal shows its bars,
    unless ``bars`` is false.
    """
    import tf_keras as keras

    table, start = naive_bayes_out_of_fold(posts, words, labels, how.start, assign_folds(posts))
    model = _build_training(words, labels, posts.ids.shape[1])
    keras.utils.set_random_seed(how.seed)
    steps = how.epochs * -(-len(posts.ids) // how.batch_size)
    rate = keras.optimizers.schedules.PolynomialDecay(how.learning_rate, steps, 0)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", ["accuracy"])
    # Keras draws its bars in a terminal, each to its end before the line below it.
    callbacks = [keras.callbacks.ProgbarLogger("steps")] if bars and sys.stderr.isatty() else []
    verbose = len(callbacks)
    if report:
        callbacks.append(keras.callbacks.LambdaCallback(on_epoch_end=report))
    known = None
    if validation:
        asked = [validation.ids, validation.weights, pool(validation, table).astype(np.float32)]
        known = (asked, validation.labels)
    model.fit(
        [posts.ids, posts.weights, start],
        posts.labels,
        validation_data=known,
        epochs=how.epochs,
        batch_size=how.batch_size,
        callbacks=callbacks,
        verbose=verbose,
    )
    (added,) = model.get_layer("embedding").get_weights()
    kernel, bias = model.get_layer("start").get_weights()
    return Weights((arithmetic.matmul(table, kernel) + added).astype(np.float32), bias)


def assign_folds(posts: Features) -> np.ndarray:
    """Return a fold for each row, the same for all rows of a post: int [n], from 0.

    The posts of each label, by row id, are dealt to the folds in turn.
    """
    rowids, first, places = np.unique(posts.rowids, return_index=True, return_inverse=True)
    truth = posts.labels[first]
    folds = np.zeros(len(rowids), int)
    for label in np.unique(truth):
        own = np.flatnonzero(truth == label)
        folds[own] = np.arange(len(own)) % FOLDS
    return folds[places]


def _build_training(words: int, labels: int, max_words: int) -> "tf_keras.Model":
    """Return the model that is trained; besides those of build_model, its input ``start``."""
    import tf_keras as keras

    keras.backend.clear_session()
    word_ids = keras.Input((max_words,), dtype="int32")
    word_weights = keras.Input((max_words,))
    start = keras.Input((labels,))
    embedding = keras.layers.Embedding(words, labels, "zeros", name="embedding")
    pooled = keras.layers.Dot(axes=(1, 1))([word_weights, embedding(word_ids)])
    corrected = keras.layers.Dense(labels, kernel_initializer="identity", name="start")(start)
    scores = keras.layers.Activation("softmax")(keras.layers.Add()([pooled, corrected]))
    return keras.Model([word_ids, word_weights, start], scores)
