"""Time of the training with the determinism settings against that without any.

Measured are the trainings alone, on the real splits: imports, weighing and saving would only
make the ratio look better. Of each way the fastest run counts, since whatever else the machine
does can only add. The candidates for the CPU setting stand beside each other.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import project
import timed_training
from figures import Figure

from provender import determinism
from provender.errors import UserError

PART = "determinism"

# Time of the training over that without the settings.
MOST = 1.25

# Enough for one undisturbed run of each way; a run takes seconds.
ROUNDS = 7


@dataclass(frozen=True)
class Settings:
    """One way to train. ``ops``: whether only deterministic kernels are allowed."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    ops: bool = True


NO_ONEDNN = {"TF_ENABLE_ONEDNN_OPTS": "0"}
SHIPPED = Settings(
    "training as it is",
    {name: determinism.ENVIRONMENT[name] for name in timed_training.CPU_SETTINGS},
)
NONE = Settings("no settings", ops=False)
OTHERS = [
    Settings("ONEDNN_MAX_CPU_ISA=AVX2", {"ONEDNN_MAX_CPU_ISA": "AVX2", **NO_ONEDNN}),
    Settings(
        "TENSORFLOW_USE_CUSTOM_CONTRACTION_KERNEL=false",
        {"TENSORFLOW_USE_CUSTOM_CONTRACTION_KERNEL": "false", **NO_ONEDNN},
    ),
    Settings("deterministic kernels alone"),
]


def time_training(folder: Path, command: list[str], settings: Settings) -> float:
    """Train in ``folder`` and return the seconds of its trainings."""
    script = Path(__file__).with_name("timed_training.py")
    given = {"command": command, "environment": settings.environment, "ops": settings.ops}
    # What this process pinned for itself must not reach the training.
    environment = project.environment(folder)
    for name in determinism.ENVIRONMENT:
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env=environment,
        input=json.dumps(given),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise UserError(f"training with {settings.name} failed:\n{done.stderr}")
    return sum(json.loads(done.stdout.splitlines()[-1]))


def measure(folder: Path, commands: list[list[str]]) -> Iterator[Figure]:
    """Train with each of the settings in turn, ``ROUNDS`` times, in ``folder``, a built copy."""
    (command,) = (words for words in commands if words[1] == "scripts/train_model.py")
    ways = [SHIPPED, NONE, *OTHERS]
    times: dict[str, list[float]] = {way.name: [] for way in ways}
    for _ in range(ROUNDS):
        for way in ways:
            times[way.name].append(time_training(folder, command, way))
    fastest = {name: min(seconds) for name, seconds in times.items()}
    for way in [SHIPPED, *OTHERS]:
        bound = MOST if way is SHIPPED else None
        yield Figure(
            PART, way.name, fastest[way.name], fastest[NONE.name], NONE.name, "s", at_most=bound
        )
