"""train_in_node: what Node's trainer writes, and how it fails."""

import json
from pathlib import Path

from conftest import Project
from step_runs import RunScript, names_in

from provender import config


def arguments(small_build: Project, output: Path, **changes: str) -> list[str | Path]:
    """Return the step's command line for the small build's database."""
    settled = config.combine(
        [config.read_overlay(small_build.folder / "small.yaml")], config.read_schema(config.SCHEMA)
    )
    parts = (settled[key] for key in ("source", "split", "text", "vocabulary", "model"))
    settings = {**json.loads(config.node_settings("small", *parts)), **changes}
    database = small_build.folder / "data" / "source" / "news.sqlite"
    return ["--database", database, "--settings", json.dumps(settings), "--output", output]


def test_same_words(small_build: Project, run_script: RunScript, tmp_path: Path) -> None:
    """The words and the choice are those of the build; nothing else is left."""
    run_script("train_in_node", *arguments(small_build, tmp_path / "node"))
    data = small_build.folder / "data"
    for own, theirs in (("vocabulary", "vocabulary/vocabulary"), ("choice", "model/choice")):
        made = (tmp_path / "node" / f"{own}.json").read_bytes()
        assert made == (data / f"{theirs}.json").read_bytes()
    assert names_in(tmp_path) == ["node"]


def test_wrong_settings(small_build: Project, run_script: RunScript, tmp_path: Path) -> None:
    """Node says what is wrong, and the step ends with the exit code of a user's error."""
    wrong = arguments(small_build, tmp_path / "node", model={"epoch": 1})
    done = run_script("train_in_node", *wrong, code=1)
    assert "model: must NOT have additional properties epoch" in done.stderr
    assert names_in(tmp_path) == []
