"""DVC's cache and repository, in which no file's date or size is trusted."""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from provender import config
from provender.console import log
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
                data: bytes = place.fs.cat_file(place.oid_to_path(md5))
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


def drop_damaged(repo: "Repo", wanted: dict[str, str]) -> None:
    """Remove damaged objects from the cache, where DVC would take them for good ones."""
    for md5, name in damaged(repo, wanted).items():
        log.info("%s was damaged in DVC's cache: removed there", name)
        Path(repo.cache.local.oid_to_path(md5)).unlink()
