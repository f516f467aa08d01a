"""What changed between two recorded builds, and what that did to the metrics."""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from provender import config, files, tool
from provender.errors import UserError
from provender.running import code_files, graph, receipt
from provender.versioning import cache, dvc_lock, dvc_yaml, tool_lock

# A value before and after; None where there was or is none.
Change = tuple[Any, Any]

SPLITS = re.compile(r"data/splits/(\w+)\.parquet")

# Where code lies; what else a stage reads and no stage writes are inputs.
CODE = ("Snakefile", "scripts", "src", "web", "workflow")


@dataclass(frozen=True)
class State:
    """A recorded build, or the one in the workspace."""

    # md5 digests of what the stages read and wrote, by path.
    read: dict[str, str]
    written: dict[str, str]
    settings: dict[str, Any]
    # Return the text of a file of git, and the bytes of a file that DVC keeps.
    text: Callable[[str], str]
    data: Callable[[str], bytes]


def compare(before: str, after: str | None) -> dict[str, Any]:
    """Return what differs between a commit and another one, or the workspace for None.

    ``rows``: {split: {label: [added, removed]}}; ``inputs``, ``code``, ``settings``,
    ``dependencies`` and ``metrics``: {name: [before, after]}, digests for files.
    """
    with cache.repository() as repo:
        store = cache.Store(repo)
        old = _commit(before, store)
        new = _commit(after, store) if after else _workspace()
        files = _changes(_sources(old), _sources(new))
        locks = (code_files.PYTHON_LOCK, code_files.NODE_LOCK)
        return {
            "rows": _rows(old, new),
            "inputs": {p: c for p, c in files.items() if not _is_code(p) and p not in locks},
            "settings": _changes(old.settings, new.settings),
            "code": {p: c for p, c in files.items() if _is_code(p) and p not in locks}
            | _changes(_tool_files(old), _tool_files(new)),
            "dependencies": _changes(_versions(old), _versions(new)),
            "metrics": _changes(_metrics(old), _metrics(new)),
        }


def format_table(changes: dict[str, Any], names: tuple[str, str]) -> str:
    """Return the changes as lines of text, a section a kind; digests are shortened."""
    lines = []
    rows = [
        (split, label, f"+{added}", f"-{removed}")
        for split, labels in changes["rows"].items()
        for label, (added, removed) in labels.items()
    ]
    lines += _section("rows", ("split", "label", "added", "removed"), rows)
    for kind in ("inputs", "settings", "code", "dependencies", "metrics"):
        short = 9 if kind in ("inputs", "code") else None
        rows = [
            (name, *(_show(value, short) for value in values), _difference(*values))
            for name, values in changes[kind].items()
        ]
        lines += _section(kind, ("", *names, ""), rows)
    return "\n".join(lines) or "nothing changed"


