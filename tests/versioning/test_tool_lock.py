"""provender.lock: which provender builds a project, and what of it each rule depends on."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from conftest import GIT_IDENTITY

from provender import tool
from provender.errors import UserError
from provender.running.graph import Job
from provender.versioning import dvc_yaml, tool_lock

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project without the tool, in which the test runs."""
    identity = {"version": "1.0.0", "commit": COMMIT}
    monkeypatch.setattr(tool_lock, "identity", lambda: identity)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("model: {seed: 7}\n")
    for name in ("scripts/make.py", "scripts/other.py", "workflow/rules/a.smk"):
        path = tmp_path / tool.LINKS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def make(rule: str = "make", *inputs: str) -> Job:
    """Return the job of a rule of the tool that reads its script and one file of the project."""
    read = ["data/in", f".provender/scripts/{rule}.py", *inputs]
    settings = [("model", "seed"), ("model", "epochs")]
    return Job(rule, ".provender/workflow/rules/a.smk", {}, read, ["data/out"], "", settings, {})


def test_stages_name_no_file_outside_of_the_project(folder: Path) -> None:
    """Instead the digest of the rule's code, and defaults that no file of the project sets."""
    dvc_yaml.write([make()], [])
    text = Path("dvc.yaml").read_text()
    assert ".provender/" not in text
    assert "provender.lock: [defaults.model.epochs, code.make]" in text
    assert "config/config.yaml: [model.seed]" in text
    lock = tool_lock.read()
    assert lock["tool"] == {"version": "1.0.0", "commit": COMMIT}
    assert (lock["defaults"]["model"]["epochs"], lock["defaults"]["model"]["seed"]) == (6, 1)
    entry = {"params": {"provender.lock": {"defaults.model.epochs": 3, "code.make": "0"}}}
    assert dvc_yaml.recorded_settings(entry) == {"model.epochs": 3}


def test_a_digest_for_each_rule(folder: Path) -> None:
    """An edit changes the digest of those rules that read the file, or stand in it."""

    def code() -> dict[str, str]:
        tool_lock.write([make(), make("other")])
        return tool_lock.read()["code"]

    before = code()
    (folder / tool.LINKS / "scripts/make.py").write_text("edited")
    after = code()
    assert (before["make"] != after["make"], before["other"]) == (True, after["other"])
    (folder / tool.LINKS / "workflow/rules/a.smk").write_text("edited")
    again = code()
    assert {rule for rule in after if after[rule] != again[rule]} == {"make", "other"}


def test_another_tool_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By version and commit, with the mend; so is a lock that is none, or of other jobs."""
    with pytest.raises(UserError, match=r"^there is no provender.lock: run provender refresh$"):
        dvc_yaml.check([make()], [])
    dvc_yaml.write([make()], [])
    dvc_yaml.check([make()], [])
    with pytest.raises(UserError, match="is not what this project needs: run provender refresh"):
        dvc_yaml.check([make("make", ".provender/scripts/other.py")], [])
    monkeypatch.setattr(tool_lock, "identity", lambda: {"version": "1.1.0", "commit": None})
    with pytest.raises(UserError) as caught:
        dvc_yaml.check([make()], [])
    assert str(caught.value) == (
        f"provender.lock names provender 1.0.0 ({COMMIT}), and this is provender 1.1.0 (of no "
        "commit): install that one, or run provender refresh to build with this one"
    )
    Path("provender.lock").write_text("tool: 1\n")
    with pytest.raises(UserError, match=r"provender\.lock is not as it was written"):
        tool_lock.read()


def test_the_commit_of_a_clone_and_of_a_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clone's own, with a word on what no commit holds; a wheel says what it was built from."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(tmp_path), *arguments]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env={**os.environ, **GIT_IDENTITY}
        )
        return done.stdout.strip()

    def commit() -> str | None:
        tool_lock.identity.cache_clear()
        return tool_lock.identity()["commit"]

    monkeypatch.setattr(tool, "home", lambda: tmp_path)
    assert commit() is None
    git("init", "--quiet")
    (tmp_path / "Snakefile").write_text("")
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    head = git("rev-parse", "HEAD")
    assert commit() == head
    # What no build can read is no change of the tool.
    (tmp_path / "notes.txt").write_text("")
    assert commit() == head
    (tmp_path / "Snakefile").write_text("edited")
    assert commit() == f"changed since {head}"
    (tmp_path / tool.BUILT_FROM).write_text(json.dumps({"commit": COMMIT}))
    assert commit() == COMMIT
    tool_lock.identity.cache_clear()
