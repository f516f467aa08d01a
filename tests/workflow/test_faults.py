"""What happens to a build that is shared out where something fails: each with the real command."""

import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Project

from provender import files
from provender.running import shards

# Seconds until a step must have begun, and that a build may take.
START_SECONDS, BUILD_SECONDS = 300, 900

BUILD = ("provender", "build", "--cores", "2", "--config", "small.yaml")
GO_ON = "What is done stays done: run the same command again"

# As many kilobytes as a step that imports TensorFlow does not get along with.
LITTLE_MEMORY = 400_000

# Bytes of a disk, and those that are free on it for what a build makes, which takes more.
DISK, FREE = 8 << 20, 250 << 10


@pytest.fixture
def shared(small_project: Project) -> Project:
    """Return a project whose longest steps are shared out to three jobs each."""
    small_project.configure(shards=3)
    return small_project


def made(project: Project) -> dict[str, str]:
    """Return the digest of each file of a build, its receipts too."""
    return {
        path.relative_to(project.folder).as_posix(): files.sha256(path)
        for part in ("data", "dist")
        for path in (project.folder / part).rglob("*")
        if path.is_file() and "lost+found" not in path.parts
    }


def find(project: Project, word: str) -> list[int]:
    """Return the processes that run in a project with a word in their command."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
            if word in words and (process / "cwd").readlink() == project.folder:
                found.append(int(process.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            # It has ended, or is another user's.
            continue
    return found


def kill(project: Project, job: str) -> str:
    """Build, and end a job by kill -9 once it has begun; return what the build says."""
    log = f"logs/{job}.log"
    with subprocess.Popen(
        BUILD, cwd=project.folder, env=project.environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as build:  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not (project.folder / log).exists() or not (jobs := find(project, log)):
            assert build.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        for each in jobs:
            os.kill(each, signal.SIGKILL)
        said = build.communicate(timeout=BUILD_SECONDS)[0]
    assert build.returncode == 1, said
    return said


def dates(project: Project) -> dict[Path, int]:
    """Return when each receipt was written, those of shards too."""
    return {
        path: path.stat().st_mtime_ns for path in project.folder.glob("data/receipts/**/*.json")
    }


@contextmanager
def nothing_twice(project: Project) -> Iterator[None]:
    """Assert that what was done before the block is not done in it; logs are written once a job."""
    before = {path: (project.folder / "logs" / log_of(path)) for path in dates(project)}
    assert before
    written = {log: log.stat().st_mtime_ns for log in before.values()}
    yield
    assert {log: log.stat().st_mtime_ns for log in written} == written


def log_of(receipt: Path) -> str:
    """Return the log of a receipt's job, below the folder of logs."""
    return receipt.as_posix().partition("/data/receipts/")[2].replace(".json", ".log")


@pytest.mark.ci
def test_a_shard_is_killed(shared: Project, small_build: Project) -> None:
    """One line says which job and what to do; the next run does the rest, to the same bytes.

    Those are what one job makes, and so says every receipt, so that it can be recorded; by another
    number of shards there is nothing to do.
    """
    said = kill(shared, "shards/build_vocabulary/2-of-3")
    [line] = [line for line in said.splitlines() if line.startswith("error: ")]
    assert line.startswith("error: shards/build_vocabulary/2-of-3 was ended by SIGKILL")
    assert f"{GO_ON}, with fewer --cores" in line
    assert said.splitlines()[-1].endswith(GO_ON)
    assert "Traceback" not in said
    with nothing_twice(shared):
        # Those that ran beside it are done.
        assert [path for path in dates(shared) if shards.RECEIPTS.name in path.parts]
        shared.run(*BUILD)
    assert made(shared) == made(small_build)
    shared.configure(shards=2)
    assert "Nothing to be done" in shared.snakemake().stderr
    shared.git("init", "--quiet")
    shared.run("provender", "dvc", "--config", "small.yaml")
    shared.run("provender", "record")


@pytest.mark.ci
def test_no_memory_for_a_step(shared: Project, small_build: Project, tmp_path: Path) -> None:
    """Where a limit of memory is hit, the step says so; the next run goes on without the limit."""
    wrapper = tmp_path / "bin" / "python"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f"#!/bin/sh\ncase $1 in *train_model.py) ulimit -v {LITTLE_MEMORY};; esac\n"
        f'exec {Path(os.sys.executable)} "$@"\n'
    )
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    path = f"{wrapper.parent}{os.pathsep}{shared.environment()['PATH']}"
    build = ("snakemake", "--cores", "2", "--configfile", "small.yaml")
    said = shared.run(*build, code=1, PATH=path).stderr
    # Compiled code that does not look whether it got memory is ended by the system, later.
    told = said.count("error: no memory left") + said.count("error: train_model was ended by SIG")
    assert told == 1, said
    assert "finished steps are kept" in said
    assert "Traceback" not in said
    with nothing_twice(shared):
        shared.run(*BUILD)
    assert made(shared) == made(small_build)


@pytest.mark.ci
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a file system of its own")
def test_a_full_disk(shared: Project, small_build: Project, tmp_path: Path) -> None:
    """What does not fit is told with the file; once there is room, the next run does the rest."""
    image, data = tmp_path / "disk.img", shared.folder / "data"
    with image.open("wb") as file:
        file.truncate(DISK)
    data.mkdir()
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, data], check=True)
    try:
        filler = data / "filler"
        with filler.open("wb") as file:
            free = os.statvfs(data)
            file.write(bytes(free.f_bavail * free.f_frsize - FREE))
        done = shared.run(*BUILD, code=1)
        said = done.stdout + done.stderr
        assert said.count("no disk space left") == 2, said
        assert "Traceback" not in said
        assert said.splitlines()[-1].endswith("finished steps are kept")
        filler.unlink()
        assert not list(data.rglob("*.part"))
        with nothing_twice(shared):
            shared.run(*BUILD)
        assert made(shared) == made(small_build)
    finally:
        subprocess.run(["umount", data], check=True)
