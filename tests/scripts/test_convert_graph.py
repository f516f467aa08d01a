"""convert_graph: the trained weights in TensorFlow.js' graph format."""

from pathlib import Path

from conftest import Project
from databases import digests
from model_inputs import assert_same_weights
from step_runs import RunScript, names_in

from provender import files


def test_converts(run_script: RunScript, small_build: Project, tmp_path: Path) -> None:
    """The graph format has the trained weights and named inputs, and the same bytes."""
    data, output = small_build.folder / "data", tmp_path / "graph"
    saved_model, choice = data / "model" / "saved_model", data / "model" / "choice.json"
    done = run_script(
        "convert_graph", "--saved-model", saved_model, "--choice", choice, "--output", output
    )
    assert done.stderr == f"convert_graph: wrote {output}\n"
    assert names_in(output) == ["group1-shard1of1.bin", "model.json"]
    assert_same_weights(output, data / "model" / "model.h5")
    model = files.read_json(output / "model.json")
    assert model["format"] == "graph-model"
    assert sorted(model["signature"]["inputs"]) == ["word_ids", "word_weights"]
    assert sorted(model["signature"]["outputs"]) == ["scores"]
    assert digests(output) == digests(data / "tfjs" / "graph")
