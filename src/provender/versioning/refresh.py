"""What a new record of a build says that the one before it did not."""

from typing import Any

from provender.running import receipt
from provender.versioning import dvc_lock

# Names shown of a list; the rest is counted.
NAMED = 6


def changes(before: dvc_lock.Lock, after: dvc_lock.Lock) -> list[str]:
    """Return in lines what changed: causes, then stages with other files, then a count."""
    changed = [name for name, entry in after.items() if before.get(name) != entry]
    made = {path for entry in after.values() for path in dvc_lock.digests(entry, "outs")}
    causes: set[str] = set()
    lines = []
    for name in changed:
        old, new = before.get(name, {}), after[name]
        causes |= _settings(old, new) | (_files(old, new, "deps") - made)
        written = {
            path for path in _files(old, new, "outs") if not path.startswith(f"{receipt.FOLDER}/")
        }
        if not old:
            lines.append(f"{name}: a new stage")
        elif written:
            lines.append(f"{name}: other content of {_list(written)}")
    if causes:
        lines.insert(0, f"changed: {_list(causes)}")
    if same := len(changed) - sum(line.split(":")[0] in changed for line in lines):
        lines.append(f"{same} stage{'s' * (same > 1)} wrote the same files as before")
    gone = sorted(before.keys() - after.keys())
    return [*lines, *(f"{name}: there is no such stage any more" for name in gone)]


def _files(old: dict[str, Any], new: dict[str, Any], kind: str) -> set[str]:
    was, now = dvc_lock.digests(old, kind), dvc_lock.digests(new, kind)
    return {path for path in was | now if was.get(path) != now.get(path)}


def _settings(old: dict[str, Any], new: dict[str, Any]) -> set[str]:
    was, now = (
        {key: value for values in entry.get("params", {}).values() for key, value in values.items()}
        for entry in (old, new)
    )
    return {key for key in was | now if was.get(key) != now.get(key)}


def _list(names: set[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(sorted(names)[:NAMED]) + more
