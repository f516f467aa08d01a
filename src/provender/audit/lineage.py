"""``provender trace``: the way from a file back to the inputs, without building anything."""

import contextlib
import hashlib
import re
import sqlite3
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from provender import files
from provender.audit import given, objects, repository, stages
from provender.audit.traced import PLACES
from provender.errors import UserError
from provender.release import statement
from provender.versioning import dvc_lock

SPLITS = re.compile(r"data/splits/(\w+)\.parquet")

# Columns of news.sqlite, in the order in which a row is digested.
ROW = "SELECT Data, Category, Year FROM news WHERE rowid = ?"

# Digits of a digest that are shown of files on the way; of those at its ends, all.
SHORT = 12


@dataclass(frozen=True)
class Record:
    """A recorded build: dvc.lock, where it is from, and what gives the content of its files."""

    locked: dvc_lock.Lock
    name: str
    read: Callable[[str], bytes]


def trace(options: Namespace) -> list[str]:
    """Return the lines that tell what ``options.given``, a file or a release, was made from.

    Raises UserError where nothing has recorded it.
    """
    path = Path(options.given)
    with contextlib.ExitStack() as stack:
        target = _in_project(path) if path.is_file() else None
        if target is not None and not given.is_archive(path):
            record = _workspace()
            if target not in stages.makers(record.locked):
                raise UserError(f"{target} is not in {record.name}: no step of its build made it")
        elif (
            target is not None
            and dvc_lock.FILE.exists()
            and target in stages.makers(dvc_lock.read())
        ):
            # The npm package and the newsgroups' own archive are archives too.
            record = _workspace()
        else:
            record, target = stack.enter_context(_of_release(options)), None
        ends = [target] if target else _published(record.locked)
        lines = [f"{target or options.given}, by {record.name}", *_steps(record.locked, ends)]
        if target is not None:
            _check_current(path, record.locked, target)
        if options.post is not None:
            lines += _post(record, options.post)
        return lines


def _in_project(path: Path) -> str | None:
    """Return a path as dvc.lock of this folder would name it; None where it is outside."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return None


def _workspace() -> Record:
    return Record(
        dvc_lock.read(), f"{dvc_lock.FILE} of this folder", lambda path: Path(path).read_bytes()
    )


@contextlib.contextmanager
def _of_release(options: Namespace) -> Iterator[Record]:
    """Give the record of a release's commit, whose files come from the remote."""
    try:
        with (
            given.open_given(options.given) as found,
            contextlib.ExitStack() as stack,
        ):
            data = (found.folder / statement.STATEMENT).read_bytes()
            stated = statement.parse(data)
            commit = statement.dependencies(stated)[statement.SOURCE]["digest"]["gitCommit"]
            there = stack.enter_context(repository.find(options.repository, stated))
            if there is None or there.tree(commit) is None:
                raise UserError(
                    f"there is no commit {commit} here: run this in a clone of the project, or "
                    "name its repository by --repository"
                )
            text = there.read(commit, [str(dvc_lock.FILE)]).get(str(dvc_lock.FILE), b"")
            locked = stages.parse(text, f"{dvc_lock.FILE} of {commit}")
            written = stages.written(locked)

            def read(path: str) -> bytes:
                with objects.open_store(there, commit, options.remote) as store:
                    try:
                        return objects.fetch(store, written[path])
                    except (KeyError, FileNotFoundError) as error:
                        raise UserError(f"{path} of {commit} is not in the remote") from error

            yield Record(locked, f"{dvc_lock.FILE} of the commit {commit}", read)
    except FileNotFoundError as error:
        raise UserError(
            f"{options.given} has no {statement.STATEMENT}, which would name its commit"
        ) from error


def _published(locked: dvc_lock.Lock) -> list[str]:
    places = tuple(f"{place}/" for place in PLACES.values())
    return [path for path in stages.written(locked) if path.startswith(places)]


def _check_current(path: Path, locked: dvc_lock.Lock, target: str) -> None:
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    known = stages.written(locked)[target]
    if md5 != known:
        raise UserError(
            f"{target} is not what was recorded (md5 {md5}, not {known}): provender record "
            "records a build, provender sync brings the recorded one back"
        )


def _steps(locked: dvc_lock.Lock, ends: list[str]) -> list[str]:
    """Return what made ``ends`` and all before: a step, what it wrote, what it read."""
    made_by, written = stages.makers(locked), stages.written(locked)
    wanted, waiting = set(ends), list(ends)
    while waiting:
        path = waiting.pop()
        for needed in dvc_lock.digests(locked[made_by[path]], "deps"):
            if needed in made_by and needed not in wanted:
                wanted.add(needed)
                waiting.append(needed)
    lines, inputs = [], {}
    for name in reversed(stages.ordered(locked)):
        outputs = [path for path in dvc_lock.digests(locked[name], "outs") if path in wanted]
        if not outputs:
            continue
        lines.append(f"{name}")
        lines += [f"  wrote {_line(path, written[path], path in ends)}" for path in outputs]
        for path, md5 in dvc_lock.digests(locked[name], "deps").items():
            if path in made_by:
                lines.append(f"  read  {_line(path, md5, False)} of {made_by[path]}")
            else:
                inputs[path] = md5
        code = sum(path not in made_by for path in dvc_lock.digests(locked[name], "deps"))
        lines.append(f"  read  {code} files that no step makes")
    lines.append("inputs, md5:")
    return [*lines, *(f"  {md5}  {path}" for path, md5 in sorted(inputs.items()))]


def _line(path: str, md5: str, whole: bool) -> str:
    return f"{path} (md5 {md5 if whole else md5[:SHORT]})"


def _post(record: Record, rowid: int) -> list[str]:
    """Return where the post of a row went, and digests by which it can be told; no text."""
    lines = [f"post {rowid}:"]
    row = _row(record.read(stages.DATABASE), rowid)
    if row is None:
        raise UserError(f"{stages.DATABASE} of {record.name} has no row {rowid}")
    md5 = stages.written(record.locked)[stages.DATABASE]
    lines.append(f"  row of {stages.DATABASE} (md5 {md5}), label {row[1]!r}, year {row[2]}")
    lines.append(f"    sha256 of its text there: {_digest(row[0])}")
    found = False
    for path, md5 in stages.written(record.locked).items():
        match = SPLITS.fullmatch(path)
        if match is None:
            continue
        for text in _texts(record.read(path), rowid):
            found = True
            lines.append(f"  in {match[1]}: {path} (md5 {md5})")
            lines.append(f"    sha256 of its text there: {_digest(text)}")
    if not found:
        lines.append("  in no split: data/reports/validation.json counts what was dropped, and why")
    return lines


def _row(data: bytes, rowid: int) -> tuple[Any, ...] | None:
    with tempfile.TemporaryDirectory(prefix="provender-trace-") as folder:
        path = Path(folder, PurePosixPath(stages.DATABASE).name)
        path.write_bytes(data)
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            row: tuple[Any, ...] | None = database.execute(ROW, (rowid,)).fetchone()
            return row


def _texts(data: bytes, rowid: int) -> list[str]:
    import pyarrow.compute as pc

    table = files.read_parquet(data, ["rowid", "text"])
    texts: list[str] = table.filter(pc.equal(table["rowid"], rowid))["text"].to_pylist()
    return texts


def _digest(text: str | None) -> str:
    return "none" if text is None else hashlib.sha256(text.encode()).hexdigest()
