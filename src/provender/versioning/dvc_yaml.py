"""dvc.yaml: the Snakefile's graph as DVC reads it, one stage a rule.

A stage's command names its rule alone, and ``provender run`` asks the Snakefile for the rest: so
no value of the configuration stands in dvc.yaml, where it could be out of date. What the command
depends on is among the stage's dependencies and parameters: the file of the rule, and the
settings that the rule names.
"""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from provender import config, files, tool
from provender.errors import UserError
from provender.running.graph import Job
from provender.versioning import tool_lock

FILE = Path("dvc.yaml")
LOCK = str(tool_lock.FILE)

HEADER = "# Generated from the Snakefile: edit the rules, then run {refresh}.\n"

# What a stage runs.
RUN = "provender run"

# How a rule marks an output for DVC: report(path, category=…).
METRICS = "metrics"
TABLES = "tables"

# The labels of a plot that DVC takes as its properties.
AXES = ("x", "template", "title", "x_label", "y_label")


def generate(jobs: Sequence[Job], overlays: Sequence[str] = ()) -> str:
    """Return the text of dvc.yaml for the jobs of a build with configuration ``overlays``."""
    rules: dict[str, list[Job]] = {}
    for job in jobs:
        rules.setdefault(job.rule, []).append(job)
    found = places(sources([config.DEFAULT, *overlays]))
    stages = {rule: _stage(group, found) for rule, group in rules.items()}
    plots = [
        {labels.get("title", path): {"y": {path: labels["y"].split()}, **_axes(labels)}}
        for job in jobs
        for path, (category, labels) in job.reports.items()
        if category == TABLES
    ]
    document = {"vars": [{"overlays": list(overlays)}], "stages": stages, "plots": plots}
    # In C: in Python it takes half a second. Lists run on, so that a stage reads in a screen.
    text: str = yaml.dump(
        document,
        Dumper=yaml.CSafeDumper,
        sort_keys=False,
        allow_unicode=True,
        width=72,
        default_flow_style=None,
    )
    return HEADER.format(refresh=tool.how("refresh")) + text


def overlays() -> list[str]:
    """Return the configuration files with which dvc.yaml was generated."""
    if not FILE.exists():
        raise UserError(f"there is no {FILE}: run {tool.how('refresh')}")
    return parse_overlays(FILE.read_text(encoding="utf-8"))


