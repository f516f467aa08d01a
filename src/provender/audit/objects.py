"""What DVC's remote holds of a commit: every object read, by the auditor's own settings."""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from provender import console
from provender.audit.repository import Repository
from provender.errors import UserError
from provender.versioning import cache, remote

if TYPE_CHECKING:
    from dvc_data.hashfile.db import HashFileDB

# What a remote is called that the auditor names by its place.
NAMED = "audit"


@contextlib.contextmanager
def open_store(repository: Repository, commit: str, named: str | None) -> Iterator["HashFileDB"]:
    """Open the remote of a repository; ``named`` is one of its remotes, a folder or an address.

    Raises UserError where there is none.
    """
    if not (repository.folder / ".dvc").is_dir():
        # A clone without a checkout has no settings yet.
        repository.git("checkout", "--quiet", commit, "--", ".dvc")
    if not (repository.folder / ".dvc").is_dir():
        raise UserError(f"the repository {repository.place} has no settings of DVC (.dvc)")
    settings = None
    if named and ("/" in named or "\\" in named):
        place = named if "://" in named else str(Path(named).absolute())
        settings, named = {"remote": {NAMED: {"url": place}}}, NAMED
    with cache.repository(repository.folder, settings) as repo:
        yield repo.cloud.get_remote_odb(name=named)


def read_all(
    store: "HashFileDB", items: Iterable[remote.Object]
) -> dict[str, tuple[str | None, str]]:
    """Return what is wrong with each object, or None, and its sha256 digest, by its md5 digest.

    Raises Unavailable where the remote cannot be reached.
    """
    distinct = {item.md5: item for item in items}
    with ThreadPoolExecutor(remote.AT_ONCE) as pool:
        reads = pool.map(lambda item: remote.read(store, item), distinct.values())
        return dict(
            zip(distinct, console.progress(reads, "reading objects", len(distinct)), strict=True)
        )


def fetch(store: "HashFileDB", md5: str) -> bytes:
    """Return an object's content, checked. Raises UserError where it is another."""
    data = store.fs.cat_file(store.oid_to_path(md5))
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != md5:
        raise UserError(f"the remote changed while it was read: {store.oid_to_path(md5)}")
    return data
