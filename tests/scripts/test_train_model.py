"""train_model: one training run, saved as SavedModel and as HDF5."""

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import references
import yaml
from conftest import SMALL_CONFIG, Project
from model_inputs import read_weights, write_features, write_vectors
from step_runs import RunScript, interrupt, interrupted, names_in, run_limited

from provender import files
from provender.model.compression import NARROW_LEVELS
from provender.model.training import SHARES, VECTOR_SHARES
from provender.model.vectors import COSTS

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
        "smoothing": 0.3, "power": 1, "idf-power": 1, "share": 0.5, "cost": 1, "epochs": 1,
        "seed": 1, "budget-kb": 100, "max-words": 5, "sure-accuracy": 0.95, **changes,
    }  # fmt: skip
    features, vocabulary = inputs / "features", inputs / "vocabulary"
    splits = ("train", "validation", "augmented")
    return [
        *(word for name in splits for word in (f"--{name}", features / f"{name}.parquet")),
        *("--candidates", vocabulary / "candidates.json", "--labels", vocabulary / "labels.json"),
        *("--text", vocabulary / "text.json"),
        *(str(word) for name, value in options.items() for word in (f"--{name}", value)),
        *("--saved-model", output / "saved_model", "--hdf5", output / "model.h5"),
        *("--history", output / "history.csv", "--choice", output / "choice.json"),
        *("--predictions", output / "validation.parquet"),
        *("--vocabulary", output / "vocabulary.json", "--sizes", output / "sizes.csv"),
    ]


def trained_with(build: Project) -> dict[str, object]:
    """Return the small build's settings, in the command line's names."""
    config = yaml.safe_load((build.folder / "config" / "config.yaml").read_text("utf-8"))
    model = {**config["model"], "budget_kb": "auto", "cost": "auto", **SMALL_CONFIG["model"]}
    return {name.replace("_", "-"): value for name, value in model.items()}


def all_files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below ``folder``."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.ci
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
    expected = all_files(data / "model")
    expected["vocabulary.json"] = (data / "vocabulary" / "vocabulary.json").read_bytes()
    expected["sizes.csv"] = (data / "reports" / "sizes.csv").read_bytes()
    assert all_files(output) == expected


WORDS = ["f", "e", "d", "c", "b", "a"]
TEXTS = [[2, 3, 2, 1, 0], [3, 4, 0, 0, 0], [5, 5, 5, 4, 2], [4, 6, 1, 1, 3]]
TRUTH = [0, 0, 1, 2]
ASKED, ASKED_TRUTH = [[5, 2, 0, 0, 0], [5, 2, 0, 0, 0]], [1, 2]
# Of the first two posts of train, as their row ids say.
MORE, MORE_TRUTH = [[7, 2, 2, 0, 0], [3, 3, 1, 0, 0]], [0, 0]

