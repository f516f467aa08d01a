"""Brings a build to a store that speaks S3, and the page from there to whoever serves it.

``publish`` builds and records the project in the current folder, pushes the build to the store as
DVC's remote, and copies the bundle, or that of the newest release of the same build, to
``bundles/``. ``fetch`` copies the bundle that was published last to a folder, and again whenever
there is a newer one.

The store is named by STORE (``s3://bucket/folder``), AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import fsspec

BUNDLE = Path("dist/bundle")
RELEASES = Path("dist/releases")
MANIFEST = "manifest.json"

# What a release lays beside the files that the manifest names.
PROVENANCE = "provenance.*.json"

# Names, in the store, of DVC's remote, of bundles, and of the file that says which is the newest.
REMOTE, BUNDLES, CURRENT = "dvc", "bundles", "current"

# DVC's name of the store, for this run alone.
NAME = "store"


class StoreError(Exception):
    """What a user can mend."""


def open_store() -> tuple[fsspec.AbstractFileSystem, str]:
    """Return the store and the path in it. Raises StoreError where none is named."""
    url = os.environ.get("STORE", "")
    if "://" not in url:
        raise StoreError(
            "STORE names no store: give one by --env STORE=s3://BUCKET/FOLDER, with "
            "AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    # What another process has written meanwhile is to be seen.
    return fsspec.url_to_fs(url.rstrip("/"), use_listings_cache=False)


def digest_of(manifest: bytes) -> str:
    """Return the name of a bundle in the store."""
    return hashlib.sha256(manifest).hexdigest()


def choose_bundle() -> Path:
    """Return the folder to publish: of the newest release of this build, if any, or as built."""
    built = (BUNDLE / MANIFEST).read_bytes()
    releases = sorted(RELEASES.glob(f"*/bundle/{MANIFEST}"), key=lambda path: path.stat().st_mtime)
    same = [path.parent for path in releases if path.read_bytes() == built]
    return same[-1] if same else BUNDLE


def publish() -> None:
    """Build, record, push, and copy the bundle."""
    store, path = open_store()
    subprocess.run(["provender", "refresh"], check=True, env=without_store_packages())
    bucket = path.split("/")[0]
    if not store.exists(bucket):
        store.mkdir(bucket)
    settings = ["dvc", "remote"]
    url = f"{os.environ['STORE'].rstrip('/')}/{REMOTE}"
    subprocess.run([*settings, "add", "--local", "--force", "--quiet", NAME, url], check=True)
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        told = [*settings, "modify", "--local", "--quiet", NAME, "endpointurl", endpoint]
        subprocess.run(told, check=True)
    subprocess.run(["dvc", "push", "--remote", NAME], check=True)
    bundle = choose_bundle()
    digest = digest_of((bundle / MANIFEST).read_bytes())
    for file in sorted(each for each in bundle.rglob("*") if each.is_file()):
        name = file.relative_to(bundle).as_posix()
        store.put_file(str(file), f"{path}/{BUNDLES}/{digest}/{name}")
    # Last, so that whoever reads it finds all of what it names.
    store.pipe_file(f"{path}/{BUNDLES}/{CURRENT}", digest.encode())
    print(f"store: published {bundle}, manifest {digest[:16]}", flush=True)


def without_store_packages() -> dict[str, str]:
    """Return the environment of a build, whose steps refuse modules of elsewhere."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


def fetch(folder: Path, every: float, once: bool) -> None:
    """Keep a folder as the bundle that was published last."""
    store, path = open_store()
    said = ""
    while True:
        try:
            told = fetch_newest(store, path, folder)
        except (OSError, StoreError) as error:
            if once:
                raise StoreError(str(error)) from error
            told = f"store: {error}; trying again every {every:g} s"
        if told != said:
            print(told, flush=True)
            said = told
        if once:
            return
        time.sleep(every)


def fetch_newest(store: fsspec.AbstractFileSystem, path: str, folder: Path) -> str:
    """Bring the newest bundle to ``folder``, unless it is there; return what to say."""
    try:
        digest = store.cat_file(f"{path}/{BUNDLES}/{CURRENT}").decode().strip()
    except FileNotFoundError:
        raise StoreError("nothing is published yet: docker compose run train publish") from None
    manifest = folder / MANIFEST
    told = f"store: fetched manifest {digest[:16]}"
    if manifest.exists() and digest_of(manifest.read_bytes()) == digest:
        return told
    there = f"{path}/{BUNDLES}/{digest}"
    part = folder / ".part"
    shutil.rmtree(part, ignore_errors=True)
    for name in store.find(there):
        target = part / name.removeprefix(f"{there}/")
        target.parent.mkdir(parents=True, exist_ok=True)
        store.get_file(name, str(target))
    if digest_of((part / MANIFEST).read_bytes()) != digest:
        raise StoreError(f"{there} is not what it was: publish again")
    files = {each.relative_to(part) for each in part.rglob("*") if each.is_file()}
    for name in files - {Path(MANIFEST)}:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (part / name).replace(folder / name)
    for name in files_of_bundle(folder) - files:
        (folder / name).unlink()
    # The manifest last: who watches it then finds the files that it names. Who reads in between
    # compares them with the old manifest, and waits.
    (part / MANIFEST).replace(manifest)
    shutil.rmtree(part)
    return told


def files_of_bundle(folder: Path) -> set[Path]:
    """Return what is there of the bundle in ``folder``, by names in it; all else is someone else's.

    That is what its manifest names, and the provenance of a release. Nothing that it names outside
    of the folder is the bundle's, nor is a link, since none is ever fetched.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, ValueError):
        manifest = None
    named = manifest.get("files") if isinstance(manifest, dict) else None
    home = folder.resolve()
    paths = {home / name for name in (named if isinstance(named, dict) else {})}
    paths |= set(home.glob(PROVENANCE))
    # What is reached by a link, or by .., is where its name does not say.
    own = [path for path in paths if path.is_file() and path.resolve() == path]
    return {path.relative_to(home) for path in own if path.is_relative_to(home)}


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="store", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser("publish", help="build, record, push, and copy the bundle to the store")
    fetching = commands.add_parser("fetch", help="keep a folder as the newest bundle in the store")
    fetching.add_argument("--folder", type=Path, default=Path("/site"), help="default: /site")
    fetching.add_argument("--every", type=float, default=10, help="seconds (default: 10)")
    fetching.add_argument("--once", action="store_true", help="end once it is there")
    options = parser.parse_args()
    try:
        if options.command == "publish":
            publish()
        else:
            fetch(options.folder, options.every, options.once)
    except (StoreError, OSError) as error:
        print(f"store: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        # It has said what is wrong.
        return error.returncode
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
