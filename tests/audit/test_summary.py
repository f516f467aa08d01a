"""Auditors' summaries are signed, collected and counted: one a key, of one release."""

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from conftest import Project
from releases import Release

from provender.audit import summary
from provender.errors import UserError
from provender.release import signing, statement

SUBJECTS = {"bundle/index.html": "1" * 64, "npm/x.tgz": "2" * 64}

# The fields that SLSA's verification summary v1 requires, and the kinds that it gives them.
DESCRIPTOR = {
    "type": "object",
    "required": ["digest"],
    "properties": {"digest": {"type": "object", "minProperties": 1}},
}
PREDICATE = {
    "type": "object",
    "required": [
        "verifier", "timeVerified", "resourceUri", "policy", "verificationResult",
        "verifiedLevels",
    ],
    "properties": {
        "verifier": {"required": ["id"], "properties": {"id": {"pattern": "^[a-z]+:"}}},
        "timeVerified": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "resourceUri": {"pattern": "^[a-z]+:"},
        "policy": {"required": ["uri"], "properties": {"uri": {"pattern": "^[a-z]+:"}}},
        "inputAttestations": {"type": "array", "minItems": 1, "items": DESCRIPTOR},
        "verificationResult": {"enum": ["PASSED", "FAILED"]},
        # Besides SLSA's own levels, names that do not look like one.
        "verifiedLevels": {
            "type": "array",
            "minItems": 1,
            "items": {"pattern": "^(SLSA_BUILD_LEVEL_[0-3]|FAILED|(?!SLSA_).+)$"},
        },
        "slsaVersion": {"pattern": r"^\d+\.\d+$"},
    },
}  # fmt: skip


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a signed summary and returns its file; keys are made as needed."""

    def write(
        name: str,
        key: str,
        passed: bool = True,
        subjects: dict = SUBJECTS,
        level: str | None = None,
    ) -> Path:
        path = tmp_path / key
        if not path.exists():
            signing.generate(path)
        value = summary.build(
            subjects, "3" * 64, "pkg:generic/x@1", passed, ["files"], level, "2026-01-01T00:00:00Z"
        )
        envelope = signing.sign(summary.encode(value), signing.read_signer(path))
        (tmp_path / name).write_text(json.dumps(envelope), encoding="utf-8")
        return tmp_path / name

    return write


def collect(project: Project, paths: list[Path], keys: list[str], *more: str, code: int) -> str:
    """Collect summaries with the auditors' keys, beside them; return what is said."""
    named = [word for key in keys for word in ("--key", paths[0].with_name(f"{key}.pub"))]
    done = project.run("provender", "audit", "--collect", *paths, *named, *more, code=code)
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_one_auditor_counts_once(write: Callable[..., Path]) -> None:
    """By key, at the worse word, and only for what the key has signed."""
    good, bad, other, more = (
        write("a.json", "anna"),
        write("b.json", "anna", passed=False),
        write("c.json", "ben"),
        write("d.json", "ben", subjects={"bundle/index.html": "4" * 64}),
    )
    anna, ben = (good.with_name(f"{name}.pub") for name in ("anna", "ben"))
    count = summary.collect([good, other], [anna])
    assert (count.passed, count.failed, [*count.refused]) == ([anna], [], [other])
    assert summary.collect([good, good, other], [anna, ben]).passed == [anna, ben]
    for paths in ([good, bad], [bad, good]):
        count = summary.collect(paths, [anna])
        assert (count.passed, count.failed) == ([], [anna])
    for paths in ([good, more], [other, more]):
        with pytest.raises(UserError, match="of several releases"):
            summary.collect(paths, [anna, ben])


def test_counting(small_build: Project, write: Callable[..., Path]) -> None:
    """One auditor counts once; whose key is not named does not count."""
    paths = [
        write("a.json", "anna", level="BYTES"),
        write("b.json", "ben"),
        write("c.json", "anna"),
        write("d.json", "stranger"),
    ]
    said = collect(small_build, paths, ["anna", "ben"], code=0)
    assert "2 of 2 independent auditors confirm it, 1 of them by a rebuild; 2 are" not in said
    assert "2 of 2 independent auditors confirm it" in said
    assert "d.json: not counted: signed by none of the keys" in said
    said = collect(small_build, paths[:1], ["anna", "ben"], code=2)
    assert "1 of 2 independent auditors confirm it, 1 of them by a rebuild; 2 are needed" in said
    collect(small_build, paths[:1], ["anna", "ben"], "--need", "1", code=0)
    assert "--need 3 of 2 auditors" in collect(
        small_build, paths, ["anna", "ben"], "--need", "3", code=2
    )


