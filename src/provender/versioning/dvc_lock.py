"""dvc.lock: what each stage read and wrote, by md5, as DVC has it."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from provender import files
from provender.errors import UserError

FILE = Path("dvc.lock")

# A stage's name to its entry: cmd, deps, params, outs.
Lock = dict[str, dict[str, Any]]


def read() -> Lock:
    """Return the stages of dvc.lock in the workspace."""
    if not FILE.exists():
        raise UserError(
            f"there is no {FILE}: nothing is recorded. Build, then run provender record"
        )
    return _parse(FILE.read_text(encoding="utf-8"), str(FILE))


def write(locked: Lock) -> None:
    """Write dvc.lock as DVC itself does, byte for byte."""
    # Takes half a second to import, with the DVC around it.
    from dvc.utils.serialize import dumps_yaml

    files.write_text(FILE, dumps_yaml({"schema": "2.0", "stages": locked}))


def read_commit(commit: str) -> Lock:
    """Return the stages of dvc.lock of a commit."""
    return _parse(show(commit, str(FILE)), f"{FILE} of {commit}")


def show(commit: str, path: str) -> str:
    """Return the text of a file of a commit; raises UserError where there is none."""
    done = git("show", f"{commit}:./{path}")
    if done.returncode:
        raise UserError(f"there is no {path} in {commit}: {done.stderr.strip()}")
    return done.stdout


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git, whatever its exit code."""
    return subprocess.run(["git", *arguments], check=False, capture_output=True, text=True)


def digests(entry: dict[str, Any], kind: str) -> dict[str, str]:
    """Return the md5 digest of each file of a stage by its path; ``kind`` is deps or outs."""
    return {item["path"]: item.get("md5", "") for item in entry.get(kind, [])}


def _parse(text: str, what: str) -> Lock:
    try:
        # In C: in Python it takes a second.
        stages: Lock = yaml.load(text, yaml.CSafeLoader)["stages"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise UserError(
            f"{what} cannot be read ({error}): check out a good one, or run provender record"
        ) from error
    return stages
