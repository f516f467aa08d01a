"""Bring the newsgroups archive here: copy it from a given path, or download it.

A download that broke off is resumed where the server can, and started anew where it
cannot. Nothing is kept under the final name unless its sha256 digest is an expected one.
"""

import argparse
import http
import shutil
import sys
from pathlib import Path

from provender import console, files
from provender.errors import Unavailable, UserError
from provender.running import step

import requests

CHUNK_BYTES = 1 << 16

# Seconds until a silent server counts as out of reach.
TIMEOUT_SECONDS = 15


def copy(path: Path, sha256: list[str], output: Path) -> None:
    """Copy the archive at ``path`` to ``output`` if its digest is right."""
    if not path.is_file():
        raise UserError(f"ARCHIVE names {path}, which is no file")
    files.check_sha256(path, sha256)
    if path.resolve() == output.resolve():
        return
    with files.replacing(output) as part:
        shutil.copyfile(path, part)


def download(url: str, sha256: list[str], output: Path) -> None:
    """Download ``url`` to ``output``, going on where an earlier download broke off.

    Raises Unavailable where the server cannot be reached or does not have the file, and
    UserError where the file that it gives has another digest.
    """
    # Not files.replacing: what is there already is kept for the next try.
    part = output.with_name(output.name + ".download")
    output.parent.mkdir(parents=True, exist_ok=True)
    resumed = _receive(url, part)
    if resumed and files.sha256(part) not in sha256:
        console.log.info("the resumed download does not fit together: starting it anew")
        part.unlink()
        _receive(url, part)
    try:
        files.check_sha256(part, sha256)
    except UserError:
        part.unlink()
        raise
    part.replace(output)


def _receive(url: str, part: Path) -> bool:
    """Fetch what ``part`` lacks; return whether it went on from an earlier download."""
    have = part.stat().st_size if part.exists() else 0
    # Compressed on the way, the bytes and their number would not be the file's.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS) as response:
            if have and response.status_code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                # All of it is here already, or it is another file: the digest will tell.
                return True
            response.raise_for_status()
            resumed = response.status_code == http.HTTPStatus.PARTIAL_CONTENT
            size = int(response.headers.get("Content-Length", 0))
            chunks = response.iter_content(CHUNK_BYTES)
            with open(part, "ab" if resumed else "wb") as file:
                total = -(-size // CHUNK_BYTES)
                for chunk in console.progress(chunks, f"downloading {part.stem}", total):
                    file.write(chunk)
    except requests.RequestException as error:
        raise Unavailable(
            f"{url} cannot be downloaded ({_reason(error)}). Connect to the network, name the "
            "archive (make ARCHIVE=path), or build from docstrings instead: "
            "snakemake --cores 4 --configfile config/offline.yaml"
        ) from error
    return resumed


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP {error.response.status_code} {error.response.reason}"
    return type(error).__name__


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", help="address to download from")
    where.add_argument("--path", type=Path, help="archive to copy")
    parser.add_argument(
        "--places", type=Path, nargs="*", default=[], metavar="PATH",
        help="copy the first of these that exists instead of downloading",
    )  # fmt: skip
    parser.add_argument("--sha256", nargs="+", required=True, help="digests it may have")
    parser.add_argument("--output", type=Path, required=True, help="file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Copy or download the archive."""
    path = options.path or next((place for place in options.places if place.exists()), None)
    if path:
        copy(path, options.sha256, options.output)
    else:
        download(options.url, options.sha256, options.output)
    console.log.info("%s is there", options.output)


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
