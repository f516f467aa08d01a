"""Train once with given determinism settings and print the seconds that its trainings took.

Reads from standard input a JSON object: ``command``, train_model's words; ``environment``,
in place of what the project pins for TensorFlow's CPU code; ``ops``, whether only
deterministic kernels are allowed.
"""

import json
import sys
import time
from types import ModuleType

import twin

from provender import determinism
from provender.model import runtime, training
from provender.running import step

# What of the pinned environment decides which code a CPU runs.
CPU_SETTINGS = ("ONEDNN_MAX_CPU_ISA", "TF_ENABLE_ONEDNN_OPTS")


def time_trainings(module: ModuleType) -> list[float]:
    """Let the step's trainings be timed; return the list that will hold their seconds."""
    seconds: list[float] = []
    train = module.training.train

    def timed(*arguments: object) -> training.Weights:
        start = time.perf_counter()
        weights = train(*arguments)
        seconds.append(time.perf_counter() - start)
        return weights

    module.training.train = timed
    return seconds


def seed_only(value: int) -> None:
    """Seed as the project does, and allow kernels whose order of additions may vary."""
    with runtime.quiet_start(keras=True):
        import tf_keras

    tf_keras.utils.set_random_seed(value)


def main(settings: dict) -> int:
    """Train, print the seconds, and return the step's exit code."""
    for name in CPU_SETTINGS:
        determinism.ENVIRONMENT.pop(name)
    determinism.ENVIRONMENT.update(settings["environment"])
    if not settings["ops"]:
        runtime.seed = seed_only
    _python, script, *arguments = settings["command"]
    module = twin.load(script)
    seconds = time_trainings(module)
    sys.argv = [script, *arguments]
    code = step.run(module.parse_arguments(), module.main)
    print(json.dumps(seconds))
    return code


if __name__ == "__main__":
    sys.exit(main(json.load(sys.stdin)))
