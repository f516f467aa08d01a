"""A recorded build becomes a release, or what is missing for it is said and nothing written."""

import hashlib
import json
import tarfile
from pathlib import Path

from conftest import Project

from provender.attest import statement

NAME = "small-0.1.0"


def releases(project: Project) -> Path:
    """Return the folder of a project's releases."""
    return project.folder / "dist" / "releases"


def names(folder: Path) -> set[str]:
    """Return the files below a folder by their paths."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_an_honest_release(recorded: Project) -> None:
    """Every file is named with its digest; the archive holds the same files, but for the run."""
    recorded.run("provender", "release", "0.1.0")
    folder = releases(recorded) / NAME
    stated = statement.subjects(statement.parse((folder / statement.STATEMENT).read_bytes()))
    assert stated == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in names(folder)
        if not name.endswith("provenance.intoto.json") and name != "run.json"
    }
    manifest = json.loads((folder / "bundle" / "manifest.json").read_text())
    for name, known in manifest["files"].items():
        assert stated[f"bundle/{name}"] == known["sha256"]
    with tarfile.open(releases(recorded) / f"{NAME}.tar.gz") as archive:
        members = archive.getmembers()
    assert {member.name for member in members} == {
        f"{NAME}/{name}" for name in names(folder) - {"run.json"}
    }
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in members} == {
        (0, 0, 0, "", "", 0o644)
    }
