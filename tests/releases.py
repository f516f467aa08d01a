"""The small build as a release, with the repository, the remote and the keys behind it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import REMOTE, Project, copy_record, make_once, open_project
from recorded import edit

from provender.release import signing

VERSION = "0.1.0"
NAME = f"small-{VERSION}"
KEY = "key.pem"


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

    @property
    def key(self) -> Path:
        """The publisher's private key; its public key is beside it."""
        return self.project.folder.parent / KEY

    @property
    def public_key(self) -> Path:
        """The publisher's public key."""
        return self.project.folder.parent / f"{KEY}.pub"

    @property
    def said(self) -> str:
        """What the command that made it printed and logged."""
        place = self.project.folder.parent
        return "".join((place / name).read_text() for name in ("printed", "log"))

    def other_key(self, name: str) -> Path:
        """Return another private key, with its public key beside it."""
        path = self.project.folder.parent / name
        if not path.exists():
            signing.generate(path)
        return path

    def audit(self, *arguments: str | Path, code: int, release: Path | str | None = None) -> str:
        """Audit the release in its project; assert the exit code; return what is said."""
        done = self.project.run("provender", "audit", release or self.folder, *arguments, code=code)
        assert "Traceback" not in done.stderr
        # As one line: what is wrapped differs with the length of paths.
        return " ".join((done.stdout + done.stderr).split())


def copy(release: Release, folder: Path) -> Release:
    """Copy a release with its project, remote and keys."""
    project = copy_record(release.project, folder)
    for path in (release.key, release.public_key):
        shutil.copy2(path, folder)
    return Release(project)


def publish(project: Project) -> None:
    """Release what is recorded, signed by the key beside the project."""
    place = project.folder.parent
    if not (place / KEY).exists():
        project.run("provender", "keygen", place / KEY)
    command = ("provender", "--log", place / "log", "release", VERSION, "--key", place / KEY)
    done = project.run(*command)
    (place / "printed").write_text(done.stdout + done.stderr)


@pytest.fixture(scope="session")
def released(small_record: Project, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Return the recorded build with a signed release of it; tests may only read it."""

    def make(folder: Path) -> None:
        folder.mkdir()
        publish(copy_record(small_record, folder))

    return Release(open_project(make_once(tmp_path_factory, "released", make) / "project"))


@pytest.fixture
def release(released: Release, tmp_path: Path) -> Release:
    """Return a copy of the release, its repository and its remote, for a test to attack."""
    return copy(released, tmp_path)


@pytest.fixture(scope="session")
def seed_release(released: Release, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Return a release of the next commit, which only has another seed."""

    def make(folder: Path) -> None:
        project = copy(released, folder).project
        edit(project, "small.yaml", "epochs: 2", "epochs: 2\n  seed: 2")
        project.run("provender", "dvc")
        project.snakemake()
        project.run("provender", "record")
        project.commit("another seed")
        project.run("dvc", "push")
        shutil.rmtree(Release(project).folder)
        publish(project)

    return Release(open_project(make_once(tmp_path_factory, "seed", make) / "project"))
