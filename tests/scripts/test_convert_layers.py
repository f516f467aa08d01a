"""convert_layers: the trained weights in TensorFlow.js' layers format."""

from pathlib import Path

import numpy as np
from conftest import Project
from databases import digests
from model_inputs import assert_same_weights
from step_runs import RunScript, names_in

from provender import files
from provender.model.levels import FLOAT16


def test_converts(run_script: RunScript, small_build: Project, tmp_path: Path) -> None:
    """The layers format has the trained weights, and the same bytes on each run."""
    data, output = small_build.folder / "data", tmp_path / "layers"
    hdf5, choice = data / "model" / "model.h5", data / "model" / "choice.json"
    done = run_script("convert_layers", "--hdf5", hdf5, "--choice", choice, "--output", output)
    assert done.stderr == f"convert_layers: wrote {output}\n"
    assert names_in(output) == ["group1-shard1of1.bin", "model.json"]
    assert_same_weights(output, hdf5)
    assert files.read_json(output / "model.json")["format"] == "layers-model"
    assert digests(output) == digests(data / "tfjs" / "layers")


def test_float16(run_script: RunScript, small_build: Project, tmp_path: Path) -> None:
    """The converter's float16 has the nearest numbers to those trained, in the table alone."""
    hdf5, choice = small_build.folder / "data" / "model" / "model.h5", tmp_path / "choice.json"
    files.write_json(choice, {"levels": FLOAT16})
    output = tmp_path / "layers"
    run_script("convert_layers", "--hdf5", hdf5, "--choice", choice, "--output", output)
    assert_same_weights(output, hdf5, table=np.float16)