# Without a table: of what ships none is wanted.
RECIPE = {
    **{name: [] for name in ("parts", "classes", "lower", "fold")},
    **{name: [] for name in ("separators", "symbols", "ignored")},
    "pairs": "",
    "grams": {"sizes": [], "characters": [], "words": [], "pairs": False},
}


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Return a folder with features of six words, as encode_posts writes them."""
    for folder in ("features", "vocabulary"):
        (tmp_path / folder).mkdir()
    features = tmp_path / "features"
    write_features(features / "train.parquet", TRUTH, TEXTS)
    write_features(features / "validation.parquet", ASKED_TRUTH, ASKED, first_row=11)
    write_features(features / "augmented.parquet", MORE_TRUTH, MORE)
    files.write_json(tmp_path / "vocabulary" / "candidates.json", WORDS)
    files.write_json(tmp_path / "vocabulary" / "labels.json", ["x", "y", "z"])
    files.write_json(tmp_path / "vocabulary" / "text.json", RECIPE)
    return tmp_path


def read_history(output: Path) -> list[dict[str, float]]:
    """Return the learning curve, row by row."""
    with (output / "history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: float(value) for name, value in row.items()} for row in rows]


def test_all_of_it_naive_bayes(run_script: RunScript, inputs: Path) -> None:
    """With a share of 1, the model is naive Bayes of all posts, but for rounding and scale.

    Its words are the candidates in code point order.
    """
    output = inputs / "model"
    how = {"smoothing": 0.5, "share": 1, "power": 0.7, "idf-power": 0.5, "epochs": 3}
    done = run_script("train_model", *arguments(inputs, output, **how))
    choice = files.read_json(output / "choice.json")
    assert (choice["share"], choice["shares"]) == (1, [])
    assert files.read_json(output / "vocabulary.json") == WORDS[::-1]
    assert choice["words"] == 6

    weights = read_weights(output / "model.h5")
    shipped = (weights["table"] @ weights["kernel"])[2:]
    texts, truth = [*TEXTS, *ASKED, *MORE], [*TRUTH, *ASKED_TRUTH, *MORE_TRUTH]
    table = np.array(references.naive_bayes(texts, truth, 8, 3, 0.5, 0.7, 0.5))
    # Of the axes on which the words of these posts differ, the first ones.
    posts = [sum(word in text for text in texts) for word in range(8)]
    _, _, axes = np.linalg.svd(np.sqrt(posts)[2:, np.newaxis] * table[2:])
    axes = axes[: choice["width"]]
    expected = (table @ axes.T @ axes)[:1:-1]
    shipped *= np.abs(expected).sum() / np.abs(shipped).sum()
    # At most half a step along each, on which no number is longer than its row.
    longest = np.sqrt((table**2).sum(axis=1).max())
    half = longest / ((choice["levels"] - 1) // 2) / 2 if choice["levels"] else 0
    np.testing.assert_allclose(shipped, expected, atol=half * 2 + 1e-5)
    np.testing.assert_allclose(weights["bias"], [0, 0, 0], atol=1e-6)
    assert sorted(all_files(output / "saved_model")) == SAVED_MODEL
    assert "train_model: epoch 3 of 3: loss" in done.stderr


def test_curve_is_of_the_training_split(run_script: RunScript, inputs: Path) -> None:
    """Squared hinge losses, of margins that grow from none at all; one line an epoch."""
    output = inputs / "model"
    run_script("train_model", *arguments(inputs, output, epochs=4, share=0))
    history = read_history(output)
    assert [row["epoch"] for row in history] == [1, 2, 3, 4]
    # Without having learnt anything each of the three labels has a loss of 1.
    assert all(0 < row["loss"] < 3 for row in history)
    assert {row["accuracy"] for row in history} <= {0, 0.25, 0.5, 0.75, 1}


def test_share_is_chosen_by_the_training_split(run_script: RunScript, inputs: Path) -> None:
    """Each share that was tried stands there with its recall; the first of the best is taken."""
    output = inputs / "model"
    run_script("train_model", *arguments(inputs, output, share="auto"))
    choice = files.read_json(output / "choice.json")
    recall = {row["share"]: row["recall"] for row in choice["shares"]}
    assert list(recall) == list(SHARES)
    assert recall[choice["share"]] == max(recall.values())
    assert set(recall.values()) <= {0, 0.25, 0.5, 0.75, 1}


@pytest.mark.ci
def test_chooses_without_augmented_posts_of_validation(run_script: RunScript, inputs: Path) -> None:
    """Only the final model learns from them; what was chosen before does not change."""
    features = inputs / "features"
    write_features(features / "more.parquet", [2], [[7, 7, 7, 7, 7]], first_row=11)
    known, more = (pq.read_table(features / f"{name}.parquet") for name in ("augmented", "more"))
    written = []
    for name, table in (("known", known), ("both", pa.concat_tables([known, more]))):
        pq.write_table(table, features / "augmented.parquet")
        run_script("train_model", *arguments(inputs, inputs / name))
        written.append(all_files(inputs / name))
    kept = ("choice.json", "history.csv", "sizes.csv", "validation.parquet")
    assert written[0]["model.h5"] != written[1]["model.h5"]
    assert {name: written[0][name] for name in kept} == {name: written[1][name] for name in kept}


@pytest.mark.ci
def test_budget_too_small(run_script: RunScript, inputs: Path) -> None:
    """Where nothing is small enough, the smallest is taken, with a warning."""
    done = run_script("train_model", *arguments(inputs, inputs / "model", **{"budget-kb": 0.1}))
    with (inputs / "model" / "sizes.csv").open(encoding="utf-8", newline="") as file:
        sizes = list(csv.DictReader(file))
    smallest = min(int(row["bytes"]) for row in sizes)
    assert [int(row["bytes"]) for row in sizes if row["chosen"] == "1"] == [smallest]
    assert "warning: no model is as small as model.budget_kb asks, 0.1; the smallest" in done.stderr


@pytest.mark.ci
def test_interrupted(small_build: Project, tmp_path: Path) -> None:
    """Ctrl-C amid the epochs leaves no model, and no part of one."""
    output, log = tmp_path / "model", tmp_path / "train_model.log"
    options = arguments(small_build.folder / "data", output, epochs=100_000, **{"max-words": 40})

    def is_training() -> bool:
        return log.exists() and "epoch 2 of" in log.read_text(encoding="utf-8")

    code, messages = interrupt(is_training, "train_model", *options, "--log", log)
    assert code == 130
    assert messages.endswith(interrupted("train_model"))
    assert names_in(tmp_path) == ["train_model.log"]


def with_vectors(inputs: Path) -> list[str | Path]:
    """Write vectors of most words, of which a and b are in no text; return the options."""
    values = [[3, 0], [2, 1], [0, 3], [1, 2], [4, 1]]
    write_vectors(inputs / "vectors.parquet", ["f", "e", "d", "a", "new"], values)
    files.write_json(inputs / "vocabulary" / "candidates.json", [*WORDS, "new"])
    files.write_json(inputs / "vocabulary" / "counts.json", [3, 2, 2, 2, 1, 1, 0])
    counts = inputs / "vocabulary" / "counts.json"
    return ["--vectors", inputs / "vectors.parquet", "--counts", counts]


def test_with_word_vectors(run_script: RunScript, inputs: Path) -> None:
    """A word that no text has ships for its vector; shares and temperature are those of folds."""
    options = with_vectors(inputs)
    written = []
    for name in ("one", "two"):
        output = inputs / name
        run_script("train_model", *arguments(inputs, output, share="auto"), *options)
        written.append(all_files(output))
    assert written[0] == written[1]
    choice = files.read_json(output / "choice.json")
    assert choice["words"] == 7
    assert choice["words_by_vectors_alone"] == 1
    tried = [(each["share"], each["vector_share"]) for each in choice["vector_shares"]]
    assert sorted(tried) == [(share, part) for share in SHARES for part in VECTOR_SHARES]
    losses = [each["loss"] for each in choice["vector_shares"]]
    assert losses == sorted(losses)
    assert (choice["share"], choice["vector_share"]) == tried[0]
    vocabulary = files.read_json(output / "vocabulary.json")
    assert vocabulary == sorted([*WORDS, "new"])
    weights = read_weights(output / "model.h5")
    row = (weights["table"] @ weights["kernel"])[2 + vocabulary.index("new")]
    assert row.max() - row.min() > 0 or choice["vector_share"] == 0
    assert choice["vector_cost"] in COSTS
    # As wide as any, and at two coarsenesses.
    with (output / "sizes.csv").open(encoding="utf-8", newline="") as file:
        sizes = {(int(row["words"]), int(row["levels"])) for row in csv.DictReader(file)}
    assert sizes == {(7, NARROW_LEVELS), (7, 48)}


@pytest.mark.parametrize("has_vectors", [False, True])
def test_few_texts_of_validation_choose_nothing(
    run_script: RunScript, inputs: Path, has_vectors: bool
) -> None:
    """Whatever they are, the same ships of the same worth; parts of the training split tell it."""
    options = with_vectors(inputs) if has_vectors else []
    written = []
    for number, truth in enumerate(([0, 1], [2] * 99)):
        asked = [TEXTS[row % 4] for row in range(len(truth))]
        write_features(inputs / "features" / "validation.parquet", truth, asked, first_row=11)
        output = inputs / f"{number}"
        run_script("train_model", *arguments(inputs, output, share="auto"), *options)
        written.append(all_files(output))
        assert pq.read_table(output / "validation.parquet")["label"].to_pylist() == truth
    for name in ("choice.json", "sizes.csv"):
        assert written[0][name] == written[1][name]


def test_what_is_chosen_by_parts_is_told_by_models_of_others(
    run_script: RunScript, inputs: Path
) -> None:
    """Texts of one word each, which no other has, tell nothing of one another."""
    texts = [[2 + row, 0, 0, 0, 0] for row in range(6)]
    write_features(inputs / "features" / "train.parquet", [0, 1, 0, 1, 0, 1], texts)
    write_features(inputs / "features" / "augmented.parquet", [], [])
    run_script("train_model", *arguments(inputs, inputs / "model"))
    choice = files.read_json(inputs / "model" / "choice.json")
    assert choice["recall"] == 0.5
    assert choice["loss"] == pytest.approx(np.log(3), rel=0.3)
    # None is right by more than chance, so that none is sure.
    assert choice["unsure_below"] == 1


def test_where_validation_is_large_it_chooses(run_script: RunScript, inputs: Path) -> None:
    """Words known by vectors alone are weighed: with them, and without."""
    features = inputs / "features"
    asked = [TEXTS[row % 4] for row in range(100)]
    write_features(
        features / "validation.parquet", [TRUTH[row % 4] for row in range(100)], asked, 11
    )
    output = inputs / "model"
    run_script("train_model", *arguments(inputs, output), *with_vectors(inputs))
    with (output / "sizes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {int(row["words"]) for row in rows} == {6, 7}
    assert sum(int(row["chosen"]) for row in rows) == 1
