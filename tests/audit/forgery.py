"""What an attacker does who knows the formats: every digest is made to fit again."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from provender.release import signing, statement

PROVENANCE = (statement.STATEMENT, statement.ENVELOPE)


def sha256(data: bytes) -> str:
    """Return the sha256 digest of bytes."""
    return hashlib.sha256(data).hexdigest()


def md5(data: bytes) -> str:
    """Return the md5 digest of bytes."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def read_statement(folder: Path) -> dict[str, Any]:
    """Return a release's statement."""
    return json.loads((folder / statement.STATEMENT).read_text(encoding="utf-8"))


def write_statement(folder: Path, value: dict[str, Any], key: Path | None = None) -> None:
    """Write a statement and its copy; signed where there is a key, unsigned else."""
    data = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"
    for place in (folder, folder / "bundle"):
        (place / statement.STATEMENT).write_bytes(data)
        (place / statement.ENVELOPE).unlink(missing_ok=True)
        if key:
            envelope = signing.sign(data, signing.read_signer(key))
            (place / statement.ENVELOPE).write_text(json.dumps(envelope))


def edit_statement(
    folder: Path, change: Callable[[dict[str, Any]], None], key: Path | None = None
) -> None:
    """Change a statement by a function of its value."""
    value = read_statement(folder)
    change(value)
    write_statement(folder, value, key)


def fit_manifest(bundle: Path) -> None:
    """Make manifest.json name the files of the bundle as they are."""
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {
        path.relative_to(bundle).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": sha256(path.read_bytes()),
        }
        for path in sorted(bundle.rglob("*"))
        if path.is_file() and path.name not in (*PROVENANCE, "manifest.json")
    }
    text = json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1)
    (bundle / "manifest.json").write_text(text + "\n", encoding="utf-8")


def fit(folder: Path, key: Path | None = None) -> None:
    """Make manifest and statement name the files of the release as they are."""
    fit_manifest(folder / "bundle")

    def change(value: dict[str, Any]) -> None:
        value["subject"] = [
            {
                "name": path.relative_to(folder).as_posix(),
                "digest": {"sha256": sha256(path.read_bytes())},
            }
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name not in (*PROVENANCE, statement.RUN)
        ]

    edit_statement(folder, change, key)


def claim(
    folder: Path, project: Any, commit: str, key: Path | None = None, build: Path | None = None
) -> None:
    """Make a release say that it is of another commit, of which all digests are taken over.

    By-products and the source are those that lie in ``build``, or in the project's folder.
    """
    build = build or project.folder
    commit = project.git("rev-parse", commit).strip()

    def change(value: dict[str, Any]) -> None:
        for item in value["predicate"]["buildDefinition"]["resolvedDependencies"]:
            if item["name"] == statement.SOURCE:
                tree = project.git("rev-parse", f"{commit}^{{tree}}").strip()
                item["digest"] = {"gitCommit": commit, "gitTree": tree}
            else:
                # Of files that git keeps, the commit's; the others as they lie there.
                is_text = item["name"].endswith((".lock", ".json", ".yaml"))
                data = (
                    project.git("show", f"{commit}:{item['name']}").encode()
                    if is_text
                    else (build / item["name"]).read_bytes()
                )
                known = digests(data)
                item["digest"] = {key: known[key] for key in item["digest"]}
        for item in value["predicate"]["runDetails"]["byproducts"]:
            if "digest" in item:
                item["digest"] = digests((build / item["name"]).read_bytes())

    edit_statement(folder, change, key)


def digests(data: bytes) -> dict[str, str]:
    """Return both digests of bytes, as a statement has them."""
    return {"sha256": sha256(data), "md5": md5(data)}


def replace_bundle(folder: Path, project: Any) -> None:
    """Put what lies built in the project's folder into a release."""
    for place, name in (("dist/bundle", "bundle"), ("dist/npm", "npm")):
        for path in (project.folder / place).rglob("*"):
            if path.is_file():
                target = folder / name / path.relative_to(project.folder / place)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