def parse_overlays(text: str) -> list[str]:
    """Return the configuration files with which the text of a dvc.yaml was generated."""
    try:
        found: list[str] = yaml.load(text, yaml.CSafeLoader)["vars"][0]["overlays"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise UserError(f"{FILE} is not as it was generated: run {tool.how('refresh')}") from error
    return found


def check(jobs: Sequence[Job], overlays: Sequence[str]) -> None:
    """Raise UserError, naming the mend, unless dvc.yaml is what the Snakefile says."""
    if not tool.is_here():
        tool_lock.check(jobs)
    if not FILE.exists() or FILE.read_text(encoding="utf-8") != generate(jobs, overlays):
        raise UserError(f"{FILE} differs from the Snakefile: run {tool.how('refresh')}")


def write(jobs: Sequence[Job], overlays: Sequence[str]) -> None:
    """Write dvc.yaml, and provender.lock where the tool is not in this folder."""
    if not tool.is_here():
        tool_lock.write(jobs)
    files.write_text(FILE, generate(jobs, overlays))


def _stage(jobs: list[Job], places: dict[tuple[str, ...], tuple[str, str]]) -> dict[str, Any]:
    bodies = [_body(job, places) for job in jobs]
    if not jobs[0].wildcards:
        return bodies[0]
    # One stage for all: the text of one job with its wildcards' values as placeholders,
    # right if filling in each job's values gives each job's text.
    for pattern, job in zip(bodies, jobs, strict=True):
        for key, value in job.wildcards.items():
            pattern = _replace(pattern, value, f"${{item.{key}}}")
        if all(_fill(pattern, j.wildcards) == b for j, b in zip(jobs, bodies, strict=True)):
            each = {"-".join(job.wildcards.values()): job.wildcards for job in jobs}
            return {"foreach": each, "do": pattern}
    raise UserError(
        f"rule {jobs[0].rule}: its jobs differ in more than the values of their wildcards, which "
        "no stage of DVC can say; make them differ in file names only"
    )


def _body(job: Job, places: dict[tuple[str, ...], tuple[str, str]]) -> dict[str, Any]:
    body: dict[str, Any] = {"cmd": command(job), "deps": dependencies(job)}
    body["params"] = [{path: keys} for path, keys in settings(job, places).items()]
    metrics = [path for path, (category, _) in job.reports.items() if category == METRICS]
    body["outs"] = [path for path in job.outputs if path not in metrics]
    body["metrics"] = metrics
    return {key: value for key, value in body.items() if value}


def command(job: Job) -> str:
    """Return the command of a job's stage."""
    values = (f"{name}={value}" for name, value in job.wildcards.items())
    return shlex.join([*RUN.split(), job.rule, *values])


def dependencies(job: Job) -> list[str]:
    """Return the files that a job's stage depends on: what it reads, and the file of its rule.

    A job that reads nothing makes a source, which is fetched again for other settings alone. For
    files of a tool that lies elsewhere stands provender.lock.
    """
    paths = dict.fromkeys([*job.inputs, job.rule_file]) if job.inputs else {}
    return [path for path in paths if not tool.is_linked(path)]


def settings(job: Job, places: dict[tuple[str, ...], tuple[str, str]]) -> dict[str, list[str]]:
    """Return where the settings that a job uses stand: dotted names by file."""
    found: dict[str, list[str]] = {}
    for key in sorted({leaf for use in job.settings for leaf in _leaves(use, places)}):
        path, name = places[key]
        found.setdefault(path, []).append(name)
    if tool.is_linked(job.rule_file):
        found.setdefault(LOCK, []).append(f"{tool_lock.CODE}.{job.rule}")
    return {path: found[path] for path in sorted(found)}


def _leaves(
    use: tuple[str, ...], places: dict[tuple[str, ...], tuple[str, str]]
) -> list[tuple[str, ...]]:
    """Return the settings below a part of the configuration; of all of it, what identifies it."""
    below = [key for key in places if key[: len(use)] == use]
    return below if use else [key for key in below if _identifies(key)]


def _identifies(key: tuple[str, ...]) -> bool:
    others = (*config.PUBLICATION, *config.RUNNING)
    return key[0] not in others and key[-1] not in config.LOCATIONS


def recorded_settings(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a stage of dvc.lock says of its settings: values by dotted key."""
    return {
        setting: value
        for path, values in entry.get("params", {}).items()
        for name, value in values.items()
        if (setting := _setting(path, str(name)))
    }


def _setting(path: str, name: str) -> str:
    """Return the setting that a dotted name of a file stands for; none for a digest of code."""
    if path == config.SCHEMA:
        # Its names alternate with "properties".
        return ".".join(name.split(".")[1:-1:2])
    if path == LOCK:
        kind, _, setting = name.partition(".")
        return setting if kind == tool_lock.DEFAULTS else ""
    return name


def sources(paths: Sequence[str]) -> dict[str, config.Config]:
    """Return the files that settings come from, by path: of defaults, then configurations."""
    parts = {path: config.read_overlay(path) for path in paths}
    if tool.is_here():
        return {config.SCHEMA: config.read_schema(config.SCHEMA), **parts}
    return {LOCK: tool_lock.read(), **parts}


def places(sources: dict[str, config.Config]) -> dict[tuple[str, ...], tuple[str, str]]:
    """Return each setting, a tuple of keys, with where it stands: a file and a dotted name.

    That is the file that has the last word on it, or for a default the schema or provender.lock.
    """
    (first, _), *files = sources.items()
    found = {
        key: (first, ".".join([tool_lock.DEFAULTS, *key] if first == LOCK else place))
        for key, (place, _) in config.defaults(config.read_schema(config.SCHEMA)).items()
    }
    parts = config.that_count([part for _, part in files])
    paths = [path for path, _ in files][-len(parts) :]
    for path, part in zip(paths, parts, strict=True):
        waiting: list[tuple[tuple[str, ...], Any]] = [((), part)]
        while waiting:
            key, value = waiting.pop()
            if isinstance(value, dict):
                waiting += [((*key, name), below) for name, below in value.items()]
            else:
                found[key] = (path, ".".join(key))
    return found


def _axes(labels: dict[str, str]) -> dict[str, str]:
    return {key: labels[key] for key in AXES if key in labels}


def _fill(value: Any, wildcards: dict[str, str]) -> Any:
    for key, text in wildcards.items():
        value = _replace(value, f"${{item.{key}}}", text)
    return value


def _replace(value: Any, old: str, new: str) -> Any:
    """Replace text in every string of a nest of lists and dicts."""
    if isinstance(value, dict):
        return {key: _replace(below, old, new) for key, below in value.items()}
    if isinstance(value, list):
        return [_replace(below, old, new) for below in value]
    return value.replace(old, new)
