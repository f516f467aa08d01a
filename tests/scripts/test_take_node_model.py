"""take_node_model: the files go where Python's would be, and scores become a table."""

from pathlib import Path

import pyarrow.parquet as pq
from conftest import Project
from step_runs import RunScript
from test_train_in_node import arguments


def test_files(small_build: Project, run_script: RunScript, tmp_path: Path) -> None:
    """They are those of a build in Python, predictions included; scores of other posts are not."""
    made, data = tmp_path / "node", small_build.folder / "data"
    run_script("train_in_node", *arguments(small_build, made))
    words = data / "vocabulary"

    def take(validation: str, code: int = 0) -> str:
        done = run_script(
            "take_node_model",
            *("--node", made, "--validation", data / "features" / f"{validation}.parquet"),
            *("--candidates", words / "candidates.json", "--text", words / "text.json"),
            *("--layers", tmp_path / "layers", "--vocabulary", tmp_path / "vocabulary.json"),
            *("--choice", tmp_path / "choice.json", "--history", tmp_path / "history.csv"),
            *("--sizes", tmp_path / "sizes.csv", "--predictions", tmp_path / "validation.parquet"),
            code=code,
        )
        return done.stderr

    take("validation")
    for name, other in {
        "vocabulary.json": "vocabulary/vocabulary.json",
        "choice.json": "model/choice.json",
        "history.csv": "model/history.csv",
        "sizes.csv": "reports/sizes.csv",
        "layers/group1-shard1of1.bin": "tfjs/layers/group1-shard1of1.bin",
    }.items():
        assert (tmp_path / name).read_bytes() == (data / other).read_bytes()
    tables = [pq.read_table(f / "validation.parquet") for f in (tmp_path, data / "model")]
    assert tables[0].equals(tables[1])
    assert "is of another validation split" in take("test", code=1)
