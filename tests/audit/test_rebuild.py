"""A release built again: from a clone, its own lock and the recorded source alone."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest
from conftest import ROOT, Project
from forgery import claim, digests, fit, md5
from recorded import clone, objects
from releases import Release

from provender.audit import findings, repository, run

# An environment that is there already: only one test makes one from the lock, which takes a
# minute and 2.7 GB.
SHARED = ("--rebuild", "--environment", ROOT, "--cores", "2")

# Until a loaded machine has cloned a project and begun to build it.
READY_SECONDS = 300

# What makes an environment from a release alone, builds in it and compares.
PROVES = (
    "src/provender/audit/*.py",
    "src/provender/reproduction/*.py",
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
    "web/package-lock.json",
)


def audit(project: Project, *arguments: str | Path, code: int, **environment: str) -> str:
    """Audit in a project's folder; assert the exit code; return what is said in one line."""
    done = project.run("provender", "audit", *arguments, code=code, **environment)
    assert "Traceback" not in done.stderr
    return " ".join((done.stdout + done.stderr).split())


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_an_honest_release_in_a_fresh_clone(release: Release, tmp_path: Path) -> None:
    """With nothing but the clone, the remote and the archive: confirmed bit for bit.

    The environment is made from the lock; the auditor's own serves the auditor alone.
    """
    fresh = clone(release.project, tmp_path / "fresh")
    # What the clone has been given for other tests, and what no clone holds.
    (fresh.folder / "web" / "node_modules").unlink()
    (fresh.folder / "small.sqlite").unlink()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = subprocess.run(
        [
            *("provender", "audit", release.archive, "--key", release.public_key, "--rebuild"),
            *("--json", tmp_path / "a.json", "--html", tmp_path / "a.html"),
        ],
        cwd=fresh.folder,
        env={**release.project.environment(), "TMPDIR": str(scratch)},
        check=False,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert found["verdict"] == "confirmed"
    assert [*found["parts"].values()] == ["confirmed"] * 4
    assert found["comparison"]["level"] == "BYTES"
    assert found["comparison"]["first_step"] is None
    assert {each["level"] for each in found["comparison"]["files"]} == {"BYTES"}
    # All that the build made, but for what it was made from.
    built = {each["path"] for each in found["comparison"]["files"]}
    there = {
        path.relative_to(release.project.folder).as_posix()
        for top in ("data", "dist/bundle", "dist/npm")
        for path in (release.project.folder / top).rglob("*")
        if path.is_file()
    }
    assert there - built == {"data/source/news.sqlite", "data/receipts/fetch_source.json"}
    assert built <= there
    assert all(step["outcome"] == "confirmed" for step in found["steps"])
    assert "in an environment of its own" in " ".join(done.stdout.split())
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "It is what it says" in page
    assert not re.search(r"<script|<link|\b(?:src|href)=|url\(|@import", page)
    assert [*scratch.iterdir()] == []
    assert fresh.git("status", "--porcelain").split() == ["D", "small.sqlite"]


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_a_record_that_the_code_does_not_give(release: Release) -> None:
    """A record with receipts that fit is refuted by the rebuild alone, with its first step."""
    project = release.project
    commit = project.git("rev-parse", "HEAD").strip()
    path, receipts = "data/reports/baselines.json", "data/receipts"
    old = {
        name: (project.folder / name).read_bytes()
        for name in (
            path, f"{receipts}/measure_baselines.json", f"{receipts}/evaluate_model.json",
        )
    }  # fmt: skip
    # A better model's worth, so that this one looks worse than it is.
    text = old[path].decode()
    value = json.loads(text)
    value["naive_bayes"] = 0.123
    new = {path: json.dumps(value, sort_keys=True, indent=1).encode() + b"\n"}
    lock = (project.folder / "dvc.lock").read_text(encoding="utf-8")
    for name in [*old][1:]:
        receipt = old[name].decode()
        was, now = digests(old[path])["sha256"], digests(new[path])["sha256"]
        new[name] = receipt.replace(was, now).encode()
        assert new[name] != old[name]
    for name, data in new.items():
        sizes = (f"size: {len(old[name])}\n", f"size: {len(data)}\n")
        before, after = (f"md5: {md5(each)}\n      " for each in (old[name], data))
        assert before + sizes[0] in lock
        lock = lock.replace(before + sizes[0], after + sizes[1])
        (project.folder / name).write_bytes(data)
        place = release.remote / "files" / "md5" / md5(data)[:2] / md5(data)[2:]
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
    (project.folder / "dvc.lock").write_text(lock, encoding="utf-8")
    project.commit("nothing to see here")
    assert project.git("rev-parse", "HEAD").strip() != commit
    claim(release.folder, project, "HEAD")
    for name in ("MODEL_CARD.md", "mlbom.cdx.json", "ro-crate-metadata.json"):
        file = release.folder / name
        now = project.git("rev-parse", "HEAD").strip()
        file.write_text(file.read_text(encoding="utf-8").replace(commit, now), encoding="utf-8")
    fit(release.folder, key=release.key)
    key = ("--key", release.public_key)
    said = audit(project, release.folder, *key, code=None)
    assert "✗ receipts" not in said and "✗ remote" not in said and "✗ dvc.lock" not in said
    said = audit(project, release.folder, *key, *SHARED, code=1)
    assert "· environment: that of" in said
    assert re.search(
        r"✗ files: BYTES: \d+, DIFFERENT: 3; the first step that differs is measure_baselines", said
    )
    assert f"· {path}: DIFFERENT, of measure_baselines: $.naive_bayes: 0.123 |" in said


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_what_cannot_be_rebuilt(release: Release, tmp_path: Path) -> None:
    """Undecided, and why: no environment, another one, no source in the remote."""
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    said = audit(release.project, release.folder, "--rebuild", "--environment", nothing, code=2)
    assert f"? rebuild: {nothing} has no .venv: run make setup there" in said
    source = release.project.folder / "data/source/news.sqlite"
    objects(release.remote)[md5(source.read_bytes())].unlink()
    said = audit(release.project, release.folder, *SHARED, code=2)
    assert "? rebuild: the remote lacks data/source/news.sqlite, of which all is made" in said


def test_code_that_only_the_release_names(tmp_path: Path) -> None:
    """A rebuild runs the commit's code, so nobody's repository is built by mistake."""
    place = repository.Repository(tmp_path, "https://localhost/x", repository.NamedBy.RELEASE)
    found = findings.Findings()
    assert not run._may_run(Namespace(repository=place), False, found)
    (finding,) = found.found
    assert str(finding.outcome) == "undecided"
    assert "it runs the code of https://localhost/x, which only the release names" in finding.text


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(release: Release, tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, or a request to end, leaves no process and no file behind."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [
            *(Path(sys.executable).with_name("provender"), "audit", release.folder),
            *map(str, SHARED),
        ],
        cwd=release.project.folder,
        env={**release.project.environment(), "TMPDIR": str(scratch)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + READY_SECONDS
    # Once Snakemake itself is at work in the clone.
    while not [*scratch.glob("provender-rebuild-*/project/.snakemake/log/*")]:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    _, messages = process.communicate(timeout=READY_SECONDS)
    assert process.returncode == 130, messages
    assert "interrupted" in messages and "Traceback" not in messages
    assert [*scratch.iterdir()] == []
    assert running_below(scratch) == []


def running_below(folder: Path) -> list[str]:
    """Return the processes that work in a folder or have it in their command."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                if str(folder) in command or str(folder) in str((entry / "cwd").readlink()):
                    found.append(command)
            except OSError:
                # It has ended, or is another user's.
                continue
    return found
