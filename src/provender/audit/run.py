"""An audit from what is given to the verdict."""

import contextlib
import datetime
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass, field

from provender.attest import archive, statement
from provender.audit import files, given, repository, trace
from provender.audit.findings import Findings


@dataclass
class Audit:
    """All that an audit knows at its end."""

    named: str
    started: datetime.datetime
    findings: Findings = field(default_factory=Findings)
    stated: statement.Statement | None = None
    # sha256 digest of the file that holds the statement.
    stated_sha256: str | None = None
    traced: trace.Traced | None = None
    place: str | None = None


def audit(options: Namespace) -> Audit:
    """Look into what ``options.release`` names; raises UserError where that cannot be done."""
    done = Audit(options.release, datetime.datetime.now(datetime.UTC))
    try:
        with given.open_given(options.release) as found:
            _look_into(found, options, done)
    except (archive.ArchiveError, given.Unsafe) as error:
        done.findings.part = "files"
        done.findings.refute("files", f"refused, and not unpacked: {error}")
    return done


def _look_into(found: given.Given, options: Namespace, done: Audit) -> None:
    findings = done.findings
    key = options.key[0] if options.key else None
    done.stated = files.check(found, key, options.version, findings)
    if options.files:
        if not key:
            findings.leave_open(
                "origin",
                "the files were held to each other alone: name the publisher's key by --key",
            )
        return
    with _find_repository(options, done) as there:
        done.place = there.place if there else None
        done.traced = trace.trace(found, done.stated, there, options.remote, findings)


@contextlib.contextmanager
def _find_repository(options: Namespace, done: Audit) -> Iterator[repository.Repository | None]:
    with repository.find(options.repository, done.stated) as there:
        yield there
