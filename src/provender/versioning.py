"""Records builds in DVC and brings recorded ones back; both only after reading every file."""

import contextlib
import copy
import hashlib
import re
import shlex
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provender import config, files, graph, lock, pipeline, receipt, step
from provender.errors import UserError

if TYPE_CHECKING:
    from dvc.repo import Repo

CHUNK_BYTES = 1 << 20

# How DVC colours the links in its messages.
ANSI = re.compile(r"\x1b\[\d*m")


@cache
def digests(path: str) -> tuple[str, str]:
    """Return a file's sha256 and md5 digests, from one reading of it."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            sha256.update(chunk)
            md5.update(chunk)
    return sha256.hexdigest(), md5.hexdigest()


def record(only_check: bool) -> None:
    """Commit the build on disk to DVC, or check that dvc.lock holds it already.

    Raises UserError, naming every file and stage that does not fit, where an output was
    not made from the inputs now on disk; then nothing is recorded.
    """
    if only_check:
        jobs = check()
    else:
        overlays = pipeline.overlays()
        jobs = _check_build(overlays)
        _commit(jobs, [config.DEFAULT, *overlays])
    step.log.info("%d stages recorded in %s", len(jobs), lock.FILE)


def check() -> list[graph.Job]:
    """Return the jobs of the build on disk. Raises UserError unless dvc.lock holds it."""
    overlays = pipeline.overlays()
    jobs = _check_build(overlays)
    _raise_for(
        stale(jobs, lock.read(), [config.DEFAULT, *overlays]),
        f"{lock.FILE} is stale:",
        f"Run provender record and commit {lock.FILE}",
    )
    return jobs


def _check_build(overlays: Sequence[str]) -> list[graph.Job]:
    """Return the jobs of the build on disk. Raises UserError unless it belongs together."""
    jobs = graph.read(overlays)
    pipeline.check(jobs, overlays)
    _raise_for(
        misfits(jobs),
        "what is on disk does not belong together, so nothing is recorded:",
        f"Build ({_snakemake(overlays)}), then run provender record again",
    )
    return jobs


def sync(remote: str | None) -> None:
    """Bring the build that dvc.lock names: fetch, verify, and let Snakemake take it as done.

    Raises UserError where a file here would be lost, where an object cannot be had or is
    damaged, and where what was fetched does not belong to the code and configuration here.
    """
    locked = lock.read()
    outputs = {
        path: md5 for entry in locked.values() for path, md5 in lock.digests(entry, "outs").items()
    }
    with repository() as repo:
        _drop_damaged(repo, {md5: path for path, md5 in outputs.items()})
        _refuse_to_lose(repo, outputs)
        _pull(repo, remote)
        digests.cache_clear()
        damaged_files = [path for path, md5 in outputs.items() if digests(path)[1] != md5]
        _drop_damaged(repo, {outputs[path]: path for path in damaged_files})
        _raise_for(
            damaged_files,
            "the remote holds other content than was recorded:",
            "Run provender verify-remote, which names all such objects and what to do",
        )
    _unlink(outputs)
    overlays = pipeline.overlays()
    jobs = graph.read(overlays)
    _raise_for(
        misfits(jobs),
        f"everything in {lock.FILE} is here, but it was made by other code or configuration:",
        f"Check out the commit that {lock.FILE} belongs to, or build ({_snakemake(overlays)})",
    )
    _tell_snakemake(overlays)
    step.log.info("%d files are as %s says", len(outputs), lock.FILE)


def _pull(repo: "Repo", remote: str | None) -> None:
    from dvc.exceptions import CheckoutError

    try:
        repo.pull(remote=remote, force=True)
    except CheckoutError as error:
        _raise_for(
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
    _raise_for(
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
    command = ["snakemake", "--touch", "--forceall", "--cores", "1", *_configfile(overlays)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise UserError(f"{shlex.join(command)} failed:\n{done.stderr}")


def misfits(jobs: Sequence[graph.Job]) -> list[str]:
    """Return, in words, what of a build is not as its receipts say."""
    found = []
    for job in jobs:
        paths = [*job.inputs, *job.outputs]
        if missing := [path for path in paths if not Path(path).is_file()]:
            found += [f"{job.name}: {path} is missing" for path in missing]
        elif job.inputs:
            found += [f"{job.name}: {fault}" for fault in _misfits(job)]
    return found


def _misfits(job: graph.Job) -> list[str]:
    if job.receipt is None:
        return [f"the rule names no receipt in {receipt.FOLDER}/ among its outputs"]
    found = files.read_json(job.receipt)
    if found["command"] != shlex.split(job.command):
        return ["it ran with other parameters or files than the rule has now"]
    return receipt.differences(found, lambda path: digests(path)[0])


def stale(jobs: Sequence[graph.Job], locked: lock.Lock, configs: Sequence[str]) -> list[str]:
    """Return, in words, where a lock differs from what is on disk."""
    settings = {path: config.read_overlay(path) for path in configs}
    names = {job.name for job in jobs}
    found = [f"{name}: there is no such stage" for name in locked if name not in names]
    for job in jobs:
        entry = locked.get(job.name)
        if entry is None:
            found.append(f"{job.name}: it is not recorded")
            continue
        if entry["cmd"] != job.command:
            found.append(f"{job.name}: it is recorded with another command")
        for kind, paths in (("deps", job.inputs), ("outs", job.outputs)):
            now = {path: digests(path)[1] for path in paths}
            known = lock.digests(entry, kind)
            differ = sorted(path for path in now | known if now.get(path) != known.get(path))
            found += [f"{job.name}: {path} is recorded with other content" for path in differ]
        for path, values in entry.get("params", {}).items():
            differ = [key for key, value in values.items() if _get(settings, path, key) != value]
            found += [
                f"{job.name}: {key} of {path} is recorded with another value" for key in differ
            ]
    return found


def _get(settings: dict[str, config.Config], path: str, key: str) -> object:
    value: object = settings.get(path)
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _commit(jobs: Sequence[graph.Job], configs: Sequence[str]) -> None:
    """Put all outputs into DVC's cache, then write dvc.lock, whole or not at all.

    What ``dvc commit`` does, but with the digests that were checked, not with those that
    DVC remembers of files whose date and size are the same.
    """
    outputs = {digests(path)[1]: path for job in jobs for path in job.outputs}
    with repository() as repo, repo.lock:
        _drop_damaged(repo, outputs)
        repo.cache.local.add(list(outputs.values()), repo.fs, list(outputs))
        _raise_for(
            list(damaged(repo, outputs).values()),
            "these files changed while they were recorded:",
            "Build and run provender record again",
        )
        settings = {path: config.read_overlay(path) for path in configs}
        places = pipeline.places(configs)
        lock.write({job.name: _entry(job, settings, places) for job in jobs})


def _entry(
    job: graph.Job, settings: dict[str, config.Config], places: dict[tuple[str, ...], str]
) -> dict[str, Any]:
    """Return what dvc.lock says of a stage, in DVC's own order."""
    params = {
        # Copies, since YAML writes a value that it meets again as a reference.
        path: {key: copy.deepcopy(_get(settings, path, key)) for key in keys}
        for path, keys in pipeline.settings(job, places).items()
    }
    entry = {
        "cmd": job.command,
        "deps": [_item(path) for path in sorted(job.inputs)],
        "params": params,
        "outs": [_item(path) for path in sorted(job.outputs)],
    }
    return {key: value for key, value in entry.items() if value}


