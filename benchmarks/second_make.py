"""Wall time of ``make`` where everything is made."""

import subprocess
import time
from pathlib import Path

import project
from figures import Figure

from provender.errors import UserError

MOST_SECONDS = 3.0


def measure(build: Path) -> Figure:
    """Run ``make`` in ``build``, where the main job is done."""
    # In a copy of the project make would set up the environment that the copy shares.
    if subprocess.run(["make", "--question", "setup"], cwd=build, check=False).returncode:
        raise UserError("the environment is older than requirements.lock: run make setup first")
    start = time.perf_counter()
    printed = project.run(build, ["make"])
    seconds = time.perf_counter() - start
    if "Nothing to be done" not in printed:
        raise UserError(f"a second make has something to do:\n{printed}")
    return Figure("second make", "nothing to do", seconds, MOST_SECONDS, "limit", "s", at_most=1)
