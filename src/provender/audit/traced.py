"""The commit behind a release: what it holds, and what is known of each of its steps."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml

from provender import config, tool
from provender.audit import stages
from provender.audit.findings import Outcome
from provender.audit.repository import Repository
from provender.errors import UserError
from provender.release import statement
from provender.versioning import dvc_lock, dvc_yaml, tool_lock

# Where the build lies, by what it is called in a release.
PLACES = {statement.BUNDLE: "dist/bundle", "npm": "dist/npm"}

# What is raised for a configuration that is none, by whoever reads it.
NO_SETTINGS = (
    AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError, yaml.YAMLError,
)  # fmt: skip

# What is said of a step before anything is known of it.
UNSEEN = (Outcome.UNDECIDED, "not looked at")

# The steps that are given their data, and so read what no commit has.
SOURCE_RULE, VECTORS_RULE = SOURCE_RULES = ("fetch_source", "read_vectors")


@dataclass(frozen=True)
class Tool:
    """The commit of provender that a project in another repository is built by."""

    repository: Repository
    commit: str


@dataclass
class Traced:
    """What is known of the commit behind a release."""

    repository: Repository
    commit: str
    # Where the project does not hold the tool itself.
    tool: Tool | None
    # What its provender.lock says, where it has one.
    tool_lock: dict[str, Any]
    locked: dvc_lock.Lock
    # The stages in running order, and what is said of each: outcome and words.
    order: list[str]
    states: dict[str, tuple[Outcome, str]]
    overlays: list[str]
    settings: config.Config
    # sha256 digests of what the remote holds, by path; receipts by stage, whatever they hold.
    sha256: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, Any] = field(default_factory=dict)

    def is_config(self, path: str) -> bool:
        """Tell whether a file is part of the configuration."""
        path = tool.name(path)
        return path in (config.DEFAULT, *self.overlays) or path.startswith("config/")

    def path(self, name: str) -> str:
        """Return the path in the project of a file of the tool."""
        return f"{tool.LINKS}/{name}" if self.tool else name

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the content of files by their paths; those of the tool are of its own commit."""
        return read_both(self.repository, self.commit, self.tool, paths)


def read_both(
    repository: Repository, commit: str, of: Tool | None, paths: Iterable[str]
) -> dict[str, bytes]:
    """Return the content of files of a project and of its tool, by their paths in the project."""
    paths = list(paths)
    if of is None:
        return repository.read(commit, paths)
    linked = {tool.name(path): path for path in paths if tool.is_linked(path)}
    own = [path for path in paths if not tool.is_linked(path)]
    there = of.repository.read(of.commit, linked)
    return repository.read(commit, own) | {linked[name]: data for name, data in there.items()}


def read_tool_lock(repository: Repository, commit: str) -> dict[str, Any]:
    """Return what provender.lock of a commit says; nothing where the project holds the tool."""
    name = str(tool_lock.FILE)
    data = repository.read(commit, [name]).get(name)
    return {} if data is None else tool_lock.parse(data.decode("utf-8", "replace"))


def read_commit(
    repository: Repository,
    commit: str,
    of: Tool | None = None,
    lock: dict[str, Any] | None = None,
) -> Traced:
    """Read dvc.lock and the configuration of a commit. Raises UserError where they are none.

    ``of`` and ``lock``: the tool and what provender.lock says, where the project has another.
    """
    names = (str(dvc_lock.FILE), str(dvc_yaml.FILE))
    there = repository.read(commit, names)
    for name in names:
        if name not in there:
            raise UserError(f"the commit {commit} has no {name}: it recorded no build")
    locked = stages.parse(there[names[0]], f"{names[0]} of {commit}")
    try:
        overlays = dvc_yaml.parse_overlays(there[names[1]].decode("utf-8"))
        paths = [config.DEFAULT, *map(str, overlays)]
        # With the defaults that the tool had then.
        schema_path = f"{tool.LINKS}/{config.SCHEMA}" if of else config.SCHEMA
        texts = read_both(repository, commit, of, [schema_path, *paths])
        schema, *parts = (
            yaml.safe_load(texts[path].decode("utf-8")) for path in (schema_path, *paths)
        )
        settings = config.combine(parts, schema)
        # Whose parts hold themselves, as YAML can say, has no end.
        json.dumps(settings, default=str)
        config.named_files(settings)
    except NO_SETTINGS as error:
        raise UserError(f"the commit {commit} has no configuration: {error!r:.200}") from error
    order = stages.ordered(locked)
    states = dict.fromkeys(order, UNSEEN)
    return Traced(repository, commit, of, lock or {}, locked, order, states, paths[1:], settings)


def is_source(traced: Traced, name: str, path: str) -> bool:
    """Tell whether a file is the publisher's archive, database or word vectors.

    No commit need hold these.
    """
    kind = stages.cause(path, traced.is_config)
    return name in SOURCE_RULES and kind not in (stages.CODE_EDIT, stages.DEPENDENCY)


def md5_of(data: bytes) -> str:
    """Return the digest by which DVC names a file."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
