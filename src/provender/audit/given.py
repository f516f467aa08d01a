"""What an auditor has in hand, as a folder: a release, an archive, a bundle, or an address."""

import contextlib
import json
import os
import posixpath
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from provender.errors import Unavailable, UserError
from provender.release import archive, statement

if TYPE_CHECKING:
    import requests

# What is fetched at most, and how long a server may take for all of it.
MAX_FETCHED = 256 << 20
FETCH_SECONDS = 120
ANSWER_SECONDS = 20
CHUNK = 1 << 16

ARCHIVE_ENDS = (".tar.gz", ".tgz", ".tar", ".zip")

MANIFEST = "manifest.json"
MANIFEST_BYTES = 4 << 20

# How a tar archive without gzip is told, and where.
TAR_MARK, TAR_MARK_AT = b"ustar", 257


class Unsafe(UserError):
    """What was given holds something that no honest release does; the message says what."""


@dataclass(frozen=True)
class Given:
    """A release or a bundle in a folder that may be read."""

    # As the auditor named it.
    named: str
    folder: Path
    # Whether it is the bundle alone, as a site has it.
    is_bundle: bool
    # What its folder and its archive are called.
    names: tuple[str, ...]
    # All files in it, by their paths; of a site, those that it says it has.
    paths: tuple[str, ...]
    is_site: bool = False

    @property
    def bundle(self) -> Path:
        """The folder of the bundle."""
        return self.folder if self.is_bundle else self.folder / statement.BUNDLE


@contextlib.contextmanager
def open_given(named: str) -> Iterator[Given]:
    """Give what ``named``, a path or an address, stands for, as a folder until the end.

    Raises UserError where there is no release, Unavailable where a server is out of reach,
    and ArchiveError or Unsafe where what is there is not to be touched.
    """
    with tempfile.TemporaryDirectory(prefix="provender-audit-") as temporary:
        work = Path(temporary)
        parts = urlsplit(named)
        if parts.scheme in ("http", "https") and parts.netloc:
            if parts.path.endswith(ARCHIVE_ENDS):
                name = posixpath.basename(parts.path)
                with _session() as session:
                    _Fetcher(session).fetch(named, work / "archive")
                yield _unpacked(named, work / "archive", name, work / "release")
            else:
                yield _site(named, work / "site")
        elif "://" in named:
            raise UserError(f"{named} cannot be fetched: only http:// and https:// addresses are")
        elif Path(named).is_dir():
            folder = Path(named).resolve()
            yield _in_folder(named, folder, (folder.name,))
        elif Path(named).is_file():
            if not is_archive(Path(named)):
                raise UserError(
                    f"{named} is neither a .tar.gz, .tar or .zip archive nor a folder: name the "
                    "release"
                )
            yield _unpacked(named, Path(named), Path(named).name, work / "release")
        else:
            raise UserError(f"there is no {named}: name a release's folder, archive or address")


def is_archive(path: Path) -> bool:
    """Tell whether a file begins as an archive does."""
    with open(path, "rb") as file:
        start = file.read(TAR_MARK_AT + len(TAR_MARK))
    marks = (archive.GZIP_MARK, archive.LOCAL_MARK, archive.END_MARK)
    return start.startswith(marks) or start.endswith(TAR_MARK)


def _unpacked(named: str, path: Path, name: str, folder: Path) -> Given:
    archive.unpack(path, folder)
    stem = next((name.removesuffix(end) for end in ARCHIVE_ENDS if name.endswith(end)), name)
    tops = [each for each in folder.iterdir() if each.is_dir()]
    if len(tops) == 1 and len([*folder.iterdir()]) == 1:
        return _in_folder(named, tops[0], (stem, tops[0].name))
    return _in_folder(named, folder, (stem,))


def _in_folder(named: str, folder: Path, names: tuple[str, ...]) -> Given:
    has_statement = (folder / statement.STATEMENT).is_file()
    if has_statement and (folder / statement.BUNDLE).is_dir():
        is_bundle = False
    elif (folder / MANIFEST).is_file():
        is_bundle = True
    elif (folder / statement.BUNDLE / MANIFEST).is_file():
        # A release whose statement is gone.
        is_bundle = False
    else:
        raise UserError(
            f"{named} is neither a release nor a bundle: it has neither {statement.STATEMENT} with "
            f"{statement.BUNDLE}/ nor {MANIFEST}"
        )
    return Given(named, folder, is_bundle, names, tuple(_list(folder)))


