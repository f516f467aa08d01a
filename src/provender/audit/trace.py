"""Second part of an audit: is the commit there, and did it record these files and inputs?

Compares the release with the commit that it names: settings, lock files, dvc.lock; then
everything that the commit recorded with what DVC's remote holds, and the receipts of the
steps with each other, by sha256.
"""

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

from provender import config, lock, pipeline, remote
from provender.attest import statement
from provender.audit import objects, stages
from provender.audit.findings import Findings, Outcome
from provender.audit.given import MANIFEST, Given
from provender.audit.repository import NamedBy, Repository
from provender.code import NODE_LOCK, PYTHON_LOCK
from provender.errors import Unavailable, UserError

if TYPE_CHECKING:
    from dvc_data.hashfile.db import HashFileDB

# Where the build lies, by what it is called in a release.
PLACES = {statement.BUNDLE: "dist/bundle", "npm": "dist/npm"}

# What is said of a step before anything is known of it.
UNSEEN = (Outcome.UNDECIDED, "not looked at")

# The step that is given its data, and so reads what no commit has.
SOURCE_RULE = "fetch_source"


@dataclass
class Traced:
    """What is known of the commit behind a release."""

    repository: Repository
    commit: str
    locked: lock.Lock
    # The stages in running order, and what is said of each: outcome and words.
    order: list[str]
    states: dict[str, tuple[Outcome, str]]
    overlays: list[str]
    settings: config.Config
    # sha256 digests of what the remote holds, by path; receipts by stage.
    sha256: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def is_config(self, path: str) -> bool:
        """Tell whether a file is part of the configuration."""
        return path in (config.DEFAULT, *self.overlays) or path.startswith("config/")


def trace(
    given: Given,
    found: statement.Statement | None,
    repository: Repository | None,
    remote_name: str | None,
    findings: Findings,
) -> Traced | None:
    """Add to ``findings`` what repository and remote say; return what is known of the commit.

    Returns None where there is none. ``remote_name`` is a remote of DVC's, or its place.
    """
    findings.part = "trace"
    if repository is None:
        findings.leave_open(
            "repository",
            "there is none to look into: run this in a clone of the project, or name it by "
            "--repository",
        )
        return None
    commit = _find_commit(given, found, repository, findings)
    if commit is None:
        return None
    try:
        traced = _read_commit(repository, commit)
    except UserError as error:
        findings.refute("commit", str(error))
        return None
    if found is not None:
        _check_source_files(traced, found, findings)
        _check_settings(traced, found, findings)
        _check_recorded(traced, found, findings)
    _check_shipped(traced, given, found, findings)
    _check_lock(traced, findings)
    _check_remote(traced, found, remote_name, findings)
    return traced


def _find_commit(
    given: Given, found: statement.Statement | None, repository: Repository, findings: Findings
) -> str | None:
    if found is None:
        return _search_commit(given, repository, findings)
    digest = statement.dependencies(found)[statement.SOURCE]["digest"]
    commit, tree = digest["gitCommit"], repository.tree(digest["gitCommit"])
    if tree is None:
        said = f"there is no commit {commit} in {repository.place}"
        if repository.named_by is NamedBy.FOLDER:
            findings.leave_open(
                "commit", f"{said}: run git fetch, or name the project's repository by --repository"
            )
        elif repository.is_whole():
            findings.refute("commit", said)
        else:
            findings.leave_open("commit", f"{said}, which is not whole: run git fetch --unshallow")
        return None
    if tree != digest["gitTree"]:
        findings.refute("commit", f"{commit} holds the tree {tree}, not {digest['gitTree']}")
        return None
    whose = f", a repository named by {repository.named_by.value}"
    findings.confirm("commit", f"{commit} is in {repository.place}{whose}; its tree is the same")
    return commit


def _search_commit(given: Given, repository: Repository, findings: Findings) -> str | None:
    """Return the first commit that recorded this bundle, by the digest of its manifest."""
    md5 = _md5((given.bundle / MANIFEST).read_bytes())
    listed = repository.git("rev-list", "--all", "--reverse", "--", str(lock.FILE))
    for commit in listed.stdout.decode().split():
        data = repository.read(commit, [str(lock.FILE)]).get(str(lock.FILE), b"")
        if md5.encode() in data:
            findings.confirm("commit", f"{commit} was the first to record this {MANIFEST}")
            return commit
    findings.leave_open("commit", f"no commit in {repository.place} recorded this {MANIFEST}")
    return None


