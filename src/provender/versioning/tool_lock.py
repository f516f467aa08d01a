"""provender.lock: by which provender a project in a folder of its own is built.

DVC knows no file outside of a project, so this one, which the project commits, stands for them: the
tool's version and commit, a digest of the code of each rule, and the defaults of settings that the
project does not set. Stages of dvc.yaml name the rule's digest and defaults as their parameters.
"""

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from provender import config, files, tool
from provender.errors import UserError
from provender.running.graph import Job

FILE = Path("provender.lock")

HEADER = (
    "# Written by provender, which builds this project: commit it. provender refresh renews it.\n"
)

# Keys of the file.
TOOL, CODE, DEFAULTS = "tool", "code", "defaults"


def generate(jobs: Sequence[Job]) -> str:
    """Return the text of provender.lock for the jobs of a build."""
    defaults: config.Config = {}
    for key, (_, value) in config.defaults(config.read_schema(config.SCHEMA)).items():
        below = defaults
        for name in key[:-1]:
            below = below.setdefault(name, {})
        below[key[-1]] = value
    rules: dict[str, list[Job]] = {}
    for job in jobs:
        rules.setdefault(job.rule, []).append(job)
    code = {rule: _code_digest(group) for rule, group in sorted(rules.items())}
    document = {TOOL: identity(), CODE: code, DEFAULTS: defaults}
    return HEADER + yaml.dump(
        document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=100
    )


def read() -> dict[str, Any]:
    """Return what provender.lock of this folder says."""
    if not FILE.exists():
        raise UserError(f"there is no {FILE}: run provender refresh")
    return parse(FILE.read_text(encoding="utf-8"))


def parse(text: str) -> dict[str, Any]:
    """Return what the text of a provender.lock says. Raises UserError where it is none."""
    try:
        found: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)
        for key in (TOOL, CODE, DEFAULTS):
            found[key].items()
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{FILE} is not as it was written: run provender refresh") from error
    return found


def check(jobs: Sequence[Job]) -> None:
    """Raise UserError, naming the mend, unless provender.lock is of the tool that is installed."""
    if read()[TOOL] != identity():
        raise UserError(
            f"{FILE} names {describe(read()[TOOL])}, and this is {describe(identity())}: install "
            "that one, or run provender refresh to build with this one"
        )
    if FILE.read_text(encoding="utf-8") != generate(jobs):
        raise UserError(f"{FILE} is not what this project needs: run provender refresh")


def write(jobs: Sequence[Job]) -> None:
    """Write provender.lock."""
    files.write_text(FILE, generate(jobs))


def describe(identity: Mapping[str, Any]) -> str:
    """Return a tool's version and commit in words."""
    commit = identity.get("commit") or "of no commit"
    return f"provender {identity.get('version')} ({commit})"


@functools.cache
def identity() -> dict[str, Any]:
    """Return the version of the installed tool and its commit.

    The commit is as :func:`provender.tool.commit` tells it.
    """
    return {"version": metadata.version("provender"), "commit": tool.commit()}


def _code_digest(jobs: Sequence[Job]) -> str:
    """Return one digest of the tool's files that jobs of a rule read, and of the rule itself."""
    paths = {path for job in jobs for path in (*job.inputs, job.rule_file)}
    return code_digest({path: files.sha256(path) for path in paths if tool.is_linked(path)})


def code_digest(sha256: Mapping[str, str]) -> str:
    """Return one digest for many, given by the paths of their files."""
    told = json.dumps(sorted((tool.name(path), digest) for path, digest in sha256.items()))
    return hashlib.sha256(told.encode()).hexdigest()
