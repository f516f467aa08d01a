"""The command lines of ``provender audit`` and ``provender trace``."""

import argparse
import contextlib
import shutil
import textwrap
from collections.abc import Iterator

from provender import console, files
from provender.audit import findings, report, run, summary
from provender.audit.options import PYTHON
from provender.errors import UserError
from provender.release import signing, statement
from provender.running import step

# Columns where no terminal says how many it has.
WIDTH = 80

Outcome = findings.Outcome


def audit(options: argparse.Namespace) -> None:
    """Audit a release, print what was found, and end with the exit code of the verdict."""
    with _undecided_on_errors():
        verdict = _collect(options) if options.collect else _audit(options)
    raise SystemExit(findings.EXIT_CODES[verdict])


def trace(options: argparse.Namespace) -> None:
    """Print the way from a file or a release back to the inputs."""
    # Takes what audits need, and nothing of it but the graph.
    from provender.audit import lineage

    print("\n".join(lineage.trace(options)))


def _audit(options: argparse.Namespace) -> Outcome:
    if not options.release:
        raise UserError("name a release: its folder, archive or address; or --collect summaries")
    if len(options.key) > 1:
        raise UserError("one publisher has signed a release: name one --key")
    if options.files and options.rebuild:
        raise UserError("--files looks at the files alone, which --rebuild cannot: give one")
    if options.by != PYTHON and not options.rebuild:
        raise UserError("--by says how to build again: give --rebuild too")
    if bool(options.vsa) != bool(options.sign):
        raise UserError("--vsa FILE and --sign KEY go together: a summary is signed")
    signer = signing.read_signer(options.sign) if options.sign else None
    done = run.audit(options)
    print(format_findings(done.findings))
    verdict = done.findings.verdict()
    if options.json:
        files.write_json(options.json, report.as_json(done))
    if options.html:
        files.write_text(options.html, report.render(done))
    if signer is not None:
        if verdict is Outcome.UNDECIDED or done.stated is None:
            console.log.info("no summary is written: %s", _why_no_summary(done))
        else:
            summarised = _summarise(done, done.stated, options)
            files.write_json(options.vsa, signing.sign(summarised, signer))
    return verdict


def _why_no_summary(done: run.Audit) -> str:
    return "there is no statement" if done.stated is None else "the verdict is neither yes nor no"


def _summarise(done: run.Audit, stated: statement.Statement, options: argparse.Namespace) -> bytes:
    parameters = statement.parameters(stated)
    resource = options.release if "://" in options.release else (
        f"pkg:generic/{parameters['name']}@{parameters['version']}"
    )  # fmt: skip
    level = str(done.comparison.level) if done.comparison else None
    return summary.encode(
        summary.build(
            statement.subjects(stated),
            done.sha256[statement.STATEMENT],
            resource,
            done.findings.verdict() is Outcome.CONFIRMED,
            done.parts,
            level,
            done.started.strftime(summary.TIME),
        )
    )


def _collect(options: argparse.Namespace) -> Outcome:
    """Count the auditors that confirm one release; print who says what."""
    needed = options.need if options.need is not None else len(options.key)
    if options.release:
        raise UserError("--collect takes summaries alone: leave the release out")
    if options.key and not 1 <= needed <= len(options.key):
        raise UserError(f"--need {needed} of {len(options.key)} auditors cannot be")
    count = summary.collect(options.collect, options.key)
    for key in count.keys:
        found = count.by_key.get(key)
        if found is None:
            print(f"? {key}: has signed none of these")
        else:
            how = ", ".join(found.levels)
            print(f"{'✓' if found.passed else '✗'} {key}: {found.time}, {how}")
    for path, why in count.refused.items():
        print(f"· {path}: not counted: {why}")
    if count.by_key:
        subjects = next(iter(count.by_key.values())).subjects
        print(f"of {len(subjects)} files, together {summary.identity(subjects)}")
    again = sum(count.by_key[key].rebuilt for key in count.passed)
    print(
        f"{len(count.passed)} of {len(count.keys)} independent auditors confirm it, {again} of "
        f"them by a rebuild; {needed} are needed"
    )
    if count.failed:
        return Outcome.REFUTED
    return Outcome.CONFIRMED if len(count.passed) >= needed else Outcome.UNDECIDED


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
        console.log.error("error: %s", error)
        raise SystemExit(findings.EXIT_CODES[Outcome.UNDECIDED]) from error
