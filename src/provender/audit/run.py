"""An audit from what is given to the verdict."""

import contextlib
import datetime
import json
import tempfile
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provender import files as file_io
from provender.audit import documents, files, given, objects, repository, stages, trace, witness
from provender.audit.findings import Findings, Outcome
from provender.audit.options import NODE
from provender.audit.traced import PLACES, Traced
from provender.errors import Unavailable, UserError
from provender.release import archive, statement

if TYPE_CHECKING:
    from provender.audit import compare


@dataclass
class Audit:
    """All that an audit knows at its end."""

    named: str
    started: datetime.datetime
    findings: Findings = field(default_factory=Findings)
    # The parts that were done.
    parts: list[str] = field(default_factory=list)
    stated: statement.Statement | None = None
    # sha256 digests: of the file that holds the statement, and of the files that were given.
    stated_sha256: str | None = None
    sha256: dict[str, str] = field(default_factory=dict)
    traced: Traced | None = None
    comparison: "compare.Comparison | None" = None
    # Of a rebuild: for the environment, None where one was given, and for the build.
    seconds: dict[str, float | None] | None = None


def audit(options: Namespace) -> Audit:
    """Look into what ``options.release`` names; raises UserError where that cannot be done."""
    done = Audit(options.release, datetime.datetime.now(datetime.UTC))
    try:
        with given.open_given(options.release) as found:
            _look_into(found, options, done)
    except (archive.ArchiveError, given.Unsafe) as error:
        done.parts = ["files"]
        done.findings.part = "files"
        done.findings.refute("files", f"refused, and not unpacked: {error}")
    return done


def _look_into(found: given.Given, options: Namespace, done: Audit) -> None:
    findings = done.findings
    key = options.key[0] if options.key else None
    done.parts.append("files")
    done.stated = files.check(found, key, options.version, findings)
    done.sha256 = {name: file_io.sha256(found.folder / name) for name in found.paths}
    done.stated_sha256 = done.sha256.get(statement.STATEMENT)
    if options.files:
        if not key:
            findings.leave_open(
                "origin",
                "the files were held to each other alone: name the publisher's key by --key",
            )
        return
    signed = any(
        (finding.about, finding.outcome) == ("signature", Outcome.CONFIRMED)
        for finding in findings.found
    )
    with contextlib.ExitStack() as stack:
        done.parts.append("trace")
        findings.part = "trace"
        try:
            there = stack.enter_context(repository.find(options.repository, done.stated))
            of = stack.enter_context(repository.find_tool(options.tool))
        except Unavailable as error:
            findings.leave_open("repository", str(error))
            return
        done.traced = trace.trace(found, done.stated, there, options.remote, findings, of)
        if done.traced is None:
            return
        if done.stated is not None:
            documents.check(found, done.stated, done.traced, options.remote, signed, findings)
        if options.rebuild and _may_run(done.traced, signed, findings):
            if options.by == NODE:
                done.parts.append(witness.PART)
                witness.check(
                    done.traced,
                    options.remote,
                    options.environment,
                    _shipped(found),
                    _reader(done.traced, options.remote),
                    findings,
                )
            else:
                _rebuild(found, done.traced, options, done)


def _may_run(traced: Traced, signed: bool, findings: Findings) -> bool:
    """Tell whether the auditor, or a signature, has named whose code would run."""
    if traced.repository.named_by is not repository.NamedBy.RELEASE or signed:
        return True
    findings.part = "rebuild"
    findings.leave_open(
        "rebuild",
        f"it runs the code of {traced.repository.place}, which only the release names: if "
        "you trust it, name it yourself by --repository",
    )
    return False


def _rebuild(found: given.Given, traced: Traced, options: Namespace, done: Audit) -> None:
    # NumPy comes with the comparison, which an audit without a rebuild has no use for.
    from provender.audit import compare
    from provender.audit.rebuild import rebuild

    findings = done.findings
    done.parts.append("rebuild")
    with (
        rebuild(traced, options.remote, options.environment, options.cores, findings) as rebuilt,
        tempfile.TemporaryDirectory(prefix="provender-compare-") as work,
    ):
        if rebuilt is None:
            return
        done.parts.append("compare")
        done.seconds = {"setup": rebuilt.setup_seconds, "build": rebuilt.build_seconds}
        done.comparison = compare.compare(
            traced,
            rebuilt,
            _shipped(found),
            _reader(traced, options.remote),
            _read_run(found),
            Path(work),
            findings,
        )


def _shipped(found: given.Given) -> dict[str, Path]:
    """Return the files in hand by the paths that they had in the build."""
    places = (
        {"": PLACES[statement.BUNDLE]}
        if found.is_bundle
        else {f"{name}/": place for name, place in PLACES.items()}
    )
    return {
        f"{place}/{name.removeprefix(prefix)}": found.folder / name
        for prefix, place in places.items()
        for name in found.paths
        if name.startswith(prefix)
    }


def _reader(traced: Traced, remote_name: str | None) -> Callable[[str], bytes | None]:
    """Return what reads a recorded file from the remote."""
    written = stages.written(traced.locked)

    def read(path: str) -> bytes | None:
        try:
            with objects.open_store(traced.repository, traced.commit, remote_name) as store:
                return objects.fetch(store, written[path])
        except (FileNotFoundError, UserError):
            return None

    return read


def _read_run(found: given.Given) -> dict[str, Any] | None:
    """Return run.json, which nobody has signed; None where there is none that can be read."""
    path = found.folder / statement.RUN
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
