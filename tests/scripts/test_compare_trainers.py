"""compare_trainers: what is the same, what is not, and folders that do not belong together."""

import json
import shutil
from pathlib import Path

from conftest import Project
from step_runs import RunScript, names_in
from test_train_in_node import arguments


def test_each_part(small_build: Project, run_script: RunScript, tmp_path: Path) -> None:
    """All is the same; a part that is changed is named; a missing file is an error of its own."""
    made, report = tmp_path / "node", tmp_path / "trainers.json"
    run_script("train_in_node", *arguments(small_build, made))
    data = small_build.folder / "data"
    run_script("compare_trainers", "--node", made, "--data", data, "--output", report)
    parts = json.loads(report.read_text())["parts"]
    assert len(parts) == 16 and all(parts.values())
    other = tmp_path / "data"
    shutil.copytree(data, other)
    choice = other / "model" / "choice.json"
    choice.write_text(choice.read_text().replace("0.95", "0.96"))
    shutil.copyfile(other / "splits" / "train.parquet", other / "splits" / "test.parquet")
    asked = ("--node", made, "--data", other, "--output", report)
    said = run_script("compare_trainers", *asked, code=1).stderr
    assert "model/choice.json is not the same" in said and "splits/test is not the same" in said
    assert "14 of 16 parts are the same" in said
    said = run_script("compare_trainers", *asked, "--untrained", code=1).stderr
    assert "10 of 11 parts are the same" in said and "choice" not in said
    (other / "splits" / "test.parquet").unlink()
    said = run_script("compare_trainers", *asked, code=1).stderr
    assert "test.parquet" in said and "    at " not in said
    assert names_in(tmp_path) == ["data", "node", "trainers.json"]
