"""Copies of the project to build in."""

import shutil
import subprocess
from pathlib import Path

from provender.errors import UserError


def copy_tree(root: Path, target: Path) -> Path:
    """Copy to the new folder ``target`` what a fresh clone of ``root`` would hold.

    What is not yet committed comes along. The installed packages of ``web`` are linked.
    """
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise UserError(f"git does not say which files {root} has: {done.stderr.strip()}")
    for name in filter(None, done.stdout.split("\0")):
        source = root / name
        # A file that is deleted but not yet committed is still listed.
        if source.is_symlink() or source.exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)
    (target / "web" / "node_modules").symlink_to((root / "web" / "node_modules").resolve())
    return target
