"""What is wrong with an object of a remote, and which commits a name stands for."""

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from provender.errors import Unavailable, UserError
from provender.versioning import remote

CONTENT = b"what was recorded"
MD5 = hashlib.md5(CONTENT).hexdigest()
RECORDED = remote.Object("commit", "stage", "path", MD5, len(CONTENT))


def fault(folder: Path, open_file: object = open) -> str | None:
    """Return what is wrong with the recorded object in a folder."""
    files = SimpleNamespace(open=open_file, unstrip_protocol=lambda path: f"file://{path}")
    store = SimpleNamespace(fs=files, path=folder, oid_to_path=lambda md5: folder / md5)
    return remote.read(store, RECORDED)[0]


def test_faults(tmp_path: Path) -> None:
    """An object is read to its end: missing, truncated and swapped ones are told apart."""
    path = tmp_path / MD5
    assert fault(tmp_path) == "missing"
    path.write_bytes(CONTENT[:-3])
    assert fault(tmp_path) == "truncated, 14 of 17 bytes"
    path.write_bytes(CONTENT[:-1] + b"!")
    assert fault(tmp_path) == "other content"
    path.write_bytes(CONTENT + b"!")
    assert fault(tmp_path) == "other content"
    path.write_bytes(CONTENT)
    assert fault(tmp_path) is None


def test_a_server_that_is_away(tmp_path: Path) -> None:
    """It is told apart from an object that is missing, and from a defect."""

    def refuse(*_: object) -> None:
        raise ConnectionRefusedError("refused")

    with pytest.raises(Unavailable, match=f"{tmp_path} cannot be read: refused. Check"):
        fault(tmp_path, refuse)
    with pytest.raises(ZeroDivisionError):
        fault(tmp_path, lambda *_: 1 / 0)


def test_unknown_commits() -> None:
    """What git does not know is named."""
    with pytest.raises(UserError, match=r"git knows no no-such-commit\.\.HEAD: "):
        remote.list_commits("no-such-commit..HEAD")
