"""What may become of a release that is there already."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from provender.errors import UserError
from provender.release import evidence, write
from provender.release.statement import ENVELOPE, RUN, STATEMENT

FILES = {STATEMENT: "statement", "bundle/index.html": "page"}
SIGNATURE = {ENVELOPE: "signature", f"bundle/{ENVELOPE}": "signature"}


def make(folder: Path, files: dict[str, str]) -> Path:
    """Write files below a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (FILES, FILES, False),
        ({**FILES, RUN: "then"}, FILES, False),
        ({**FILES, RUN: "then"}, {**FILES, **SIGNATURE}, True),
        ({**FILES, **SIGNATURE}, {**FILES, **SIGNATURE}, False),
        ({**FILES, **SIGNATURE}, FILES, False),
    ],
)
def test_the_same(tmp_path: Path, old: dict, new: dict, expected: bool) -> None:
    """Only a signature is news."""
    folders = make(tmp_path / "old", old), make(tmp_path / "new", new)
    assert write.adds_signature(*folders) is expected


@pytest.mark.parametrize(
    ("old", "new", "differ"),
    [
        (FILES, {**FILES, STATEMENT: "another"}, [STATEMENT]),
        (FILES, {**FILES, "more": ""}, ["more"]),
        ({**FILES, "more": ""}, FILES, ["more"]),
        ({**FILES, "more": "", RUN: ""}, {**FILES, **SIGNATURE}, ["more"]),
        (
            {**FILES, **SIGNATURE},
            {**FILES, **SIGNATURE, ENVELOPE: "by another"},
            [ENVELOPE],
        ),
    ],
)
def test_another(tmp_path: Path, old: dict, new: dict, differ: list[str]) -> None:
    """Anything else is another release, and what differs is named."""
    folders = make(tmp_path / "old", old), make(tmp_path / "new", new)
    with pytest.raises(UserError) as caught:
        write.adds_signature(*folders)
    assert str(caught.value).splitlines()[1:-1] == [f"  {name}" for name in differ]
    assert "release under a new version" in str(caught.value)


@pytest.mark.parametrize("step", ["_write_folder", "archive", "run_facts"])
def test_a_failure_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Neither a folder nor an archive, and an older release of the version is as it was."""
    monkeypatch.chdir(tmp_path)
    old = make(tmp_path / "dist/releases/a-1", FILES)
    old.with_name("a-1.tar.gz").write_text("archive")

    def fail(*_: object) -> None:
        raise UserError("it fails")

    def fill(folder: Path, _: object) -> None:
        make(folder, {**FILES, **SIGNATURE})
        if step == "_write_folder":
            fail()

    monkeypatch.setattr(write.preconditions, "check", lambda *_: SimpleNamespace(name="a-1"))
    monkeypatch.setattr(write, "_write_folder", fill)
    if step == "archive":
        monkeypatch.setattr(write.archive, "write", fail)
    monkeypatch.setattr(write.run_facts, "collect", fail)
    with pytest.raises(UserError, match="it fails"):
        write.release("1", None, None)
    there = {path.relative_to(old.parent).as_posix() for path in old.parent.rglob("*")}
    assert there == {"a-1", "a-1.tar.gz", "a-1/bundle", *(f"a-1/{name}" for name in FILES)}
    assert old.with_name("a-1.tar.gz").read_text() == "archive"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("data/archive/posts.tar.gz", "data/archive/posts.tar.gz"),
        ("own.sqlite", "own.sqlite"),
        ("../own.sqlite", "own.sqlite"),
        ("/home/someone/own.sqlite", "own.sqlite"),
        ("a/../../someone/own.sqlite", "own.sqlite"),
    ],
)
def test_no_folder_outside_is_named(path: str, name: str) -> None:
    """Of source data elsewhere, the statement has the name alone."""
    assert evidence.public_name(path) == name
