"""What an audit finds, one fact at a time, and the verdict that follows."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


class Outcome(enum.StrEnum):
    """What a fact says of the release; a note says neither yes nor no."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    NOTE = "note"


# As docs/audit.md has them.
EXIT_CODES = {Outcome.CONFIRMED: 0, Outcome.REFUTED: 1, Outcome.UNDECIDED: 2}

MARKS = {
    Outcome.CONFIRMED: "✓",
    Outcome.REFUTED: "✗",
    Outcome.UNDECIDED: "?",
    Outcome.NOTE: "·",
}


@dataclass(frozen=True)
class Finding:
    """One fact: of which part of the audit, about what, in words."""

    part: str
    outcome: Outcome
    about: str
    text: str

    def as_json(self) -> dict[str, Any]:
        """Return it for the report."""
        return {
            "part": self.part,
            "outcome": str(self.outcome),
            "about": self.about,
            "text": self.text,
        }


@dataclass
class Findings:
    """The facts found so far, in their order; ``part`` is that of those to come."""

    part: str = "files"
    found: list[Finding] = field(default_factory=list)

    def confirm(self, about: str, text: str) -> None:
        """Add a fact that speaks for the release."""
        self._add(Outcome.CONFIRMED, about, text)

    def refute(self, about: str, text: str) -> None:
        """Add a fact that contradicts the release."""
        self._add(Outcome.REFUTED, about, text)

    def leave_open(self, about: str, text: str) -> None:
        """Add what could not be decided, and why."""
        self._add(Outcome.UNDECIDED, about, text)

    def note(self, about: str, text: str) -> None:
        """Add what an auditor should know, but which decides nothing."""
        self._add(Outcome.NOTE, about, text)

    def refuted(self, part: str | None = None) -> bool:
        """Tell whether something, in one part or any, was refuted."""
        return any(
            finding.outcome is Outcome.REFUTED and part in (None, finding.part)
            for finding in self.found
        )

    def verdict(self, parts: Iterable[str] | None = None) -> Outcome:
        """Return the verdict on some parts or all: one contradiction refutes."""
        wanted = None if parts is None else set(parts)
        there = {
            finding.outcome for finding in self.found if wanted is None or finding.part in wanted
        }
        for outcome in (Outcome.REFUTED, Outcome.UNDECIDED, Outcome.CONFIRMED):
            if outcome in there:
                return outcome
        return Outcome.UNDECIDED

    def _add(self, outcome: Outcome, about: str, text: str) -> None:
        self.found.append(Finding(self.part, outcome, about, text))
