"""A stage of dvc.yaml runs what the Snakefile has for its job."""

import json

import pytest
from conftest import Project
from recorded import IN_STEP


@pytest.mark.proof(*IN_STEP)
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


@pytest.mark.proof(
    "src/provender/tool.py", "src/provender/versioning/*.py", "src/provender/running/*.py"
)
def test_a_queue(recorded: Project) -> None:
    """In DVC's own copy of the tool its own code runs, for every stage from training on."""
    # The title holds what DVC would take for a value to fill in.
    values = ["small.yaml:title=Plain", "small.yaml:model.epochs=3"]
    recorded.run("dvc", "exp", "run", "--queue", *(f"--set-param={each}" for each in values))
    recorded.run("dvc", "exp", "run", "--run-all")
    shown = json.loads(recorded.run("dvc", "exp", "show", "--json").stdout)
    revisions = [each["revs"][0] for state in shown for each in state["experiments"] or []]
    epochs = {each["data"]["params"]["small.yaml"]["data"]["model"]["epochs"] for each in revisions}
    assert epochs == {3}
    assert all(each["data"]["metrics"] for each in revisions)


def test_a_job_that_is_not_there(recorded: Project) -> None:
    """The message lists those that are; a wildcard's value counts."""
    said = recorded.run("provender", "run", "encode_posts", "split=tests", code=1).stderr
    assert "the Snakefile has no job encode_posts split=tests: there are compile_recipe, " in said
    assert "encode_posts@test" in said