def test_one_refutes(small_build: Project, write: Callable[..., Path]) -> None:
    """An auditor who refutes outweighs the others, and his own confirmation."""
    paths = [write("a.json", "anna"), write("b.json", "ben", passed=False), write("c.json", "ben")]
    said = collect(small_build, paths, ["anna", "ben"], "--need", "1", code=1)
    assert "1 of 2 independent auditors confirm it" in said
    assert "FAILED" in said


def test_what_cannot_be_counted(small_build: Project, write: Callable[..., Path]) -> None:
    """Several releases, no keys, a key twice, an envelope that was edited."""
    one = write("a.json", "anna")
    other = write("b.json", "ben", subjects={"bundle/index.html": "4" * 64})
    assert "the summaries are of several releases" in collect(
        small_build, [one, other], ["anna", "ben"], code=2
    )
    assert "whose summaries count is yours to say" in collect(small_build, [one], [], code=2)
    assert "two of the keys are the same" in collect(small_build, [one], ["anna", "anna"], code=2)
    envelope = json.loads(one.read_text())
    envelope["payload"] = json.loads(other.read_text())["payload"]
    one.write_text(json.dumps(envelope))
    said = collect(small_build, [one], ["anna"], code=2)
    assert "signed by none of the keys" in said
    assert "0 of 1 independent auditors confirm it" in said


def test_summary_of_an_audit(release: Release) -> None:
    """What an audit writes keeps the format's rules, names the release, and can be collected."""
    folder = release.key.parent
    auditor = release.other_key("auditor")
    release.audit("--vsa", folder / "a.json", "--sign", auditor, code=0)
    payload = signing.verify((folder / "a.json").read_bytes(), Path(f"{auditor}.pub"))
    value = json.loads(payload)
    assert value["_type"] == statement.STATEMENT_TYPE
    assert value["predicateType"] == "https://slsa.dev/verification_summary/v1"
    jsonschema.validate(value["predicate"], PREDICATE)
    stated = statement.parse((release.folder / statement.STATEMENT).read_bytes())
    assert summary.parse(payload).subjects == tuple(sorted(statement.subjects(stated).items()))
    assert value["predicate"]["policy"]["uri"].endswith("/files+trace")
    assert summary.parse(payload).passed
    assert not summary.parse(payload).rebuilt
    said = collect(release.project, [folder / "a.json"], ["auditor"], code=0)
    assert "1 of 1 independent auditors confirm it, 0 of them by a rebuild" in said
    # A refuted release gets a summary that says so; an undecided one gets none.
    (release.folder / "bundle" / "style.css").write_text("")
    release.audit("--vsa", folder / "b.json", "--sign", auditor, code=1)
    collect(release.project, [folder / "b.json"], ["auditor"], code=1)
    release.audit("--files", "--vsa", folder / "c.json", "--sign", auditor, code=1)
    assert not (folder / "d.json").exists()


def test_options(release: Release) -> None:
    """Options that do not go together, and things that are not there, are told in a line."""
    for arguments, message in (
        (["--vsa", "x.json"], "--vsa FILE and --sign KEY go together"),
        (["--files", "--rebuild"], "which --rebuild cannot: give one"),
        (["--repository", "/nowhere"], "/nowhere is no git work tree"),
        (["--key", "nothing.pub"], "nothing.pub"),
        (["--key", release.key], "is no public ed25519 key"),
        (["--remote", "nothing"], "nothing"),
    ):
        said = release.audit(*arguments, code=2)
        assert message in said
    for given, message in (
        ("nothing.tar.gz", "there is no nothing.tar.gz"),
        ("README.md", "README.md is neither"),
        ("docs", "docs is neither a release nor a bundle"),
        ("ftp://localhost/x", "only http:// and https:// addresses"),
        ("http://localhost:1/x.tar.gz", "cannot be fetched"),
    ):
        assert message in release.audit(release=given, code=2)
    done = release.project.run("provender", "audit", code=2)
    assert "name a release" in done.stderr
