"""``provender trace``: from a file, a release or a post back to the inputs."""

import hashlib
import sqlite3
from pathlib import Path

import pytest
from conftest import make_posts
from recorded import edit_unseen
from releases import Release

from provender.files import read_parquet


def trace(release: Release, *arguments: str | Path, code: int = 0) -> str:
    """Run the command in the release's project; return what it prints."""
    done = release.project.run("provender", "trace", *arguments, code=code)
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_file(released: Release) -> None:
    """Every step behind a file, the last first, with what it read and wrote; no other step."""
    path = "data/features/test.parquet"
    lines = trace(released, path).splitlines()
    md5 = hashlib.md5((released.project.folder / path).read_bytes()).hexdigest()
    assert lines[0] == f"{path}, by dvc.lock of this folder"
    assert lines[1:3] == ["encode_posts@test", f"  wrote {path} (md5 {md5})"]
    steps = [line for line in lines[1:] if not line.startswith(" ")]
    assert steps == [
        "encode_posts@test",
        "build_vocabulary",
        "split_posts",
        "fetch_source",
        "compile_recipe",
        "inputs, md5:",
    ]
    source = hashlib.md5((released.project.folder / "small.sqlite").read_bytes()).hexdigest()
    assert f"  {source}  small.sqlite" in lines


def test_a_file_that_is_another(release: Release) -> None:
    """What was edited, or never recorded, was not made from anything that is known."""
    path = "data/vocabulary/labels.json"
    edit_unseen(release.project.folder / path)
    assert f"{path} is not what was recorded (md5 " in trace(release, path, code=1)
    assert "no step of its build made it" in trace(release, "README.md", code=1)
    assert "there is no nothing: name a release" in trace(release, "nothing", code=1)


def test_a_release(released: Release) -> None:
    """A release is traced through its commit: folder and archive, all that it publishes."""
    for given in (released.folder, released.archive):
        lines = trace(released, given).splitlines()
        commit = released.project.git("rev-parse", "HEAD").strip()
        assert lines[0] == f"{given}, by dvc.lock of the commit {commit}"
        steps = [line for line in lines[1:] if not line.startswith(" ")]
        assert steps[:2] == ["pack_npm", "assemble_bundle"]
        assert "render_report" not in steps


@pytest.mark.ci
def test_posts(release: Release) -> None:
    """A post is found by its row, with digests of its text, which is nowhere printed."""
    folder = release.project.folder
    splits = {
        name: read_parquet(folder / f"data/splits/{name}.parquet").to_pylist()
        for name in ("train", "validation", "test")
    }
    texts = [text for text, _, _ in make_posts()]
    for name, rows in splits.items():
        row = rows[0]
        said = trace(release, release.folder, "--post", str(row["rowid"]))
        digest = hashlib.sha256(row["text"].encode()).hexdigest()
        assert f"post {row['rowid']}:\n" in said
        assert f"  in {name}: data/splits/{name}.parquet (md5 " in said
        assert said.count(digest) >= 2
        assert f"label {row['label']!r}" in said
        assert not any(text in said for text in texts)
        others = splits.keys() - {name}
        assert not any(f"  in {other}: " in said for other in others)
    # Of the workspace's own record, and of a row that was dropped.
    said = trace(release, "dist/bundle/about.json", "--post", str(splits["test"][0]["rowid"]))
    assert "  in test: data/splits/test.parquet" in said
    with sqlite3.connect(folder / "data/source/news.sqlite") as database:
        rowids = {rowid for (rowid,) in database.execute("SELECT rowid FROM news")}
    database.close()
    dropped = rowids - {row["rowid"] for rows in splits.values() for row in rows}
    for rowid in sorted(dropped)[:1]:
        assert "  in no split" in trace(release, release.folder, "--post", str(rowid))
    assert "has no row 99999" in trace(release, release.folder, "--post", "99999", code=1)
