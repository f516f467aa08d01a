"""Each trap of docs/versioning.md, on the real tools: nothing false, nothing lost."""

import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import REMOTE, ROOT, Project
from dvc.repo import Repo
from recorded import IN_STEP, clone, edit, edit_unseen, objects, wipe

from provender.files import sha256

# Above Snakemake's own limit for checksums, and an input of pack_npm.
LARGE = "dist/bundle/vendor/tf.min.js"

# DVC's exit code for a stage that failed.
DVC_FAILED = 255

TITLE = ("Three made-up topics", "Another title")


def digests(project: Project) -> dict[str, str]:
    """Return the digest of each file that a build wrote."""
    files = [path for top in ("data", "dist") for path in (project.folder / top).rglob("*")]
    return {str(p.relative_to(project.folder)): sha256(p) for p in files if p.is_file()}


def planned(project: Project) -> set[str]:
    """Return the rules that Snakemake would run now."""
    output = project.snakemake("--dry-run").stdout
    if "Nothing to be done" in output:
        return set()
    rows = output.split("Job stats:")[1].split("total")[0].splitlines()[3:]
    return {row.split()[0] for row in rows if row.strip()} - {"all"}


def read_lock(project: Project) -> str:
    """Return the text of dvc.lock."""
    return (project.folder / "dvc.lock").read_text(encoding="utf-8")


def refuse(project: Project, *command: str) -> str:
    """Assert that a command ends with a message, records nothing and prints no stack trace."""
    before = read_lock(project)
    done = project.run(*command, code=None)
    assert done.returncode == (DVC_FAILED if command[0] == "dvc" else 1), done.stderr
    assert "Traceback" not in done.stderr
    assert read_lock(project) == before
    return done.stderr


def recorded_md5(project: Project, path: str) -> str:
    """Return the digest by which dvc.lock names an output."""
    return re.search(rf"path: {path}\n\s+hash: md5\n\s+md5: (\w+)", read_lock(project))[1]


def retitle(project: Project) -> None:
    """Change the configuration in a way that only the last steps read."""
    edit(project, "small.yaml", *TITLE)


@pytest.mark.proof(*IN_STEP)
@pytest.mark.ci
def test_old_data_checked_out(recorded: Project) -> None:
    """After old data is checked out, dvc repro pairs it with what was made from it."""
    first = digests(recorded)
    retitle(recorded)
    recorded.snakemake()
    recorded.run("provender", "record")
    recorded.commit("second")
    second = digests(recorded)
    changed = {path for path in first if first[path] != second[path]}
    assert "dist/bundle/about.json" in changed
    assert "data/model/model.h5" not in changed
    # The old data beneath the new configuration: the new build again, and not by name only.
    recorded.git("checkout", "--quiet", "HEAD~1", "dvc.lock")
    recorded.run("dvc", "checkout")
    assert digests(recorded) == first
    recorded.run("dvc", "repro")
    assert digests(recorded) == second
    recorded.run("provender", "record", "--check")
    # And the old configuration with the old data: nothing to do.
    recorded.git("checkout", "--quiet", "HEAD~1", "--", ".")
    recorded.run("dvc", "checkout")
    assert "up to date" in recorded.run("dvc", "status").stdout
    assert digests(recorded) == first
    recorded.run("provender", "record", "--check")


@pytest.mark.proof(*IN_STEP)
@pytest.mark.ci
def test_two_engines_in_turn(recorded: Project) -> None:
    """What DVC made with other parameters is not what Snakemake made, and it knows."""
    first = digests(recorded)
    retitle(recorded)
    recorded.run("dvc", "repro")
    assert digests(recorded) != first
    recorded.git("checkout", "--quiet", "small.yaml")
    assert {"render_report", "assemble_bundle"} <= planned(recorded)
    recorded.snakemake()
    assert digests(recorded) == first


@pytest.mark.proof(*IN_STEP)
@pytest.mark.ci
def test_a_stage_has_the_values_of_now(recorded: Project) -> None:
    """A stage runs with the value that is recorded; where its files differ it does not run."""
    retitle(recorded)
    recorded.run("dvc", "repro")
    about = json.loads((recorded.folder / "dist/bundle/about.json").read_text(encoding="utf-8"))
    assert about["corpus"]["title"].startswith(TITLE[1])
    recorded.run("provender", "record", "--check")
    edit(recorded, "small.yaml", "name: small", "name: other")
    said = refuse(recorded, "dvc", "repro")
    assert "dvc.yaml differs from the Snakefile: run make refresh" in said
    assert "dvc.yaml differs from the Snakefile: run make refresh" in refuse(
        recorded, "provender", "record"
    )


