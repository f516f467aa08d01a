"""The graph of a recorded build: which stage made which file, in running order."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import Any

import yaml

from provender import tool
from provender.errors import UserError
from provender.running import receipt
from provender.running.code_files import NODE_LOCK, PYTHON_LOCK
from provender.versioning import dvc_lock, remote
from provender.versioning.why import CODE

DATABASE = "data/source/news.sqlite"

# What is raised for a dvc.lock that is none.
UNREADABLE = (AttributeError, KeyError, RecursionError, TypeError, ValueError, yaml.YAMLError)

MD5 = re.compile(r"[0-9a-f]{32}")

# What takes part in a build, by the cause that it would be of a difference.
DATABASE_ROWS, CONFIG, DEPENDENCY, CODE_EDIT, EARLIER = (
    "database rows", "config", "dependency", "code", "an earlier step",
)  # fmt: skip


def parse(data: bytes, what: str) -> dvc_lock.Lock:
    """Return the stages of a dvc.lock. Raises UserError where it is none, calling it ``what``."""
    try:
        # In C: in Python it takes a second.
        stages = yaml.load(data.decode("utf-8"), yaml.CSafeLoader)["stages"]
        for entry in stages.values():
            for item in (*entry.get("deps", []), *entry.get("outs", [])):
                known = MD5.fullmatch(item["md5"]) and isinstance(item["size"], int)
                if not (known and isinstance(item["path"], str)):
                    raise ValueError(f"{item['path']!r:.100} has no md5 digest and size")
            if not isinstance(entry["cmd"], str):
                raise ValueError("a stage has no command")
            for values in entry.get("params", {}).values():
                values.items()
        # Whose parts hold themselves, as YAML can say, has no end.
        json.dumps(stages, default=str)
    except UNREADABLE as error:
        raise UserError(f"{what} cannot be read: {error!r:.200}") from error
    return {str(name): entry for name, entry in stages.items()}


def written(locked: dvc_lock.Lock) -> dict[str, str]:
    """Return the md5 digest of each file that a build wrote, by its path."""
    outs = (dvc_lock.digests(entry, "outs") for entry in locked.values())
    return {path: md5 for part in outs for path, md5 in part.items()}


def makers(locked: dvc_lock.Lock) -> dict[str, str]:
    """Return the stage that made each file, by its path."""
    return {
        path: name for name, entry in locked.items() for path in dvc_lock.digests(entry, "outs")
    }


def depths(locked: dvc_lock.Lock) -> dict[str, int]:
    """Return how deep each stage lies: 1 where it needs no other. Raises UserError on a circle."""
    made_by = makers(locked)
    found: dict[str, int] = {}

    def depth(name: str, above: tuple[str, ...] = ()) -> int:
        if name in above:
            raise UserError(f"{dvc_lock.FILE} goes in a circle at {name}")
        if name not in found:
            needed = dvc_lock.digests(locked[name], "deps")
            before = {made_by[path] for path in needed if path in made_by}
            found[name] = 1 + max((depth(each, (*above, name)) for each in before), default=0)
        return found[name]

    return {name: depth(name) for name in locked}


def ordered(locked: dvc_lock.Lock) -> list[str]:
    """Return the stages in running order: by how many others come before, then by name."""
    found = depths(locked)
    return sorted(locked, key=lambda name: (found[name], name))


def after(locked: dvc_lock.Lock, name: str) -> set[str]:
    """Return a stage and all that need what it wrote, at whatever distance."""
    made_by = makers(locked)
    found = {name}
    for each in ordered(locked):
        if found & {made_by.get(path) for path in dvc_lock.digests(locked[each], "deps")}:
            found.add(each)
    return found


def items(commit: str, locked: dvc_lock.Lock) -> list[remote.Object]:
    """Return the objects that a build wrote."""
    return [
        remote.Object(commit, name, out["path"], out["md5"], out["size"])
        for name, entry in locked.items()
        for out in entry.get("outs", [])
    ]


def receipt_of(entry: dict[str, Any]) -> str | None:
    """Return the path of a stage's receipt, where it has one."""
    paths = dvc_lock.digests(entry, "outs")
    return next(
        (p for p in paths if PurePosixPath(receipt.FOLDER) in PurePosixPath(p).parents), None
    )


def cause(path: str, is_config: Callable[[str], bool]) -> str:
    """Return what kind of cause an input is, where it differs."""
    if path == DATABASE:
        return DATABASE_ROWS
    name = tool.name(path)
    if name in (PYTHON_LOCK, NODE_LOCK):
        return DEPENDENCY
    if is_config(path):
        return CONFIG
    return CODE_EDIT if PurePosixPath(name).parts[0] in CODE else EARLIER


def flatten(value: Any, *names: str) -> dict[str, Any]:
    """Return the values of nested dicts by their dotted names."""
    if not isinstance(value, dict):
        return {".".join(names): value}
    below = (flatten(part, *names, str(name)) for name, part in value.items())
    return {name: leaf for part in below for name, leaf in part.items()}


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return in words which settings, by dotted names, have other values in ``new``."""
    left, right = flatten(old), flatten(new)
    return [
        f"{name}: {left.get(name, 'absent')!r:.60} → {right.get(name, 'absent')!r:.60}"
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name)
    ]


def some(names: Iterable[str], shown: int = 6) -> str:
    """Return the first names, and how many there are besides."""
    listed = list(names)
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + more
