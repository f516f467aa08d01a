"""The attack table of docs/audit.md: what ``provender audit`` says, and its exit code."""

import re
import shutil
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import archives
import pytest
from archives import tar, tar_member, zip_member, zipped
from conftest import change_constants
from forgery import (
    claim,
    digests,
    edit_statement,
    fit,
    fit_manifest,
    md5,
    read_statement,
    replace_bundle,
    write_statement,
)
from recorded import edit, objects
from releases import NAME, Release

from provender.release import statement

WEIGHTS = "bundle/tfjs/layers/group1-shard1of1.bin"
DATABASE = "data/source/news.sqlite"

CONFIRMED, REFUTED, UNDECIDED = 0, 1, 2


def flip_a_weight(folder: Path) -> None:
    """Flip one bit of the shipped weights: the last float32's lowest, which no answer tells."""
    path = folder / WEIGHTS
    data = bytearray(path.read_bytes())
    data[-4] ^= 1
    path.write_bytes(data)


def rename_a_label(folder: Path) -> None:
    """Give a label another name."""
    path = folder / "bundle" / "constants.json"
    text = path.read_text(encoding="utf-8")
    assert '"bread"' in text
    path.write_text(text.replace('"bread"', '"chess2"'), encoding="utf-8")


def add_a_script(folder: Path) -> None:
    """Add a script that the page could load."""
    (folder / "bundle" / "analytics.js").write_text("fetch('/')")


def remove_a_file(folder: Path) -> None:
    """Remove a file that the page needs."""
    (folder / "bundle" / "style.css").unlink()


EDITS = [
    (flip_a_weight, "other content than the statement says: " + WEIGHTS),
    (rename_a_label, "other content than the statement says: bundle/constants.json"),
    (add_a_script, "in no statement: bundle/analytics.js"),
    (remove_a_file, "missing: bundle/style.css"),
]


def test_an_honest_release(release: Release) -> None:
    """Folder, archive, bundle, the signed copy and the unsigned: all confirmed."""
    key = ("--key", release.public_key)
    for given in (release.folder, release.archive):
        said = release.audit(*key, release=given, code=CONFIRMED)
        assert "✓ confirmed (exit code 0)" in said
        assert "✗" not in said
        assert "✓ signature: signed by the key" in said
        assert re.search(r"✓ shipped files: \d+ files are what dvc.lock of the commit names", said)
        assert re.search(r"✓ receipts: \d+ steps read what the commit holds", said)
    said = release.audit(release=release.folder / "bundle", code=CONFIRMED)
    assert "· signature: it names as its signer" in said
    assert "the bundle alone was given: without MODEL_CARD.md" in said
    said = release.audit(release=release.project.folder / "dist/bundle", code=CONFIRMED)
    assert "was the first to record this manifest.json" in said
    zipped_release = release.archive.with_name(f"{NAME}.zip")
    zipped(
        zipped_release,
        *(
            (f"{NAME}/{path.relative_to(release.folder)}", path.read_bytes())
            for path in sorted(release.folder.rglob("*"))
            if path.is_file()
        ),
    )
    release.audit(*key, release=zipped_release, code=CONFIRMED)


@pytest.mark.parametrize(("attack", "said"), EDITS)
def test_edited_files(release: Release, attack: Callable[[Path], None], said: str) -> None:
    """A file that is not as stated is named, the signature being as it was."""
    attack(release.folder)
    assert f"✗ files: {said}" in release.audit(code=REFUTED)


@pytest.mark.parametrize(("attack", "_"), EDITS)
def test_edited_files_with_digests_that_fit(
    release: Release, attack: Callable[[Path], None], _: str
) -> None:
    """Where manifest and statement are made to fit, the commit's dvc.lock refutes it."""
    attack(release.folder)
    fit(release.folder)
    said = release.audit(code=REFUTED)
    assert "✓ files: " in said
    assert "✗ shipped files: " in said
    said = release.audit("--key", release.public_key, code=REFUTED)
    assert "✗ signature: it is not signed" in said


@pytest.mark.parametrize(("attack", "_"), EDITS)
def test_edited_bundle_without_a_statement(
    release: Release, attack: Callable[[Path], None], _: str
) -> None:
    """A bundle alone contradicts its manifest; one that fits was recorded by nobody."""
    attack(release.folder)
    bundle = release.folder / "bundle"
    (bundle / statement.STATEMENT).unlink()
    (bundle / statement.ENVELOPE).unlink()
    assert "✗ manifest.json: " in release.audit(release=bundle, code=REFUTED)
    fit_manifest(bundle)
    said = release.audit(release=bundle, code=UNDECIDED)
    assert "? commit: no commit in" in said


