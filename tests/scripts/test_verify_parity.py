"""verify_parity: all forms of the model against the SavedModel; see also tests/parity."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import Project
from model_inputs import copy_unverified, verify_arguments
from step_runs import RunScript

from provender import files

MODEL = [
    f"tfjs/{form}/{name}"
    for form in ("graph", "layers")
    for name in ("group1-shard1of1.bin", "model.json")
]


@pytest.fixture
def data(small_build: Project, tmp_path: Path) -> Path:
    """Return a copy of the small build's data, not yet verified, for a test to change."""
    return copy_unverified(small_build, tmp_path / "data")


def test_report(run_script: RunScript, data: Path, small_bundle: Path) -> None:
    """All forms agree on the whole test split; the report has the digests of what it checked."""
    done = run_script("verify_parity", *verify_arguments(data))
    report = files.read_json(data / "reports" / "parity.json")
    differences = report.pop("max_difference")
    posts = pq.read_table(data / "splits" / "test.parquet").num_rows
    assert report == {
        "posts": posts,
        "tensorflow_posts": posts,
        "tolerance": 1e-5,
        "checked": {
            "constants.json": files.sha256(small_bundle / "constants.json"),
            **{name: files.sha256(data / name) for name in MODEL},
        },
    }
    assert sorted(differences) == ["graph", "kernel", "layers"]
    assert max(differences.values()) < 1e-6
    assert "103 texts scored by layers, graph, kernel\n" in done.stderr
    assert "verify_parity: 103 posts, ids equal, largest differences: layers " in done.stderr


def test_predictions_of_other_posts(run_script: RunScript, data: Path) -> None:
    """Predictions that are not those of the test split are not compared."""
    path = data / "reports" / "predictions.parquet"
    files.write_parquet(path, pq.read_table(path).slice(1))
    done = run_script("verify_parity", *verify_arguments(data), code=1)
    assert "the predictions are not those of this test split: run snakemake again" in done.stderr
    assert not (data / "reports" / "parity.json").exists()


def test_other_labels(run_script: RunScript, data: Path) -> None:
    """With another number of labels than the model's, Node says so and no report is written."""
    files.write_json(data / "vocabulary" / "labels.json", ["bread", "tides"])
    done = run_script("verify_parity", *verify_arguments(data), code=1)
    assert "verify.js: The kernel cannot run this model: scores/kernel has shape" in done.stderr
    assert "error: web/verify.js ended with exit code 1; its message stands above" in done.stderr
    assert not (data / "reports" / "parity.json").exists()


def test_other_length(run_script: RunScript, data: Path) -> None:
    """With another number of words that are read of a text, other ids come out."""
    options = verify_arguments(data)
    options[options.index("--max-words") + 1] = "3"
    done = run_script("verify_parity", *options, code=1)
    assert "posts have other word ids in JavaScript than in Python" in done.stderr
    assert not (data / "reports" / "parity.json").exists()
