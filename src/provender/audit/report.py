"""The verdict for people and for programs: one HTML file that needs nothing else, and JSON."""

from pathlib import Path
from typing import Any

from provender.audit import findings, stages
from provender.audit.run import Audit
from provender.release import statement

FORMAT = 1
TEMPLATE = Path(__file__).with_name("report.html")

PARTS = {
    "files": "Files and signature",
    "trace": "Commit, data and receipts",
    "rebuild": "Built again",
    "compare": "Compared with the rebuild",
    "node": "Made again in Node.js",
}

VERDICTS = {
    findings.Outcome.CONFIRMED: "It is what it says",
    findings.Outcome.REFUTED: "It is not what it says",
    findings.Outcome.UNDECIDED: "It could not be decided",
}


def as_json(done: Audit) -> dict[str, Any]:
    """Return all that an audit has found, for programs."""
    verdict = done.findings.verdict()
    found: dict[str, Any] = {
        "format": FORMAT,
        "release": done.named,
        "audited": done.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "verdict": str(verdict),
        "exit_code": findings.EXIT_CODES[verdict],
        "parts": {part: str(done.findings.verdict([part])) for part in PARTS if part in done.parts},
        "findings": [finding.as_json() for finding in done.findings.found],
        "statement": _describe(done),
        "files": done.sha256,
        "steps": [],
        "comparison": None,
        "seconds": done.seconds,
    }
    if done.traced is not None:
        found["commit"] = done.traced.commit
        found["repository"] = done.traced.repository.place
        of = done.traced.tool
        found["tool"] = of and {"commit": of.commit, "repository": of.repository.place}
        found["steps"] = [
            {"step": name, "outcome": str(outcome), "text": text}
            for name in done.traced.order
            for outcome, text in [done.traced.states[name]]
        ]
    if done.comparison is not None:
        found["comparison"] = {
            "level": str(done.comparison.level),
            "first_step": done.comparison.first,
            "cause": done.comparison.cause,
            "predictions": done.comparison.predictions and done.comparison.predictions.describe(),
            "files": [each.as_json() for each in done.comparison.files],
        }
    return found


def _describe(done: Audit) -> dict[str, Any] | None:
    if done.stated is None:
        return None
    parameters = statement.parameters(done.stated)
    source = statement.dependencies(done.stated)[statement.SOURCE]
    return {
        "name": parameters["name"],
        "version": parameters["version"],
        "configuration": parameters["configuration"],
        "title": parameters["settings"].get("title"),
        "commit": source["digest"]["gitCommit"],
        "repository": source.get("uri"),
        "sha256": done.stated_sha256,
        "subjects": len(statement.subjects(done.stated)),
        "dependencies": {
            name: item["digest"]
            for name, item in statement.dependencies(done.stated).items()
            if name != statement.SOURCE
        },
        "builder": done.stated["predicate"]["runDetails"]["builder"],
    }


def render(done: Audit) -> str:
    """Return the report as HTML."""
    # Takes a tenth of a second to import, which an audit without a report does not need.
    import jinja2

    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    report = as_json(done)
    marks = {str(outcome): mark for outcome, mark in findings.MARKS.items()}
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        report=report,
        said=VERDICTS[done.findings.verdict()],
        parts=PARTS,
        marks=marks,
        layers=_layers(done),
    )


def _layers(done: Audit) -> list[list[dict[str, str]]]:
    """Return the graph as rows of steps: each comes after all that it needs."""
    if done.traced is None:
        return []
    ranks = stages.depths(done.traced.locked)
    rows: list[list[dict[str, str]]] = [[] for _ in range(max(ranks.values(), default=0))]
    for name in done.traced.order:
        outcome, text = done.traced.states[name]
        rows[ranks[name] - 1].append({"step": name, "outcome": str(outcome), "text": text})
    return rows
