"""convert_graph: the trained weights in TensorFlow.js' graph format."""

from pathlib import Path

import numpy as np
from conftest import Project
from databases import digests
from model_inputs import assert_same_weights
from step_runs import RunScript, names_in

from provender import files
from provender.model.levels import FLOAT16


def test_converts(run_script: RunScript, small_build: Project, tmp_path: Path) -> None:
    """The graph format has the trained weights and a named input, and the same bytes."""
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
    assert sorted(model["signature"]["inputs"]) == ["weights"]
    assert sorted(model["signature"]["outputs"]) == ["scores"]
    assert digests(output) == digests(data / "tfjs" / "graph")


def test_float16(run_script: RunScript, small_build: Project, tmp_path: Path) -> None:
    """The converter's float16 has the nearest numbers to those trained, in the table alone."""
    model, choice = small_build.folder / "data" / "model", tmp_path / "choice.json"
    files.write_json(choice, {"levels": FLOAT16})
    output = tmp_path / "graph"
    options = ["--saved-model", model / "saved_model", "--choice", choice, "--output", output]
    run_script("convert_graph", *options)
    assert_same_weights(output, model / "model.h5", table=np.float16)