def _section(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    table = [(title if not heads[0] else heads[0], *heads[1:]), *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
    return [lines[0], "-" * len(lines[0]), *lines[1:], ""]


def _show(value: Any, short: int | None) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)[:short]


def _difference(old: Any, new: Any) -> str:
    numbers = all(isinstance(value, int | float) for value in (old, new))
    return f"{new - old:+.6g}" if numbers else ""


def _commit(name: str, store: cache.Store) -> State:
    locked = dvc_lock.read_commit(name)
    written = _paths(locked, "outs")
    text = partial(dvc_lock.show, name)
    return State(
        read=_paths(locked, "deps"),
        written=written,
        settings=_settings(text),
        text=text,
        data=lambda path: store.read(written[path], path),
    )


def _workspace() -> State:
    jobs = graph.read(dvc_yaml.overlays())
    paths = {path for job in jobs for path in (*job.inputs, *job.outputs) if Path(path).is_file()}
    written = {path for job in jobs for path in job.outputs} & paths
    return State(
        read={p: cache.digests(p)[1] for p in paths - written if not tool.is_linked(p)},
        written={path: cache.digests(path)[1] for path in written},
        settings=_settings(_read_text),
        text=_read_text,
        data=lambda path: Path(path).read_bytes(),
    )


def _read_text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


def _paths(locked: dvc_lock.Lock, kind: str) -> dict[str, str]:
    digests = (dvc_lock.digests(entry, kind) for entry in locked.values())
    return {path: md5 for part in digests for path, md5 in part.items()}


def _settings(text: Callable[[str], str]) -> dict[str, Any]:
    paths = (config.DEFAULT, *dvc_yaml.parse_overlays(text(str(dvc_yaml.FILE))))
    parts = [yaml.safe_load(text(path)) for path in paths]
    if tool.is_here():
        return _flatten(config.combine(parts, yaml.safe_load(text(config.SCHEMA))))
    settings: config.Config = tool_lock.parse(text(str(tool_lock.FILE)))[tool_lock.DEFAULTS]
    config.lay_over(settings, config.combine(parts, {}))
    return _flatten(settings)


def _flatten(value: Any, *names: str) -> dict[str, Any]:
    """Return the values of nested dicts by their dotted names."""
    if not isinstance(value, dict):
        return {".".join(names): value}
    below = (_flatten(part, *names, str(name)) for name, part in value.items())
    return {name: leaf for part in below for name, leaf in part.items()}


def _changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Change]:
    """Return the values that differ, by name in order, as (before, after)."""
    names = sorted(old.keys() | new.keys())
    pairs = {name: (old.get(name), new.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _sources(state: State) -> dict[str, str]:
    return {path: md5 for path, md5 in state.read.items() if path not in state.written}


def _tool_files(state: State) -> dict[str, str]:
    """Return the sha256 digest of each file of a tool that lies elsewhere, as the steps saw it."""
    receipts = [path for path in state.written if receipt.FOLDER in Path(path).parents]
    inputs = (json.loads(state.data(path))["inputs"] for path in receipts)
    read = {path: sha256 for part in inputs for path, sha256 in part.items()}
    return {tool.name(path): sha256 for path, sha256 in read.items() if tool.is_linked(path)}


def _is_code(path: str) -> bool:
    return Path(path).parts[0] in CODE


def _rows(old: State, new: State) -> dict[str, dict[str, tuple[int, int]]]:
    """Count the rows, by text and label, that each split gained and lost."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for path in sorted(_changes(old.written, new.written)):
        if match := SPLITS.fullmatch(path):
            before, after = _split(old, path), _split(new, path)
            gained = Counter(label for label, _ in (after - before).elements())
            lost = Counter(label for label, _ in (before - after).elements())
            labels = {name: (gained[name], lost[name]) for name in sorted(gained | lost)}
            if labels:
                found[match[1]] = labels
    return found


def _split(state: State, path: str) -> Counter[tuple[str, str]]:
    if path not in state.written:
        return Counter()
    table = files.read_parquet(state.data(path), ["label", "text"])
    return Counter(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _versions(state: State) -> dict[str, str]:
    """Return the pinned version of each Python and npm package, where the project pins them."""
    if not tool.is_here():
        return {}
    python = code_files.pinned(state.text(code_files.PYTHON_LOCK))
    packages = json.loads(state.text(code_files.NODE_LOCK))["packages"]
    node = {path: package["version"] for path, package in packages.items() if path}
    return python | node


def _metrics(state: State) -> dict[str, float]:
    stages = yaml.safe_load(state.text(str(dvc_yaml.FILE)))["stages"].values()
    paths = [path for stage in stages for path in stage.get("do", stage).get("metrics", [])]
    missing = [path for path in paths if path not in state.written]
    if missing:
        raise UserError(f"{', '.join(missing)} is missing: build first")
    parts = (_flatten(json.loads(state.data(path))) for path in paths)
    return {name: value for part in parts for name, value in part.items()}
