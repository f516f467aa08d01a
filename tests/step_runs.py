"""Runs a step's script in a test's own way: with a small disk, or until Ctrl-C."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from conftest import ROOT

RunScript = Callable[..., subprocess.CompletedProcess[str]]

# Long enough for a loaded machine; a step that never gets ready must not hang the tests.
READY_SECONDS = 60


def run_limited(file_bytes: int, script: str, *arguments: str | Path) -> tuple[int, str]:
    """Run a step that can write no file above ``file_bytes``; return exit code and messages.

    The limit stands for a full disk without needing one: a write fails with EFBIG, which
    the steps take as they take ENOSPC.
    """
    limit = (file_bytes, file_bytes)
    process = _start(script, arguments, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
    return _finish(process)


def interrupt(ready: Callable[[], bool], script: str, *arguments: str | Path) -> tuple[int, str]:
    """Press Ctrl-C once ``ready``, while a step works; return exit code and messages."""
    # A background job of a shell is born with Ctrl-C ignored.
    process = _start(script, arguments, lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    deadline = time.monotonic() + READY_SECONDS
    while not ready():
        assert process.poll() is None, f"{script} ended by itself: {_finish(process)}"
        assert time.monotonic() < deadline, f"{script} did not get ready"
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    return _finish(process)


def interrupted(script: str) -> str:
    """Return what a step says of Ctrl-C."""
    return f"{script}: interrupted: nothing was half-written; run the same command again to go on\n"


def names_in(folder: Path) -> list[str]:
    """Return the names of all that is in ``folder``, to see that nothing else was left."""
    return sorted(path.name for path in folder.iterdir())


def _start(
    script: str, arguments: tuple[str | Path, ...], prepare: Callable[[], object]
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, f"scripts/{script}.py", *map(str, arguments)],
        cwd=ROOT,
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,
    )


def _finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, messages = process.communicate(timeout=READY_SECONDS)
    assert "Traceback" not in messages, messages
    return process.returncode, messages
