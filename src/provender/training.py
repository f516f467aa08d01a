"""The model in tf-keras, and how it is trained. Seed by determinism first."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provender import arithmetic
from provender.features import Features
from provender.naive_bayes import NaiveBayes, naive_bayes_table

if TYPE_CHECKING:
    import tf_keras


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
    parser.add_argument("--learning-rate", type=float, required=True, help="Adam's")
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

    ``report`` is told of each epoch, from 0, what Keras measures. A terminal shows its bars,
    unless ``bars`` is false.
    """
    import tf_keras as keras

    start = naive_bayes_table(posts, words, labels, how.start)
    kernel, bias = np.eye(labels, dtype=np.float32), np.zeros(labels, np.float32)
    model = build_model(start, kernel, bias, posts.ids.shape[1])
    keras.utils.set_random_seed(how.seed)
    model.compile(
        keras.optimizers.Adam(how.learning_rate), "sparse_categorical_crossentropy", ["accuracy"]
    )
    # Keras draws its bars in a terminal, each to its end before the line below it.
    callbacks = [keras.callbacks.ProgbarLogger("steps")] if bars and sys.stderr.isatty() else []
    verbose = len(callbacks)
    if report:
        callbacks.append(keras.callbacks.LambdaCallback(on_epoch_end=report))
    known = validation and ([validation.ids, validation.weights], validation.labels)
    model.fit(
        [posts.ids, posts.weights],
        posts.labels,
        validation_data=known,
        epochs=how.epochs,
        batch_size=how.batch_size,
        callbacks=callbacks,
        verbose=verbose,
    )
    table = model.get_layer("embedding").get_weights()[0]
    kernel, bias = model.get_layer("scores").get_weights()
    return Weights(arithmetic.matmul(table, kernel).astype(np.float32), bias)