def test_swapped_manifest_without_a_signature(release: Release) -> None:
    """Another model with right digests is refuted without a key too, and with one at once."""
    flip_a_weight(release.folder)
    fit(release.folder)
    said = release.audit("--files", code=REFUTED)
    assert "the weights are not of one model, or damaged" in " ".join(said.split())
    change_constants(release.folder / "bundle")
    fit(release.folder)
    said = release.audit("--files", code=UNDECIDED)
    assert "? origin: the files were held to each other alone" in said
    said = release.audit("--files", "--key", release.public_key, code=REFUTED)
    assert "✗ signature: it is not signed" in said
    said = release.audit(code=REFUTED)
    assert "bundle/tfjs/layers/group1-shard1of1.bin is not what assemble_bundle recorded" in said


def test_a_model_card_that_praises_more(release: Release) -> None:
    """What no step has recorded is made again, and must be the same."""
    card = release.folder / "MODEL_CARD.md"
    card.write_text(card.read_text(encoding="utf-8").replace("recall", "perfect recall"))
    fit(release.folder)
    said = release.audit(code=REFUTED)
    assert "✗ documents: not what follows from the build: MODEL_CARD.md" in said
    # The workflow that comes along is the commit's.
    (release.folder / "Snakefile").write_text("rule all:\n")
    fit(release.folder)
    assert "✗ workflow: other files than the commit's: Snakefile" in release.audit(code=REFUTED)


def test_another_key(release: Release) -> None:
    """Who re-signs has another key; whose signature is kept has signed another statement."""
    flip_a_weight(release.folder)
    envelope = (release.folder / statement.ENVELOPE).read_bytes()
    fit(release.folder, key=release.other_key("somebody"))
    key = ("--key", release.public_key)
    said = release.audit(*key, "--files", code=REFUTED)
    assert "✗ signature: the signature is not by the key" in said
    # Signed by somebody whom the auditor takes for the publisher: only the commit tells.
    said = release.audit("--key", Path(f"{release.other_key('somebody')}.pub"), code=REFUTED)
    assert "✓ signature" in said
    assert "✗ shipped files" in said
    for place in (release.folder, release.folder / "bundle"):
        (place / statement.ENVELOPE).write_bytes(envelope)
    said = release.audit(*key, "--files", code=REFUTED)
    assert "✗ signature: what is signed is not provenance.intoto.json" in said


@pytest.mark.ci
def test_a_replayed_older_release(release: Release) -> None:
    """An honest release is not the one that was asked for, by option, folder or archive."""
    said = release.audit("--version", "0.2.0", code=REFUTED)
    assert "✗ version: it is small-0.1.0, and 0.2.0 was asked for" in said
    release.audit("--version", "0.1.0", code=CONFIRMED)
    newer = release.folder.with_name("small-0.2.0")
    release.folder.rename(newer)
    said = release.audit(release=newer, code=REFUTED)
    assert "✗ version: it is called small-0.2.0, and is small-0.1.0" in said
    renamed = release.archive.with_name("small-0.2.0.tar.gz")
    release.archive.rename(renamed)
    release.audit(release=renamed, code=REFUTED)
    # With the version changed in the statement, it is the commit's that contradicts.
    edit_statement(
        newer,
        lambda value: value["predicate"]["buildDefinition"]["externalParameters"].update(
            version="0.2.0"
        ),
    )
    said = release.audit("--version", "0.2.0", release=newer, code=REFUTED)
    assert "✗ manifest.json: its version is '0.1.0'" in said
    assert "version: '0.1.0' → '0.2.0'" in said


LINK = stat.S_IFLNK | 0o777


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda p: tar(p, (tar_member("../out.js"), b"x")), "a path that leads out of its folder"),
        (lambda p: zipped(p, ("../out.js", b"x")), "a path that leads out of its folder"),
        (lambda p: tar(p, (tar_member("/tmp/out.js"), b"x")), "an absolute path"),
        (lambda p: zipped(p, ("/tmp/out.js", b"x")), "an absolute path"),
        (lambda p: tar(p, (tar_member("r/a", tarfile.SYMTYPE, "/"), b"")), "a symbolic link"),
        (lambda p: tar(p, (tar_member("r/a", tarfile.LNKTYPE, "/"), b"")), "a hard link"),
        (lambda p: zipped(p, (zip_member("r/a", LINK), b"/")), "a symbolic link"),
        (lambda p: tar(p, (tar_member("r/a", tarfile.CHRTYPE), b"")), "a device"),
        (
            lambda p: tar(p, (tar_member("r/a"), b"1"), (tar_member("r/a"), b"2")),
            "which stands there twice",
        ),
        (archives.tar_bomb, "would unpack to 10,000,000,000 bytes"),
        (lambda p: archives.zip_bomb(p, 2**32 - 1), "would unpack to 4,294,967,295 bytes"),
    ],
)
def test_archives(
    released: Release, tmp_path: Path, make: Callable[[Path], Path], reason: str
) -> None:
    """What unpacks elsewhere, or to too much, is refused, and nothing is written."""
    given = make(tmp_path / f"{NAME}.archive")
    before = sorted(released.project.folder.rglob("*"))
    said = released.audit(release=given, code=REFUTED)
    assert "✗ files: refused, and not unpacked: the archive " in said
    assert reason in said
    assert [path.name for path in tmp_path.iterdir()] == [given.name]
    assert sorted(released.project.folder.rglob("*")) == before
    assert not Path("/tmp/out.js").exists()


