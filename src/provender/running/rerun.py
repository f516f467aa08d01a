"""Makes Snakemake judge by content what is to run again, and lose no time on the way."""

import base64
import contextlib
import fcntl
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from provender import config, files
from provender.errors import UserError
from provender.running import receipt, shards
from provender.running.storage import name_in_workflow

if TYPE_CHECKING:
    from snakemake.workflow import Workflow

SOURCE_RECEIPT = receipt.FOLDER / "fetch_source.json"

# Which files a store had when they were read, or when that began.
STORE = Path(".snakemake/provender/store.json")

# Causes that are told of what runs again.
CAUSES = 3

# Whoever builds here holds a lock on this file; the system takes it back from who was killed.
BUILDS = Path(".snakemake/provender/builds.lock")

# Open as long as this process lives.
_held: list[TextIO] = []

# Not empty while the rules are read to know the jobs of a build, none of which will run.
_only_reading: list[None] = []


@contextlib.contextmanager
def only_reading() -> Iterator[None]:
    """Let a build be planned whose database is missing: what it was made into may be fetched."""
    _only_reading.append(None)
    try:
        yield
    finally:
        _only_reading.pop()


def forget_stale_lock() -> None:
    """Remove Snakemake's lock on this folder where no build runs, as after kill -9."""
    BUILDS.parent.mkdir(parents=True, exist_ok=True)
    file = BUILDS.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        # Another process builds; or this one reads the rules again.
        file.close()
        return
    _held.append(file)
    shutil.rmtree(".snakemake/locks", ignore_errors=True)


def tell_of_another_build() -> None:
    """End Snakemake with a plain message where another process builds in this folder.

    By itself it advises to remove the lock, which by now is never stale.
    """
    from snakemake import exceptions

    exceptions.LockException = lambda: SystemExit(
        "error: another build runs in this folder: let it end, or end it, and run again"
    )


