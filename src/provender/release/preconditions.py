"""What must hold before a build is released; all that does not is said at once."""

import datetime
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, TypeVar

from provender import config, tool
from provender.errors import Unavailable, UserError
from provender.release import evidence, run_facts, signing
from provender.release.ready import Ready
from provender.running import code_files, graph
from provender.versioning import dvc_lock, dvc_yaml, record, remote, tool_lock

Found = TypeVar("Found")

# Files that one error names; the rest is counted.
SHOWN = 10

# The file modes of git that stand for a file's content.
REGULAR = ("100644", "100755")


@dataclass
class _Faults:
    """Collects errors, so that one does not hide the next."""

    errors: list[UserError] = field(default_factory=list)

    def try_to(self, work: Callable[[], Found]) -> Found | None:
        """Return what ``work`` returns, or None and keep its error."""
        try:
            return work()
        except UserError as error:
            self.errors.append(error)
            return None


def check(version: str, key: Path | None, remote_name: str | None) -> Ready:
    """Return the build on disk as ready to be released as ``version``.

    Raises UserError that names all that is missing and the mend of each, or Unavailable where
    nothing is wrong but that the remote is out of reach.
    """
    faults = _Faults()
    signer = faults.try_to(lambda: signing.read_signer(key)) if key else None
    paths = faults.try_to(lambda: [config.DEFAULT, *dvc_yaml.overlays()])
    settings = faults.try_to(lambda: config.read(*paths)) if paths else None
    if settings and paths:
        faults.try_to(lambda: check_version(version, settings["version"], paths[-1]))
    commit = faults.try_to(find_commit)
    if commit:
        faults.try_to(lambda: check_tree(commit))
    faults.try_to(check_tool)
    jobs = faults.try_to(record.check)
    if commit and jobs and paths:
        faults.try_to(lambda: check_inputs(jobs, paths, commit))
    if commit:
        faults.try_to(lambda: _check_remote(commit, remote_name, jobs is not None))
    faults.try_to(check_environment)
    if faults.errors or settings is None or paths is None or jobs is None or commit is None:
        _raise(version, faults.errors)
    tree, date = _git("show", "--no-patch", "--format=%T %cI", commit).split()
    return Ready(settings, paths, jobs, commit, tree, in_utc(date), signer)


def _raise(version: str, errors: list[UserError]) -> NoReturn:
    kind = Unavailable if all(isinstance(e, Unavailable) for e in errors) else UserError
    blocks = ["\n    ".join(_shorten(str(error).splitlines())) for error in errors]
    raise kind(
        "\n  - ".join([f"this cannot be released as {version}; nothing is written:", *blocks])
    )


def _shorten(lines: list[str]) -> list[str]:
    """Leave out most of the files that stand between what is wrong, first, and its mend, last."""
    problem, *named, mend = lines if len(lines) > 1 else [*lines, ""]
    more = [f"  … and {len(named) - SHOWN} more"] if len(named) > SHOWN else []
    return [problem, *named[:SHOWN], *more, *filter(None, [mend])]


def check_version(version: str, configured: str, path: str) -> None:
    """Raise UserError unless the configuration, last ``path``, is of the version."""
    if version != configured:
        raise UserError(
            f"the build is of version {configured}, which its npm package names: set version: "
            f"{version} in {path}, build, run provender record and commit; or release {configured}"
        )


def find_commit() -> str:
    """Return the commit that is checked out.

    Raises UserError where there is none, or where the repository is not this folder's own.
    """
    done = dvc_lock.git("rev-parse", "--show-toplevel")
    if done.returncode:
        raise UserError("this folder is no git repository: run git init and commit the project")
    if Path(done.stdout.rstrip("\n")) != Path.cwd():
        raise UserError(
            f"the project is only a part of the git repository {done.stdout.strip()}, so no "
            "clone would be the project: give it a repository of its own"
        )
    done = dvc_lock.git("rev-parse", "--verify", "--quiet", "HEAD")
    if done.returncode:
        raise UserError("nothing is committed yet: commit the project")
    return done.stdout.strip()


