"""The command lines of ``provender audit`` and ``provender trace``."""

import argparse
import contextlib
import shutil
import textwrap
from collections.abc import Iterator

from provender import step
from provender.audit import findings, run
from provender.errors import UserError

# Columns where no terminal says how many it has.
WIDTH = 80


def audit(options: argparse.Namespace) -> None:
    """Audit a release, print what was found, and end with the exit code of the verdict."""
    with _undecided_on_errors():
        done = run.audit(options)
    print(format_findings(done.findings))
    raise SystemExit(findings.EXIT_CODES[done.findings.verdict()])


def format_findings(found: findings.Findings) -> str:
    """Return the findings as lines of text, as wide as the terminal."""
    width = shutil.get_terminal_size((WIDTH, 0)).columns
    lines, part = [], None
    for finding in found.found:
        if finding.part != part:
            part = finding.part
            lines.append(part)
        head = f"  {findings.MARKS[finding.outcome]} {finding.about}: "
        lines += textwrap.wrap(
            head + " ".join(finding.text.split()), width, subsequent_indent="    ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    verdict = found.verdict()
    lines.append(f"{findings.MARKS[verdict]} {verdict} (exit code {findings.EXIT_CODES[verdict]})")
    return "\n".join(lines)


@contextlib.contextmanager
def _undecided_on_errors() -> Iterator[None]:
    """End with the exit code for "undecided" on what the auditor can mend."""
    try:
        yield
    except (UserError, *step.WRONG_PATH) as error:
        step.log.error("error: %s", error)
        raise SystemExit(findings.EXIT_CODES[findings.Outcome.UNDECIDED]) from error
