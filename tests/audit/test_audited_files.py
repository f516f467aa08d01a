"""The checks of the files alone, on a folder of a few made-up files."""

import json
from pathlib import Path

import pytest
from forgery import sha256

from provender.audit import compare, files, given
from provender.audit.compare import Compared, Comparison, Level
from provender.audit.findings import EXIT_CODES, Findings, Outcome
from provender.release import signing, statement

CONTENTS = {"bundle/manifest.json": b"{}", "bundle/page.js": b"// page", "npm/x.tgz": b"x"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a release of three files and its statement."""
    place = tmp_path / "tiny-1.0.0"
    for name, data in CONTENTS.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    for name in (statement.STATEMENT, f"bundle/{statement.STATEMENT}"):
        (place / name).write_bytes(b"stated")
    return place


STATED = {
    "subject": [
        {"name": name, "digest": {"sha256": sha256(data)}} for name, data in CONTENTS.items()
    ],
    "predicate": {"buildDefinition": {"externalParameters": {"name": "tiny", "version": "1.0.0"}}},
}


def check(folder: Path, key: Path | None = None, version: str | None = None) -> dict[str, Outcome]:
    """Check files, copies, signature and version; return the worst outcome of each."""
    findings = Findings()
    with given.open_given(str(folder)) as found:
        data = files._read(found, statement.STATEMENT)
        files._check_signature(found, data, key, findings)
        files._check_version(found, STATED, version, findings)
        files._check_subjects(found, STATED, findings)
        files._check_copies(found, findings)
    ranks = [Outcome.NOTE, Outcome.CONFIRMED, Outcome.UNDECIDED, Outcome.REFUTED]
    worst: dict[str, Outcome] = {}
    for finding in findings.found:
        before = worst.get(finding.about, Outcome.NOTE)
        worst[finding.about] = max(before, finding.outcome, key=ranks.index)
    return worst


GOOD = {"signature": Outcome.NOTE, "version": Outcome.CONFIRMED, "files": Outcome.CONFIRMED}


def test_as_stated(folder: Path) -> None:
    """Without a signature, and without a key, all that can be said is that files fit."""
    assert check(folder) == GOOD


@pytest.mark.parametrize(
    "name", ["bundle/page.js", "npm/x.tgz", "extra.js", "bundle/extra.js", "run.js"]
)
def test_other_extra_and_missing_files(folder: Path, name: str) -> None:
    """A byte that is another, a file that is missing or extra: anywhere."""
    before = (folder / name).read_bytes() if name in CONTENTS else None
    (folder / name).write_bytes(b"other")
    assert check(folder)["files"] is Outcome.REFUTED
    (folder / name).unlink()
    assert check(folder)["files"] is (Outcome.CONFIRMED if before is None else Outcome.REFUTED)


def test_what_a_statement_does_not_name(folder: Path) -> None:
    """It names neither itself nor run.json; its copy in the bundle must be one."""
    (folder / statement.RUN).write_bytes(b"{}")
    assert check(folder) == GOOD
    (folder / "bundle" / statement.STATEMENT).write_bytes(b"another")
    assert check(folder)["files"] is Outcome.REFUTED


def test_versions(folder: Path) -> None:
    """Of the option and of the folder's name; any other name says nothing."""
    assert check(folder, version="1.0.0")["version"] is Outcome.CONFIRMED
    assert check(folder, version="1.0.1")["version"] is Outcome.REFUTED
    for name, outcome in (("tiny-1.0.1", Outcome.REFUTED), ("download", Outcome.CONFIRMED)):
        folder = folder.rename(folder.with_name(name))
        assert check(folder)["version"] is outcome


def test_signatures(folder: Path, tmp_path: Path) -> None:
    """Unsigned, signed, signed by another, something else signed, no envelope."""
    for name in ("anna", "ben"):
        signing.generate(tmp_path / name)
    anna = tmp_path / "anna.pub"
    assert check(folder, anna)["signature"] is Outcome.REFUTED

    def sign(data: bytes, name: str) -> None:
        envelope = json.dumps(signing.sign(data, signing.read_signer(tmp_path / name)))
        for place in (folder, folder / "bundle"):
            (place / statement.ENVELOPE).write_text(envelope)

    sign(b"stated", "anna")
    assert check(folder, anna) == {**GOOD, "signature": Outcome.CONFIRMED}
    # Without the key, it is not known whose signature it is.
    assert check(folder) == GOOD
    sign(b"stated", "ben")
    assert check(folder, anna)["signature"] is Outcome.REFUTED
    sign(b"another", "anna")
    assert check(folder, anna)["signature"] is Outcome.REFUTED
    assert check(folder)["signature"] is Outcome.REFUTED
    (folder / statement.ENVELOPE).write_text("{}")
    assert check(folder)["signature"] is Outcome.REFUTED


@pytest.mark.parametrize(
    ("levels", "outcome"),
    [
        ([Level.BYTES, Level.CANONICAL, Level.WEIGHTS], Outcome.CONFIRMED),
        ([Level.BYTES, Level.PREDICTIONS], Outcome.UNDECIDED),
        ([Level.PREDICTIONS, Level.DIFFERENT, Level.BYTES], Outcome.REFUTED),
    ],
)
def test_the_weakest_word_decides(levels: list[Level], outcome: Outcome) -> None:
    """Weights that only answer alike confirm nothing; one file that is different refutes."""
    done = Comparison([Compared(str(level), "step", level) for level in levels], first="step")
    findings, states = Findings("compare"), {}
    compare._report(type("Traced", (), {"states": states}), done, findings)
    assert findings.verdict() is outcome
    assert EXIT_CODES[outcome] == [Outcome.CONFIRMED, Outcome.REFUTED, Outcome.UNDECIDED].index(
        outcome
    )


def test_a_contradiction_outweighs_all_else() -> None:
    """The verdict on facts in any order, and on none."""
    findings = Findings()
    assert findings.verdict() is Outcome.UNDECIDED
    findings.note("a", "")
    assert findings.verdict() is Outcome.UNDECIDED
    findings.confirm("a", "")
    assert findings.verdict() is Outcome.CONFIRMED
    findings.leave_open("a", "")
    assert findings.verdict() is Outcome.UNDECIDED
    findings.refute("a", "")
    findings.confirm("a", "")
    assert findings.verdict() is Outcome.REFUTED
