"""Recall@1 on the test part, against scikit-learn's classifiers on the same texts."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import project
from figures import Figure

from provender.errors import UserError

PART = "recall@1"

# The peer that the model has to reach; the others are there for comparison.
TO_REACH = "LinearSVC,"


def measure(build: Path, packages: Path) -> Iterator[Figure]:
    """Compare the built model in ``build`` with peers from the folder ``packages``.

    Raises UserError where scikit-learn is not there, or where the shipped package does
    not get the share of the test split right that metrics.json says.
    """
    if not (packages / "sklearn").is_dir():
        raise UserError("scikit-learn is not installed: run make bench, which does that")
    environment = project.environment(build)
    environment["PYTHONPATH"] += f":{packages}"
    script = Path(__file__).with_name("peers.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=build,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
    )
    if done.returncode:
        raise UserError(f"peers.py ended with exit code {done.returncode}; see above")
    found = json.loads(done.stdout)
    ours = found["ours"]
    said = json.loads((build / "data/reports/metrics.json").read_text())["test"]["recall@1"]
    if abs(said - ours["split"]) * found["posts"] >= 1:
        raise UserError(f"metrics.json says {said}, the package's recall@1 is {ours['split']}")
    which = {
        "split": f"{found['posts']:,} of the test split",
        "all": f"{found['posts'] + found['blank']:,} with blank ones",
    }
    for posts, described in which.items():
        for name, shares in found["peers"].items():
            bound = 1 if posts == "split" and name.startswith(TO_REACH) else None
            yield Figure(PART, described, ours[posts], shares[posts], name, "1", at_least=bound)