@pytest.mark.proof(*IN_STEP)
@pytest.mark.ci
def test_hard_links(recorded: Project) -> None:
    """An edit through a hard link damages the cache: it is not recorded, and is mended."""
    recorded.run("dvc", "config", "--local", "cache.type", "hardlink")
    recorded.run("dvc", "checkout", "--relink")
    good = digests(recorded)
    path = recorded.folder / LARGE
    assert path.stat().st_nlink == 2
    edit_unseen(path)
    assert "up to date" in recorded.run("dvc", "status").stdout
    said = refuse(recorded, "provender", "record")
    assert f"assemble_bundle: {LARGE} is not what was written" in said
    assert "Build (snakemake --cores 4 --configfile small.yaml)" in said
    said = refuse(recorded, "provender", "sync")
    assert f"{LARGE} was damaged in DVC's cache: removed there" in said
    assert "delete them to have those that dvc.lock names" in said
    path.unlink()
    recorded.run("provender", "sync")
    assert digests(recorded) == good
    assert planned(recorded) == set()
    assert path.stat().st_nlink == 1


def test_back_dated_input(recorded: Project) -> None:
    """An edit of a large file that keeps size and date is noticed, and undone it is not."""
    path = recorded.folder / LARGE
    assert path.stat().st_size > 1_000_000
    edit_unseen(path)
    assert planned(recorded) == {"assemble_bundle", "pack_npm", "render_report"}
    assert f"pack_npm: {LARGE} is not what was read" in refuse(recorded, "provender", "record")
    edit_unseen(path)
    assert planned(recorded) == set()
    edit_unseen(recorded.folder / "small.sqlite")
    assert {"fetch_source", "train_model"} <= planned(recorded)


@pytest.mark.proof(*IN_STEP)
@pytest.mark.ci
def test_an_edit_that_dvc_cannot_see(recorded: Project) -> None:
    """A stage does not run on an input that was edited behind DVC's back."""
    recorded.run("dvc", "status")
    edit_unseen(recorded.folder / "data/reports/parity.json")
    assert "up to date" in recorded.run("dvc", "status").stdout
    retitle(recorded)
    said = recorded.run("dvc", "repro", code=DVC_FAILED).stderr
    assert "data/reports/parity.json was edited after the step that made it: delete it" in said
    (recorded.folder / "data/reports/parity.json").unlink()
    recorded.run("dvc", "repro")
    recorded.run("provender", "record", "--check")


@pytest.mark.proof(*IN_STEP)
@pytest.mark.ci
def test_fresh_clone(recorded: Project, tmp_path: Path) -> None:
    """After dvc pull alone Snakemake has all to do; after provender sync nothing."""
    fresh = clone(recorded, tmp_path / "fresh")
    fresh.run("dvc", "pull")
    assert "train_model" in planned(fresh)
    assert "provender sync checks it" in fresh.snakemake("--dry-run").stderr
    fresh.run("provender", "sync")
    assert planned(fresh) == set()
    assert digests(fresh) == digests(recorded)
    # Snakemake knows what was built with, so that a change is noticed.
    edit(fresh, "small.yaml", "epochs: 2", "epochs: 3")
    assert "train_model" in planned(fresh)
    assert "convert_graph" in planned(fresh)
    assert "encode_posts" not in planned(fresh)


def test_parallel_calls(recorded: Project) -> None:
    """While DVC works elsewhere, nothing is recorded, and the message says so."""
    with Repo(str(recorded.folder)).lock:
        for command in ("record", "sync"):
            assert "another DVC process is running" in refuse(recorded, "provender", command)
    recorded.run("provender", "record")


