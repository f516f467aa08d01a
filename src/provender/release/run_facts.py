"""run.json: when and on what machine a release was made, which differs from run to run.

It names no user, no host and no folder.
"""

import contextlib
import datetime
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from provender import files, tool
from provender.release import statement
from provender.running import code_files

FORMAT = 1

CPUS = Path("/proc/cpuinfo")


def collect(started: datetime.datetime, folder: Path, archive: Path) -> dict[str, Any]:
    """Return run.json of the release in ``folder``, packed as ``archive``."""
    return {
        "format": FORMAT,
        "started": _as_text(started),
        "finished": _as_text(datetime.datetime.now(datetime.UTC)),
        "host": {
            "cpu": cpu(),
            "cpus": len(os.sched_getaffinity(0)),
            "machine": platform.machine(),
            "system": platform.system(),
            "kernel": platform.release(),
            "distribution": _distribution(),
            "libc": " ".join(platform.libc_ver()),
        },
        "python": platform.python_version(),
        "packages": installed(Path(tool.path(code_files.PYTHON_LOCK)).read_text(encoding="utf-8")),
        "statement": files.sha256(folder / statement.STATEMENT),
        "archive": {"sha256": files.sha256(archive), "bytes": archive.stat().st_size},
    }


def _as_text(time: datetime.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        # Not every Linux says what it is.
        return "unknown"


def cpu() -> str:
    """Return the name of this machine's CPU."""
    for line in CPUS.read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def installed(lock: str) -> dict[str, str]:
    """Return the installed version of each package that a requirements.lock, a text, pins.

    Packages that are not installed, such as the tests' own, are left out.
    """
    names = {name.split("[")[0]: name for name in code_files.pinned(lock)}
    found = {}
    for name, written in sorted(names.items()):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[written] = metadata.version(name)
    return found
