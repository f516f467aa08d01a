"""search_model: each model is scored as train_model's first one is."""

import csv
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import ROOT, SMALL_CONFIG, Project
from model_inputs import write_features, write_vectors
from step_runs import names_in
from test_train_model import RECIPE

from provender import config, files

# Runs the step with fewer alternatives: each model takes a second.
WITH_GRID = """
import sys
import search_model
sys.argv[0] = "search_model.py"
search_model.GRID = {grid}
sys.exit(search_model.step.run(search_model.parse_arguments(), search_model.main))
"""

LABELS = [0, 0, 1, 2, 1, 2]
TEXTS = [[2, 3, 2, 1], [3, 4, 0, 0], [5, 5, 4, 2], [6, 7, 1, 1], [5, 4, 3, 0], [7, 6, 2, 0]]


def run(grid: dict[str, Sequence[float]], *arguments: str | Path) -> str:
    """Run the step with ``grid`` and return what it says."""
    done = subprocess.run(
        [sys.executable, "-c", WITH_GRID.format(grid=grid), *map(str, arguments)],
        cwd=ROOT / "scripts",
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def read(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def options(features: Path, vocabulary: Path, **model: float) -> list[str | Path]:
    """Return the command line but for the output."""
    return [
        *("--train", features / "train.parquet", "--validation", features / "validation.parquet"),
        *("--augmented", features / "augmented.parquet"),
        *("--candidates", vocabulary / "candidates.json", "--labels", vocabulary / "labels.json"),
        *("--text", vocabulary / "text.json"),
        *(str(word) for name, value in model.items() for word in (f"--{name}", value)),
    ]


def test_scores_are_those_of_train_model(small_build: Project, tmp_path: Path) -> None:
    """The configured values' score is that of all words in float32 in the build's own table."""
    data = small_build.folder / "data"
    model = {**config.read(ROOT / config.DEFAULT)["model"], **SMALL_CONFIG["model"]}
    taken = {
        name.replace("_", "-"): value
        for name, value in model.items()
        if name not in ("max_words", "budget_kb", "sure_accuracy")
    }
    output = tmp_path / "search.csv"
    said = run({}, *options(data / "features", data / "vocabulary", **taken), "--output", output)
    (row,) = read(output)
    sizes = [each for each in read(data / "reports" / "sizes.csv") if each["levels"] == "0"]
    whole = max(sizes, key=lambda each: int(each["words"]))
    assert int(whole["words"]) == len(files.read_json(data / "vocabulary" / "candidates.json"))
    assert (row["recall@1"], row["loss"]) == (whole["recall@1"], whole["loss"])
    assert (row["chosen"], row["augmented"], row["epochs"]) == ("1", "0", "2")
    assert said.endswith("search_model: best: the configured values\n")
    assert names_in(tmp_path) == ["search.csv"]


@pytest.mark.ci
def test_augmentation(tmp_path: Path) -> None:
    """Rows made of validation posts are not learnt from; one model does without any."""
    for name in ("features", "others", "vocabulary"):
        (tmp_path / name).mkdir()
    files.write_json(tmp_path / "vocabulary" / "candidates.json", list("abcdef"))
    files.write_json(tmp_path / "vocabulary" / "labels.json", ["x", "y", "z"])
    files.write_json(tmp_path / "vocabulary" / "text.json", RECIPE)
    # Rows 1 to 6 train, the others validate, enough to choose by: these again, under other labels,
    # would mislead.
    asked = [[5, 4, 0, 0], [6, 2, 2, 0]] * 50
    augmented = (
        [0, 1, 2, 1, 0, 1, *[0, 1] * 50],
        [[4, 2, 0, 0], *TEXTS[1:], *asked],
    )
    for folder, rows in (("features", 106), ("others", 6)):
        write_features(tmp_path / folder / "train.parquet", LABELS, TEXTS)
        write_features(tmp_path / folder / "validation.parquet", [1, 0] * 50, asked, 7)
        parts = (part[:rows] for part in augmented)
        write_features(tmp_path / folder / "augmented.parquet", *parts)
    model = {
        "smoothing": 0.5, "power": 1, "idf-power": 1, "share": 0.5, "cost": 2, "epochs": 1,
        "seed": 1,
    }  # fmt: skip
    said, tables = {}, {}
    for folder in ("features", "others"):
        output = tmp_path / f"{folder}.csv"
        command = options(tmp_path / folder, tmp_path / "vocabulary", **model)
        said[folder] = run({"cost": (2, 4)}, *command, "--output", output)
        tables[folder] = output.read_bytes()
    assert tables["features"] == tables["others"]
    rows = read(tmp_path / "features.csv")
    assert sorted((row["cost"], row["augmented"], row["chosen"]) for row in rows) == [
        ("2", "0", "0"), ("2", "1", "1"), ("4", "1", "0"),
    ]  # fmt: skip
    assert len({row["loss"] for row in rows}) == 3
    plain = next(row for row in rows if row["augmented"] == "0")
    loss = f"loss {float(plain['loss']):.4f}"
    assert f"search_model: configured, without augmentation: {loss}, recall@1" in said["features"]


def test_with_word_vectors(tmp_path: Path) -> None:
    """Texts that share no word are told by vectors; those of words that no text has say nothing."""
    for name in ("features", "vocabulary"):
        (tmp_path / name).mkdir()
    files.write_json(tmp_path / "vocabulary" / "candidates.json", [*"abcdef", "unread"])
    files.write_json(tmp_path / "vocabulary" / "labels.json", ["x", "y"])
    files.write_json(tmp_path / "vocabulary" / "text.json", RECIPE)
    files.write_json(tmp_path / "vocabulary" / "counts.json", [*[1] * 6, 0])
    write_features(
        tmp_path / "features" / "train.parquet",
        [row % 2 for row in range(6)],
        [[2 + row, 0, 0, 0] for row in range(6)],
    )
    write_features(tmp_path / "features" / "validation.parquet", [0], [[2, 0, 0, 0]], 7)
    write_features(tmp_path / "features" / "augmented.parquet", [], [])
    near = [[2, 1], [1, 3], [3, 1], [0, 2], [2, 0], [1, 2]]
    counts = tmp_path / "vocabulary" / "counts.json"
    model = {
        "smoothing": 0.5, "power": 1, "idf-power": 1, "share": 0.5, "cost": 2, "epochs": 1,
        "seed": 1,
    }  # fmt: skip
    tables = {}
    for name, unread in (("without", None), ("with", [9, 0]), ("other", [0, 9])):
        command = options(tmp_path / "features", tmp_path / "vocabulary", **model)
        if unread:
            file = tmp_path / f"{name}.parquet"
            write_vectors(file, [*"abcdef", "unread"], [*near, unread])
            command += ["--vectors", file, "--counts", counts]
        run({"cost": (2, 4)}, *command, "--output", tmp_path / f"{name}.csv")
        tables[name] = read(tmp_path / f"{name}.csv")
    assert {row["recall@1"] for row in tables["without"]} == {"0.500000"}
    assert {row["recall@1"] for row in tables["with"]} == {"1.000000"}
    assert sorted(row["cost"] for row in tables["with"]) == ["2", "4"]
    assert tables["other"] == tables["with"]
