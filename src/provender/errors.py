"""Errors that a user can mend."""

import errno
import os
from pathlib import Path

# What a write can fail with where the disk, the quota or the file is at its limit.
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class UserError(Exception):
    """Wrong input or surroundings; the message says what is wrong and names the mend.

    Command lines print it without a stack trace and end with exit code 1.
    """


class Unavailable(UserError):
    """Something outside this machine cannot be reached; exit code 3."""


def no_space(path: str | os.PathLike[str] | None, reason: str) -> str:
    """Say which file, where that is known, did not fit on the disk and what to do."""
    where = f" while writing {path}" if path else ""
    return (
        f"no disk space left{where} ({reason}). Free some and run the same command again: "
        "finished steps are kept"
    )


# What libraries say, in exceptions of other kinds, where the system gives no memory.
NO_MEMORY = ("failed to map segment from shared object", "can't start new thread")

# The share of the addresses allowed to a process from which on an error is taken for the limit's.
FULL = 0.9


def lack_of_memory(error: BaseException) -> BaseException | None:
    """Return what of an exception, or of those it came of, comes of a lack of memory.

    That is what says so, or any exception where ``ulimit -v`` left next to nothing: there
    compiled code fails in ways of its own, such as "error return without exception set".
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError) or any(said in str(cause) for said in NO_MEMORY):
            return cause
        cause = cause.__cause__ or cause.__context__
    return error if _addresses_are_used_up() else None


def _addresses_are_used_up() -> bool:
    """Say whether this process came near a limit of its addresses; no where the system has none."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        status = Path("/proc/self/status").read_bytes()
    except (ImportError, OSError):
        return False
    peak = 1024 * int(status.partition(b"VmPeak:")[2].split()[0])
    return limit != resource.RLIM_INFINITY and peak > FULL * limit


def no_memory(error: BaseException) -> str:
    """Say that a step got no more memory and what to do."""
    error = lack_of_memory(error) or error
    reason = f" ({error})" if str(error) else ""
    return (
        f"no memory left{reason}. Run the same command again with fewer --cores, with a higher "
        "limit, or where there is more: finished steps are kept"
    )