def _read_commit(repository: Repository, commit: str) -> Traced:
    """Read dvc.lock and the configuration of a commit. Raises UserError where they are none."""
    names = (str(lock.FILE), str(pipeline.FILE))
    there = repository.read(commit, names)
    for name in names:
        if name not in there:
            raise UserError(f"the commit {commit} has no {name}: it recorded no build")
    locked = stages.parse(there[names[0]], f"{names[0]} of {commit}")
    overlays = pipeline.parse_overlays(there[names[1]].decode("utf-8", "replace"))
    paths = [config.DEFAULT, *map(str, overlays)]
    texts = repository.read(commit, paths)
    settings: config.Config = {}
    for path in paths:
        try:
            value = yaml.safe_load(texts[path].decode("utf-8"))
            config.lay_over(settings, value)
        except (KeyError, ValueError, AttributeError, yaml.YAMLError) as error:
            raise UserError(f"the commit {commit} has no configuration {path}: {error}") from error
    order = stages.ordered(locked)
    states = dict.fromkeys(order, UNSEEN)
    return Traced(repository, commit, locked, order, states, paths[1:], settings)


def _check_source_files(traced: Traced, found: statement.Statement, findings: Findings) -> None:
    """Hold the digests of lock and configuration files to the commit's files."""
    recipe = traced.settings.get("text", {}).get("recipe")
    needed = [PYTHON_LOCK, NODE_LOCK, str(lock.FILE), str(pipeline.FILE)]
    needed += [config.DEFAULT, *traced.overlays, *([recipe] if isinstance(recipe, str) else [])]
    there = traced.repository.read(traced.commit, needed)
    known = statement.dependencies(found)
    wrong = []
    for name in needed:
        if name not in known:
            wrong.append(f"{name} is not among the dependencies")
        elif name not in there:
            wrong.append(f"{name} is not in the commit")
        elif known[name]["digest"].get("sha256") != hashlib.sha256(there[name]).hexdigest():
            wrong.append(f"{name} is another file in the commit")
    for fault in wrong:
        findings.refute("source files", fault)
    if not wrong:
        findings.confirm("source files", f"{stages.some(needed)}: as in the commit, by sha256")


def _check_settings(traced: Traced, found: statement.Statement, findings: Findings) -> None:
    parameters = statement.parameters(found)
    expected = [config.DEFAULT, *traced.overlays]
    if parameters["configuration"] != expected:
        findings.refute(
            "settings",
            f"the commit's {pipeline.FILE} was made for {', '.join(expected)}, the statement "
            f"says {', '.join(parameters['configuration'])}",
        )
        return
    settings = traced.settings
    try:
        settings = json.loads(config.identity(settings))
    except (KeyError, TypeError, AttributeError) as error:
        findings.refute("settings", f"the commit's configuration is none: {error!r}")
        return
    changed = stages.changes(settings, parameters["settings"])
    changed += [
        f"{key}: {settings.get(key)!r:.60} → {parameters[key]!r:.60}"
        for key in ("name", "version")
        if settings.get(key) != parameters[key]
    ]
    if changed:
        findings.refute("settings", f"by the commit → by the statement: {stages.some(changed)}")
    else:
        findings.confirm("settings", "all values are the commit's")


