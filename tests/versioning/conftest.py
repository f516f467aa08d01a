"""The small build, recorded and pushed once a session."""

from pathlib import Path

import pytest
from conftest import Project, make_small_project
from recorded import REMOTE, commit, copy, git


@pytest.fixture(scope="session")
def small_record(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a clone whose small build is recorded, committed and pushed; only to be read."""
    project = make_small_project(tmp_path_factory.mktemp("record") / "project")
    git(project, "init", "--quiet")
    project.run("provender", "dvc", "--config", "small.yaml")
    project.snakemake()
    project.run("provender", "record")
    commit(project, "first")
    project.run("dvc", "push")
    assert (project.folder.parent / REMOTE).is_dir()
    return project


@pytest.fixture
def recorded(small_record: Project, tmp_path: Path) -> Project:
    """Return a copy of it, with its remote, for a test to change."""
    return copy(small_record, tmp_path)
