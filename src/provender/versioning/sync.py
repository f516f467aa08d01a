"""Brings back the build that dvc.lock names, after reading every file."""

import shlex
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from provender import files
from provender.console import log
from provender.errors import UserError
from provender.running import graph
from provender.versioning import dvc_lock, dvc_yaml
from provender.versioning.cache import digests, drop_damaged, repository
from provender.versioning.checks import build_command, configfile_options, misfits, raise_for

if TYPE_CHECKING:
    from dvc.repo import Repo


def sync(remote: str | None) -> None:
    """Bring the build that dvc.lock names: fetch, verify, and let Snakemake take it as done.

    Raises UserError where a file here would be lost, where an object cannot be had or is
    damaged, and where what was fetched does not belong to the code and configuration here.
    """
    locked = dvc_lock.read()
    outputs = {
        path: md5
        for entry in locked.values()
        for path, md5 in dvc_lock.digests(entry, "outs").items()
    }
    with repository() as repo:
        drop_damaged(repo, {md5: path for path, md5 in outputs.items()})
        _refuse_to_lose(repo, outputs)
        _pull(repo, remote)
        digests.cache_clear()
        damaged_files = [path for path, md5 in outputs.items() if digests(path)[1] != md5]
        drop_damaged(repo, {outputs[path]: path for path in damaged_files})
        raise_for(
            damaged_files,
            "the remote holds other content than was recorded:",
            "Run provender verify-remote, which names all such objects and what to do",
        )
    _unlink(outputs)
    overlays = dvc_yaml.overlays()
    jobs = graph.read(overlays)
    raise_for(
        misfits(jobs),
        f"everything in {dvc_lock.FILE} is here, but it was made by other code or configuration:",
        f"Check out the commit that {dvc_lock.FILE} belongs to, or build "
        f"({build_command(overlays)})",
    )
    _tell_snakemake(overlays)
    log.info("%d files are as %s says", len(outputs), dvc_lock.FILE)


def _pull(repo: "Repo", remote: str | None) -> None:
    from dvc.exceptions import CheckoutError

    try:
        repo.pull(remote=remote, force=True)
    except CheckoutError as error:
        raise_for(
            error.target_infos,
            "the remote lacks what was recorded, or holds it damaged:",
            "Run provender verify-remote, which names all such objects and what to do",
        )


def _refuse_to_lose(repo: "Repo", outputs: dict[str, str]) -> None:
    """Raise UserError where a file differs from dvc.lock and DVC keeps no copy of it."""
    unknown = [
        path
        for path, md5 in outputs.items()
        if Path(path).exists()
        and digests(path)[1] != md5
        and not Path(repo.cache.local.oid_to_path(digests(path)[1])).exists()
    ]
    raise_for(
        unknown,
        "these files are recorded nowhere and would be overwritten:",
        "Record them (provender record), or delete them to have those that dvc.lock names",
    )


def _unlink(paths: Iterable[str]) -> None:
    """Replace links to DVC's cache by copies.

    An edit through a link damages the cache; and files of equal content, being one file,
    would have one date where Snakemake needs them in order.
    """
    for path in map(Path, paths):
        if path.is_symlink() or path.stat().st_nlink > 1:
            with files.replacing(path) as part:
                shutil.copyfile(path, part)


def _tell_snakemake(overlays: Sequence[str]) -> None:
    """Have Snakemake note that every output is made: in order, without running a job."""
    command = ["snakemake", "--touch", "--forceall", "--cores", "1", *configfile_options(overlays)]
    # What shards leave is gone by then.
    command += ["--config", "shards=1"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise UserError(f"{shlex.join(command)} failed:\n{done.stderr}")
