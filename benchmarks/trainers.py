"""Train in Python and in Node.js side by side, and print the table of docs/node.md.

In: a build of the project, and what its steps were run with, of the receipts. Both start from
the database; each process runs alone. Times in seconds, memory in megabytes at its peak.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from provender import files
from provender.bundle import node
from provender.running import code_files

ROOT = Path(__file__).resolve().parents[1]

# What Python runs for what the trainer in Node.js does, in order, by receipts.
STEPS = ("compile_recipe", "split_posts", "build_vocabulary")
ENCODE = tuple(f"encode_posts/{name}" for name in ("train", "validation", "test", "augmented"))
TRAIN = ("train_model", "convert_layers")
EVALUATE = ("evaluate_model",)

# What evaluate_model reads that Node has no part in.
GIVEN = ("data/source", "data/reports/baselines.json", "config", "scripts", "src", "web",
         "workflow", "requirements.lock")  # fmt: skip

SHARD = "tfjs/layers/group1-shard1of1.bin"

COMMENT = re.compile(r'^\s*(?:#|//|/\*|\*|"""|$)')


@dataclass
class Cost:
    """What processes took, one after the other."""

    seconds: float = 0.0
    megabytes: float = 0.0

    def run(self, command: list[str], folder: Path) -> None:
        """Run a command and add what it took."""
        started = time.perf_counter()
        process = os.posix_spawnp(
            "env", ["env", "-C", str(folder), *command], {**os.environ, "PYTHONPATH": "src"},
            file_actions=[(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)],
        )  # fmt: skip
        _, status, usage = os.wait4(process, 0)
        if status:
            sys.exit(f"{' '.join(command[:3])} ended with {os.waitstatus_to_exitcode(status)}")
        self.seconds += time.perf_counter() - started
        self.megabytes = max(self.megabytes, usage.ru_maxrss / 1000)


def main() -> None:
    """Measure, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        for name in GIVEN:
            target = work / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile)(
                ROOT / name, target, **({"symlinks": True} if (ROOT / name).is_dir() else {})
            )
        print("| seed | | seconds | peak MB | recall@1 | weights |\n|---|---|---:|---:|---:|---|")
        for seed in options.seeds:
            measure(work, seed)
    print(f"\nLines of code: Python {count_python():,}, Node.js {count_node():,}")
    installed = sum(size(ROOT / name) for name in (".venv", "web/node_modules"))
    print(
        f"Environment: {installed / 1e6:,.0f} MB; Node.js itself {size(node.program()) / 1e6:,.0f}"
    )


def measure(work: Path, seed: int) -> None:
    """Train by one seed in both languages, and print a line of each."""
    python, javascript = Cost(), Cost()
    for name in (*STEPS, *ENCODE, *TRAIN):
        python.run(command_of(name, seed), work)
    Cost().run(command_of(EVALUATE[0], seed), work)
    overlay = work / "seed.yaml"
    overlay.write_text(f"model: {{seed: {seed}}}\n", encoding="utf-8")
    javascript.run(
        [
            *(str(node.program()), "web/train/index.js", "--config", "config/config.yaml"),
            *("--config", "seed.yaml", "--source", "data/source/news.sqlite"),
        ],
        work,
    )
    same = (work / "data/node" / SHARD).read_bytes() == (work / "data" / SHARD).read_bytes()
    for name, cost, metrics in (
        ("Python", python, "data/reports/metrics.json"),
        ("Node.js", javascript, "data/node/metrics.json"),
    ):
        recall = files.read_json(work / metrics)["test"]["recall@1"]
        said = "the same bytes" if same else "others"
        took = f"{cost.seconds:.1f} | {cost.megabytes:.0f}"
        print(f"| {seed} | {name} | {took} | {recall:.4f} | {said} |")


def command_of(name: str, seed: int) -> list[str]:
    """Return the command of a step's receipt, with another seed and without a receipt."""
    words: list[str] = files.read_json(ROOT / "data/receipts" / f"{name}.json")["command"]
    words = words[: words.index("--receipt")]
    if "--seed" in words:
        words[words.index("--seed") + 1] = str(seed)
    return words


def count_python() -> int:
    """Count the lines of code of what Python runs for the same."""
    scripts = {name.split("/")[0] for name in (*STEPS, *ENCODE, *TRAIN)}
    paths = {path for step in scripts for path in code_files.python(step) if path.endswith(".py")}
    return sum(map(count, paths))


def count_node() -> int:
    """Count the lines of code of the trainer, and of the text recipe that it shares."""
    return sum(map(count, code_files.javascript("train/index.js")[:-1]))


def count(path: str) -> int:
    """Count a file's lines, without comments and empty ones."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return sum(not COMMENT.match(line) for line in lines)


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    paths = path.rglob("*") if path.is_dir() else [path]
    return sum(each.lstat().st_size for each in paths if not each.is_dir())


if __name__ == "__main__":
    main()
