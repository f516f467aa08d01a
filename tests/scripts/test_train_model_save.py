"""train_model.save: both formats appear together, or neither does."""

import errno
from pathlib import Path

import pytest
import train_model


@pytest.fixture
def saved_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a SavedModel's folder with an old model in it; TensorFlow is not asked."""
    folder = tmp_path / "saved_model"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_text("old")

    def write(_: object, part: Path) -> None:
        part.mkdir()
        (part / "saved_model.pb").write_text("new")

    monkeypatch.setattr(train_model, "save_saved_model", write)
    monkeypatch.setattr(train_model, "to_hdf5", lambda _: b"new")
    return folder


def contents(folder: Path) -> dict[str, str]:
    """Return each file below ``folder``."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_new_model_replaces_the_old_one(saved_model: Path) -> None:
    """Nothing of the old folder stays in the new one."""
    train_model.save(None, saved_model, saved_model.with_name("model.h5"))
    assert contents(saved_model.parent) == {"saved_model/saved_model.pb": "new", "model.h5": "new"}
    assert not (saved_model / "variables").exists()


def test_what_a_killed_run_left_is_replaced(saved_model: Path) -> None:
    """A part that was left behind does not get into the model."""
    part = saved_model.with_name("saved_model.part")
    part.mkdir()
    (part / "stale").touch()
    train_model.save(None, saved_model, saved_model.with_name("model.h5"))
    assert contents(saved_model.parent) == {"saved_model/saved_model.pb": "new", "model.h5": "new"}


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_without_hdf5_the_old_model_stays(
    saved_model: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """A failure between the two leaves the old model whole, and no part of the new one."""

    def fail(_: object) -> bytes:
        raise error

    monkeypatch.setattr(train_model, "to_hdf5", fail)
    with pytest.raises(type(error)):
        train_model.save(None, saved_model, saved_model.with_name("model.h5"))
    assert contents(saved_model.parent) == {"saved_model/saved_model.pb": "old"}
    assert not saved_model.with_name("saved_model.part").exists()
