"""What a commit recorded of a build: dvc.lock, the objects in the remote, the receipts.

None of it speaks of the release in hand; all of it must fit the commit and itself.
"""

import hashlib
import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from provender import tool
from provender.audit import objects, stages
from provender.audit.findings import Findings, Outcome
from provender.audit.traced import PLACES, UNSEEN, Traced, is_source, md5_of
from provender.errors import Unavailable, UserError
from provender.release import statement
from provender.versioning import dvc_lock, dvc_yaml, remote, tool_lock

if TYPE_CHECKING:
    from dvc_data.hashfile.db import HashFileDB

# Where rules are, and what begins one.
RULE_FILE = re.compile(r"workflow/rules/[^/]+\.smk")
RULE = re.compile(r"^ *rule (\w+):", re.MULTILINE)


def check_lock(traced: Traced, findings: Findings) -> None:
    """Hold what dvc.lock says was read to the commit's own files and settings.

    A lock that was recorded from an edited tree names files that no commit has.
    """
    written = stages.written(traced.locked)
    read = {
        (name, path): md5
        for name, entry in traced.locked.items()
        for path, md5 in dvc_lock.digests(entry, "deps").items()
    }
    paths = {path for _, path in read} - written.keys()
    there = traced.read(paths)
    digests = written | {path: md5_of(data) for path, data in there.items()}
    wrong: dict[str, list[str]] = {}
    for (name, path), md5 in read.items():
        if path not in digests:
            if not is_source(traced, name, path):
                wrong.setdefault(name, []).append(f"{path}, which the commit does not hold")
        elif digests[path] != md5:
            kind = stages.cause(path, traced.is_config)
            wrong.setdefault(name, []).append(f"other content of {path} ({kind})")
    for name, entry in traced.locked.items():
        if changed := _other_settings(traced, entry):
            wrong.setdefault(name, []).append(f"other settings: {stages.some(changed)} (config)")
        if traced.tool and not _has_code(traced, name, entry):
            wrong.setdefault(name, []).append(f"other code than {tool_lock.FILE} says (code)")
    _report_stages(traced, wrong, findings, str(dvc_lock.FILE), "it was recorded with")
    if not wrong:
        findings.confirm(
            str(dvc_lock.FILE),
            f"its {len(traced.order)} stages read the commit's own files and settings",
        )


def _has_code(traced: Traced, name: str, entry: dict[str, Any]) -> bool:
    """Return whether a stage is recorded with the digest of code that provender.lock has."""
    key = f"{tool_lock.CODE}.{_rule(name)}"
    recorded = entry.get("params", {}).get(dvc_yaml.LOCK, {}).get(key)
    return recorded is not None and recorded == traced.tool_lock[tool_lock.CODE].get(_rule(name))


def _rule(name: str) -> str:
    return name.partition("@")[0]


