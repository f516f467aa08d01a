"""Makes Snakemake judge by content what is to run again, and lose no time on the way."""

import base64
import shlex
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from provender import files
from provender.running import receipt


def compare_without_pandas() -> None:
    """Keep Snakemake from importing pandas, a third of its start, to compare parameters.

    It looks for data frames among them wherever pandas is installed; here none is one.
    """
    # Where Snakemake is already imported: receipts are read without it.
    from snakemake.persistence import PersistenceBase

    PersistenceBase._serialize_param_pandas = PersistenceBase._serialize_param_builtin


def start_without_limit() -> None:
    """Keep Snakemake from limiting how many jobs start within a time, which it cannot be told.

    Of the shortest time, a second, each build's end waits for it to pass; and with 0 s it asks
    without a pause, on a core of its own, whether a job that waits for a core may start now.
    """
    from snakemake.scheduling import job_scheduler

    job_scheduler.JobRateLimiter = lambda limit: None


def rerun_by_content() -> None:
    """Make Snakemake run again each job whose receipt does not describe what is on disk.

    By itself it compares checksums of inputs that are newer than the outputs, and no
    others; and it knows nothing of what DVC ran or checked out. A receipt that does not
    fit is marked as incomplete in Snakemake's own records, which the profile has it make
    anew; the mark goes once the receipt fits again.
    """
    sha256 = cache(files.sha256)
    for path, found in receipt.read_all().items():
        mark = _snakemake_record("incomplete", path)
        if misfit := _misfit(path, found, sha256):
            print(f"{path.relative_to(receipt.FOLDER).with_suffix('')}: {misfit}", file=sys.stderr)
            files.write_text(mark, '{"external_jobid": null}')
        else:
            mark.unlink(missing_ok=True)


def _misfit(path: Path, found: receipt.Receipt, sha256: Callable[[str], str]) -> str | None:
    """Return why Snakemake must not rely on a receipt, or None."""
    changed = receipt.differences(found, sha256)
    if changed:
        return changed[0]
    # Snakemake compares a job's parameters with those of its own last run of it, which
    # says nothing where another engine has run the job since.
    record = _snakemake_record("metadata", path)
    command = files.read_json(record)["shellcmd"] if record.exists() else ""
    if shlex.split(command) != found["command"]:
        return "Snakemake did not make it; provender sync checks it and tells Snakemake"
    return None


def _snakemake_record(kind: str, path: Path) -> Path:
    """Return where Snakemake keeps what it knows of an output."""
    return Path(".snakemake", kind, base64.urlsafe_b64encode(str(path).encode()).decode())
