"""What tests do with a build that is recorded in DVC and git."""

import os
import shutil
from pathlib import Path

from conftest import ROOT, Project, open_project

# What keeps a build in step with DVC: tests that are proofs of it take minutes.
IN_STEP = (
    "src/provender/versioning/*.py",
    "src/provender/running/*.py",
    "src/provender/command.py",
    "src/provender/config.py",
    "workflow/Snakefile",
    "workflow/rules/*.smk",
    "requirements.lock",
)


def clone(project: Project, folder: Path) -> Project:
    """Clone a project beside itself, where its remote is its own."""
    project.git("clone", "--quiet", ".", str(folder))
    modules = folder / "web" / "node_modules"
    if not modules.is_symlink():
        modules.symlink_to(ROOT / "web" / "node_modules")
    return open_project(folder)


def edit(project: Project, path: str, old: str, new: str) -> None:
    """Replace text in a file."""
    file = project.folder / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def edit_unseen(path: Path) -> None:
    """Change one byte in place and keep inode, size and date; the same again undoes it."""
    status = path.stat()
    mode = status.st_mode & 0o777
    path.chmod(mode | 0o200)
    with open(path, "r+b") as file:
        # In the middle, so that most formats can still be read.
        file.seek(status.st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    path.chmod(mode)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def objects(folder: Path) -> dict[str, Path]:
    """Return the files of a cache's or a remote's folder by their md5 digest."""
    return {
        path.parent.name + path.name: path
        for path in (folder / "files" / "md5").glob("*/*")
        if path.is_file()
    }


def wipe(project: Project) -> None:
    """Remove all that git does not keep: what is built, DVC's cache, Snakemake's records."""
    for name in ("data", "dist", ".snakemake", ".dvc/cache", ".dvc/tmp"):
        shutil.rmtree(project.folder / name, ignore_errors=True)