def _other_settings(traced: Traced, entry: dict[str, Any]) -> list[str]:
    """Return which settings a stage is recorded with that the commit has otherwise."""
    there = stages.flatten(traced.settings)
    return [
        f"{key}: {there.get(key)!r:.60} → {value!r:.60}"
        for key, value in sorted(dvc_yaml.recorded_settings(entry).items())
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


def check_remote(
    traced: Traced,
    found: statement.Statement | None,
    remote_name: str | None,
    findings: Findings,
) -> None:
    """Read every object that the commit names, then hold them and the receipts to each other."""
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
        md5 = dvc_lock.digests(entry, "outs")[path]
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
    there = traced.read(paths - traced.sha256.keys())
    known = {path: hashlib.sha256(data).hexdigest() for path, data in there.items()}
    known |= traced.sha256
    wrong: dict[str, list[str]] = {}
    for name, receipt in traced.receipts.items():
        if faults := _receipt_faults(traced, name, receipt, known):
            wrong[name] = faults
    for name in _other_code(traced) - wrong.keys():
        wrong[name] = [f"other code than {tool_lock.FILE} says (code)"]
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


def _other_code(traced: Traced) -> set[str]:
    """Return the stages whose rule's digest of code is not that of what their receipts name.

    Those files were held to the tool's commit; so provender.lock says the truth of it, too.
    """
    if traced.tool is None:
        return set()
    rule_files = _rule_files(traced)
    read: dict[str, dict[str, str]] = {}
    for name, receipt in traced.receipts.items():
        inputs = receipt.get("inputs") if isinstance(receipt, dict) else None
        if isinstance(inputs, dict):
            linked = {path: str(digest) for path, digest in inputs.items() if tool.is_linked(path)}
            read.setdefault(_rule(name), dict(rule_files.get(_rule(name), {}))).update(linked)
    digests = traced.tool_lock[tool_lock.CODE]
    other = {
        rule for rule, each in read.items() if tool_lock.code_digest(each) != digests.get(rule)
    }
    return {name for name in traced.receipts if _rule(name) in other}


def _rule_files(traced: Traced) -> dict[str, dict[str, str]]:
    """Return by rule the file of the tool that has it, with its sha256 digest."""
    assert traced.tool is not None  # asked of such projects alone
    names = traced.tool.repository.paths(traced.tool.commit)
    paths = [traced.path(name) for name in names if RULE_FILE.fullmatch(name)]
    found: dict[str, dict[str, str]] = {}
    for path, data in traced.read(paths).items():
        for rule in RULE.findall(data.decode("utf-8", "replace")):
            found.setdefault(rule, {})[path] = hashlib.sha256(data).hexdigest()
    return found


def _is_stage(name: str, command: str) -> bool:
    """Return whether a recorded command is that of the stage: its rule and its wildcards."""
    words = shlex.split(command)
    values = "-".join(word.partition("=")[2] for word in words[3:])
    rule, _, wildcards = name.partition("@")
    return words[:3] == [*dvc_yaml.RUN.split(), rule] and values == wildcards


def _fits(command: list[str], script: str, entry: dict[str, Any], paths: Mapping[str, str]) -> bool:
    """Return whether a receipt's command is the stage's ``script`` with the recorded settings.

    What the commit's own rule makes of them is known by running it alone: by a rebuild. Here each
    option that is called like a setting must have its value, or else paths that the step read or
    wrote.
    """
    if command[:2] != ["python", script]:
        return False
    # Settings of several parts may be called alike: language, text.language.
    settings: dict[str, list[list[str]]] = {}
    for key, value in dvc_yaml.recorded_settings(entry).items():
        option = f"--{key.rpartition('.')[2].replace('_', '-')}"
        settings.setdefault(option, []).append(_words(value))
    options: dict[str, list[str]] = {}
    given: list[str] = []
    for word in command[2:]:
        if word.startswith("--"):
            option, equals, value = word.partition("=")
            given = options[option] = [value] if equals else []
        else:
            given.append(word)
    return all(
        options[option] in values or paths.keys() >= set(options[option])
        for option, values in settings.items()
        if option in options
    )


def _words(value: Any) -> list[str]:
    """Return a setting as the words of a command."""
    if isinstance(value, list):
        return ["+".join(each) if isinstance(each, list) else str(each) for each in value]
    return [str(value)]


def _receipt_faults(traced: Traced, name: str, receipt: Any, known: dict[str, str]) -> list[str]:
    try:
        command, inputs, outputs = receipt["command"], receipt["inputs"], receipt["outputs"]
        faults, written = [], stages.written(traced.locked)
        entry = traced.locked[name]
        paths = {**inputs, **outputs}
        script = traced.path(f"scripts/{_rule(name)}.py")
        if not (_is_stage(name, entry["cmd"]) and _fits(command, script, entry, paths)):
            faults.append("another command (config)")
        for path, sha256 in inputs.items():
            if path in known and known[path] != sha256:
                kind = stages.cause(path, traced.is_config)
                faults.append(f"other content of {path} ({kind})")
            elif path not in known.keys() | written.keys() and not is_source(traced, name, path):
                faults.append(f"{path}, which the commit does not hold")
        recorded = dvc_lock.digests(traced.locked[name], "outs").keys()
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