def _check_recorded(traced: Traced, found: statement.Statement, findings: Findings) -> None:
    """Hold the statement's database and by-products to dvc.lock."""
    written = stages.written(traced.locked)
    known = statement.dependencies(found) | statement.byproducts(found)
    wrong = [
        f"{path} is not in the statement"
        if path not in known
        else f"{path} is recorded with the md5 {md5}, the statement says "
        f"{known[path]['digest'].get('md5')}"
        for path, md5 in written.items()
        if path.startswith("data/") and known.get(path, {}).get("digest", {}).get("md5") != md5
    ]
    source = traced.locked.get(SOURCE_RULE, {})
    for path, md5 in lock.digests(source, "deps").items():
        if path not in written and _is_source(traced, SOURCE_RULE, path):
            # A place outside of the project is named by its last part.
            item = known.get(path) or known.get(PurePosixPath(path).name, {})
            if item.get("digest", {}).get("md5") != md5:
                wrong.append(f"{path} is recorded as the source, by another digest or none")
    unknown = [
        name
        for name in statement.byproducts(found)
        if name not in (*written, statement.METRICS, statement.CANARIES)
    ]
    wrong += [f"{name} is recorded by no stage" for name in unknown]
    if wrong:
        findings.refute(str(lock.FILE), stages.some(wrong))
    else:
        findings.confirm(
            str(lock.FILE), "it names the database and all by-products of the statement"
        )


def _check_shipped(
    traced: Traced, given: Given, found: statement.Statement | None, findings: Findings
) -> None:
    """Hold the files in hand to dvc.lock, which names all that a build publishes."""
    written, made_by = stages.written(traced.locked), stages.makers(traced.locked)
    places = {"": PLACES[statement.BUNDLE] + "/"} if given.is_bundle else {
        f"{name}/": f"{place}/" for name, place in PLACES.items()
    }  # fmt: skip
    wrong: list[tuple[str, str]] = []
    count = 0
    for here, place in places.items():
        recorded = {p.removeprefix(place): d for p, d in written.items() if p.startswith(place)}
        there = {n.removeprefix(here) for n in given.paths if n.startswith(here)}
        there -= {statement.STATEMENT, statement.ENVELOPE}
        for name in sorted(there | recorded.keys()):
            path = place + name
            if name not in recorded:
                wrong.append((path, f"{here}{name} is recorded by no stage"))
            elif name not in there:
                wrong.append((path, f"{here}{name} was recorded, and is not here"))
            elif _md5((given.folder / here / name).read_bytes()) != recorded[name]:
                wrong.append((path, f"{here}{name} is not what {made_by[path]} recorded"))
            count += 1
    if not wrong:
        findings.confirm("shipped files", f"{count} files are what {lock.FILE} of the commit names")
        return
    ranks = {name: rank for rank, name in enumerate(traced.order)}
    wrong.sort(key=lambda pair: ranks.get(made_by.get(pair[0], ""), -1))
    for path, _ in wrong:
        if path in made_by:
            traced.states[made_by[path]] = (Outcome.REFUTED, "what is shipped is other content")
    causes = _manifest_causes(traced, given, found)
    because = f"; the bundle was made with other {' and '.join(causes)}" if causes else ""
    findings.refute("shipped files", stages.some(text for _, text in wrong) + because)


def _manifest_causes(traced: Traced, given: Given, found: statement.Statement | None) -> list[str]:
    """Return of what the bundle's manifest, if it can be read, says it was made differently."""
    try:
        manifest = statement.read_json((given.bundle / MANIFEST).read_bytes(), MANIFEST)
        inputs = manifest["inputs"]
        needed = {"requirements": PYTHON_LOCK, "packages": NODE_LOCK}
        there = traced.repository.read(traced.commit, needed.values())
        expected = {
            key: hashlib.sha256(there[name]).hexdigest()
            for key, name in needed.items()
            if name in there
        }
        expected["config"] = hashlib.sha256(config.identity(traced.settings).encode()).hexdigest()
        kinds = {
            "requirements": stages.DEPENDENCY,
            "packages": stages.DEPENDENCY,
            "config": stages.CONFIG,
            "database": stages.DATABASE_ROWS,
        }
        if found is not None and stages.DATABASE in statement.dependencies(found):
            digest = statement.dependencies(found)[stages.DATABASE]["digest"]
            expected["database"] = digest.get("sha256", "")
        other = [kinds[key] for key in kinds if key in expected and inputs[key] != expected[key]]
        return list(dict.fromkeys(other))
    except (UserError, OSError, KeyError, TypeError, AttributeError):
        # What its manifest says has been judged in the first part.
        return []


