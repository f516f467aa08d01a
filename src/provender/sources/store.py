"""Files in an object store that speaks S3's API: which there are, and what each holds.

Who may read them is told by the environment and the files that AWS' own tools read: nothing of that
is asked for, kept or said here. AWS_ENDPOINT_URL names a store that is not Amazon's.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from provender.errors import Unavailable, UserError

if TYPE_CHECKING:
    # Takes a third of a second, which whoever has no such files need not spend.
    import pyarrow as pa

SCHEME = "s3://"

# A bucket, and what the names of files in it begin with. Neither a key nor an option.
PLACE = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[^?#@]*))?")

# Between two attempts it waits 25 ms, then 50 ms and so on: 100 s altogether, and 2 s for who only
# asks whether something has changed.
ATTEMPTS, FEW_ATTEMPTS = 12, 6

# What AWS' tools take an address of a store from, the first that is set.
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")

# Bytes copied at once.
CHUNK = 1 << 22

# What to do, by what the store answers; AWS' words for it stand in pyarrow's messages.
REFUSED = (
    "ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "MISSING_AUTHENTICATION",
    "INVALID_CLIENT_TOKEN_ID", "UNRECOGNIZED_CLIENT", "EXPIRED_TOKEN", "HTTP status 401",
    "HTTP status 403",
)  # fmt: skip


def is_place(path: str) -> bool:
    """Tell whether a path is of an object store."""
    return path.startswith(SCHEME)


def check_place(path: str) -> re.Match[str]:
    """Return a place's parts. Raises UserError where it is none, or has what is to be kept."""
    found = PLACE.fullmatch(path)
    if not found:
        # Not said again: there may be a password in it.
        raise UserError(
            "source.path is no place such as s3://bucket/prefix: it must name neither a user, whom "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY tell, nor options, such as a store's "
            "address, which AWS_ENDPOINT_URL tells"
        )
    return found


class Stored(NamedTuple):
    """A file of a store: its name there, bytes, and its last change in nanoseconds since 1970."""

    name: str
    size: int
    modified: int


class Store:
    """What lies below a place such as ``s3://bucket/prefix``."""

    def __init__(self, place: str, attempts: int = ATTEMPTS) -> None:
        """Raise UserError where the place is none; ``attempts``: to get each answer."""
        from pyarrow import fs

        found = check_place(place)
        self.place, self._bucket = place, found["bucket"]
        self._base = "/".join(filter(None, [self._bucket, (found["prefix"] or "").strip("/")]))
        with self._told():
            self._system = fs.S3FileSystem(
                retry_strategy=fs.AwsDefaultS3RetryStrategy(max_attempts=attempts),
                **self._options(),
            )

    def files(self, ending: str) -> list[Stored]:
        """Return the files whose names end so, by their names."""
        from pyarrow import fs

        with self._told():
            infos = [self._system.get_file_info(self._base)]
            if infos[0].type != fs.FileType.File:
                infos = self._system.get_file_info(fs.FileSelector(self._base, recursive=True))
        found = [
            Stored(info.path.removeprefix(f"{self._bucket}/"), info.size, info.mtime_ns)
            for info in infos
            if info.type == fs.FileType.File and info.path.endswith(ending)
        ]
        if not found:
            raise UserError(
                f"source.path names {self.place}, below which is no file *{ending}: name one"
            )
        return sorted(found)

    def open(self, file: Stored) -> "pa.NativeFile":
        """Open a file, to read parts of it."""
        with self._told():
            return self._system.open_input_file(f"{self._bucket}/{file.name}")

    def copy(self, file: Stored, path: Path) -> str:
        """Copy a file, and return the sha256 digest of what was read."""
        digest = hashlib.sha256()
        with self._told(), self.open(file) as source, path.open("wb") as target:
            while part := source.read(CHUNK):
                digest.update(part)
                target.write(part)
        if path.stat().st_size != file.size:
            raise UserError(
                f"{file.name} of {self.place} changed meanwhile: run the same command again"
            )
        return digest.hexdigest()

    def _options(self) -> dict[str, Any]:
        from pyarrow import fs

        options: dict[str, Any] = {}
        endpoint = next(filter(None, map(os.environ.get, ENDPOINTS)), "")
        if endpoint:
            scheme, _, address = endpoint.rpartition("://")
            options |= {"endpoint_override": address.rstrip("/"), "scheme": scheme or "https"}
        elif not {"AWS_REGION", "AWS_DEFAULT_REGION"} & os.environ.keys():
            options["region"] = fs.resolve_s3_region(self._bucket)
        return options

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what is wrong, and the mend, where the store does not give what is asked for."""
        try:
            yield
        except FileNotFoundError as error:
            raise UserError(
                f"source.path names {self.place}, below which there is nothing"
            ) from error
        except OSError as error:
            # What has a number is of the disk that a file is copied to.
            if error.errno is not None:
                raise
            raise self._explain(" ".join(str(error).split())) from error

    def _explain(self, said: str) -> UserError:
        where = f"source.path names {self.place}"
        if "NO_SUCH_BUCKET" in said:
            return UserError(
                f"{where}, but there is no bucket {self._bucket}: mend it, or AWS_ENDPOINT_URL"
            )
        if any(answer in said for answer in REFUSED):
            return UserError(
                f"{where}, which the store does not let be read: set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, to those of someone who may"
            )
        return Unavailable(
            f"{where}, which cannot be reached ({said}): run the same command again later"
        )


def listing(place: str, ending: str) -> list[list[Any]]:
    """Return which files a store has: name, bytes and last change of each, as JSON has them."""
    return [list(each) for each in Store(place, FEW_ATTEMPTS).files(ending)]
