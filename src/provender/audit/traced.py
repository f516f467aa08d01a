"""The commit behind a release: what it holds, and what is known of each of its steps."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import yaml

from provender import config
from provender.audit import stages
from provender.audit.findings import Outcome
from provender.audit.repository import Repository
from provender.errors import UserError
from provender.release import statement
from provender.versioning import dvc_lock, dvc_yaml

# Where the build lies, by what it is called in a release.
PLACES = {statement.BUNDLE: "dist/bundle", "npm": "dist/npm"}

# What is raised for a configuration that is none, by whoever reads it.
NO_SETTINGS = (
    AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError, yaml.YAMLError,
)  # fmt: skip

# What is said of a step before anything is known of it.
UNSEEN = (Outcome.UNDECIDED, "not looked at")

# The step that is given its data, and so reads what no commit has.
SOURCE_RULE = "fetch_source"


@dataclass
class Traced:
    """What is known of the commit behind a release."""

    repository: Repository
    commit: str
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
        return path in (config.DEFAULT, *self.overlays) or path.startswith("config/")


def read_commit(repository: Repository, commit: str) -> Traced:
    """Read dvc.lock and the configuration of a commit. Raises UserError where they are none."""
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
        texts = repository.read(commit, [config.SCHEMA, *paths])
        schema, *parts = (
            yaml.safe_load(texts[path].decode("utf-8")) for path in (config.SCHEMA, *paths)
        )
        settings = config.combine(parts, schema)
        # Whose parts hold themselves, as YAML can say, has no end.
        json.dumps(settings, default=str)
        config.named_files(settings)
    except NO_SETTINGS as error:
        raise UserError(f"the commit {commit} has no configuration: {error!r:.200}") from error
    order = stages.ordered(locked)
    states = dict.fromkeys(order, UNSEEN)
    return Traced(repository, commit, locked, order, states, paths[1:], settings)


def is_source(traced: Traced, name: str, path: str) -> bool:
    """Tell whether a file is the publisher's archive or database, which no commit need hold."""
    kind = stages.cause(path, traced.is_config)
    return name == SOURCE_RULE and kind not in (stages.CODE_EDIT, stages.DEPENDENCY)


def md5_of(data: bytes) -> str:
    """Return the digest by which DVC names a file."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
