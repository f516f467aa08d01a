"""Errors that a user can mend."""

import errno
import os

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
