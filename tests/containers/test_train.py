"""containers/train says what to mount, and as whom to run, before anything else does."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from served import USER, as_user

TRAIN = ROOT / "containers" / "train"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder below /tmp, since the tests' own are closed to other users."""
    with tempfile.TemporaryDirectory(prefix="provender-train-") as name:
        yield Path(name)


def said(folder: Path, *arguments: str, words: list[str] | None = None) -> str:
    """Return what it says where it refuses."""
    # By the shell's name, since the script may lie where only its owner can look.
    command = [*(words or []), "sh", "-s", "--", *arguments]
    with TRAIN.open("rb") as script:
        done = subprocess.run(command, stdin=script, cwd=folder, check=False, capture_output=True)
    assert done.returncode == 1
    assert done.stdout == b""
    return done.stderr.decode()


@pytest.mark.parametrize("command", ["build", "refresh", "publish", "init"])
def test_an_empty_folder(folder: Path, command: str) -> None:
    """The message says what to mount, and how a project begins."""
    assert said(folder, command) == (
        f"train: {folder} is empty: mount the folder of a project, or one with a table, by docker "
        "run --volume FOLDER:/project. There, init . --from FILE begins a project; demo needs no "
        "folder\n"
    )


def test_a_folder_of_another_owner(folder: Path) -> None:
    """The message says who this is, and how to be somebody else."""
    (folder / "posts.csv").touch()
    folder.chmod(0o555)
    who = USER if as_user() else os.geteuid()
    told = said(folder, "build", words=as_user())
    assert told.startswith(f"train: {folder} cannot be written by user {who}, who this runs as")
    assert told.endswith("docker run --user $(id -u):$(id -g)\n")


def test_root_becomes_the_folder_s_owner(folder: Path) -> None:
    """So that whoever mounts a folder can delete what was written; anyone else stays who he is."""
    script = shutil.copy(TRAIN, folder)
    who = os.geteuid()
    if as_user():
        os.chown(folder, USER, USER)
        who = USER
    command = [script, "sh", "-c", "id -u; id -g; touch there"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    assert done.stdout.split()[0] == str(who)
    assert (folder / "there").stat().st_uid == who