def _check_lock(traced: Traced, findings: Findings) -> None:
    """Hold what dvc.lock says was read to the commit's own files and settings.

    A lock that was recorded from an edited tree names files that no commit has.
    """
    written = stages.written(traced.locked)
    read = {
        (name, path): md5
        for name, entry in traced.locked.items()
        for path, md5 in lock.digests(entry, "deps").items()
    }
    paths = {path for _, path in read} - written.keys()
    there = traced.repository.read(traced.commit, paths)
    digests = written | {path: _md5(data) for path, data in there.items()}
    wrong: dict[str, list[str]] = {}
    for (name, path), md5 in read.items():
        if path not in digests:
            if not _is_source(traced, name, path):
                wrong.setdefault(name, []).append(f"{path}, which the commit does not hold")
        elif digests[path] != md5:
            kind = stages.cause(path, traced.is_config)
            wrong.setdefault(name, []).append(f"other content of {path} ({kind})")
    for name, entry in traced.locked.items():
        if changed := _other_settings(traced, entry):
            wrong.setdefault(name, []).append(f"other settings: {stages.some(changed)} (config)")
    _report_stages(traced, wrong, findings, str(lock.FILE), "it was recorded with")
    if not wrong:
        findings.confirm(
            str(lock.FILE),
            f"its {len(traced.order)} stages read the commit's own files and settings",
        )


def _other_settings(traced: Traced, entry: dict[str, Any]) -> list[str]:
    """Return which settings a stage is recorded with that the commit has otherwise."""
    there = stages.flatten(traced.settings)
    params = entry.get("params", {})
    recorded = {key: value for values in params.values() for key, value in values.items()}
    return [
        f"{key}: {there.get(key)!r:.60} → {value!r:.60}"
        for key, value in sorted(recorded.items())
        if stages.flatten({key: value})
        != {name: leaf for name, leaf in there.items() if name == key or name.startswith(f"{key}.")}
    ]


def _report_stages(
    traced: Traced, wrong: Mapping[str, list[str]], findings: Findings, about: str, how: str
) -> None:
    """Refute what is wrong, the first step of the graph first; it is what to look at."""
    for name in (name for name in traced.order if name in wrong):
        traced.states[name] = (Outcome.REFUTED, f"{how} {stages.some(wrong[name])}")
    first = next((name for name in traced.order if name in wrong), None)
    if first is not None:
        others = [name for name in traced.order if name in wrong and name != first]
        then = f"; so do {stages.some(others)}" if others else ""
        findings.refute(about, f"the first step that differs is {first}: {how} "
                        f"{stages.some(wrong[first])}{then}")  # fmt: skip


def _check_remote(
    traced: Traced,
    found: statement.Statement | None,
    remote_name: str | None,
    findings: Findings,
) -> None:
    items = stages.items(traced.commit, traced.locked)
    try:
        with objects.open_store(traced.repository, traced.commit, remote_name) as store:
            read = objects.read_all(store, items)
            _report_objects(traced, items, read, findings)
            _read_receipts(traced, store, read)
    except (Unavailable, UserError) as error:
        findings.leave_open("remote", str(error))
        return
    _check_sha256(traced, found, findings)
    _check_receipts(traced, found, findings)


def _report_objects(
    traced: Traced,
    items: list[remote.Object],
    read: dict[str, tuple[str | None, str]],
    findings: Findings,
) -> None:
    faults = {item.path: read[item.md5][0] for item in items}
    traced.sha256 = {item.path: read[item.md5][1] for item in items if not read[item.md5][0]}
    missing = [path for path, fault in faults.items() if fault == remote.MISSING]
    other = [f"{p}: {fault}" for p, fault in faults.items() if fault not in (None, remote.MISSING)]
    if other:
        findings.refute("remote", f"it holds other content than was recorded: {stages.some(other)}")
    if missing:
        findings.leave_open("remote", f"it lacks what was recorded: {stages.some(missing)}")
    if not (other or missing):
        findings.confirm("remote", f"{len(read)} objects read; each has its digest")
    for item in items:
        if fault := faults[item.path]:
            outcome = Outcome.UNDECIDED if fault == remote.MISSING else Outcome.REFUTED
            if traced.states[item.stage][0] is not Outcome.REFUTED:
                traced.states[item.stage] = (outcome, f"{item.path} in the remote: {fault}")