def test_a_link_in_a_folder(release: Release) -> None:
    """A release that was unpacked by another tool may hold links: they are not followed."""
    (release.folder / "bundle" / "secret.json").symlink_to("/etc/passwd")
    said = release.audit(code=REFUTED)
    assert "the release holds a symbolic link: 'bundle/secret.json'" in said


@pytest.mark.ci
def test_another_commit(release: Release) -> None:
    """A commit that has other inputs, or the same and another tree, is not the release's."""
    project = release.project
    edit(project, "README.md", "Provender", "Provender!")
    project.commit("another text")
    commit, tree = (project.git("rev-parse", name).strip() for name in ("HEAD", "HEAD^{tree}"))

    def name(commit: str, tree: str) -> str:
        edit_statement(
            release.folder,
            lambda value: value["predicate"]["buildDefinition"]["resolvedDependencies"][0].update(
                digest={"gitCommit": commit, "gitTree": tree}
            ),
        )
        return release.audit(code=REFUTED)

    first = read_statement(release.folder)["predicate"]["buildDefinition"]
    old = first["resolvedDependencies"][0]["digest"]
    assert f"✗ commit: {commit} holds the tree {tree}, not" in name(commit, old["gitTree"])
    # A commit with other settings: every digest of the statement is its own, but the files.
    edit(project, "small.yaml", "Three made-up topics", "Another title")
    project.run("provender", "dvc")
    project.snakemake()
    project.run("provender", "record")
    project.commit("another title")
    project.run("dvc", "push")
    claim(release.folder, project, "HEAD")
    said = release.audit(code=REFUTED)
    assert "✗ settings: by the commit → by the statement: title: 'Another title" in said
    assert "✗ shipped files: bundle/about.json is not what assemble_bundle recorded" in said
    assert "the bundle was made with other config" in said


def test_a_commit_that_does_not_exist(release: Release) -> None:
    """Undecided in the folder at hand, which may be behind; refuted by the named repository."""
    edit_statement(
        release.folder,
        lambda value: value["predicate"]["buildDefinition"]["resolvedDependencies"][0].update(
            digest={"gitCommit": "0123456789" * 4, "gitTree": "9876543210" * 4}
        ),
    )
    said = release.audit(code=UNDECIDED)
    assert f"? commit: there is no commit {'0123456789' * 4} in" in said
    assert "run git fetch, or name the project's repository by --repository" in said
    said = release.audit("--repository", ".", code=REFUTED)
    assert f"✗ commit: there is no commit {'0123456789' * 4} in" in said


def change_a_row(path: Path) -> None:
    """Give a post of the source another label."""
    import sqlite3

    path.chmod(0o644)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE news SET Category = 'tides' WHERE rowid = 1")
    database.close()


@pytest.mark.ci
def test_a_database_row_changed_after_the_release(release: Release) -> None:
    """The release stays what it is; neither remote, statement nor another commit can say else."""
    project = release.project
    change_a_row(project.folder / DATABASE)
    changed = (project.folder / DATABASE).read_bytes()
    # In the publisher's folder alone: the release was not made from that.
    release.audit(code=CONFIRMED)
    # In the statement.
    honest = read_statement(release.folder)

    def name(value: dict) -> None:
        found = value["predicate"]["buildDefinition"]["resolvedDependencies"]
        next(item for item in found if item["name"] == DATABASE)["digest"] = digests(changed)

    edit_statement(release.folder, name)
    said = release.audit(code=REFUTED)
    assert "✗ manifest.json: its database has another digest" in said
    assert f"✗ dvc.lock: {DATABASE} is recorded with the md5" in said
    assert f"✗ remote: other content than the statement says, by sha256: {DATABASE}" in said
    # In the remote, under the name of what was recorded.
    write_statement(release.folder, honest)
    names = {
        item["name"]: item
        for item in honest["predicate"]["buildDefinition"]["resolvedDependencies"]
    }
    stored = objects(release.remote)[names[DATABASE]["digest"]["md5"]]
    stored.chmod(0o644)
    stored.write_bytes(changed)
    said = release.audit(code=REFUTED)
    assert f"✗ remote: it holds other content than was recorded: {DATABASE}: other content" in said


