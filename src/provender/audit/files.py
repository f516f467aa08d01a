"""First part of an audit: is every file as the release itself, and its publisher, say?

Reads files, runs the bundle's classifier on the canary texts, and knows of no repository.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from provender import files
from provender.audit.findings import Findings
from provender.audit.given import MANIFEST, Given
from provender.errors import UserError
from provender.release import archive, canaries, signing, statement

# Names of dependencies of the statement by the key under which manifest.json has them.
MANIFEST_INPUTS = {
    "database": "data/source/news.sqlite",
    "requirements": "requirements.lock",
    "packages": "web/package-lock.json",
}

ABOUT = "about.json"

# Copies of these within the bundle go with the site.
PROVENANCE = (statement.STATEMENT, statement.ENVELOPE)

# Files that are named; the rest is counted.
SHOWN = 10


def check(
    given: Given, key: Path | None, version: str | None, findings: Findings
) -> statement.Statement | None:
    """Add to ``findings`` what the files alone say; return the statement where there is one.

    ``key`` is the publisher's public key, ``version`` the version that the auditor asked for.
    """
    findings.part = "files"
    data = _read(given, statement.STATEMENT)
    found = _parse(data, findings)
    _check_signature(given, data, key, findings)
    if found is not None:
        _check_version(given, found, version, findings)
        _check_subjects(given, found, findings)
        _check_copies(given, findings)
    elif version:
        findings.leave_open("version", f"nothing says whether this is version {version}")
    _check_manifest(given, found, findings)
    if found is not None:
        _check_scores(given, found, findings)
    return found


def _read(given: Given, name: str) -> bytes | None:
    path = given.folder / name
    return path.read_bytes() if name in given.paths else None


def _parse(data: bytes | None, findings: Findings) -> statement.Statement | None:
    if data is None:
        findings.note("statement", f"there is no {statement.STATEMENT}: the files speak alone")
        return None
    try:
        found = statement.parse(data)
    except statement.StatementError as error:
        findings.refute("statement", str(error))
        return None
    findings.confirm("statement", "it keeps the rules of in-toto, SLSA and of the build type")
    return found


def _check_signature(
    given: Given, data: bytes | None, key: Path | None, findings: Findings
) -> None:
    envelope = _read(given, statement.ENVELOPE)
    if envelope is None:
        if key:
            findings.refute("signature", f"it is not signed, and {key} was to have signed it")
        else:
            findings.note("signature", "it is not signed: nobody vouches for what it says")
        return
    try:
        if key:
            payload = signing.verify(envelope, key)
            signer = f"the key {signing.read_public(key).keyid} of {key}"
        else:
            read = signing.read(envelope)
            payload, signer = read.payload, ", ".join(sorted(map(str, read.signatures))) or "nobody"
    except signing.SignatureError as error:
        findings.refute("signature", str(error))
        return
    if payload != data:
        findings.refute("signature", f"what is signed is not {statement.STATEMENT}")
    elif key:
        findings.confirm("signature", f"signed by {signer}")
    else:
        findings.note(
            "signature",
            f"it names as its signer {signer}, which is not checked: name the publisher's key "
            "by --key",
        )


def _check_version(
    given: Given, found: statement.Statement, version: str | None, findings: Findings
) -> None:
    parameters = statement.parameters(found)
    stated = f"{parameters['name']}-{parameters['version']}"
    if version and version != parameters["version"]:
        findings.refute(
            "version", f"it is {stated}, and {version} was asked for: an older or another release"
        )
        return
    # Any other name, such as "download", says nothing of what is in it.
    other = [
        name for name in given.names if name.startswith(f"{parameters['name']}-") and name != stated
    ]
    if other:
        findings.refute("version", f"it is called {other[0]}, and is {stated} by its statement")
    else:
        findings.confirm("version", f"it is {stated}")


def _check_subjects(given: Given, found: statement.Statement, findings: Findings) -> None:
    """Compare digests; find what is missing and what nobody has named."""
    wanted = statement.subjects(found)
    if given.is_bundle:
        inside = f"{statement.BUNDLE}/"
        elsewhere = [name for name in wanted if not name.startswith(inside)]
        wanted = {n.removeprefix(inside): d for n, d in wanted.items() if n.startswith(inside)}
        if elsewhere:
            findings.note(
                "files", f"the bundle alone was given: without {_some(elsewhere)}, not looked at"
            )
    there = set(given.paths)
    missing = sorted(wanted.keys() - there)
    other = sorted(
        name for name in wanted.keys() & there if files.sha256(given.folder / name) != wanted[name]
    )
    extra = sorted(there - wanted.keys() - _unnamed(given))
    if missing:
        findings.refute("files", f"missing: {_some(missing)}")
    if other:
        findings.refute("files", f"other content than the statement says: {_some(other)}")
    if extra:
        findings.refute("files", f"in no statement: {_some(extra)}")
    if not (missing or other or extra):
        findings.confirm("files", f"{len(wanted)} files, each with its digest, and no others")
    if given.is_site:
        findings.note("files", "what a site has besides, no reader of it can see")


def _unnamed(given: Given) -> set[str]:
    """Return the files that a statement does not name: itself, and what varies by design."""
    if given.is_bundle:
        return set(PROVENANCE)
    copies = {f"{statement.BUNDLE}/{name}" for name in PROVENANCE}
    return {*PROVENANCE, statement.RUN, *copies}


def _check_copies(given: Given, findings: Findings) -> None:
    """The statement and its envelope lie in the bundle too, from where a site shows them."""
    if given.is_bundle:
        return
    other = []
    for name in PROVENANCE:
        copy = f"{statement.BUNDLE}/{name}"
        if _read(given, name) != _read(given, copy):
            other.append(copy)
    if other:
        findings.refute("files", f"no copy of what the release says of itself: {_some(other)}")


def _check_manifest(given: Given, found: statement.Statement | None, findings: Findings) -> None:
    prefix = "" if given.is_bundle else f"{statement.BUNDLE}/"
    data = _read(given, f"{prefix}{MANIFEST}")
    if data is None:
        findings.refute(MANIFEST, "it is missing")
        return
    try:
        manifest = statement.read_json(data, MANIFEST)
        faults = [
            *_manifest_faults(given, prefix, manifest),
            *(_manifest_against(manifest, found) if found is not None else []),
        ]
    except statement.StatementError as error:
        findings.refute(MANIFEST, str(error))
        return
    except (KeyError, TypeError, AttributeError) as error:
        findings.refute(MANIFEST, f"it is not as this project writes it: {error!r:.200}")
        return
    for fault in faults:
        findings.refute(MANIFEST, fault)
    if not faults:
        findings.confirm(MANIFEST, "sizes, digests and inputs are those of the files")


def _manifest_faults(given: Given, prefix: str, manifest: dict[str, Any]) -> list[str]:
    wanted, faults = manifest["files"], []
    unsafe = [name for name in wanted if archive.name_fault(name)]
    if unsafe:
        return [f"it names a file with {archive.name_fault(unsafe[0])}: {unsafe[0]!r:.200}"]
    there = {n.removeprefix(prefix) for n in given.paths if n.startswith(prefix)}
    if missing := sorted(wanted.keys() - there):
        faults.append(f"missing: {_some(missing)}")
    other = []
    for name in sorted(wanted.keys() & there):
        path = given.folder / f"{prefix}{name}"
        known = (wanted[name]["bytes"], wanted[name]["sha256"])
        if (path.stat().st_size, files.sha256(path)) != known:
            other.append(name)
    if other:
        faults.append(f"other content than it says: {_some(other)}")
    if extra := sorted(there - wanted.keys() - {MANIFEST, *PROVENANCE}):
        faults.append(f"it does not name {_some(extra)}")
    return faults


def _manifest_against(manifest: dict[str, Any], found: statement.Statement) -> list[str]:
    """Return where manifest and statement contradict each other."""
    parameters, known = statement.parameters(found), statement.dependencies(found)
    faults = [
        f"its {key} is {manifest[key]!r:.100}, by the statement {parameters[key]!r:.100}"
        for key in ("name", "version")
        if manifest[key] != parameters[key]
    ]
    inputs = {key: known.get(name) for key, name in MANIFEST_INPUTS.items()}
    recipe = parameters["settings"].get("text", {}).get("recipe")
    inputs["recipe"] = known.get(recipe) if isinstance(recipe, str) else None
    faults += [
        f"its {key} has another digest than the statement gives"
        for key, item in inputs.items()
        if item is None or item["digest"].get("sha256") != manifest["inputs"][key]
    ]
    # As provender.config.identity writes it.
    settings = json.dumps(parameters["settings"], sort_keys=True, separators=(",", ":"))
    if hashlib.sha256(settings.encode()).hexdigest() != manifest["inputs"]["config"]:
        faults.append("it was built with other settings than the statement gives")
    return faults


def _check_scores(given: Given, found: statement.Statement, findings: Findings) -> None:
    """Replay the canary texts, and compare the metrics that page and statement show."""
    stated = statement.byproducts(found)
    if lacking := {statement.METRICS, statement.CANARIES} - stated.keys():
        findings.refute("statement", f"it lacks {' and '.join(sorted(lacking))}")
        return
    if findings.refuted("files"):
        findings.note("canaries", "not replayed: what is not as published is not run")
        return
    try:
        about = statement.read_json((given.bundle / ABOUT).read_bytes(), ABOUT)
        if about["metrics"] != statement.content(stated[statement.METRICS]):
            findings.refute("metrics", "the page shows others than the statement")
    except (statement.StatementError, FileNotFoundError, KeyError, TypeError) as error:
        findings.refute("metrics", f"the page has none that can be read: {error!r:.200}")
    texts = statement.content(stated[statement.CANARIES])
    try:
        largest = canaries.replay(given.bundle, texts)
    except canaries.CanaryError as error:
        findings.refute("canaries", str(error))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        findings.refute("canaries", f"they are not as this project writes them: {error!r:.200}")
    except UserError as error:
        findings.note("canaries", f"not replayed: {error}")
    else:
        said = f"{len(texts)} texts, scores within {largest:.1g}"
        if largest > canaries.TOLERANCE:
            findings.refute("canaries", f"{said}; {canaries.TOLERANCE:g} are allowed")
        else:
            findings.confirm("canaries", f"{said}, replayed by the bundle's own script")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