def test_interrupted_push(recorded: Project) -> None:
    """A push that was killed is completed by the next one, with no object half there."""
    remote = recorded.folder.parent / REMOTE
    every, kept = len(objects(remote)), len(objects(remote))
    # On a busy machine a push may be through before it is killed: then it is begun anew.
    deadline = time.monotonic() + 120
    while kept == every:
        assert time.monotonic() < deadline
        shutil.rmtree(remote)
        with subprocess.Popen(
            ["dvc", "push", "--jobs", "1"],
            cwd=recorded.folder,
            env=recorded.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as push:
            while push.poll() is None and len(objects(remote)) < 3:
                time.sleep(0.001)
            push.send_signal(signal.SIGKILL)
        kept = len(objects(remote))
    said = recorded.run("provender", "verify-remote", code=1).stderr
    assert said.count(": missing: ") > 0
    assert "truncated" not in said
    recorded.run("dvc", "push")
    assert len(objects(remote)) > kept
    recorded.run("provender", "verify-remote")


def test_damaged_cache(recorded: Project) -> None:
    """A damaged object in the cache is neither checked out nor recorded as good."""
    good = digests(recorded)
    for path in objects(recorded.folder / ".dvc" / "cache").values():
        edit_unseen(path)
    recorded.run("provender", "record")
    shutil.rmtree(recorded.folder / "data")
    recorded.run("dvc", "checkout")
    assert digests(recorded) == good
    # Copies, not links, so that no edit reaches the cache.
    assert (recorded.folder / LARGE).stat().st_nlink == 1


@pytest.mark.proof(*IN_STEP)
@pytest.mark.ci
def test_damaged_remote(recorded: Project) -> None:
    """Each damaged object is named with its stage, by the check; sync says what it lacks."""
    stored = objects(recorded.folder.parent / REMOTE)
    damages = {
        LARGE: (lambda path: path.write_bytes(path.read_bytes()[:-9]), "truncated, "),
        "data/model/model.h5": (edit_unseen, "other content"),
        "data/reports/report.html": (lambda path: path.write_bytes(b"x" * 10**6), "other content"),
        "data/source/news.sqlite": (Path.unlink, "missing"),
    }
    for name, (damage, _) in damages.items():
        path = stored[recorded_md5(recorded, name)]
        path.chmod(0o644)
        damage(path)
    found = refuse(recorded, "provender", "verify-remote")
    head = recorded.git("rev-parse", "HEAD")[:9]
    stages = ("assemble_bundle", "train_model", "render_report", "fetch_source")
    for stage, (name, (_, said)) in zip(stages, damages.items(), strict=True):
        assert f"{head} {stage}: {name}: {said}" in found
    assert found.count(head) == len(damages)
    assert "Run dvc push -A" in found
    wipe(recorded)
    found = refuse(recorded, "provender", "sync")
    assert "data/source/news.sqlite" in found
    assert "Run provender verify-remote" in found


@pytest.mark.proof(*IN_STEP)
@pytest.mark.ci
def test_garbage_collection(recorded: Project) -> None:
    """What dvc gc -A keeps is every build of every commit; -w alone keeps this one."""
    first = digests(recorded)
    retitle(recorded)
    recorded.run("dvc", "repro")
    recorded.commit("second")
    recorded.run("dvc", "push")
    everything = set(objects(recorded.folder / ".dvc" / "cache"))
    recorded.run("dvc", "gc", "--all-commits", "--cloud", "--force")
    assert set(objects(recorded.folder / ".dvc" / "cache")) == everything
    recorded.run("provender", "verify-remote", "HEAD~1..HEAD")
    recorded.run("dvc", "gc", "--workspace", "--force")
    assert set(objects(recorded.folder / ".dvc" / "cache")) < everything
    # Lost from the cache alone: the remote has the first build still.
    recorded.git("checkout", "--quiet", "HEAD~1")
    recorded.run("provender", "sync")
    assert digests(recorded) == first


@pytest.mark.proof(*IN_STEP)
@pytest.mark.ci
def test_dirty_tree(recorded: Project) -> None:
    """Edits that were not built are not recorded; files of one's own are not overwritten."""
    edit(recorded, "scripts/render_report.py", "import argparse", "import argparse  # edited")
    said = refuse(recorded, "provender", "record")
    assert "render_report: scripts/render_report.py is not what was read" in said
    assert "differs" not in refuse(recorded, "provender", "sync")
    recorded.git("checkout", "--quiet", "scripts")
    own = recorded.folder / "data/reports/report.html"
    own.write_text("my own words", encoding="utf-8")
    said = refuse(recorded, "provender", "sync")
    assert "data/reports/report.html" in said
    assert "delete them to have those that dvc.lock names" in said
    assert own.read_text(encoding="utf-8") == "my own words"
    own.unlink()
    recorded.run("provender", "sync")
    assert planned(recorded) == set()


@pytest.mark.proof(*IN_STEP)
@pytest.mark.ci
def test_a_stale_lock(recorded: Project) -> None:
    """A commit whose dvc.lock is not of its build fails the check, which names the stages."""
    retitle(recorded)
    recorded.snakemake()
    said = refuse(recorded, "provender", "record", "--check")
    assert "dvc.lock is stale:" in said
    assert "assemble_bundle: title of small.yaml is recorded with another value" in said
    assert "assemble_bundle: dist/bundle/about.json is recorded with other content" in said
    assert "Run make refresh and commit dvc.lock" in said
    assert "train_model" not in said
    recorded.run("provender", "record")
    written = read_lock(recorded)
    recorded.run("dvc", "commit", "--force")
    assert read_lock(recorded) == written


@pytest.mark.proof(*IN_STEP)
@pytest.mark.ci
def test_a_pulled_source_is_all_that_repro_needs(recorded: Project, tmp_path: Path) -> None:
    """In a fresh clone dvc repro alone gives the bytes that Snakemake gave."""
    fresh = clone(recorded, tmp_path / "fresh")
    fresh.run("dvc", "pull", "--with-deps", "fetch_source")
    assert set(digests(fresh)) == {"data/source/news.sqlite", "data/receipts/fetch_source.json"}
    said = fresh.run("dvc", "repro").stdout
    assert "Stage 'fetch_source' didn't change, skipping" in said
    assert "Running stage 'train_model'" in said
    assert digests(fresh) == digests(recorded)
    assert fresh.git("status", "--porcelain", "dvc.lock") == ""
    assert "Running stage" not in fresh.run("dvc", "repro").stdout


def test_shared_environment_of_another_folder(recorded: Project) -> None:
    """Code that lies elsewhere than the code that is recorded does not go unnoticed."""
    edit(recorded, "small.yaml", *TITLE)
    done = recorded.run(
        *("snakemake", "dist/bundle/manifest.json", "--cores", "1", "--configfile", "small.yaml"),
        PYTHONPATH=str(ROOT / "src"),
        code=1,
    )
    assert f"{ROOT}/src/provender/running/step.py, " in done.stderr
    assert " ran, but the rule does not name it" in done.stderr
    assert not (recorded.folder / "dist/bundle/manifest.json").exists()
