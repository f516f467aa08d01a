"""measure_outside: what tells texts that have none of the labels."""

from pathlib import Path

import pytest
from conftest import Project
from step_runs import RunScript, names_in

from provender import files


def arguments(data: Path, output: Path) -> list[str | Path]:
    """Return the command line."""
    vocabulary = data / "vocabulary"
    splits = [
        word
        for split, scores in (
            ("validation", "model/validation.parquet"),
            ("test", "reports/predictions.parquet"),
        )
        for word in (
            *(f"--{split}", data / "features" / f"{split}.parquet"),
            *(f"--{split}-texts", data / "splits" / f"{split}.parquet"),
            *(f"--{split}-scores", data / scores),
        )
    ]
    return [
        *("--train", data / "features" / "train.parquet", *splits),
        *("--candidates", vocabulary / "candidates.json"),
        *("--vocabulary", vocabulary / "vocabulary.json", "--labels", vocabulary / "labels.json"),
        *("--text", vocabulary / "text.json", "--max-words", "40", "--min-count", "1"),
        *("--output", output),
    ]


def test_report(run_script: RunScript, small_build: Project, tmp_path: Path) -> None:
    """It is that of the build; from each limit on, fewer texts are told to be outside."""
    output = tmp_path / "outside.json"
    done = run_script("measure_outside", *arguments(small_build.folder / "data", output))
    found = files.read_json(output)
    assert found == files.read_json(small_build.folder / "data" / "reports" / "outside.json")
    constants = files.read_json(small_build.folder / "dist" / "bundle" / "constants.json")
    assert constants["other"] == found["other"]
    limits = [point["from"] for point in found["curve"]]
    assert limits == [pytest.approx(0.05 * step) for step in range(1, 20)]
    for name in ("inside", "outside"):
        shares = [point[name] for point in found["curve"]]
        assert shares == sorted(shares, reverse=True)
    # Of made-up topics that share few words, the hidden ones are told apart.
    (half,) = (point for point in found["curve"] if point["from"] == 0.5)
    assert half["outside"] > half["inside"] + 0.4
    assert "where their label is hidden" in done.stderr
    assert names_in(tmp_path) == ["outside.json"]


def test_few_texts(run_script: RunScript, small_build: Project, tmp_path: Path) -> None:
    """A validation split of a few texts teaches nothing, and that is said."""
    data = tmp_path / "data"
    for name in ("features", "splits"):
        (data / name).mkdir(parents=True)
        for path in (small_build.folder / "data" / name).glob("*.parquet"):
            table = files.read_parquet(path)
            files.write_parquet(data / name / path.name, table.slice(0, 9))
    for name in ("model/validation.parquet", "reports/predictions.parquet"):
        (data / name).parent.mkdir(exist_ok=True)
        table = files.read_parquet(small_build.folder / "data" / name)
        files.write_parquet(data / name, table.slice(0, 9))
    (data / "vocabulary").symlink_to(small_build.folder / "data" / "vocabulary")
    output = tmp_path / "outside.json"
    done = run_script("measure_outside", *arguments(data, output))
    assert files.read_json(output) == {"other": [], "curve": []}
    assert (
        done.stderr == "measure_outside: too few texts to learn from what has none of the labels\n"
    )
