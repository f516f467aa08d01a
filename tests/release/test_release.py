"""A recorded build becomes a release, or what is missing for it is said and nothing written."""

import base64
import getpass
import hashlib
import json
import platform
import shutil
import sqlite3
import tarfile
from pathlib import Path

import pytest
from conftest import REMOTE, Project
from recorded import clone, edit, edit_unseen, objects
from releases import NAME, VERSION, Release

from provender.release import signing, statement
from provender.release.statement import ENVELOPE, RUN, STATEMENT

SIGNED = {ENVELOPE, f"bundle/{ENVELOPE}"}
STATEMENTS = {STATEMENT, f"bundle/{STATEMENT}"}


def folder_of(project: Project) -> Path:
    """Return the folder of a project's release."""
    return project.folder / "dist" / "releases" / NAME


def names(folder: Path) -> set[str]:
    """Return the files below a folder by their paths."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a release by their paths, but for what differs from run to run."""
    return {name: (folder / name).read_bytes() for name in names(folder) - {RUN}}


def refused(project: Project, *options: str | Path) -> str:
    """Return why a release is refused, having asserted that nothing was written."""
    before = sorted((project.folder / "dist").rglob("*"))
    done = project.run("provender", "release", VERSION, *options, code=1)
    assert sorted((project.folder / "dist").rglob("*")) == before
    assert "Traceback" not in done.stderr
    return done.stderr


def test_every_file_is_a_subject(released: Release) -> None:
    """The statement names every file by its digest, but itself, its envelopes and the run."""
    stated = statement.subjects(statement.parse((released.folder / STATEMENT).read_bytes()))
    expected = names(released.folder) - SIGNED - STATEMENTS - {RUN}
    assert stated == {
        name: hashlib.sha256((released.folder / name).read_bytes()).hexdigest() for name in expected
    }
    built = released.project.folder / "dist"
    for name in names(built / "bundle"):
        assert (released.folder / "bundle" / name).read_bytes() == (
            built / "bundle" / name
        ).read_bytes()
    package = f"npm/{NAME.replace('small', 'small-classifier')}.tgz"
    assert (released.folder / package).read_bytes() == (built / package).read_bytes()


def test_archive(released: Release) -> None:
    """One archive holds the same files in one folder, and says nothing of who made it when."""
    with tarfile.open(released.archive) as archive:
        members = archive.getmembers()
        packed = {member.name: archive.extractfile(member).read() for member in members}
    expected = contents(released.folder)
    assert packed == {f"{NAME}/{name}": data for name, data in expected.items()}
    assert list(packed) == sorted(packed)
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in members} == {
        (0, 0, 0, "", "", 0o644)
    }
    assert released.archive.read_bytes()[4:8] == bytes(4), "gzip's own date"


def test_statement(released: Release) -> None:
    """It tells commit, inputs, parameters, surroundings, by-products and metrics, all true."""
    project = released.project
    stated = statement.parse((released.folder / STATEMENT).read_bytes())
    definition = stated["predicate"]["buildDefinition"]
    assert definition["buildType"] == statement.BUILD_TYPE
    parameters = definition["externalParameters"]
    assert parameters["configuration"] == ["config/config.yaml", "small.yaml"]
    assert (parameters["name"], parameters["version"]) == ("small", VERSION)
    assert parameters["target"] == "all"
    assert parameters["settings"]["model"]["max_words"] == 40
    assert "path" not in parameters["settings"]["source"]
    assert definition["internalParameters"]["ONEDNN_MAX_CPU_ISA"] == "SSE41"

    found = statement.dependencies(stated)
    assert found.pop("source") == {
        "name": "source",
        "digest": {
            "gitCommit": project.git("rev-parse", "HEAD").strip(),
            "gitTree": project.git("rev-parse", "HEAD^{tree}").strip(),
        },
    }
    locked = project.folder / "dvc.lock"
    assert found.keys() == {
        "data/source/news.sqlite",
        "small.sqlite",
        "requirements.lock",
        "web/package-lock.json",
        "config/text.yaml",
        "dvc.lock",
        "dvc.yaml",
        "config/config.yaml",
        "small.yaml",
    }
    made = statement.byproducts(stated)
    metrics, canaries = (statement.content(made.pop(name)) for name in ("metrics", "canaries"))
    for name, item in {**found, **made}.items():
        data = (project.folder / name).read_bytes()
        assert item["digest"]["sha256"] == hashlib.sha256(data).hexdigest(), name
        if "md5" in item["digest"]:
            assert item["digest"]["md5"] == hashlib.md5(data).hexdigest(), name
            assert item["digest"]["md5"] in locked.read_text(), name
    assert {name for name, item in found.items() if "md5" not in item["digest"]} == {
        "dvc.lock",
        "dvc.yaml",
        "config/config.yaml",
        "small.yaml",
    }
    needed = {
        "data/splits/train.parquet",
        "data/vocabulary/vocabulary.json",
        "data/features/test.parquet",
        "data/model/saved_model/variables/variables.data-00000-of-00001",
        "data/reports/metrics.json",
        "data/receipts/train_model.json",
    }
    assert needed <= made.keys()
    on_disk = {f"data/{name}" for name in names(project.folder / "data")}
    assert made.keys() == on_disk - {"data/source/news.sqlite"}
    reported = json.loads((project.folder / "data/reports/metrics.json").read_text())
    assert metrics["test"]["recall@1"] == reported["test"]["recall@1"]
    # A text of each label's words, one of all labels', and the nasty one.
    assert len(canaries) == len(reported["test"]["labels"]) + 2
    versions = stated["predicate"]["runDetails"]["builder"]["version"]
    assert versions["python"] == platform.python_version()
    assert set(versions) == {"provender", "python", "node", "snakemake", "dvc", "tensorflow"}


