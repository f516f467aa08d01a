"""evaluate_model: metrics, confusion matrix and predictions of the SavedModel."""

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import references
from conftest import Project
from evaluate_model import format_missing
from model_inputs import read_weights, write_features
from step_runs import RunScript, names_in

from provender import files

LABELS = ["bread", "chess", "tides"]


def draw_features(seed: int, posts: int, words: int) -> tuple[list[int], list[list[int]]]:
    """Return labels and word ids of made-up posts, of which some have no known word."""
    chance = random.Random(seed)
    ids = [[chance.randrange(words) for _ in range(40)] for _ in range(posts - 1)]
    return [chance.randrange(3) for _ in range(posts)], [*ids, [0] * 40]


def approximately(value: object) -> object:
    """Return ``value`` with the numbers in it allowed to differ by their rounding."""
    if isinstance(value, dict):
        return {name: approximately(item) for name, item in value.items()}
    return pytest.approx(value, abs=1e-9)


def write_measured(folder: Path) -> dict[str, object]:
    """Write what earlier steps have measured and return it as metrics.json has it."""
    measured = {
        "baselines": {"naive_bayes": 0.5, "most_frequent_label": 0.25},
        "posts": {
            "splits": {
                "train": {"labels": {"bread": 20, "chess": 30, "tides": 30}},
                "validation": {"labels": {"bread": 12, "chess": 1, "tides": 2}},
            },
            "test_without_text": {"posts": 10, "labels": {"chess": 6, "tides": 4}},
        },
    }
    files.write_json(folder / "baselines.json", measured["baselines"])
    files.write_json(folder / "checked.json", measured["posts"])
    files.write_text(folder / "sizes.csv", "words,bytes,loss,chosen\n500,1234,1.000000,1\n")
    files.write_text(folder / "history.csv", "epoch,val_loss\n1,0.500000\n2,0.250000\n")
    return {
        **measured,
        "sizes": [{"words": 500, "bytes": 1234, "loss": 1.0, "chosen": 1}],
        "history": [{"epoch": 1, "val_loss": 0.5}, {"epoch": 2, "val_loss": 0.25}],
    }


