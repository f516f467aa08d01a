"""What a build must be before it is released: the commit's, in full."""

import os
import subprocess
from importlib import metadata
from pathlib import Path

import pytest
from conftest import GIT_IDENTITY
from recorded import edit_unseen

from provender import tool
from provender.errors import UserError
from provender.release import preconditions
from provender.running.graph import Job


def git(*arguments: str) -> str:
    """Run git in the current folder."""
    done = subprocess.run(
        ["git", *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **GIT_IDENTITY},
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with a commit, in which the test runs."""
    folder = tmp_path / "project"
    (folder / "scripts").mkdir(parents=True)
    monkeypatch.chdir(folder)
    scripts = ("fetch_source", "read_vectors", "train_model")
    for name in ("README.md", *(f"scripts/{each}.py" for each in scripts)):
        (folder / name).write_text(f"# text of {name}\n")
    (folder / ".gitignore").write_text("/data/\n")
    (folder / "link").symlink_to("README.md")
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    return folder


def commit() -> str:
    """Return the commit that is checked out."""
    return git("rev-parse", "HEAD").strip()


def tell_git(flag: str, path: Path) -> None:
    """Have git take a file as unchanged, and change it."""
    git("update-index", flag, path.name)
    path.write_text("other")


EDITS = {
    "untracked": lambda path: path.with_name("new.txt").write_text("new"),
    "edited": lambda path: path.write_text("other"),
    "staged": lambda path: (path.write_text("other"), git("add", path.name)),
    "deleted": lambda path: path.unlink(),
    "renamed": lambda path: git("mv", path.name, "new.txt"),
    "executable": lambda path: path.chmod(0o755),
    "assumed": lambda path: tell_git("--assume-unchanged", path),
    "skipped": lambda path: tell_git("--skip-worktree", path),
    "unseen": edit_unseen,
}
HIDDEN = ("assumed", "skipped", "unseen")


@pytest.mark.parametrize("way", EDITS)
def test_no_edit_is_hidden(repository: Path, way: str) -> None:
    """Each is named, also those that git does not see or was told not to see."""
    git("config", "status.showUntrackedFiles", "no")
    # The time of an edit itself, which no one can set, hides nothing in the second after.
    git("config", "core.checkStat", "minimal")
    git("config", "core.trustCtime", "false")
    # For files that are as old as the index, git looks at their content.
    for path in (repository / "README.md", repository / "link"):
        os.utime(path, (1e9, 1e9), follow_symlinks=False)
    git("update-index", "--refresh")
    preconditions.check_tree(commit())
    EDITS[way](repository / "README.md")
    if way in HIDDEN:
        assert git("status", "--porcelain") == ""
    name = "new.txt" if way in ("untracked", "renamed") else "README.md"
    with pytest.raises(UserError) as caught:
        preconditions.check_tree(commit())
    assert str(caught.value).startswith("these files are not as in the commit:\n  ")
    assert f"\n  {name}\n" in str(caught.value)
    assert "Commit them" in str(caught.value)


def test_many_edits_are_counted(repository: Path) -> None:
    """Ten are named."""
    for number in range(15):
        (repository / f"new-{number:02}").write_text("new")
    with pytest.raises(UserError) as caught:
        preconditions.check_tree(commit())
    with pytest.raises(UserError, match=r" +new-09\n +… and 5 more\n +Commit them") as told:
        preconditions._raise("1.0.0", [caught.value])
    assert "new-10" not in str(told.value)


def job(rule: str, *inputs: str) -> Job:
    """Return a job that reads files."""
    return Job(rule, "", {}, list(inputs), [f"data/{rule}"], "", [], {})


def test_inputs_that_no_clone_would_have(repository: Path) -> None:
    """Code and settings outside of the commit are named; source data and products are not."""
    (repository / "requirements.lock").write_text("")
    (repository / tool.MODULES).mkdir(parents=True)
    git("add", "--all")
    git("commit", "--quiet", "--message", "lock")
    source = job("fetch_source", "../own.sqlite", "scripts/fetch_source.py")
    train = job("train_model", "data/fetch_source", "scripts/train_model.py")
    preconditions.check_inputs([source, train], ["README.md"], commit())
    stray = job("other", "data/stray.py")
    with pytest.raises(UserError, match=r"not in the commit:\n  \.\./own\.yaml\n  data/stray.py\n"):
        preconditions.check_inputs([source, train, stray], ["../own.yaml"], commit())


def test_without_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git, without a commit, and where the project is only part of a repository."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UserError, match="is no git repository: run git init"):
        preconditions.find_commit()
    git("init", "--quiet")
    with pytest.raises(UserError, match="nothing is committed yet"):
        preconditions.find_commit()
    (folder / "part").mkdir()
    monkeypatch.chdir(folder / "part")
    with pytest.raises(UserError, match="only a part of the git repository"):
        preconditions.find_commit()


def test_another_version() -> None:
    """The mend names the file that has the version."""
    preconditions.check_version("1.0.0", "1.0.0", "own.yaml")
    with pytest.raises(UserError, match=r"set version: 1\.0\.0 in own\.yaml, .* release 0\.9\.0"):
        preconditions.check_version("1.0.0", "0.9.0", "own.yaml")


def test_another_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of another version than the lock file says is named; a missing one is not."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / tool.MODULES).mkdir(parents=True)
    version = metadata.version("pytest")
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"pytest=={version} \\\n    --hash=sha256:0\nno-such-package==1.0\n")
    preconditions.check_environment()
    lock.write_text("pytest==1.0\n")
    with pytest.raises(UserError, match=f"\n  pytest {version}, not 1.0\n"):
        preconditions.check_environment()