def every_output(workflow: "Workflow", values: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Give each file of the rules that were read so far, with these values of wildcards.

    Asked for by name, since of a file that is missing Snakemake makes no note where those that
    are made from it are there.
    """
    from snakemake.io import expand

    for rule in workflow.rules:
        for output in rule.output:
            if "temp" in output.flags:
                continue
            path = name_in_workflow(workflow, output)
            yield from expand(path, **values) if rule.wildcard_names else [path]


def compare_without_pandas() -> None:
    """Keep Snakemake from importing pandas, a third of its start, to compare parameters.

    It looks for data frames among them wherever pandas is installed; here none is one.
    """
    # Where Snakemake is already imported: receipts are read without it.
    from snakemake.persistence import PersistenceBase

    PersistenceBase._serialize_param_pandas = PersistenceBase._serialize_param_builtin


def compare_without_shards() -> None:
    """Keep Snakemake from running again what other shards would make of the same inputs."""
    from snakemake.persistence import PersistenceBase

    own = PersistenceBase._input
    if own.__name__ == "_input":

        def without_shards(self: Any, job: Any) -> list[str]:
            return [path for path in own(self, job) if not shards.is_part(path)]

        PersistenceBase._input = without_shards


def count_shards(asked: int | str, sources: Sequence[str]) -> int:
    """Return how many jobs share out the work of a step; who only reads the rules knows of none.

    So what is recorded of a build does not depend on them.
    """
    return 1 if _only_reading else shards.count(asked, sources)


def forget_other_shards(total: int) -> None:
    """Remove what builds by another number of shards have left, where this process builds."""
    if _held and not _only_reading:
        shards.forget_others(total)


def start_without_limit() -> None:
    """Keep Snakemake from limiting how many jobs start within a time, which it cannot be told.

    Of the shortest time, a second, each build's end waits for it to pass; and with 0 s it asks
    without a pause, on a core of its own, whether a job that waits for a core may start now.
    """
    from snakemake.scheduling import job_scheduler

    job_scheduler.JobRateLimiter = lambda limit: None


def rerun_by_content(source: Sequence[str]) -> None:
    """Make Snakemake run again each job whose receipt does not describe what is on disk.

    By itself it compares checksums of inputs that are newer than the outputs, and no
    others; and it knows nothing of what DVC ran or checked out. A receipt that does not
    fit is marked as incomplete in Snakemake's own records, which the profile has it make
    anew; the mark goes once the receipt fits again.

    ``source`` are the last words of the command of fetch_source.
    """
    sha256 = cache(files.sha256)
    again: dict[str, list[str]] = {}
    for path, found in receipt.read_all().items():
        mark = _snakemake_record("incomplete", path)
        if path == SOURCE_RECEIPT and source:
            _check_source(found["command"], source)
        if misfit := _misfit(path, found, sha256):
            again.setdefault(misfit, []).append(
                str(path.relative_to(receipt.FOLDER).with_suffix(""))
            )
            files.write_text(mark, '{"external_jobid": null}')
        else:
            mark.unlink(missing_ok=True)
    _tell(again)


def read_again(list_files: Callable[[], list[list[Any]]], recorded: str) -> None:
    """Have the source be read again where a store has other files than when it was read.

    ``list_files`` tells which there are: name, bytes and last change of each. Snakemake does not
    know of them. ``recorded`` is what the step writes of them, by which it is told in a folder
    where it did not run.
    """
    if _only_reading:
        return
    try:
        there = list_files()
    except UserError as error:
        print(f"warning: {error}. What was read of it before counts", file=sys.stderr)
        return
    if SOURCE_RECEIPT.exists() and Path(recorded).exists():
        known = files.read_json(STORE) if STORE.exists() else there
        read = [[each["name"], each["bytes"]] for each in files.read_json(recorded)["files"]]
        if known != there or read != [each[:2] for each in there]:
            SOURCE_RECEIPT.unlink()
            print("to run again, since the store has other files: fetch_source", file=sys.stderr)
    files.write_json(STORE, there)


def _tell(again: Mapping[str, list[str]]) -> None:
    """Say what runs again, in a line for each cause; a few, since what changed is known best."""
    for why, steps in list(again.items())[:CAUSES]:
        print(f"to run again, since {why}: {', '.join(steps)}", file=sys.stderr)
    if rest := sum(map(len, list(again.values())[CAUSES:])):
        print(f"to run again for like causes: {rest} more", file=sys.stderr)


def _check_source(command: Sequence[str], source: Sequence[str]) -> None:
    """End Snakemake where it would take other data for those of a table that is missing.

    Where a file is there, Snakemake does not mind that what makes it lacks an input.
    """
    path = source[source.index("--path") + 1]
    if command[-len(source) :] != [*source] and not Path(path).exists() and not _only_reading:
        sys.exit(
            f"error: source.path names {path}, which is no file. What is in data/source/ was "
            "read from another table. Mend source.path, or delete data/"
        )


def check_vectors(named: config.Config | None) -> None:
    """End Snakemake where the file of word vectors is missing, unless it was read before.

    ``named``: what the configuration says of vectors. As of a table that is missing, Snakemake
    would take what was read of other vectors.
    """
    if not named or _only_reading:
        return
    path, key = config.vectors_file(named), "path" if "path" in named else "package"
    try:
        config.check_vectors_license(named)
    except UserError as error:
        sys.exit(f"error: {error}")
    if Path(path).is_file():
        return
    read = receipt.FOLDER / "read_vectors.json"
    if not read.exists() or named["sha256"] not in files.read_json(read)["command"]:
        sys.exit(
            f"error: vectors.{key} names {path}, which is no file: bring it, as make vectors, or "
            "npm --prefix vectors ci, brings a package, or leave out vectors"
        )


def _misfit(path: Path, found: receipt.Receipt, sha256: Callable[[str], str]) -> str | None:
    """Return why Snakemake must not rely on a receipt, or None."""
    changed = receipt.differences(found, sha256)
    if changed:
        return changed[0]
    # Snakemake compares a job's parameters with those of its own last run of it, which
    # says nothing where another engine has run the job since.
    record = _snakemake_record("metadata", path)
    command = files.read_json(record)["shellcmd"] if record.exists() else ""
    words = shlex.split(command)
    if shards.of_whole(words, words) != found["command"]:
        return "Snakemake did not make it; provender sync checks it and tells Snakemake"
    return None


def _snakemake_record(kind: str, path: Path) -> Path:
    """Return where Snakemake keeps what it knows of an output."""
    return Path(".snakemake", kind, base64.urlsafe_b64encode(str(path).encode()).decode())
