"""Train the classifier and save it once, as a SavedModel and as HDF5.

The model is a weighted embedding bag in tf-keras: each word has one number a label, a
text's logits are the weighted sum of its words' rows, then a dense softmax layer. It
starts as complement naive Bayes and is trained for a few epochs from there.
"""

import argparse
import csv
import io
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from provender import files, step
from provender.encode import FIRST_WORD
from provender.features import Features, read_features
from provender.naive_bayes import naive_bayes_table

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


def build_model(table: np.ndarray, max_words: int, learning_rate: float) -> "tf_keras.Model":
    """Return the compiled tf-keras model, its embedding started from ``table``.

    Inputs: ``word_ids`` int32 and ``word_weights`` float32, both [n, max_words].
    Output: ``scores`` float32 [n, labels], each row adding up to 1.
    """
    import tf_keras as keras

    words, labels = table.shape
    word_ids = keras.Input((max_words,), name="word_ids", dtype="int32")
    word_weights = keras.Input((max_words,), name="word_weights")
    embedding = keras.layers.Embedding(words, labels, name="embedding")
    pooled = keras.layers.Dot(axes=(1, 1), name="pooling")([word_weights, embedding(word_ids)])
    scores = keras.layers.Dense(labels, activation="softmax", name="scores")
    model = keras.Model([word_ids, word_weights], scores(pooled), name="classifier")
    embedding.set_weights([table])
    scores.set_weights([np.eye(labels, dtype=np.float32), np.zeros(labels, np.float32)])
    model.compile(
        keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", ["accuracy"]
    )
    return model


def fit(
    model: "tf_keras.Model", train: Features, validation: Features, epochs: int, batch_size: int
) -> str:
    """Train the model and return its learning curve as CSV, one line an epoch."""
    import tf_keras as keras

    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    columns = ["loss", "accuracy", "val_loss", "val_accuracy"]
    writer.writerow(["epoch", *columns])

    def keep(epoch: int, logs: dict[str, float]) -> None:
        writer.writerow([epoch + 1, *(f"{logs[name]:.6f}" for name in columns)])
        step.log.info(
            "epoch %d of %d: %s",
            epoch + 1,
            epochs,
            ", ".join(f"{name} {logs[name]:.4f}" for name in columns),
        )

    # Keras draws its bars in a terminal, each to its end before the line below it.
    bars = [keras.callbacks.ProgbarLogger("steps")] if sys.stderr.isatty() else []
    model.fit(
        [train.ids, train.weights],
        train.labels,
        validation_data=([validation.ids, validation.weights], validation.labels),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[*bars, keras.callbacks.LambdaCallback(on_epoch_end=keep)],
        verbose=len(bars),
    )
    return table.getvalue()


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

    from provender import determinism

    try:
        model.save(folder, save_format="tf", include_optimizer=False)
    except tf.errors.OpError as error:
        # TensorFlow keeps the operating system's words, but not its error number.
        for code in step.NO_SPACE:
            if os.strerror(code) in str(error):
                raise OSError(code, os.strerror(code), str(folder)) from error
        raise
    determinism.clear_fingerprint_uuid(folder / "fingerprint.pb")
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
    parser.add_argument("--vocabulary", type=Path, required=True, help="words, JSON")
    parser.add_argument("--labels", type=Path, required=True, help="labels, JSON")
    parser.add_argument("--smoothing", type=float, required=True, help="naive Bayes' alpha")
    parser.add_argument("--scale", type=float, required=True, help="factor on the start's logits")
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True, help="Adam's")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--saved-model", type=Path, required=True, help="folder to write")
    parser.add_argument("--hdf5", type=Path, required=True, help="HDF5 file to write")
    parser.add_argument("--history", type=Path, required=True, help="CSV file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Read the features, train, and write model and learning curve."""
    from provender import determinism

    determinism.seed(options.seed)
    train, validation = read_features(options.train), read_features(options.validation)
    words = len(files.read_json(options.vocabulary)) + FIRST_WORD
    labels = len(files.read_json(options.labels))
    table = naive_bayes_table(train, words, labels, options.smoothing, options.scale)
    model = build_model(table, train.ids.shape[1], options.learning_rate)
    history = fit(model, train, validation, options.epochs, options.batch_size)
    save(model, options.saved_model, options.hdf5)
    files.write_text(options.history, history)


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