def _read_receipts(
    traced: Traced, store: "HashFileDB", read: dict[str, tuple[str | None, str]]
) -> None:
    for name, entry in traced.locked.items():
        path = stages.receipt_of(entry)
        if path is None:
            continue
        md5 = lock.digests(entry, "outs")[path]
        if read[md5][0] is None:
            traced.receipts[name] = statement.read_json(objects.fetch(store, md5), path)


def _check_sha256(traced: Traced, found: statement.Statement | None, findings: Findings) -> None:
    """Hold the statement's sha256 digests to what the remote holds under the md5 digests.

    Two files can be made that share their md5 digest.
    """
    if found is None:
        return
    known = statement.dependencies(found) | statement.byproducts(found)
    digests = {
        path: item["digest"].get("sha256") for path, item in known.items() if "digest" in item
    }
    for name, digest in statement.subjects(found).items():
        top, _, rest = name.partition("/")
        if top in PLACES:
            digests[f"{PLACES[top]}/{rest}"] = digest
    wrong = [path for path, sha256 in traced.sha256.items() if digests.get(path) != sha256]
    # The publisher's archive is named by another path, or not at all.
    wrong = [path for path in wrong if path in digests]
    if wrong:
        findings.refute(
            "remote", f"other content than the statement says, by sha256: {stages.some(wrong)}"
        )


def _check_receipts(traced: Traced, found: statement.Statement | None, findings: Findings) -> None:
    """Follow the receipts: each step read what others wrote, or what the commit holds."""
    paths = {
        path
        for receipt in traced.receipts.values()
        if isinstance(receipt, dict) and isinstance(receipt.get("inputs"), dict)
        for path in receipt["inputs"]
    }
    there = traced.repository.read(traced.commit, paths - traced.sha256.keys())
    known = {path: hashlib.sha256(data).hexdigest() for path, data in there.items()}
    known |= traced.sha256
    wrong: dict[str, list[str]] = {}
    for name, receipt in traced.receipts.items():
        if faults := _receipt_faults(traced, name, receipt, known):
            wrong[name] = faults
    _report_stages(traced, wrong, findings, "receipts", "its receipt tells of")
    for name in traced.order:
        if name in traced.receipts and traced.states[name] == UNSEEN:
            count = len(traced.receipts[name]["inputs"]) if name not in wrong else 0
            traced.states[name] = (Outcome.CONFIRMED, f"{count} inputs traced by sha256")
    lacking = [n for n in traced.order if n not in traced.receipts and traced.locked[n].get("deps")]
    if lacking and not findings.refuted("trace"):
        findings.leave_open("receipts", f"none of {stages.some(lacking)}")
    elif not wrong:
        findings.confirm(
            "receipts",
            f"{len(traced.receipts)} steps read what the commit holds and other steps wrote",
        )


def _receipt_faults(
    traced: Traced, name: str, receipt: dict[str, Any], known: dict[str, str]
) -> list[str]:
    try:
        command, inputs, outputs = receipt["command"], receipt["inputs"], receipt["outputs"]
        faults, written = [], stages.written(traced.locked)
        if command != shlex.split(traced.locked[name]["cmd"]):
            faults.append("another command (config)")
        for path, sha256 in inputs.items():
            if path in known and known[path] != sha256:
                kind = stages.cause(path, traced.is_config)
                faults.append(f"other content of {path} ({kind})")
            elif path not in known.keys() | written.keys() and not _is_source(traced, name, path):
                faults.append(f"{path}, which the commit does not hold")
        recorded = lock.digests(traced.locked[name], "outs").keys()
        faults += [
            f"other content of what it wrote: {path}"
            for path, sha256 in outputs.items()
            if path in known and known[path] != sha256
        ]
        unnamed = recorded - outputs.keys() - {stages.receipt_of(traced.locked[name])}
        faults += [f"no {path} among what it wrote" for path in sorted(unnamed)]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return [f"nothing that can be read: {error!r:.100}"]
    return faults


def _is_source(traced: Traced, name: str, path: str) -> bool:
    """Tell whether a file is the publisher's archive or database, which no commit need hold."""
    kind = stages.cause(path, traced.is_config)
    return name == SOURCE_RULE and kind not in (stages.CODE_EDIT, stages.DEPENDENCY)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