def test_scores_both_splits(run_script: RunScript, small_build: Project, tmp_path: Path) -> None:
    """All that is written agrees with the weights, applied and counted by plain loops."""
    data = small_build.folder / "data"
    shipped = files.read_json(data / "vocabulary" / "vocabulary.json")
    words = len(shipped) + 2
    # More than one batch of 256, so that their order shows.
    truth, ids = draw_features(2, 300, words)
    # The candidates are the shipped words and others, in another order.
    files.write_json(tmp_path / "candidates.json", ["zzz", *reversed(shipped), "aaa"])
    asked = [[words + 2 - word if word > 1 else word for word in text] for text in ids]
    write_features(tmp_path / "test.parquet", truth, asked)
    known = [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.5, 0.375, 0.125]]
    flat = pa.array([score for row in known for score in row], pa.float32())
    predicted = {
        "rowid": pa.array([1, 2, 3], pa.int64()),
        "label": pa.array([0, 1, 1], pa.int32()),
        "scores": pa.FixedSizeListArray.from_arrays(flat, 3),
    }
    pq.write_table(pa.table(predicted), tmp_path / "validation.parquet")
    years = [float(1990 + row % 3) for row in range(300)]
    pq.write_table(pa.table({"year": years}), tmp_path / "posts.parquet")
    measured = write_measured(tmp_path)
    output = tmp_path / "reports"
    done = run_script(
        "evaluate_model",
        *("--saved-model", data / "model" / "saved_model"),
        *("--validation", tmp_path / "validation.parquet", "--test", tmp_path / "test.parquet"),
        *("--posts", tmp_path / "posts.parquet"),
        *("--candidates", tmp_path / "candidates.json"),
        *("--choice", data / "model" / "choice.json"),
        *("--vocabulary", data / "vocabulary" / "vocabulary.json"),
        *("--labels", data / "vocabulary" / "labels.json"),
        *("--baselines", tmp_path / "baselines.json", "--checked", tmp_path / "checked.json"),
        *("--sizes", tmp_path / "sizes.csv", "--history", tmp_path / "history.csv"),
        *("--summary", output / "summary.json"),
        *("--metrics", output / "metrics.json", "--confusion", output / "confusion.csv"),
        *("--predictions", output / "predictions.parquet"),
        *("--recall", output / "recall.csv", "--labelled", output / "labelled.csv"),
    )

    weights = read_weights(data / "model" / "model.h5")
    arrays = (weights["embeddings"], weights["kernel"], weights["bias"])
    scores = [references.predict(text, *arrays) for text in ids]
    expected = {
        "validation": references.measure(known, [0, 1, 1], LABELS),
        "test": references.measure(scores, truth, LABELS),
    }
    metrics = files.read_json(output / "metrics.json")
    for name, values in expected.items():
        assert {key: metrics[name][key] for key in values} == approximately(values)
    assert 0.2 < expected["test"]["recall@1"] < 0.8
    groups = metrics["test"]["by_year"]
    assert [(group["from"], group["posts"]) for group in groups] == [
        (1990, 100),
        (1991, 100),
        (1992, 100),
    ]
    assert sum(group["recall@1"] for group in groups) / 3 == pytest.approx(
        expected["test"]["recall@1"]
    )
    assert sum(group["posts"] for group in metrics["test"]["by_words"]) == 300
    assert 0 < metrics["test"]["calibration"]["expected_error"] < 1
    choice = files.read_json(data / "model" / "choice.json")
    assert {name: metrics[name] for name in (*measured, "choice")} == {**measured, "choice": choice}
    everything = metrics["test"]["with_blank_posts"]
    assert (everything["posts"], everything["lost"], everything["label"]) == (310, 10, "bread")
    hardest = metrics["test"]["hardest"]
    assert len(hardest) == 20
    assert [post["score"] for post in hardest] == sorted(
        (post["score"] for post in hardest), reverse=True
    )

    predictions = pq.read_table(output / "predictions.parquet")
    assert predictions.schema == pa.schema(
        {"rowid": pa.int64(), "label": pa.int32(), "scores": pa.list_(pa.float32(), 3)}
    )
    assert predictions["rowid"].to_pylist() == list(range(1, 301))
    assert predictions["label"].to_pylist() == truth
    np.testing.assert_allclose(predictions["scores"].to_pylist(), scores, atol=1e-6)

    counts = [[0] * 3 for _ in LABELS]
    pairs = ["actual,predicted"]
    for label, row in zip(truth, scores, strict=True):
        counts[label][references.ranking(row)[0]] += 1
        pairs.append(f"{LABELS[label]},{LABELS[references.ranking(row)[0]]}")
    assert (output / "labelled.csv").read_text(encoding="utf-8").splitlines() == pairs
    header, *recall = (output / "recall.csv").read_text(encoding="utf-8").splitlines()
    assert header == "k,validation,test"
    for line, k in zip(recall, (1, 3, 5), strict=True):
        values = [expected[split][f"recall@{k}"] for split in ("validation", "test")]
        assert [float(cell) for cell in line.split(",")] == approximately([k, *values])
    lines = [[name, *map(str, row)] for name, row in zip(LABELS, counts, strict=True)]
    assert metrics["test"]["confusion"] == counts
    assert (output / "confusion.csv").read_text(encoding="utf-8").splitlines() == [
        "label,bread,chess,tides",
        *map(",".join, lines),
    ]
    assert f"evaluate_model: test: recall@1 {expected['test']['recall@1']:.4f}, " in done.stderr
    assert names_in(output) == [
        "confusion.csv",
        "labelled.csv",
        "metrics.json",
        "predictions.parquet",
        "recall.csv",
        "summary.json",
    ]
    names = ("posts", "recall@1", "recall@3", "recall@5", "macro_f1")
    assert files.read_json(output / "summary.json") == {
        "baselines": measured["baselines"],
        "model": {"bytes": choice["bytes"], "words": choice["words"]},
        **{
            split: {
                **{name: metrics[split][name] for name in names},
                "calibration_error": metrics[split]["calibration"]["expected_error"],
            }
            for split in ("validation", "test")
        },
    }


def test_labels_that_a_split_lacks() -> None:
    """The line of its figures ends with them, since they have no part in macro-F1."""
    counts = {"bread": 3, "chess": 0, **{f"x{number}": 0 for number in range(5)}}
    measured = {label: {"posts": count} for label, count in counts.items()}
    assert format_missing(measured) == (
        " over 1 of 7 labels: none of its texts has chess, x0, x1, x2, x3, …"
    )
    assert format_missing({"bread": {"posts": 3}}) == ""
