"""Score the SavedModel on the validation and the test split.

Writes metrics.json (recall@1, @3, @5, macro-F1, and precision, recall, F1 and posts a
label); as CSV the test split's confusion matrix (row: true label, column: predicted), and
for plots recall@k of both splits and each test post's true and predicted label; the test
split's predictions as Parquet (rowid, label, scores float32 [labels]).
"""

import argparse
import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from provender import files, step
from provender.features import Features, read_features

RANKS = (1, 3, 5)

# Posts predicted at once: bounds the memory, not the result.
BATCH = 256


def predict(saved_model: Path, features: Features) -> np.ndarray:
    """Return the SavedModel's scores: float32 [n, labels]."""
    from provender import determinism

    with determinism.quiet_start():
        import tensorflow as tf

    signature = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    starts = range(0, len(features.ids), BATCH)
    return np.concatenate(
        [
            signature(
                word_ids=tf.constant(features.ids[start : start + BATCH]),
                word_weights=tf.constant(features.weights[start : start + BATCH]),
            )["scores"].numpy()
            for start in step.progress(starts, "predicting batches", len(starts))
        ]
    )


def measure(scores: np.ndarray, truth: np.ndarray, labels: list[str]) -> dict[str, Any]:
    """Return the metrics of ``scores`` [n, labels] against ``truth`` [n].

    recall@k is the share of posts whose label is among the k best. A label that is
    never predicted has precision 0; one without posts has recall 0. macro-F1 is the
    mean over all labels.
    """
    # A stable sort breaks ties by label order, as the browser does.
    ranked = np.argsort(-scores, axis=1, kind="stable")
    hits = ranked == truth[:, np.newaxis]
    counts = confusion(ranked[:, 0], truth, len(labels))
    right = np.diag(counts)
    precision = right / np.maximum(counts.sum(axis=0), 1)
    recall = right / np.maximum(counts.sum(axis=1), 1)
    f1 = 2 * right / np.maximum(counts.sum(axis=0) + counts.sum(axis=1), 1)
    return {
        "posts": len(truth),
        **{f"recall@{k}": float(hits[:, :k].any(axis=1).mean()) for k in RANKS},
        "macro_f1": float(f1.mean()),
        "labels": {
            label: {
                "precision": float(precision[place]),
                "recall": float(recall[place]),
                "f1": float(f1[place]),
                "posts": int(counts[place].sum()),
            }
            for place, label in enumerate(labels)
        },
    }


def confusion(predicted: np.ndarray, truth: np.ndarray, labels: int) -> np.ndarray:
    """Count posts by true label (row) and predicted label (column): int [labels, labels]."""
    return np.bincount(truth * labels + predicted, minlength=labels**2).reshape(labels, labels)


def format_confusion(counts: np.ndarray, labels: list[str]) -> str:
    """Return the confusion matrix as CSV with a header row and column."""
    rows = ([label, *map(int, row)] for label, row in zip(labels, counts, strict=True))
    return format_csv(["label", *labels], rows)


def format_csv(header: list[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV with a header row."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return table.getvalue()


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--saved-model", type=Path, required=True, help="folder of the SavedModel")
    parser.add_argument("--validation", type=Path, required=True, help="features, Parquet")
    parser.add_argument("--test", type=Path, required=True, help="features, Parquet")
    parser.add_argument("--labels", type=Path, required=True, help="labels, JSON")
    parser.add_argument("--metrics", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--confusion", type=Path, required=True, help="CSV file to write")
    parser.add_argument("--recall", type=Path, required=True, help="CSV file to write, to plot")
    parser.add_argument("--labelled", type=Path, required=True, help="the same: a row a post")
    parser.add_argument("--predictions", type=Path, required=True, help="Parquet file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Predict both splits and write metrics, tables to plot and predictions."""
    labels = files.read_json(options.labels)
    validation, test = read_features(options.validation), read_features(options.test)
    scores = predict(options.saved_model, test)
    metrics = {
        "validation": measure(predict(options.saved_model, validation), validation.labels, labels),
        "test": measure(scores, test.labels, labels),
    }
    files.write_json(options.metrics, metrics)
    predicted = scores.argmax(axis=1)
    counts = confusion(predicted, test.labels, len(labels))
    files.write_text(options.confusion, format_confusion(counts, labels))
    recall = [(k, *(values[f"recall@{k}"] for values in metrics.values())) for k in RANKS]
    files.write_text(options.recall, format_csv(["k", *metrics], recall))
    pairs = zip(test.labels, predicted, strict=True)
    labelled = ((labels[actual], labels[guess]) for actual, guess in pairs)
    files.write_text(options.labelled, format_csv(["actual", "predicted"], labelled))
    predictions = {
        "rowid": test.rowids,
        "label": test.labels,
        "scores": pa.FixedSizeListArray.from_arrays(pa.array(scores.ravel()), len(labels)),
    }
    files.write_parquet(options.predictions, pa.table(predictions))
    for split, values in metrics.items():
        step.log.info(
            "%s: recall@1 %.4f, @3 %.4f, @5 %.4f, macro-F1 %.4f",
            split,
            *(values[f"recall@{k}"] for k in RANKS),
            values["macro_f1"],
        )


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
