"""Second part of an audit: is the commit there, and did it record these files and inputs?

Compares the release with the commit that it names: settings, lock files, dvc.lock.
"""

import hashlib
import json
import re
from pathlib import PurePosixPath
from typing import Any

from provender import config, tool
from provender.audit import record, stages
from provender.audit.findings import Findings, Outcome
from provender.audit.given import MANIFEST, Given
from provender.audit.repository import NamedBy, Repository
from provender.audit.traced import (
    PLACES,
    SOURCE_RULES,
    VECTORS_RULE,
    Tool,
    Traced,
    is_source,
    md5_of,
    read_commit,
    read_tool_lock,
)
from provender.errors import UserError
from provender.release import statement
from provender.running.code_files import NODE_LOCK, PYTHON_LOCK
from provender.versioning import dvc_lock, dvc_yaml, tool_lock

COMMIT = re.compile(r"[0-9a-f]{40,64}")


def trace(
    given: Given,
    found: statement.Statement | None,
    repository: Repository | None,
    remote_name: str | None,
    findings: Findings,
    tool_repository: Repository | None = None,
) -> Traced | None:
    """Add to ``findings`` what repository and remote say; return what is known of the commit.

    ``tool_repository``: that of provender, which a project in a repository of its own names by a
    commit. Returns None where there is none. ``remote_name`` is a remote of DVC's, or its place.
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
        lock = read_tool_lock(repository, commit)
        of = _find_tool(lock, found, tool_repository, findings) if lock else None
        if lock and of is None:
            return None
        if not lock and found is not None and statement.TOOL in statement.dependencies(found):
            findings.refute("tool", f"the statement names one, and the commit no {tool_lock.FILE}")
        traced = read_commit(repository, commit, of, lock)
    except UserError as error:
        findings.refute("commit", str(error))
        return None
    if found is not None:
        _check_source_files(traced, found, findings)
        _check_settings(traced, found, findings)
        _check_recorded(traced, found, findings)
    _check_shipped(traced, given, found, findings)
    record.check_lock(traced, findings)
    record.check_remote(traced, found, remote_name, findings)
    return traced


def _find_commit(
    given: Given, found: statement.Statement | None, repository: Repository, findings: Findings
) -> str | None:
    if found is None:
        return _search_commit(given, repository, findings)
    digest: dict[str, str] = statement.dependencies(found)[statement.SOURCE]["digest"]
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


def _find_tool(
    lock: dict[str, Any],
    found: statement.Statement | None,
    repository: Repository | None,
    findings: Findings,
) -> Tool | None:
    """Return the commit of provender that the project names; None, with the reason, if nowhere."""
    identity = lock[tool_lock.TOOL]
    commit, named = identity.get("commit"), tool_lock.describe(identity)
    stated = statement.dependencies(found).get(statement.TOOL, {}) if found is not None else None
    if stated is not None and stated.get("digest", {}).get("gitCommit") != commit:
        findings.refute(
            "tool",
            f"the commit's {tool_lock.FILE} names {named}, and the statement another or none",
        )
        return None
    if not isinstance(commit, str) or not COMMIT.fullmatch(commit):
        findings.refute("tool", f"{tool_lock.FILE} names {named}: that is no commit")
        return None
    if repository is None or repository.tree(commit) is None:
        where = f" and not in {repository.place}" if repository else ""
        findings.leave_open(
            "tool",
            f"the project is built by {named}, which is not here{where}: clone provender's "
            "repository and name it by --tool",
        )
        return None
    findings.confirm(
        "tool",
        f"{named} is in {repository.place}, a repository named by {repository.named_by.value}",
    )
    return Tool(repository, commit)


def _search_commit(given: Given, repository: Repository, findings: Findings) -> str | None:
    """Return the first commit that recorded this bundle, by the digest of its manifest."""
    md5 = md5_of((given.bundle / MANIFEST).read_bytes())
    listed = repository.git("rev-list", "--all", "--reverse", "--", str(dvc_lock.FILE))
    for commit in listed.stdout.decode().split():
        data = repository.read(commit, [str(dvc_lock.FILE)]).get(str(dvc_lock.FILE), b"")
        if md5.encode() in data:
            findings.confirm("commit", f"{commit} was the first to record this {MANIFEST}")
            return commit
    findings.leave_open("commit", f"no commit in {repository.place} recorded this {MANIFEST}")
    return None


def _check_source_files(traced: Traced, found: statement.Statement, findings: Findings) -> None:
    """Hold the digests of lock and configuration files to the commit's files."""
    needed = [str(dvc_lock.FILE), str(dvc_yaml.FILE), config.DEFAULT, *traced.overlays]
    needed += [str(tool_lock.FILE)] if traced.tool else []
    needed += [traced.path(PYTHON_LOCK), traced.path(NODE_LOCK)]
    named = config.named_files(traced.settings)
    own = traced.read(named)
    # The project's own text recipe, or else the tool's.
    needed += [name if name in own else traced.path(name) for name in named]
    there = traced.read(needed)
    known = statement.dependencies(found)
    wrong = []
    for path in needed:
        name = tool.name(path)
        if name not in known:
            wrong.append(f"{name} is not among the dependencies")
        elif path not in there:
            wrong.append(f"{name} is not in the commit")
        elif known[name]["digest"].get("sha256") != hashlib.sha256(there[path]).hexdigest():
            wrong.append(f"{name} is another file in the commit")
    for fault in wrong:
        findings.refute("source files", fault)
    if not wrong:
        findings.confirm(
            "source files", f"{stages.some(map(tool.name, needed))}: as in the commit, by sha256"
        )


def _check_settings(traced: Traced, found: statement.Statement, findings: Findings) -> None:
    parameters = statement.parameters(found)
    expected = [config.DEFAULT, *traced.overlays]
    if parameters["configuration"] != expected:
        findings.refute(
            "settings",
            f"the commit's {dvc_yaml.FILE} was made for {', '.join(expected)}, the statement "
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
    named = traced.settings.get("vectors")
    vectors = named.get("sha256") if isinstance(named, dict) else None
    for rule in SOURCE_RULES:
        source = traced.locked.get(rule, {})
        for path, md5 in dvc_lock.digests(source, "deps").items():
            if path in written or not is_source(traced, rule, path):
                continue
            # A place outside of the project is named by its last part.
            item = known.get(path) or known.get(PurePosixPath(path).name, {})
            digest = item.get("digest", {})
            if digest.get("md5") != md5:
                wrong.append(f"{path} is recorded as the source, by another digest or none")
            elif rule == VECTORS_RULE and digest.get("sha256") != vectors:
                wrong.append(f"{path} has another sha256 than vectors.sha256 of the commit")
    unknown = [
        name
        for name in statement.byproducts(found)
        if name not in (*written, statement.METRICS, statement.CANARIES)
    ]
    wrong += [f"{name} is recorded by no stage" for name in unknown]
    if wrong:
        findings.refute(str(dvc_lock.FILE), stages.some(wrong))
    else:
        findings.confirm(
            str(dvc_lock.FILE), "it names the database and all by-products of the statement"
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
            elif md5_of((given.folder / here / name).read_bytes()) != recorded[name]:
                wrong.append((path, f"{here}{name} is not what {made_by[path]} recorded"))
            count += 1
    if not wrong:
        findings.confirm(
            "shipped files", f"{count} files are what {dvc_lock.FILE} of the commit names"
        )
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
        needed = {"requirements": traced.path(PYTHON_LOCK), "packages": traced.path(NODE_LOCK)}
        there = traced.read(needed.values())
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
