"""Which jobs Snakemake is told to run again."""

import base64
import fcntl
import sys
from pathlib import Path

import pytest

from provender.errors import UserError
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
    rerun.rerun_by_content([])
    assert not record("incomplete").exists()
    assert capsys.readouterr().err == ""


def test_edit_and_undo(folder: Path, capsys: pytest.CaptureFixture) -> None:
    """An edit marks the receipt as incomplete; its undoing takes the mark away."""
    Path("input").write_text("after!")
    rerun.rerun_by_content([])
    assert record("incomplete").exists()
    assert capsys.readouterr().err == (
        "to run again, since input is not what was read: make_thing\n"
    )
    Path("input").write_text("before")
    rerun.rerun_by_content([])
    assert not record("incomplete").exists()


def test_a_run_of_another_engine(folder: Path, capsys: pytest.CaptureFixture) -> None:
    """With another command than Snakemake's last, or with none, the job runs again."""
    write_json(record("metadata"), {"shellcmd": "python make_thing.py --name c"})
    rerun.rerun_by_content([])
    assert record("incomplete").exists()
    assert "provender sync checks it" in capsys.readouterr().err
    record("metadata").unlink()
    rerun.rerun_by_content([])
    assert record("incomplete").exists()


def test_few_causes_are_told(folder: Path, capsys: pytest.CaptureFixture) -> None:
    """Steps with one cause stand in one line, and of many causes the first ones alone."""
    for number in range(6):
        name = f"input-{number % 5}"
        Path(name).write_text("before")
        with receipt.writing(f"data/receipts/step-{number}.json", COMMAND, [name], []):
            pass
    for number in range(5):
        Path(f"input-{number}").write_text("after!")
    rerun.rerun_by_content([])
    assert capsys.readouterr().err.splitlines() == [
        "to run again, since input-0 is not what was read: step-0, step-5",
        "to run again, since input-1 is not what was read: step-1",
        "to run again, since input-2 is not what was read: step-2",
        "to run again for like causes: 2 more",
    ]


def test_a_lock_is_stale_without_its_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Snakemake's lock is removed, but not while another process builds here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rerun, "_held", [])
    lock = Path(".snakemake/locks/0.input.lock")
    lock.parent.mkdir(parents=True)
    lock.touch()
    rerun.BUILDS.parent.mkdir()
    with rerun.BUILDS.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        rerun.forget_stale_lock()
        assert lock.exists()
    rerun.forget_stale_lock()
    assert not lock.exists()
    rerun._held[0].close()


def test_vectors_that_are_not_there(folder: Path) -> None:
    """What was read of them stands for them, but of no others."""
    named = {"path": "vectors.txt", "sha256": "0" * 64}
    rerun.check_vectors(None)
    with pytest.raises(SystemExit, match=r"vectors\.path names vectors\.txt, which is no file"):
        rerun.check_vectors(named)
    read = {"command": ["python", "read_vectors.py", "--sha256", "0" * 64]}
    write_json("data/receipts/read_vectors.json", read)
    rerun.check_vectors(named)
    other = {**named, "sha256": "1" * 64}
    with pytest.raises(SystemExit, match=r"bring it, as make vectors, or npm"):
        rerun.check_vectors(other)
    (folder / "vectors.txt").touch()
    rerun.check_vectors(other)


def test_what_a_store_has(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """The source is read again once a file is another one, and until it was; else not."""
    monkeypatch.setattr(rerun, "SOURCE_RECEIPT", Path(PATH))
    found = [["a", 1, 10], ["b", 2, 10]]
    write_json("files.json", {"files": [{"name": "a", "bytes": 1}, {"name": "b", "bytes": 2}]})

    def read_again() -> bool:
        rerun.read_again(lambda: found, "files.json")
        return not Path(PATH).exists()

    # By what was recorded, where the step ran elsewhere.
    assert not read_again()
    assert not read_again()
    kept = Path(PATH).read_bytes()
    found[1][2] = 11
    with rerun.only_reading():
        assert not read_again()
    assert read_again()
    assert "since the store has other files: fetch_source\n" in capsys.readouterr().err
    Path(PATH).write_bytes(kept)
    assert not read_again()
    found.append(["c", 3, 9])
    rerun.STORE.unlink()
    assert read_again()


def test_a_store_out_of_reach(folder: Path, capsys: pytest.CaptureFixture) -> None:
    """It is told of, and what was read counts."""

    def fail() -> list:
        raise UserError("it cannot be reached")

    rerun.read_again(fail, "files.json")
    assert capsys.readouterr().err == (
        "warning: it cannot be reached. What was read of it before counts\n"
    )
