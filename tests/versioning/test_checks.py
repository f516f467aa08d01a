"""What of a build does not fit, and what of a lock is stale."""

import hashlib
import sys
from pathlib import Path

import pytest

from provender.running import receipt
from provender.running.graph import Job
from provender.versioning import cache, checks, dvc_yaml

RECEIPT = "data/receipts/make_thing.json"


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Return a job that has run, in whose folder the test runs."""
    monkeypatch.chdir(tmp_path)
    # The tests' own process imports more of the project than a step does.
    monkeypatch.setattr(sys, "argv", ["make_thing.py"])
    Path("input").write_text("in")
    Path("rules.smk").touch()
    Path("src/provender").mkdir(parents=True)
    with receipt.writing(RECEIPT, ["make", "1"], ["input"], ["output", RECEIPT]):
        Path("output").write_text("out")
    # Digests are remembered by path, and paths are the same in each test.
    cache.digests.cache_clear()
    return as_job("make 1")


def as_job(command: str, outputs: tuple[str, ...] = ("output", RECEIPT)) -> Job:
    """Return the job with a command."""
    return Job("make_thing", "rules.smk", {}, ["input"], list(outputs), command, [], {})


def lock(job: Job) -> dict:
    """Return the lock of the job's run."""
    entry = {
        kind: [
            {"path": path, "md5": hashlib.md5(Path(path).read_bytes()).hexdigest()}
            for path in paths
        ]
        for kind, paths in (("deps", dvc_yaml.dependencies(job)), ("outs", job.outputs))
    }
    return {"make_thing": {"cmd": dvc_yaml.command(job), **entry}}


def test_what_fits(job: Job) -> None:
    """Nothing is said of it."""
    assert checks.misfits([job]) == []
    assert checks.stale([job], lock(job), []) == []


def test_other_parameters(job: Job) -> None:
    """A run with another command than the rule has now is named."""
    said = ["make_thing: it ran with other parameters or files than the rule has now"]
    assert checks.misfits([as_job("make 2")]) == said


def test_what_is_missing(job: Job) -> None:
    """Missing files are named, and a rule that writes no receipt."""
    Path("output").unlink()
    assert checks.misfits([job]) == ["make_thing: output is missing"]
    said = ["make_thing: the rule names no receipt in data/receipts/ among its outputs"]
    assert checks.misfits([as_job("make 1", ("input",))]) == said


def test_edited(job: Job) -> None:
    """An edited file is named by what was done with it."""
    Path("output").write_text("OUT")
    assert checks.misfits([job]) == ["make_thing: output is not what was written"]


def test_stale(job: Job) -> None:
    """Other content, another command and other stages than the lock's are named."""
    locked = lock(job)
    Path("input").write_text("other")
    cache.digests.cache_clear()
    said = ["make_thing: input is recorded with other content"]
    assert checks.stale([job], locked, []) == said
    Path("input").write_text("in")
    cache.digests.cache_clear()
    locked["make_thing"]["cmd"] = "make 2"
    assert checks.stale([job], locked, []) == ["make_thing: it is recorded with another command"]
    assert checks.stale([job], {"old": {}}, []) == [
        "old: there is no such stage",
        "make_thing: it is not recorded",
    ]


def test_stale_settings(job: Job) -> None:
    """So is another value of a setting."""
    locked = lock(job)
    locked["make_thing"]["params"] = {"own.yaml": {"model.epochs": 2}}
    Path("own.yaml").write_text("model: {epochs: 2}")
    assert checks.stale([job], locked, ["own.yaml"]) == []
    Path("own.yaml").write_text("model: {epochs: 3}")
    said = ["make_thing: model.epochs of own.yaml is recorded with another value"]
    assert checks.stale([job], locked, ["own.yaml"]) == said