def _list(folder: Path) -> list[str]:
    """Return all files below a folder. Raises Unsafe for what is neither file nor folder."""
    found, waiting = [], [folder]
    while waiting:
        for entry in os.scandir(waiting.pop()):
            path = Path(entry.path)
            name = path.relative_to(folder).as_posix()
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                waiting.append(path)
            elif stat.S_ISREG(mode):
                found.append(name)
            else:
                what = "a symbolic link" if stat.S_ISLNK(mode) else "a device or a pipe"
                raise Unsafe(f"the release holds {what}: {name!r:.200}")
            if len(found) > archive.MAX_FILES:
                raise Unsafe(f"the release has more than {archive.MAX_FILES:,} files")
    return sorted(found)


def _session() -> "requests.Session":
    # Takes a tenth of a second to import, which what lies on disk does not need.
    import requests

    return requests.Session()


class _Fetcher:
    """Fetches files from addresses; together they may take so many bytes and so much time."""

    def __init__(self, session: "requests.Session") -> None:
        self.session = session
        self.bytes_left = MAX_FETCHED
        self.end = time.monotonic() + FETCH_SECONDS

    def fetch(self, address: str, path: Path, optional: bool = False) -> bool:
        """Write what an address gives to ``path``; tell whether it has something."""
        import requests

        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with (
                self.session.get(address, stream=True, timeout=ANSWER_SECONDS) as answer,
                open(path, "wb") as file,
            ):
                if answer.status_code == requests.codes.not_found:
                    if optional:
                        path.unlink()
                        return False
                    raise UserError(f"there is nothing at {address}: name the release's address")
                answer.raise_for_status()
                for chunk in answer.iter_content(CHUNK):
                    self.bytes_left -= len(chunk)
                    if self.bytes_left < 0:
                        raise Unsafe(f"{address}: more than {MAX_FETCHED:,} bytes are not fetched")
                    if time.monotonic() > self.end:
                        raise Unavailable(
                            f"{address} was not fetched within {FETCH_SECONDS} s: fetch it "
                            "yourself and name the file"
                        )
                    file.write(chunk)
        except requests.RequestException as error:
            raise Unavailable(
                f"{address} cannot be fetched: {error}. Check the address and the network, or "
                "fetch it yourself and name the file"
            ) from error
        return True


def _site(named: str, folder: Path) -> Given:
    """Fetch the files that a site's own manifest and statement name."""
    base = named.removesuffix("index.html")
    base = base if base.endswith("/") else base + "/"
    with _session() as session:
        fetcher = _Fetcher(session)
        fetcher.fetch(urljoin(base, MANIFEST), folder / MANIFEST)
        wanted = {MANIFEST, *_manifest_names(folder / MANIFEST)}
        for name in (statement.STATEMENT, statement.ENVELOPE):
            fetcher.fetch(urljoin(base, name), folder / name, optional=True)
        known = archive.Names()
        for name in sorted(wanted - {MANIFEST}):
            if fault := archive.name_fault(name) or known.fault(name):
                raise Unsafe(f"the site's {MANIFEST} names {fault}: {name!r:.200}")
            # A name that is missing there is found missing like any other.
            fetcher.fetch(urljoin(base, quote(name)), folder / name, optional=True)
    return Given(named, folder, True, (), tuple(_list(folder)), is_site=True)


def _manifest_names(path: Path) -> list[str]:
    if path.stat().st_size > MANIFEST_BYTES:
        raise Unsafe(f"the site's {MANIFEST} has more than {MANIFEST_BYTES:,} bytes")
    try:
        value = statement.read_json(path.read_bytes(), MANIFEST)
        names = [*value["files"]]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise UserError(f"the address has a {MANIFEST} that is no bundle's: {error!r}") from error
    if len(names) > archive.MAX_FILES:
        raise Unsafe(f"the site's {MANIFEST} names more than {archive.MAX_FILES:,} files")
    return names
