"""Peak memory of each step of the main job, run alone in a new process.

Two readings. The largest process: the kernel's own account (ru_maxrss) of the step's
Python and of every process that it waited for, such as Node; exact. The tree: the sum
over Python and its children at one moment, sampled, so that a short peak may be missed and
pages that two processes share count twice. The larger one is reported.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import project
import psutil
from figures import Figure

from provender.errors import UserError

PART = "memory"

MOST_MB = 1500.0
MOST_MB_WITHOUT_TENSORFLOW = 300.0

# Short beside the 100 ms that an import of a larger library takes.
SAMPLE_SECONDS = 0.01

# Mapped by every process that has imported TensorFlow.
TENSORFLOW_LIBRARY = "libtensorflow_framework"


@dataclass(frozen=True)
class Peak:
    """Peak memory of one step, in bytes, and whether it has imported TensorFlow."""

    largest_process: int
    tree: int
    tensorflow: bool


def measure_command(folder: Path, words: list[str]) -> Peak:
    """Run one step's command in ``folder`` to its end and watch its memory.

    This process must stay small: until a child has started its own program, the kernel
    counts its parent's memory as the child's.
    """
    log = folder / "memory.log"
    with open(log, "wb") as printed:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=project.environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
    watched = psutil.Process(process.pid)
    tree, tensorflow = 0, False
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        tree = max(tree, _resident(watched))
        tensorflow = tensorflow or _has_tensorflow(process.pid)
        time.sleep(SAMPLE_SECONDS)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise UserError(f"{words[1]} ended with exit code {process.returncode}:\n{log.read_text()}")
    # Linux gives KiB.
    return Peak(usage.ru_maxrss * 1024, tree, tensorflow)


def measure(folder: Path, commands: list[list[str]]) -> Iterator[Figure]:
    """Run the steps in ``folder``, where nothing is built, and yield each one's peak."""
    for words in commands:
        peak = measure_command(folder, words)
        limit = MOST_MB if peak.tensorflow else MOST_MB_WITHOUT_TENSORFLOW
        yield Figure(
            PART,
            _name(words),
            max(peak.largest_process, peak.tree) / 1e6,
            limit,
            "limit with TensorFlow" if peak.tensorflow else "limit",
            "MB",
            at_most=1,
        )


def _resident(process: psutil.Process) -> int:
    total = 0
    try:
        for each in [process, *process.children(recursive=True)]:
            total += each.memory_info().rss
    except psutil.NoSuchProcess:
        # It ended between being listed and being read; the next sample is right again.
        return 0
    return total


def _has_tensorflow(pid: int) -> bool:
    try:
        return TENSORFLOW_LIBRARY in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


def _name(words: list[str]) -> str:
    """Return the step's name as its log has it: the rule, and the split where it has one."""
    log = Path(words[words.index("--log") + 1])
    return log.relative_to("logs").with_suffix("").as_posix()
