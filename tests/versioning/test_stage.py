"""A stage of dvc.yaml runs what the Snakefile has for its job."""

import json

import pytest
from conftest import Project


@pytest.mark.ci
def test_experiment(recorded: Project) -> None:
    """Dvc exp run sets a value, which reaches the command of each stage that depends on it."""
    recorded.run("dvc", "exp", "run", "--set-param", "small.yaml:title=Set by DVC")
    about = json.loads((recorded.folder / "dist/bundle/about.json").read_text(encoding="utf-8"))
    assert about["corpus"]["title"] == "Set by DVC"
    receipt = json.loads((recorded.folder / "data/receipts/assemble_bundle.json").read_text())
    words = receipt["command"]
    assert words[words.index("--title") + 1] == "Set by DVC"
    recorded.run("provender", "record", "--check")


def test_a_job_that_is_not_there(recorded: Project) -> None:
    """The message lists those that are; a wildcard's value counts."""
    said = recorded.run("provender", "run", "encode_posts", "split=tests", code=1).stderr
    assert "the Snakefile has no job encode_posts split=tests: there are compile_recipe, " in said
    assert "encode_posts@test" in said
