"""The git repository against which a release is held, and what its commits hold."""

import contextlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from provender import tool
from provender.errors import Unavailable, UserError
from provender.release import statement

# What git may use to fetch for an auditor who has named the repository, and for a release that
# has: no transport that runs a program of its choice.
NAMED_TRANSPORTS = "file:git:http:https:ssh"
STATED_TRANSPORTS = "http:https"

CLONE_SECONDS = 600

# As SLSA writes where code lies: git+<address>@<commit>.
SOURCE = re.compile(r"git\+(https?://.+)@[0-9a-f]{40,64}")


class NamedBy(Enum):
    """Who says that this is the repository: who says so knows that it is whole."""

    AUDITOR = "you"
    FOLDER = "the folder at hand"
    RELEASE = "the release itself"
    INSTALLED = "where this is installed"


@dataclass(frozen=True)
class Repository:
    """A repository on disk."""

    folder: Path
    # As it is shown: a path or an address.
    place: str
    named_by: NamedBy

    def git(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run git there, whatever its exit code."""
        return _git(["-C", str(self.folder), *arguments], given=given)

    def tree(self, commit: str) -> str | None:
        """Return the tree of a commit, by its full id; None where there is no such commit."""
        done = self.git("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}")
        kind = self.git("cat-file", "-t", commit)
        is_commit = done.returncode == 0 and kind.stdout.strip() == b"commit"
        return done.stdout.decode().strip() if is_commit else None

    def is_whole(self) -> bool:
        """Tell whether all commits that the repository was made of are there."""
        return self.git("rev-parse", "--is-shallow-repository").stdout.strip() == b"false"

    def paths(self, commit: str) -> list[str]:
        """Return all files of a commit."""
        listed = self.git("ls-tree", "-r", "-z", "--full-tree", "--name-only", commit).stdout
        return [name for name in listed.decode("utf-8", "replace").split("\0") if name]

    def read(self, commit: str, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the content of files of a commit by their paths; what is no file is left out."""
        # A name with a line's end would be two for git; no file of a project has one.
        names = [path for path in dict.fromkeys(paths) if "\n" not in path]
        given = "".join(f"{commit}:{path}\n" for path in names).encode()
        output = self.git("cat-file", "--batch", given=given).stdout
        found, start = {}, 0
        for name in names:
            end = output.index(b"\n", start)
            about = output[start:end].split(b" ")
            start = end + 1
            if about[-1] == b"missing" or len(about) != 3:
                continue
            size = int(about[2])
            if about[1] == b"blob":
                found[name] = output[start : start + size]
            start += size + 1
        return found


@contextlib.contextmanager
def find(named: str | None, found: statement.Statement | None) -> Iterator[Repository | None]:
    """Give the repository: the one ``named``, else that of this folder, else the statement's.

    None where there is none at all. Raises UserError where the one that the auditor has named
    is none, and Unavailable where it cannot be fetched.
    """
    with tempfile.TemporaryDirectory(prefix="provender-repository-") as temporary:
        if named:
            yield _named(named, Path(temporary))
        elif _git(["rev-parse", "--show-toplevel"]).returncode == 0:
            yield _at(Path(), NamedBy.FOLDER)
        elif address := _stated(found):
            yield _clone(address, Path(temporary), NamedBy.RELEASE)
        else:
            yield None


@contextlib.contextmanager
def find_tool(named: str | None) -> Iterator[Repository | None]:
    """Give the repository of provender: the one ``named``, else the one that this runs from.

    None where this is installed from a package. Raises as :func:`find` does.
    """
    with tempfile.TemporaryDirectory(prefix="provender-repository-") as temporary:
        home = tool.home()
        if named:
            yield _named(named, Path(temporary))
        elif _git(["-C", str(home), "rev-parse", "--show-prefix"]).stdout == b"\n":
            yield _at(home, NamedBy.INSTALLED)
        else:
            yield None


def _named(named: str, folder: Path) -> Repository:
    """Return the repository that the auditor names: a clone of an address, or a folder's own."""
    if "://" in named or _is_bare(named):
        return _clone(named, folder, NamedBy.AUDITOR)
    return _at(Path(named), NamedBy.AUDITOR)


def _is_bare(named: str) -> bool:
    done = _git(["-C", named, "rev-parse", "--is-bare-repository"])
    return done.stdout.strip() == b"true"


def _stated(found: statement.Statement | None) -> str | None:
    source = statement.dependencies(found)[statement.SOURCE] if found is not None else {}
    match = SOURCE.fullmatch(source.get("uri", ""))
    return match[1] if match else None


def _at(folder: Path, named_by: NamedBy) -> Repository:
    done = _git(["-C", str(folder), "rev-parse", "--show-toplevel"])
    top = done.stdout.decode().strip()
    if done.returncode or not top:
        raise UserError(f"{folder} is no git work tree: name the project's by --repository")
    return Repository(Path(top), top, named_by)


def _clone(address: str, folder: Path, named_by: NamedBy) -> Repository:
    transports = STATED_TRANSPORTS if named_by is NamedBy.RELEASE else NAMED_TRANSPORTS
    command = ["clone", "--quiet", "--no-checkout", "--", address, str(folder / "project")]
    try:
        done = _git(command, transports, CLONE_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(
            f"{address} was not cloned within {CLONE_SECONDS} s: clone it yourself and name the "
            "folder by --repository"
        ) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [""]
        raise Unavailable(
            f"the repository {address} cannot be cloned: {said[-1]}. Check the address and the "
            "network, or clone it yourself and name the folder by --repository"
        )
    return Repository(folder / "project", address, named_by)


def _git(
    arguments: list[str],
    transports: str = NAMED_TRANSPORTS,
    timeout: float | None = None,
    given: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    # Another repository's variables, as a hook has them, must not lead there.
    kept = {k: v for k, v in os.environ.items() if k not in ("GIT_DIR", "GIT_WORK_TREE")}
    # No password is asked for, and no object is taken for another.
    safe = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_REPLACE_OBJECTS": "1"}
    return subprocess.run(
        ["git", "-c", "core.hooksPath=/dev/null", *arguments],
        env={**kept, **safe, "GIT_ALLOW_PROTOCOL": transports, "LC_ALL": "C.UTF-8"},
        check=False,
        input=given,
        capture_output=True,
        timeout=timeout,
    )
