"""Which jobs Snakemake is told to run again."""

import base64
import sys
from pathlib import Path

import pytest

from provender.files import write_json
from provender.running import receipt, rerun

PATH = "data/receipts/make_thing.json"
COMMAND = ["python", "make_thing.py", "--name", "a b"]


def record(kind: str) -> Path:
    """Return Snakemake's record of the receipt."""
    return Path(".snakemake", kind, base64.urlsafe_b64encode(PATH.encode()).decode())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a step's run that Snakemake has seen, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    # The tests' own process imports more of the project than a step does.
    monkeypatch.setattr(sys, "argv", ["make_thing.py"])
    Path("input").write_text("before")
    with receipt.writing(PATH, COMMAND, ["input"], [PATH]):
        pass
    write_json(record("metadata"), {"shellcmd": "python make_thing.py --name 'a b'"})
    return tmp_path


def test_what_fits(folder: Path, capsys: pytest.CaptureFixture) -> None:
    """Nothing is said of it, and nothing is marked."""
    rerun.rerun_by_content()
    assert not record("incomplete").exists()
    assert capsys.readouterr().err == ""


def test_edit_and_undo(folder: Path, capsys: pytest.CaptureFixture) -> None:
    """An edit marks the receipt as incomplete; its undoing takes the mark away."""
    Path("input").write_text("after!")
    rerun.rerun_by_content()
    assert record("incomplete").exists()
    assert capsys.readouterr().err == "make_thing: input is not what was read\n"
    Path("input").write_text("before")
    rerun.rerun_by_content()
    assert not record("incomplete").exists()


def test_a_run_of_another_engine(folder: Path, capsys: pytest.CaptureFixture) -> None:
    """With another command than Snakemake's last, or with none, the job runs again."""
    write_json(record("metadata"), {"shellcmd": "python make_thing.py --name c"})
    rerun.rerun_by_content()
    assert record("incomplete").exists()
    assert "provender sync checks it" in capsys.readouterr().err
    record("metadata").unlink()
    rerun.rerun_by_content()
    assert record("incomplete").exists()
