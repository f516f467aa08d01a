"""Where the tool's own files lie, and how a project in a folder of its own reaches them.

A file of the tool is known by its name in the tool's repository, as ``scripts/train_model.py``. In
that repository, which is a project too, this is its path. Any other project reaches it through
links: ``.provender/scripts/train_model.py`` is its path there, on every machine.
"""

import json
import os
import subprocess
from pathlib import Path

from provender.errors import UserError

PACKAGE = Path(__file__).resolve().parent

# The folder of links. It is made anew wherever it is needed, and belongs in no repository.
LINKS = ".provender"

# What a build can need of the tool, by name; all of src/provender is the package itself.
MODULES = "src/provender"
PARTS = (
    "Snakefile",
    "config/text.yaml",
    "profiles",
    "requirements.lock",
    "scripts",
    MODULES,
    "web",
    "workflow",
)

# A wheel has the rest within the package, where no other package can have files of these names,
# and a note of what it was built from: it has no repository to ask.
WITHIN = "_tool"
BUILT_FROM = "built_from.json"

# How a commit is called that the files at hand are not.
CHANGED = "changed since "


def home() -> Path:
    """Return the folder that holds the tool's files, but for its modules."""
    within = PACKAGE / WITHIN
    return within if within.is_dir() else PACKAGE.parents[1]


def place(name: str) -> Path:
    """Return where a file of the tool lies on this machine."""
    if name == MODULES or name.startswith(f"{MODULES}/"):
        return PACKAGE / name[len(MODULES) + 1 :]
    return home() / name


def commit() -> str | None:
    """Return the commit that the tool's files are of; None where nobody knows.

    Where a file that a build can read differs from it, ``CHANGED`` stands before it.
    """
    note = home() / BUILT_FROM
    if note.exists():
        noted: str | None = json.loads(note.read_text(encoding="utf-8"))["commit"]
        return noted
    if _git("rev-parse", "--show-prefix") != "":
        return None
    head = _git("rev-parse", "--verify", "--quiet", "HEAD")
    changed = _git("status", "--porcelain", "--", *PARTS)
    return f"{CHANGED}{head}" if head and changed else head


def _git(*arguments: str) -> str | None:
    command = ["git", "-C", str(home()), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def is_here() -> bool:
    """Tell whether the current folder is the tool's own repository, or a copy of it."""
    return Path(MODULES).is_dir()


def path(name: str) -> str:
    """Return the path of a file of the tool in the current folder's project."""
    return name if is_here() else f"{LINKS}/{name}"


def name(path: str) -> str:
    """Return the name of a file of the tool from its path in any project."""
    return path.removeprefix(f"{LINKS}/")


def is_linked(path: str) -> bool:
    """Tell whether a path in a project is that of a file of the tool, which lies elsewhere."""
    return path.startswith(f"{LINKS}/")


def path_of(file: str | os.PathLike[str]) -> str:
    """Return the path in the current folder's project of a file, wherever the tool lies."""
    relative = os.path.relpath(file)
    if is_here() or is_linked(relative):
        return relative
    real = Path(file).resolve()
    for part in PARTS:
        if real == place(part) or real.is_relative_to(place(part)):
            return path((Path(part) / real.relative_to(place(part))).as_posix())
    return relative


def link() -> None:
    """Make or renew the links to the tool, unless this is its own repository.

    Raises UserError where something else has their place.
    """
    if is_here():
        return
    for part in PARTS:
        there, target = Path(LINKS, part), place(part)
        there.parent.mkdir(parents=True, exist_ok=True)
        if there.is_symlink() and there.readlink() == target:
            continue
        if there.exists() and not there.is_symlink():
            raise UserError(
                f"{there} is in the way of a link to the tool: delete {LINKS}, it is made anew"
            )
        # Renamed, so that another process finds the old or the new, never none.
        new = there.with_name(f"{there.name}.{os.getpid()}")
        new.unlink(missing_ok=True)
        new.symlink_to(target)
        new.replace(there)


def how(command: str) -> str:
    """Return how a command is run here: by make in the tool's own repository."""
    return f"make {command}" if is_here() else f"provender {command}"


def snakefile() -> str:
    """Return the path of the workflow, for a project's ``Snakefile`` to include."""
    link()
    return path("workflow/Snakefile")
