"""Wall time of the main job from scratch against its twin in a single process.

The twin calls the very same steps with the very same arguments one after the other in one
Python process: what it lacks is the workflow engine and a process a step. What it gains
from that, and loses by doing one step at a time, is the ratio.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import project
from figures import Figure

from provender.errors import UserError

PART = "main job"

# Wall time of the main job over that of its twin.
MOST = 1.6

# Digests of everything shipped: equal where both ways did the same work.
MANIFEST = "dist/bundle/manifest.json"


def time_workflow(folder: Path, cores: int) -> float:
    """Run the main job in ``folder`` and return the wall time in seconds."""
    start = time.perf_counter()
    project.run(folder, project.workflow(cores))
    return time.perf_counter() - start


def time_twin(folder: Path, commands: list[list[str]]) -> float:
    """Run the twin in ``folder`` and return the wall time in seconds, its start included."""
    twin = Path(__file__).with_name("twin.py")
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(twin)],
        cwd=folder,
        env=project.environment(folder),
        input=json.dumps(commands),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise UserError(f"the twin ended with exit code {done.returncode}:\n{done.stdout}")
    return seconds


def measure(
    work: Path, archive: Path, commands: list[list[str]], cores: int, runs: int
) -> Iterator[Figure]:
    """Time workflow and twin in turn, ``runs`` times, each in a new copy below ``work``.

    Yields one figure a pair, then the medians. Raises UserError where the two do not
    make the same bundle, since they would not have done the same work.
    """
    times: list[tuple[float, float]] = []
    for number in range(1, runs + 1):
        ours = project.copy_tree(work / f"workflow-{number}", archive)
        twins = project.copy_tree(work / f"twin-{number}", archive)
        times.append((time_workflow(ours, cores), time_twin(twins, commands)))
        if (ours / MANIFEST).read_bytes() != (twins / MANIFEST).read_bytes():
            raise UserError(f"workflow and twin differ in {MANIFEST}: compare {ours} and {twins}")
        yield Figure(PART, f"pair {number} of {runs}", *times[-1], "twin", "s")
    medians = [statistics.median(column) for column in zip(*times, strict=True)]
    yield Figure(PART, "median", *medians, "twin", "s", at_most=MOST)
