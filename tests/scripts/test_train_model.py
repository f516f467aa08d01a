"""train_model: one training run, saved as SavedModel and as HDF5."""

import csv
from pathlib import Path

import numpy as np
import pytest
import references
import yaml
from conftest import SMALL_CONFIG, Project
from model_inputs import read_weights, write_features
from step_runs import RunScript, interrupt, interrupted, names_in, run_limited

from provender import files

SAVED_MODEL = [
    "fingerprint.pb",
    "keras_metadata.pb",
    "saved_model.pb",
    "variables/variables.data-00000-of-00001",
    "variables/variables.index",
]

# Below the size of a SavedModel's graph, above that of the small files before it.
LIMIT_BYTES = 12_000


def arguments(inputs: Path, output: Path, **changes: object) -> list[str | Path]:
    """Return the command line; ``inputs`` has folders features and vocabulary."""
    options = {
        "smoothing": 0.3, "scale": 1.5, "epochs": 1, "batch-size": 64, "learning-rate": 0.003,
        "seed": 1, **changes,
    }  # fmt: skip
    return [
        *("--train", inputs / "features" / "train.parquet"),
        *("--validation", inputs / "features" / "validation.parquet"),
        *("--vocabulary", inputs / "vocabulary" / "vocabulary.json"),
        *("--labels", inputs / "vocabulary" / "labels.json"),
        *(str(word) for name, value in options.items() for word in (f"--{name}", value)),
        *("--saved-model", output / "saved_model", "--hdf5", output / "model.h5"),
        *("--history", output / "history.csv"),
    ]


def trained_with(build: Project) -> dict[str, object]:
    """Return the small build's settings, in the command line's names."""
    config = yaml.safe_load((build.folder / "config" / "config.yaml").read_text("utf-8"))
    model = {**config["model"], **SMALL_CONFIG["model"]}
    return {name.replace("_", "-"): value for name, value in model.items() if name != "max_words"}


def all_files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below ``folder``."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_full_disk_and_the_run_after_it(
    run_script: RunScript, small_build: Project, tmp_path: Path
) -> None:
    """A model that does not fit leaves nothing; the next run gives the small build's bytes."""
    data, output = small_build.folder / "data", tmp_path / "model"
    options = arguments(data, output, **trained_with(small_build))
    code, messages = run_limited(LIMIT_BYTES, "train_model", *options)
    assert code == 1
    assert f"train_model: error: no disk space left while writing {output}/saved_model" in messages
    assert "(File too large). Free some and run the same command again" in messages
    assert names_in(output) == []
    run_script("train_model", *options)
    assert all_files(output) == all_files(data / "model")


def test_starts_as_naive_bayes(run_script: RunScript, tmp_path: Path) -> None:
    """With steps too small to see, the saved embedding is the naive Bayes table."""
    texts = [[2, 3, 2, 1, 0], [3, 4, 0, 0, 0], [5, 5, 5, 4, 2], [4, 6, 1, 1, 3]]
    truth = [0, 0, 1, 2]
    for folder in ("features", "vocabulary"):
        (tmp_path / folder).mkdir()
    write_features(tmp_path / "features" / "train.parquet", truth, texts)
    write_features(tmp_path / "features" / "validation.parquet", [1, 2], [[5, 2, 0, 0, 0]] * 2)
    files.write_json(tmp_path / "vocabulary" / "vocabulary.json", ["a", "b", "c", "d", "e", "f"])
    files.write_json(tmp_path / "vocabulary" / "labels.json", ["x", "y", "z"])
    output = tmp_path / "model"
    options = {"epochs": 3, "learning-rate": 1e-9, "smoothing": 0.5, "scale": 2}
    done = run_script("train_model", *arguments(tmp_path, output, **options))

    weights = read_weights(output / "model.h5")
    table = references.naive_bayes(texts, truth, words=8, labels=3, smoothing=0.5, scale=2)
    np.testing.assert_allclose(weights["embeddings"], table, atol=1e-6)
    np.testing.assert_allclose(weights["kernel"], np.eye(3), atol=1e-6)
    np.testing.assert_allclose(weights["bias"], [0, 0, 0], atol=1e-6)
    assert sorted(all_files(output / "saved_model")) == SAVED_MODEL
    assert names_in(output) == ["history.csv", "model.h5", "saved_model"]

    # Without a change of weights each epoch has the loss of the start.
    scores = [references.predict(text, table, np.eye(3), [0, 0, 0]) for text in texts]
    loss = -np.mean([np.log(score[label]) for score, label in zip(scores, truth, strict=True)])
    with (output / "history.csv").open(encoding="utf-8", newline="") as file:
        history = list(csv.DictReader(file))
    assert [row["epoch"] for row in history] == ["1", "2", "3"]
    assert [float(row["loss"]) for row in history] == [pytest.approx(loss, abs=2e-6)] * 3
    assert [float(row["val_accuracy"]) for row in history] == [0.5] * 3
    assert f"train_model: epoch 3 of 3: loss {loss:.4f}, accuracy" in done.stderr


def test_interrupted(small_build: Project, tmp_path: Path) -> None:
    """Ctrl-C amid the epochs leaves no model, and no part of one."""
    output, log = tmp_path / "model", tmp_path / "train_model.log"
    options = arguments(small_build.folder / "data", output, epochs=100_000)

    def is_training() -> bool:
        return log.exists() and "epoch 2 of" in log.read_text(encoding="utf-8")

    code, messages = interrupt(is_training, "train_model", *options, "--log", log)
    assert code == 130
    assert messages.endswith(interrupted("train_model"))
    assert names_in(tmp_path) == ["train_model.log"]
