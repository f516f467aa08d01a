"""The verdict as others can collect it: a SLSA verification summary in a DSSE envelope.

Format: slsa.dev, verification summary v1. Signed by the auditor's own key, which stands for
the auditor; who collects summaries says whose keys count.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provender.errors import UserError
from provender.release import signing, statement

PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
VERIFIER = f"{statement.NAMESPACE}#provender/audit/v1"
SLSA_VERSION = "1.0"
PASSED, FAILED = "PASSED", "FAILED"

# What publishers' own machines reach; see docs/audit.md.
LEVEL = "SLSA_BUILD_LEVEL_1"

# Besides SLSA's own levels: every file was built again, and how alike it was.
REBUILT = "PROVENDER_REBUILT"

TIME = "%Y-%m-%dT%H:%M:%SZ"


class SummaryError(UserError):
    """Something that is no verification summary; the message says why."""


@dataclass(frozen=True)
class Summary:
    """One auditor's verdict on one release."""

    # Files of the release with their sha256 digests, by which it is told from others.
    subjects: tuple[tuple[str, str], ...]
    passed: bool
    levels: tuple[str, ...]
    policy: str
    time: str

    @property
    def rebuilt(self) -> bool:
        """Whether this auditor has built the release again."""
        return any(level.startswith(REBUILT) for level in self.levels)


def build(
    subjects: dict[str, str],
    provenance: str,
    resource: str,
    passed: bool,
    steps: Sequence[str],
    level: str | None,
    time: str,
) -> dict[str, Any]:
    """Return the summary as an in-toto statement.

    ``provenance`` is the sha256 digest of the release's statement, ``steps`` the parts of the
    audit that were done, ``level`` how alike a rebuild was, if there was one.
    """
    policy = f"{statement.NAMESPACE}#provender/audit/v1/{'+'.join(steps)}"
    levels = [LEVEL, *([f"{REBUILT}_{level}"] if level else [])] if passed else [FAILED]
    return {
        "_type": statement.STATEMENT_TYPE,
        "subject": [
            {"name": name, "digest": {"sha256": subjects[name]}} for name in sorted(subjects)
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "verifier": {"id": VERIFIER},
            "timeVerified": time,
            "resourceUri": resource,
            "policy": {"uri": policy},
            "inputAttestations": [{"name": statement.STATEMENT, "digest": {"sha256": provenance}}],
            "verificationResult": PASSED if passed else FAILED,
            "verifiedLevels": levels,
            "slsaVersion": SLSA_VERSION,
        },
    }


def encode(value: dict[str, Any]) -> bytes:
    """Return a summary as the bytes that are signed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def parse(data: bytes) -> Summary:
    """Return the summary that ``data`` holds. Raises SummaryError where it is none."""
    try:
        value = statement.read_json(data, "the summary")
        predicate = value["predicate"]
        if value["_type"] != statement.STATEMENT_TYPE or value["predicateType"] != PREDICATE_TYPE:
            raise ValueError("it is of another type")
        result = predicate["verificationResult"]
        if result not in (PASSED, FAILED):
            raise ValueError(f"its result is {result!r:.50}")
        subjects = [(item["name"], item["digest"]["sha256"]) for item in value["subject"]]
        texts = [*(text for pair in subjects for text in pair), predicate["policy"]["uri"]]
        texts += [*predicate["verifiedLevels"], predicate["timeVerified"]]
        if not subjects or not all(isinstance(text, str) for text in texts):
            raise ValueError("a field is no text")
    except (statement.StatementError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SummaryError(f"it is no verification summary: {error!r:.200}") from error
    return Summary(
        tuple(sorted(subjects)),
        result == PASSED,
        tuple(predicate["verifiedLevels"]),
        predicate["policy"]["uri"],
        predicate["timeVerified"],
    )


@dataclass(frozen=True)
class Count:
    """What several auditors say of one release."""

    # By the auditor's key, as a file: its summary, the worst where there are several.
    by_key: dict[Path, Summary]
    keys: tuple[Path, ...]
    # Files of which no key has signed the content, with the reason.
    refused: dict[Path, str]

    @property
    def passed(self) -> list[Path]:
        """The keys whose auditors confirm the release."""
        return [key for key, summary in self.by_key.items() if summary.passed]

    @property
    def failed(self) -> list[Path]:
        """The keys whose auditors refute it."""
        return [key for key, summary in self.by_key.items() if not summary.passed]


def collect(paths: Sequence[Path], keys: Sequence[Path]) -> Count:
    """Count the auditors, one a key, by their signed summaries of one release.

    Raises UserError where no keys are given, where two are one, and where the summaries are
    of several releases: then nothing can be counted.
    """
    if not keys:
        raise UserError(
            "whose summaries count is yours to say: name each auditor's public key by --key"
        )
    ids = {path: signing.read_public(path).keyid for path in keys}
    if len(set(ids.values())) < len(keys):
        raise UserError("two of the keys are the same, and one auditor counts once")
    by_key: dict[Path, Summary] = {}
    refused: dict[Path, str] = {}
    for path in paths:
        envelope = path.read_bytes()
        signers = [key for key in keys if _is_signed(envelope, key)]
        if not signers:
            refused[path] = "signed by none of the keys"
            continue
        try:
            found = parse(signing.verify(envelope, signers[0]))
        except SummaryError as error:
            refused[path] = str(error)
            continue
        before = by_key.get(signers[0])
        # Who says both is not taken at the better word.
        if before is None or before.passed:
            by_key[signers[0]] = found
        if before is not None and before.subjects != found.subjects:
            raise UserError(_of_several())
    if len({summary.subjects for summary in by_key.values()}) > 1:
        raise UserError(_of_several())
    return Count(by_key, tuple(keys), refused)


def _is_signed(envelope: bytes, key: Path) -> bool:
    try:
        signing.verify(envelope, key)
    except signing.SignatureError:
        return False
    return True


def _of_several() -> str:
    return "the summaries are of several releases: collect those of one"


def identity(subjects: Sequence[tuple[str, str]]) -> str:
    """Return one digest of a release's files, to compare releases by eye."""
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(subjects))
    return hashlib.sha256(text.encode()).hexdigest()