def test_no_text_of_a_post_is_told(released: Release) -> None:
    """No post stands in the statement, its canaries included."""
    stated = (released.folder / STATEMENT).read_text(encoding="utf-8")
    canaries = statement.content(statement.byproducts(json.loads(stated))["canaries"])
    with sqlite3.connect(released.project.folder / "small.sqlite") as database:
        posts = {text for (text,) in database.execute("SELECT body FROM posts")}
    assert len(posts) > 400
    assert not posts & {canary["text"] for canary in canaries}
    assert [post for post in posts if post in stated] == []


def test_signed(released: Release) -> None:
    """The envelope holds the statement, signed by that key; the site carries both."""
    envelope = (released.folder / ENVELOPE).read_bytes()
    data = (released.folder / STATEMENT).read_bytes()
    assert signing.verify(envelope, released.public_key) == data
    assert json.loads(envelope)["payloadType"] == "application/vnd.in-toto+json"
    for name in (STATEMENT, ENVELOPE):
        assert (released.folder / "bundle" / name).read_bytes() == (
            released.folder / name
        ).read_bytes()


def test_secrets_stay_secret(released: Release) -> None:
    """Neither key, user, host nor folder stands in a release or in what the command said."""
    pem = released.key.read_text()
    body = "".join(pem.splitlines()[1:-1])
    raw = base64.b64decode(body)[-32:]
    secrets = [body, base64.b64encode(raw).decode(), raw.hex(), "PRIVATE KEY"]
    files = contents(released.folder)
    files["said"] = released.said.encode()
    files["run"] = (released.folder / RUN).read_bytes()
    for name, data in files.items():
        found = [word for word in secrets if word.encode() in data]
        assert not found and raw not in data, name
        if not name.endswith((".bin", ".tgz")):
            assert str(released.project.folder.parent).encode() not in data, name
            assert str(Path.home()).encode() + b"/" not in data, name
    run = json.loads(files["run"])
    assert {platform.node(), getpass.getuser()}.isdisjoint(_texts(run))


def _texts(value: object) -> set[str]:
    if isinstance(value, dict):
        return {text for below in value.values() for text in _texts(below)}
    return {str(value)}


def test_run(released: Release) -> None:
    """run.json says when, on what, with which packages, and of which release."""
    run = json.loads((released.folder / RUN).read_text())
    assert run["started"] <= run["finished"]
    assert run["host"]["machine"] == platform.machine()
    assert run["packages"]["tensorflow"].startswith("2.21")
    assert run["archive"] == {
        "sha256": hashlib.sha256(released.archive.read_bytes()).hexdigest(),
        "bytes": released.archive.stat().st_size,
    }
    digest = hashlib.sha256((released.folder / STATEMENT).read_bytes()).hexdigest()
    assert run["statement"] == digest


@pytest.mark.ci
def test_same_bytes_anywhere(released: Release, tmp_path: Path) -> None:
    """A clone in another folder, in other surroundings, makes the same release."""
    shutil.copytree(released.project.folder.parent / REMOTE, tmp_path / REMOTE)
    other = clone(released.project, tmp_path / "another folder, of a longer name")
    other.run("provender", "sync")
    surroundings = {
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "1",
        "SOURCE_DATE_EPOCH": "1",
    }
    command = f"umask 077; exec provender release {VERSION} --key {released.key}"
    other.run("sh", "-c", command, **surroundings)
    assert contents(folder_of(other)) == contents(released.folder)
    archive = folder_of(other).with_name(f"{NAME}.tar.gz")
    assert archive.read_bytes() == released.archive.read_bytes()


