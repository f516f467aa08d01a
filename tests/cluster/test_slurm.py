"""The whole workflow on a real Slurm of three nodes, to the bytes of a local build."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT, Project
from slurm import NODES, Slurm, started

from provender import files

# Where tests/install-slurm puts Snakemake's plugins.
PACKAGES = str(ROOT / ".venv" / "cluster-packages")

# Seconds that a build may take: each of its 18 jobs, with shards 36, is submitted, waited for, and
# starts Snakemake twice on its node.
BUILD_SECONDS = 1800

PROVES = (
    "workflow/profiles/slurm/*", "workflow/Snakefile", "workflow/rules/*.smk",
    "src/provender/running/*.py", "src/provender/command.py", "tests/install-slurm",
    "tests/cluster.lock", "requirements.lock",
)  # fmt: skip


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[Slurm]:
    """Return a Slurm that runs as long as the test."""
    with started(tmp_path / "slurm") as cluster:
        yield cluster


def environment(project: Project, slurm: Slurm) -> dict[str, str]:
    """Return the environment of a command in a project, with the plugins and the cluster."""
    found = project.environment() | {"SLURM_CONF": str(slurm.config)}
    found["PATH"] = f"{slurm.folder / 'bin'}{os.pathsep}{found['PATH']}"
    found["PYTHONPATH"] += os.pathsep + PACKAGES
    return found


@contextmanager
def building(project: Project, slurm: Slurm, *command: str) -> Iterator[subprocess.Popen]:
    """Run a build until the end of the block; its output goes to a file of the cluster's folder."""
    with (slurm.folder / "build.txt").open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, cwd=project.folder, env=environment(project, slurm), stdout=output,
            stderr=output, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def said(slurm: Slurm) -> str:
    """Return what the build has said so far."""
    return (slurm.folder / "build.txt").read_text(encoding="utf-8")


def wait(process: subprocess.Popen, slurm: Slurm, what: Callable[[], bool]) -> None:
    """Wait while a build runs until something is so."""
    deadline = time.monotonic() + BUILD_SECONDS
    while not what():
        assert process.poll() is None, said(slurm) + slurm.logs()
        assert time.monotonic() < deadline, said(slurm) + slurm.logs()
        time.sleep(0.2)


def running(slurm: Slurm, rule: str) -> list[tuple[str, str]]:
    """Return number and node of the running jobs of a rule."""
    return [
        (number, node)
        for number, state, node, comment in slurm.jobs()
        if state == "RUNNING" and rule in comment
    ]


def digests(project: Project) -> dict[str, str]:
    """Return the digest of every output by the receipts, and of every file that is published."""
    receipts = [files.read_json(path) for path in project.folder.glob("data/receipts/**/*.json")]
    assert len(receipts) == 18
    outputs = {path: digest for each in receipts for path, digest in each["outputs"].items()}
    bundle = project.folder / "dist"
    shipped = {
        str(p.relative_to(bundle)): files.sha256(p) for p in bundle.rglob("*") if p.is_file()
    }
    assert len(shipped) > 15
    return outputs | shipped


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_the_whole_workflow(small_project: Project, small_build: Project, slurm: Slurm) -> None:
    """Snakemake with the profile makes what it makes here; Slurm was asked for what is measured.

    Three shards on three nodes make what one job makes.
    """
    small_project.configure(shards=3)
    command = ("snakemake", "--profile", "workflow/profiles/slurm", "--configfile", "small.yaml")
    with building(small_project, slurm, *command) as build:
        assert build.wait(BUILD_SECONDS) == 0, said(slurm) + slurm.logs()
    assert digests(small_project) == digests(small_build)
    assert {job[1] for job in slurm.jobs()} == {"COMPLETED"}
    submitted = [
        said(slurm).count(f"/slurm_logs/rule_{rule}_shard/")
        for rule in ("judge", "count", "encode")
    ]
    assert submitted == [3, 3, 12]
    asked = slurm.run("squeue", "--noheader", "--states=all", "--format=%m|%l").splitlines()
    # Each rule its own; none what the cluster gives to whoever asks for nothing.
    assert len(set(asked)) > 5
    assert not {"0", "UNLIMITED"} & {word for line in asked for word in line.split("|")}


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_faults(small_project: Project, small_build: Project, slurm: Slurm) -> None:
    """A job killed, a node drained, the controller gone: the same bytes, nothing done twice."""
    command = ("provender", "build", "--profile", "slurm", "--config", "small.yaml")
    with building(small_project, slurm, *command) as build:
        wait(build, slurm, lambda: bool(running(slurm, "train_model")))
        [(number, node)] = running(slurm, "train_model")
        slurm.run("scancel", "--signal=KILL", "--full", number)
        assert build.wait(BUILD_SECONDS) == 1, said(slurm)
    told = said(slurm)
    assert told.count(f"SLURM-job '{number}' failed, SLURM status is: ") == 1, told
    assert "What is done stays done: run the same command again" in told.splitlines()[-1]
    assert "Traceback" not in told
    receipts = small_project.folder / "data" / "receipts"
    before = {path: path.stat().st_mtime_ns for path in receipts.rglob("*.json")}
    assert receipts / "encode_posts" / "train.json" in before
    with building(small_project, slurm, *command) as build:
        wait(build, slurm, lambda: bool(running(slurm, "train_model")))
        [(_, node)] = running(slurm, "train_model")
        slurm.run("scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
        slurm.restart_controller()
        drained = max(int(job[0]) for job in slurm.jobs())
        assert build.wait(BUILD_SECONDS) == 0, said(slurm) + slurm.logs()
    assert slurm.states()[node] == "drained"
    later = {job[2] for job in slurm.jobs() if int(job[0]) > drained}
    assert later and later <= set(NODES) - {node}
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert digests(small_project) == digests(small_build)