@pytest.mark.ci
def test_a_remote_object_swapped(release: Release) -> None:
    """Every object of the commit is read; one that is missing leaves it open."""
    stored = objects(release.remote)
    weights = (release.folder / WEIGHTS).read_bytes()
    path = stored[md5(weights)]
    path.chmod(0o644)
    path.write_bytes(bytes(len(weights)))
    said = release.audit(code=REFUTED)
    assert "✗ remote: it holds other content than was recorded: data/tfjs/layers/group1" in said
    path.unlink()
    said = release.audit(code=UNDECIDED)
    assert "? remote: it lacks what was recorded: data/tfjs/layers/group1" in said
    shutil.rmtree(release.remote)
    release.audit(code=UNDECIDED)


@pytest.mark.ci
def test_an_edited_dependency_lock(release: Release) -> None:
    """A lock file that was edited is another than the one that the steps have read."""
    project = release.project
    edit(project, "requirements.lock", "numpy==", "numpy==1")
    lock = (project.folder / "requirements.lock").read_bytes()
    # In the publisher's folder alone.
    release.audit(code=CONFIRMED)

    def name(value: dict) -> None:
        found = value["predicate"]["buildDefinition"]["resolvedDependencies"]
        next(i for i in found if i["name"] == "requirements.lock")["digest"] = digests(lock)

    honest = read_statement(release.folder)
    edit_statement(release.folder, name)
    said = release.audit(code=REFUTED)
    assert "✗ manifest.json: its requirements has another digest" in said
    assert "✗ source files: requirements.lock is another file in the commit" in said
    # In a later commit, to which the release is then ascribed.
    project.commit("newer numpy")
    write_statement(release.folder, honest)
    claim(release.folder, project, "HEAD")
    said = release.audit(code=REFUTED)
    assert (
        "✗ dvc.lock: the first step that differs is compile_recipe: it was recorded with other "
        "content of requirements.lock (dependency)" in said
    )


@pytest.mark.ci
def test_a_release_of_a_dirty_tree(release: Release) -> None:
    """What was built from edited files is not what the commit records; nor is such a record."""
    project = release.project
    honest = project.git("rev-parse", "HEAD").strip()
    edit(project, "web/src/style.css", ":root", "/* edited */\n:root")
    project.snakemake()
    replace_bundle(release.folder, project)
    fit_manifest(release.folder / "bundle")
    fit(release.folder)
    said = release.audit(code=REFUTED)
    assert "bundle/manifest.json is not what assemble_bundle recorded" in said
    # The record of that build, committed without the edit.
    project.run("provender", "record")
    project.run("dvc", "push")
    project.git("checkout", "--quiet", "web/src/style.css")
    project.commit("recorded from a dirty tree")
    assert project.git("diff", "--name-only", honest, "HEAD").split() == ["dvc.lock"]
    claim(release.folder, project, "HEAD")
    said = release.audit(code=REFUTED)
    assert (
        "✗ dvc.lock: the first step that differs is assemble_bundle: it was recorded with other "
        "content of web/src/style.css (code)" in said
    )


@pytest.mark.ci
def test_releases_that_differ_in_the_seed(release: Release, seed_release: Release) -> None:
    """Each is confirmed by its own commit; neither can be taken for the other."""
    seed_release.audit(code=CONFIRMED)
    project = seed_release.project
    first, second = (project.git("rev-parse", name).strip() for name in ("HEAD~1", "HEAD"))
    release.audit("--repository", project.folder, code=CONFIRMED)
    # The second's files under the first's statement.
    shutil.rmtree(release.folder / "bundle")
    shutil.copytree(seed_release.folder / "bundle", release.folder / "bundle")
    said = release.audit("--repository", project.folder, code=REFUTED)
    assert "✗ files: other content than the statement says: " in said
    assert "✗ manifest.json: it was built with other settings than the statement gives" in said
    # The second as a whole, ascribed to the first's commit.
    shutil.rmtree(release.folder)
    shutil.copytree(seed_release.folder, release.folder)
    claim(release.folder, project, first, build=release.project.folder)
    said = release.audit("--repository", project.folder, code=REFUTED)
    assert "✗ settings: by the commit → by the statement: model.seed: 1 → 2" in said
    assert "the bundle was made with other config" in said
    assert second in (seed_release.folder / statement.STATEMENT).read_text()