@pytest.mark.ci
def test_again(recorded: Project, released: Release) -> None:
    """The same release stays; a signature may be added, but nothing else may change."""
    release = ("provender", "release", VERSION)
    folder = folder_of(recorded)
    archive = folder.with_name(f"{NAME}.tar.gz")
    said = recorded.run(*release).stderr
    assert "no licence is stated, so nobody may use this" in said
    assert "set license in small.yaml\n" in said
    unsigned, packed = contents(folder), archive.read_bytes()
    run = (folder / RUN).read_bytes()
    assert not names(folder) & SIGNED
    archive.unlink()
    assert "there already, the same" in recorded.run(*release).stderr
    assert (contents(folder), (folder / RUN).read_bytes()) == (unsigned, run)
    assert archive.read_bytes() == packed

    recorded.run(*release, "--key", released.key)
    signed = contents(folder)
    assert {name: signed[name] for name in unsigned} == unsigned
    assert signed.keys() - unsigned.keys() == SIGNED
    packed = archive.read_bytes()
    edit(recorded, "README.md", "# Provender", "# PROVENDER")
    recorded.commit("another commit")
    said = refused(recorded)
    assert f"  {STATEMENT}\n" in said and "release under a new version" in said
    assert (contents(folder), archive.read_bytes()) == (signed, packed)


def test_all_that_is_missing_is_said_at_once(recorded: Project) -> None:
    """Version, key, tree, lock and remote, each with its mend; and nothing is written."""
    key = recorded.folder / "key.pem"
    outside = recorded.folder.parent / "key.pem"
    recorded.run("provender", "keygen", outside)
    shutil.copy(outside, key)
    edit(recorded, "README.md", "# Provender", "# PROVENDER")
    edit(recorded, "dvc.lock", "md5: ", "md5: 0")
    damaged = objects(recorded.folder.parent / REMOTE)
    path = next(iter(damaged.values()))
    path.unlink()
    before = names(recorded.folder / "dist")
    done = recorded.run("provender", "release", "1.0.0", "--key", key, code=1)
    assert names(recorded.folder / "dist") == before
    for said in (
        "cannot be released as 1.0.0; nothing is written:",
        "key.pem lies in a git repository",
        "the build is of version 0.1.0",
        "set version: 1.0.0 in small.yaml",
        "these files are not as in the commit:\n      README.md\n      dvc.lock\n      key.pem\n",
        "dvc.lock is stale:",
        "Run make refresh and commit dvc.lock",
        f"missing: {path}",
    ):
        assert said in done.stderr, said
    assert key.read_text() not in done.stderr


def test_a_remote_that_lacks_or_damaged_an_object(recorded: Project) -> None:
    """Each such object of the named remote is named, and what to do."""
    other = recorded.folder.parent / "other-remote"
    shutil.copytree(recorded.folder.parent / REMOTE, other)
    recorded.run("dvc", "remote", "add", "--local", "other", other)
    stored = objects(other)
    missing, damaged = sorted(stored)[:2]
    stored[missing].unlink()
    edit_unseen(stored[damaged])
    said = refused(recorded, "--remote", "other")
    assert f"missing: {stored[missing]}" in said
    assert f"other content: {stored[damaged]}" in said
    assert "dvc push" in said


def test_pushed_without_having_been_recorded(recorded: Project) -> None:
    """Nothing is there to be deleted: what lacked is provender record, and its mend works."""
    shutil.rmtree(recorded.folder / ".dvc" / "cache")
    for path in objects(recorded.folder.parent / REMOTE).values():
        path.unlink()
    recorded.run("dvc", "push", code=None)
    said = refused(recorded)
    assert "Run provender record, which puts the build into DVC's cache, and dvc push\n" in said
    assert "Delete" not in said
    recorded.run("provender", "record")
    recorded.run("dvc", "push")
    recorded.run("provender", "release", VERSION)


def test_what_is_on_disk_is_what_is_recorded(recorded: Project) -> None:
    """An edited file of the build is named, also where its size and date are the same."""
    edit_unseen(recorded.folder / "dist" / "bundle" / "page.js")
    assert "dist/bundle/page.js is not what was written" in refused(recorded)


@pytest.mark.ci
def test_releases_are_no_part_of_the_build(recorded: Project) -> None:
    """git, Snakemake and the records take no notice of a release; make clean leaves it."""
    recorded.run("provender", "release", VERSION)
    assert recorded.git("status", "--porcelain") == ""
    assert "Nothing to be done" in recorded.snakemake("--dry-run").stdout
    recorded.run("provender", "record", "--check")
    files = contents(folder_of(recorded))
    recorded.run("make", "clean")
    assert contents(folder_of(recorded)) == files
    assert not (recorded.folder / "data").exists()
    assert [path.name for path in (recorded.folder / "dist").iterdir()] == ["releases"]