def check_tool() -> None:
    """Raise UserError where nobody could have the tool that built: it is of no commit."""
    if tool.is_here():
        return
    commit = tool_lock.identity()["commit"]
    if commit is None:
        raise UserError(
            f"nobody knows which commit of provender {tool.home()} is: install it from a clone, or "
            "from a wheel that was built in one, build and run provender refresh"
        )
    if commit.startswith(tool.CHANGED):
        raise UserError(
            f"provender has changes in {tool.home()} that no commit holds: commit or undo them, "
            "then run provender refresh and commit provender.lock"
        )


def check_tree(commit: str) -> None:
    """Raise UserError unless the folder holds what ``commit`` does, and nothing else."""
    options = ["--untracked-files=all", "--ignore-submodules=none", "--no-renames"]
    listed = _git("status", "--porcelain", "-z", *options).split("\0")
    changed = {line[3:] for line in listed if line}
    # Files that git was told to take as unchanged, or whose size and date are as they were.
    changed |= set(_edited_unseen(commit))
    if changed:
        raise UserError(
            "\n  ".join(["these files are not as in the commit:", *sorted(changed)])
            + "\nCommit them, undo the edits, or have git ignore them"
        )


def _edited_unseen(commit: str) -> Iterator[str]:
    """Give the files whose content is not the commit's, read in full."""
    listed = _git("ls-tree", "-r", "-z", "--full-tree", commit).split("\0")
    entries = (entry.split("\t", 1) for entry in listed if entry)
    known = {name: about.split() for about, name in entries}
    regular = {name: digest for name, (mode, _, digest) in known.items() if mode in REGULAR}
    there = [name for name in regular if Path(name).is_file()]
    yield from regular.keys() - set(there)
    done = subprocess.run(
        ["git", "hash-object", "--stdin-paths"],
        input="\n".join(there),
        check=True,
        capture_output=True,
        text=True,
    )
    for name, digest in zip(there, done.stdout.split(), strict=True):
        if regular[name] != digest:
            yield name


def check_inputs(jobs: list[graph.Job], paths: list[str], commit: str) -> None:
    """Raise UserError where the build read code or settings that no clone would hold."""
    kept = set(_git("ls-tree", "-r", "-z", "--name-only", commit).split("\0"))
    made = {path for job in jobs for path in job.outputs}
    read = {path for job in jobs for path in job.inputs} | set(paths)
    read = {path for path in read if not tool.is_linked(path)}
    lost = sorted(read - made - set(evidence.sources(jobs)) - kept)
    if lost:
        raise UserError(
            "\n  ".join(["the build read files that are not in the commit:", *lost])
            + "\nMove them into the project, build, run provender record and commit"
        )


def check_environment() -> None:
    """Raise UserError where a package is of another version than the build's lock file says."""
    text = Path(tool.path(code_files.PYTHON_LOCK)).read_text(encoding="utf-8")
    pinned = code_files.pinned(text)
    other = [
        f"{name} {version}, not {pinned[name]}"
        for name, version in run_facts.installed(text).items()
        if version != pinned[name]
    ]
    if other:
        raise UserError(
            "\n  ".join([f"packages differ from {code_files.PYTHON_LOCK}:", *other])
            + f"\nRun {tool.how('setup')}, build and run provender record again"
        )


def _check_remote(commit: str, name: str | None, is_on_disk: bool) -> None:
    if dvc_lock.git("cat-file", "-e", f"{commit}:{dvc_lock.FILE}").returncode:
        raise UserError(f"{dvc_lock.FILE} is not committed: run provender record and commit it")
    remote.verify(commit, name, is_on_disk)


def in_utc(date: str) -> str:
    """Return a date as git writes it, in ISO 8601, as one in UTC."""
    time = datetime.datetime.fromisoformat(date).astimezone(datetime.UTC)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _git(*arguments: str) -> str:
    done = dvc_lock.git(*arguments)
    if done.returncode:
        raise UserError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip("\n")
