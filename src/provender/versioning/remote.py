"""Checks a DVC remote by reading every object that commits name."""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provender import console
from provender.errors import Unavailable, UserError
from provender.versioning import cache, dvc_lock

if TYPE_CHECKING:
    from dvc_data.hashfile.db import HashFileDB

# Objects read at once: what a remote makes wait for is mostly the way there and back.
AT_ONCE = 8

# What is said of an object that is not there.
MISSING = "missing"

# Whose exceptions, besides OSError, mean that a server is away or refuses.
CLIENTS = ("aiohttp", "asyncssh", "azure", "botocore", "gcsfs", "google")


@dataclass(frozen=True)
class Object:
    """A file as a commit's dvc.lock names it."""

    commit: str
    stage: str
    path: str
    md5: str
    size: int


def verify(commits: str, remote: str | None, is_on_disk: bool = False) -> None:
    """Read every object that dvc.lock of ``commits``, one or a range, names.

    ``is_on_disk``: whether the files of the only commit are here, as recorded. Raises UserError
    that names each object which is missing or not what it should be, with its stage, file and
    commit.
    """
    objects = list(_objects(list_commits(commits)))
    # Many commits share most of their objects.
    distinct = {item.md5: item for item in objects}
    with cache.repository() as repo:
        store = repo.cloud.get_remote_odb(name=remote)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            checks = pool.map(lambda item: read(store, item)[0], distinct.values())
            progress = console.progress(checks, "reading objects", len(distinct))
            faults = dict(zip(distinct, progress, strict=True))
        places = {md5: store.oid_to_path(md5) for md5 in distinct}
    found = [
        f"{item.commit[:9]} {item.stage}: {item.path}: {faults[item.md5]}: {places[item.md5]}"
        for item in objects
        if faults[item.md5]
    ]
    if found:
        mend = _mend({fault for fault in faults.values() if fault}, is_on_disk)
        raise UserError(
            "\n  ".join(["the remote does not hold what was recorded:", *found]) + f"\n{mend}"
        )
    console.log.info("%d objects of %s are in the remote, read and right", len(distinct), commits)


def _mend(faults: set[str], is_on_disk: bool) -> str:
    delete = "" if faults == {MISSING} else "Delete the objects named last, where they are there. "
    if is_on_disk:
        return f"{delete}Run provender record, which puts the build into DVC's cache, and dvc push"
    return (
        f"{delete}Run dvc push -A in a clone whose cache has them; or check out their commit, "
        "build, run provender record and dvc push"
    )


def list_commits(commits: str) -> list[str]:
    """Return the ids of the commits that a name or a range (A..B) stands for."""
    arguments = ["rev-list", commits] if ".." in commits else ["rev-list", "--no-walk", commits]
    done = dvc_lock.git(*arguments, "--")
    if done.returncode:
        raise UserError(f"git knows no {commits}: {done.stderr.strip()}")
    return done.stdout.split()


def _objects(commits: Iterable[str]) -> Iterator[Object]:
    for commit in commits:
        # Commits before the first record, in a range, name nothing.
        if dvc_lock.git("cat-file", "-e", f"{commit}:./{dvc_lock.FILE}").returncode:
            console.log.info("%s has no %s", commit[:9], dvc_lock.FILE)
            continue
        for stage, entry in dvc_lock.read_commit(commit).items():
            for out in entry.get("outs", []):
                yield Object(commit, stage, out["path"], out["md5"], out["size"])


def read(store: "HashFileDB", item: Object) -> tuple[str | None, str]:
    """Read an object; return what is wrong with it, or None, and its sha256 digest."""
    md5, sha256, size = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    try:
        with store.fs.open(store.oid_to_path(item.md5), "rb") as file:
            while chunk := file.read(cache.CHUNK_BYTES):
                md5.update(chunk)
                sha256.update(chunk)
                size += len(chunk)
    except FileNotFoundError:
        return MISSING, ""
    except Exception as error:
        if isinstance(error, OSError) or type(error).__module__.split(".")[0] in CLIENTS:
            raise Unavailable(
                f"the remote {store.fs.unstrip_protocol(store.path)} cannot be read: {error}. "
                "Check the network and the remote's settings (dvc remote list, docs/versioning.md)"
            ) from error
        raise
    fault = None
    if size < item.size:
        fault = f"truncated, {size:,} of {item.size:,} bytes"
    elif md5.hexdigest() != item.md5:
        fault = "other content"
    return fault, sha256.hexdigest()
