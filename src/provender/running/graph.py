"""The workflow's jobs as Snakemake itself sees them."""

import contextlib
import hashlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provender import config, files, tool
from provender.errors import UserError
from provender.running import code_files, receipt, rerun

if TYPE_CHECKING:
    from snakemake.rules import Rule
    from snakemake.workflow import Workflow

# A value of the configuration as a rule names it, or the configuration as a whole.
CONFIG_USE = re.compile(r"""\bconfig\b((?:\[["']\w+["']\]|\.get\(["']\w+["'])*)""")

# A project that has none uses the tool's.
SNAKEFILE = Path("Snakefile")

# Where the jobs of the last reading are kept.
PLAN = Path(".snakemake/provender/jobs.json")

RULE_START = re.compile(r"^\s*(?:rule|checkpoint) \w+:", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """One run of a rule: paths as the rule gives them, the command as it is run."""

    rule: str
    # Where the rule stands.
    rule_file: str
    wildcards: dict[str, str]
    inputs: list[str]
    outputs: list[str]
    command: str
    # Names of the configuration that the rule uses, each a tuple of keys; () is all of it.
    settings: list[tuple[str, ...]]
    # What an output is marked with by report(): its category and labels.
    reports: dict[str, tuple[str, dict[str, str]]]

    @property
    def name(self) -> str:
        """The rule, with the values of its wildcards where it has any."""
        return "@".join([self.rule, *filter(None, ["-".join(self.wildcards.values())])])

    @property
    def receipt(self) -> str | None:
        """The job's receipt; a job without inputs, which makes a source, has none."""
        return next((path for path in self.outputs if receipt.FOLDER in Path(path).parents), None)


def read(overlays: Sequence[str] = ()) -> list[Job]:
    """Return the jobs of a whole build in running order, whether or not they need to run.

    ``overlays`` are the configuration files laid over the default one. Raises UserError
    where Snakemake cannot tell, as where the user's database is missing.
    """
    # Snakemake takes a second to import, which other commands do not need.
    from snakemake.api import SnakemakeApi
    from snakemake.exceptions import WorkflowError
    from snakemake.settings.types import (
        ConfigSettings,
        OutputSettings,
        Quietness,
        ResourceSettings,
        StorageSettings,
    )

    # Which jobs would run again, and why, is not asked here.
    silence = contextlib.redirect_stderr(io.StringIO())
    with rerun.only_reading(), silence, SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        try:
            workflow_api = api.workflow(
                resource_settings=ResourceSettings(),
                config_settings=ConfigSettings(configfiles=[Path(path) for path in overlays]),
                storage_settings=StorageSettings(),
                snakefile=SNAKEFILE if SNAKEFILE.exists() else tool.place(str(SNAKEFILE)),
            )
            workflow_api.dag()
            # What Snakemake's own commands that only list things do.
            workflow = workflow_api._workflow
            workflow._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=True)
            workflow._build_dag()
        except WorkflowError as error:
            raise UserError(f"Snakemake cannot plan the build: {error}") from error
        settings = {rule.name: _settings(workflow, rule) for rule in workflow.rules}
        levels = workflow.dag.toposorted()
        return [
            _as_job(job, settings[job.rule.name])
            for level in levels
            for job in sorted(level, key=lambda job: (job.rule.name, str(job.output)))
            if not job.rule.norun
        ]


def read_cached(overlays: Sequence[str] = ()) -> list[Job]:
    """Return the same as :func:`read`, kept from the last time if nothing has changed since.

    For what starts many times in a row: without Snakemake, which takes a second each time.
    Whoever records a build reads the jobs anew and compares, so no stale plan is recorded.
    """
    digest = _digest(overlays)
    if PLAN.exists():
        kept = files.read_json(PLAN)
        if kept["digest"] == digest:
            return [_job_from(fields) for fields in kept["jobs"]]
    jobs = read(overlays)
    # In the jobs' own order of keys, which dvc.yaml has too.
    files.write_text(PLAN, json.dumps({"digest": digest, "jobs": [asdict(job) for job in jobs]}))
    return jobs


def mermaid(jobs: Sequence[Job]) -> str:
    """Return the rules of a build as a Mermaid flowchart, each line from one to what reads it.

    A line is left out where longer ways lead from the one to the other.
    """
    makes = {path: job.rule for job in jobs for path in job.outputs}
    order = list(dict.fromkeys(job.rule for job in jobs))
    before = {
        rule: {
            makes[path]
            for job in jobs
            if job.rule == rule
            for path in job.inputs
            if makes.get(path, rule) != rule
        }
        for rule in order
    }
    # In running order, so that what is before a rule is known before it.
    above: dict[str, set[str]] = {}
    for rule in order:
        above[rule] = before[rule].union(*(above[other] for other in before[rule]))
    lines = [
        f"  {other} --> {rule}"
        for rule in order
        for other in order
        if other in before[rule] and not any(other in above[way] for way in before[rule])
    ]
    return "\n".join(["flowchart TD", *lines]) + "\n"


def _digest(overlays: Sequence[str]) -> str:
    """Return a digest of all that the jobs depend on."""
    settings = config.merge(config.DEFAULT, *overlays)
    texts = [*code_files.workflow(), *code_files.locks(), tool.path(config.SCHEMA)]
    texts += [config.DEFAULT, *overlays]
    # Of these it counts alone whether they are there: what was searched, and a log of changes.
    others = sorted(map(str, Path("config").rglob("*")))
    if "path" in settings["source"]:
        others += config.source_files(settings["source"])
    told = [[path, files.sha256(path)] for path in texts]
    return hashlib.sha256(json.dumps([told, others]).encode()).hexdigest()


def _job_from(fields: dict[str, Any]) -> Job:
    """Return a job from JSON, which knows no tuples."""
    settings = [tuple(names) for names in fields["settings"]]
    reports = {path: (category, labels) for path, (category, labels) in fields["reports"].items()}
    return Job(**{**fields, "settings": settings, "reports": reports})


def _as_job(job: Any, settings: list[tuple[str, ...]]) -> Job:
    marks = {str(path): path.flags["report"] for path in job.output if "report" in path.flags}
    return Job(
        rule=job.rule.name,
        rule_file=tool.path_of(job.rule.snakefile),
        wildcards=dict(job.wildcards_dict),
        inputs=list(dict.fromkeys(map(str, job.input))),
        outputs=list(map(str, job.output)),
        command=job.shellcmd,
        settings=settings,
        reports={path: (mark.category, mark.labels or {}) for path, mark in marks.items()},
    )


def _settings(workflow: "Workflow", rule: "Rule") -> list[tuple[str, ...]]:
    """Return which parts of the configuration the text of a rule names."""
    lines = Path(rule.snakefile).read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(lines[workflow.linemaps[rule.snakefile][rule.lineno] - 1 :])
    end = RULE_START.search(text, text.index(":"))
    return named(text[: end.start()] if end else text)


def named(text: str) -> list[tuple[str, ...]]:
    """Return which parts of the configuration a rule's text names, each a tuple of keys."""
    uses = CONFIG_USE.findall(text)
    return sorted({tuple(re.findall(r"""["'](\w+)""", use)) for use in uses})