def _item(path: str) -> dict[str, Any]:
    status = Path(path).stat()
    executable = {"isexec": True} if status.st_mode & stat.S_IXUSR else {}
    return {
        "path": path,
        "hash": "md5",
        "md5": digests(path)[1],
        "size": status.st_size,
        **executable,
    }


@contextlib.contextmanager
def repository(
    folder: Path | None = None, settings: config.Config | None = None
) -> Iterator["Repo"]:
    """Open this or another folder's DVC repository, which then trusts no file's date or size.

    ``settings`` are laid over those that DVC finds there.

    Raises UserError for the errors that DVC itself explains, such as its lock being held.
    """
    # DVC takes half a second to import, which other commands do not need.
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc_data.hashfile.state import StateNoop

    try:
        with Repo(folder and str(folder), config=settings) as repo:
            repo.state = repo.cache.local.state = StateNoop()
            yield repo
    except DvcException as error:
        raise UserError(f"DVC: {ANSI.sub('', str(error))}") from error


class Store:
    """Objects that DVC keeps, in its cache or its default remote."""

    def __init__(self, repo: "Repo") -> None:
        """Read from what ``repo`` is set up with."""
        self.repo = repo

    def read(self, md5: str, name: str) -> bytes:
        """Return an object, checked; raises UserError, calling it ``name``, where it is not had."""
        places = [self.repo.cache.local]
        if not self.repo.cache.local.exists(md5):
            places = [self.repo.cloud.get_remote_odb()]
        for place in places:
            with contextlib.suppress(FileNotFoundError):
                data = place.fs.cat_file(place.oid_to_path(md5))
                if hashlib.md5(data, usedforsecurity=False).hexdigest() == md5:
                    return data
        raise UserError(
            f"{name} ({md5}) is missing or damaged in DVC's cache and remote: "
            "provender verify-remote tells what to do"
        )


def damaged(repo: "Repo", wanted: dict[str, str]) -> dict[str, str]:
    """Return which objects of DVC's cache are not what their names say.

    ``wanted`` maps md5 digests to what they are called; those not in the cache are left out.
    """
    found = {}
    for md5, name in wanted.items():
        path = repo.cache.local.oid_to_path(md5)
        # Not remembered: what was damaged may have been replaced since.
        if Path(path).exists() and digests.__wrapped__(path)[1] != md5:
            found[md5] = name
    return found


def _drop_damaged(repo: "Repo", wanted: dict[str, str]) -> None:
    """Remove damaged objects from the cache, where DVC would take them for good ones."""
    for md5, name in damaged(repo, wanted).items():
        step.log.info("%s was damaged in DVC's cache: removed there", name)
        Path(repo.cache.local.oid_to_path(md5)).unlink()


def _snakemake(overlays: Sequence[str]) -> str:
    return shlex.join(["snakemake", "--cores", "4", *_configfile(overlays)])


def _configfile(overlays: Sequence[str]) -> list[str]:
    return ["--configfile", *overlays] if overlays else []


def _raise_for(faults: list[str], problem: str, mend: str) -> None:
    if faults:
        raise UserError("\n  ".join([problem, *faults]) + f"\n{mend}")
