"""A small release, signed, with the repository and the remote behind it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import REMOTE, Project, open_project
from recorded import edit

NAME = "small-0.1.0"


@dataclass(frozen=True)
class Release:
    """A release in its project's folder, and keys outside of it."""

    project: Project

    @property
    def folder(self) -> Path:
        """The release's folder."""
        return self.project.folder / "dist" / "releases" / NAME

    @property
    def archive(self) -> Path:
        """The release's archive."""
        return self.folder.with_name(f"{NAME}.tar.gz")

    @property
    def remote(self) -> Path:
        """The remote's folder."""
        return self.project.folder.parent / REMOTE

    def key(self, name: str = "publisher") -> Path:
        """Return a private key; its public key is beside it."""
        return self.project.folder.parent / "keys" / name

    def audit(self, *arguments: str | Path, code: int, release: Path | str | None = None) -> str:
        """Audit the release in its project; assert the exit code; return what is said."""
        done = self.project.run("provender", "audit", release or self.folder, *arguments, code=code)
        assert "Traceback" not in done.stderr
        # As one line: what is wrapped differs with the length of paths.
        return " ".join((done.stdout + done.stderr).split())


def copy(release: Release, folder: Path) -> Release:
    """Copy a release with its project, remote and keys."""
    for name in (release.project.folder.name, REMOTE, "keys"):
        shutil.copytree(release.project.folder.parent / name, folder / name, symlinks=True)
    return Release(open_project(folder / release.project.folder.name))


def publish(project: Project, *arguments: str | Path) -> Release:
    """Release what is recorded, signed by the publisher."""
    release = Release(project)
    release.key().parent.mkdir(exist_ok=True)
    for name in ("publisher", "somebody"):
        if not release.key(name).exists():
            project.run("provender", "keygen", release.key(name))
    project.run("provender", "release", "0.1.0", "--key", release.key(), *arguments)
    return release


@pytest.fixture(scope="session")
def small_release(small_record: Project, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Return the small build, released and signed; tests may only read it."""
    folder = tmp_path_factory.mktemp("release")
    for name in (small_record.folder.name, REMOTE):
        shutil.copytree(small_record.folder.parent / name, folder / name, symlinks=True)
    return publish(open_project(folder / small_record.folder.name))


@pytest.fixture
def release(small_release: Release, tmp_path: Path) -> Release:
    """Return a copy of the release, its repository and its remote, for a test to attack."""
    return copy(small_release, tmp_path)


@pytest.fixture(scope="session")
def seed_release(small_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Return a release of the next commit, which only has another seed."""
    release = copy(small_release, tmp_path_factory.mktemp("seed"))
    project = release.project
    edit(project, "small.yaml", "epochs: 2", "epochs: 2\n  seed: 2")
    project.run("provender", "dvc")
    project.snakemake()
    project.run("provender", "record")
    project.commit("another seed")
    project.run("dvc", "push")
    return publish(project)
