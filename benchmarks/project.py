"""Copies of the project in which a benchmark runs the workflow from scratch."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from provender import config
from provender.errors import UserError
from provender.reproduction import clone

ROOT = Path(__file__).resolve().parents[1]

# Lines of a failed command's output that are shown.
SHOWN_LINES = 30

# What Snakemake writes before each command with --printshellcmds.
COMMAND_PREFIX = "Shell command: "


def find_archive(given: Path | None) -> Path:
    """Return the newsgroups archive: ``given``, or the first of the configured places."""
    places = config.read(ROOT / "config" / "config.yaml")["source"]["archives"]
    found = next((ROOT / place for place in places if (ROOT / place).is_file()), None)
    archive = given or found
    if archive is None or not archive.is_file():
        raise UserError(
            f"the benchmarks need the newsgroups archive, and {archive or ' and '.join(places)} "
            "is no file: name one with make bench ARCHIVE=path"
        )
    return archive.resolve()


def copy_tree(target: Path, archive: Path) -> Path:
    """Copy to the new folder ``target`` what a fresh clone of this working tree would hold.

    Environment and archive are linked, not copied: they are there before the main job.
    """
    clone.copy_tree(ROOT, target)
    (target / ".venv").symlink_to(ROOT / ".venv")
    place = target / config.read(target / "config" / "config.yaml")["source"]["archives"][0]
    place.parent.mkdir(parents=True)
    place.symlink_to(archive)
    return target


def environment(folder: Path) -> dict[str, str]:
    """Return the environment for a process in ``folder``: this Python's, that folder's code."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(folder / "src")}


def run(folder: Path, command: Sequence[str]) -> str:
    """Run ``command`` in ``folder``, not in a terminal, and return what it printed.

    Raises UserError, with the end of that, where it fails.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        said = "\n".join(done.stdout.splitlines()[-SHOWN_LINES:])
        raise UserError(f"{shlex.join(command)} ended with exit code {done.returncode}:\n{said}")
    return done.stdout


def workflow(cores: int) -> list[str]:
    """Return the main job's command."""
    return ["snakemake", "--cores", str(cores)]


def list_commands(folder: Path, options: Sequence[str] = ()) -> list[list[str]]:
    """Return the main job's steps in running order, each as its command's words.

    Snakemake itself gives them, in a dry run: where ``folder`` is built, ``options`` must
    force it.
    """
    # Named here, --quiet no longer silences the commands, as the profile's would.
    quiet = ["--quiet", "host", "reason"]
    printed = run(folder, [*workflow(1), "--dry-run", "--printshellcmds", *quiet, *options])
    found = re.findall(f"^{COMMAND_PREFIX}(.+)$", printed, re.MULTILINE)
    # Rule all has none.
    commands = [shlex.split(command) for command in found if command != "None"]
    if not commands or any(words[0] != "python" for words in commands):
        raise UserError(f"Snakemake's dry run lists other commands than Python's: {found}")
    return commands
