"""Recall@1 on the test split at a size in bytes, against peers on the same texts."""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import project
import pyarrow.parquet as pq
from figures import Figure

from provender import console, files
from provender.errors import UserError
from provender.model import compression, training

PART = "accuracy"

SEEDS = tuple(range(1, 11))

MOST_SECONDS = 15.0

# A tenth of a percentage point.
MOST_LOST = 0.001

TOPICS = (
    "alt.atheism", "comp.graphics", "comp.os.ms-windows.misc", "comp.sys.ibm.pc.hardware",
    "comp.sys.mac.hardware", "comp.windows.x", "misc.forsale", "rec.autos", "rec.motorcycles",
    "rec.sport.baseball", "rec.sport.hockey", "sci.crypt", "sci.electronics", "sci.med",
    "sci.space", "soc.religion.christian", "talk.politics.guns", "talk.politics.mideast",
    "talk.politics.misc", "talk.religion.misc",
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """A configuration laid over the main job's, and the recall@1 wanted at each budget.

    Budgets are in kB, or auto, the project's own.
    """

    name: str
    wanted: Mapping[float | str, float]
    overlay: Mapping[str, Any] = field(default_factory=dict)


MAIN = Task("8 topics", {training.AUTO: 0.902, 100: 0.87})
OTHERS = (
    Task(
        "20 topics",
        {1000: 0.755},
        {
            "source": {"topics": TOPICS},
            "text": {"grams": {"pairs": True}},
            "model": {"budget_kb": 1000},
        },
    ),
    Task(
        "8 topics raw",
        {300: 0.962},
        {
            "text": {
                "strip": [],
                "augment": [
                    ["headers_but_subject"],
                    ["headers_but_subject", "footers"],
                    ["headers_but_subject", "footers", "quotes"],
                ],
            },
            "model": {"budget_kb": 300},
        },
    ),
)


def measure(build: Path, work: Path, archive: Path, packages: Path, cores: int) -> Iterator[Figure]:
    """Measure the main job's model in ``build``, where it is built, and others below ``work``.

    Peers are in the folder ``packages``. Raises UserError where they are not there, or where
    the shipped package or a training here does not get the share of the test split right
    that metrics.json says.
    """
    if not all((packages / name).is_dir() for name in ("sklearn", "fasttext")):
        raise UserError("scikit-learn and fastText are not installed: run make bench for that")
    _check("the package's recall@1", recall_of_package(build), build)
    yield from _measure_task(MAIN, build, packages, [])
    for number, task in enumerate(OTHERS, 1):
        folder = project.copy_tree(work / f"task-{number}", archive)
        files.write_json(folder / "overlay.json", task.overlay)
        overlay = ["--configfile", "overlay.json"]
        project.run(folder, [*project.workflow(cores), "data/reports/metrics.json", *overlay])
        yield from _measure_task(task, folder, packages, overlay)


def _measure_task(task: Task, folder: Path, packages: Path, overlay: list[str]) -> Iterator[Figure]:
    console.log.info("%s: training with %d seeds", task.name, len(SEEDS))
    trainings = _train(task, folder, overlay)
    _check("the first training's recall@1", trainings[0]["test"], folder)
    console.log.info("%s: tuning and training peers", task.name)
    found = _run_json(folder, "peers.py", packages=packages)
    peers = found["peers"]
    best = max(peers, key=peers.__getitem__)

    def with_blank(share: float) -> float:
        right = share * found["posts"] + found["blank_right"]
        return right / (found["posts"] + found["blank"])

    for budget, wanted in task.wanted.items():
        those = [each for each in trainings if each["budget_kb"] == budget]
        column = {key: [each[key] for each in those] for key in those[0]}
        recall = statistics.mean(column["test"])
        limit = compression.BUDGET if isinstance(budget, str) else budget
        name = f"{task.name}, {limit:g} kB"

        def figure(what: str, *values: Any, name: str = name, **bound: float) -> Figure:
            return Figure(PART, f"{name}: {what}", *values, **bound)

        split = f"recall@1, {found['posts']:,} posts"
        yield figure(split, recall, wanted, "target", "1", at_least=1)
        low, high = min(column["test"]), max(column["test"])
        yield figure(f"its lowest of {len(SEEDS)} seeds", low, high, "highest", "1")
        shown = peers if budget == next(iter(task.wanted)) else {best: peers[best]}
        for peer, share in shown.items():
            yield figure(split, recall, share, peer, "1", at_least=1)
        if found["blank"]:
            all_posts = f"with {found['blank']:,} blank posts"
            ours = with_blank(recall)
            yield figure(all_posts, ours, wanted, "target", "1", at_least=1)
            yield figure(all_posts, ours, with_blank(peers[best]), best, "1", at_least=1)
        size = max(column["bytes"]) / 1000
        yield figure("words and weights", size, limit, "limit", "kB", at_most=1)
        for split in ("validation", "test"):
            lost = statistics.mean(column[f"{split}_loss"])
            yield figure(f"lost by rounding, {split}", lost, MOST_LOST, "limit", "1", at_most=1)
        for what, key in (("training", "seconds"), ("training, CPU time", "cpu_seconds")):
            seconds = statistics.median(column[key])
            yield figure(what, seconds, MOST_SECONDS, "limit", "s", at_most=1)


def _train(task: Task, folder: Path, overlay: list[str]) -> list[dict]:
    everything = project.list_commands(folder, ["--forceall", *overlay])
    (command,) = (words for words in everything if words[1] == "scripts/train_model.py")
    asked = {"command": command, "budgets_kb": list(task.wanted), "seeds": SEEDS}
    return _run_json(folder, "seeds.py", asked)


def _run_json(
    folder: Path, script: str, asked: dict | None = None, packages: Path | None = None
) -> Any:
    """Run a script of this folder in ``folder`` and return what it writes."""
    environment = project.environment(folder)
    if packages:
        environment["PYTHONPATH"] += f":{packages}"
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name(script))],
        cwd=folder,
        env=environment,
        input=json.dumps(asked),
        check=False,
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise UserError(f"{script} ended with exit code {done.returncode}; see above")
    return json.loads(done.stdout)


def recall_of_package(build: Path) -> float:
    """Return the share of the test split that the packed npm package gets right."""
    posts = pq.read_table(build / "data/splits/test.parquet", columns=["text", "label"])
    (archive,) = (build / "dist/npm").glob("*.tgz")
    with tempfile.TemporaryDirectory() as folder:
        shutil.unpack_archive(archive, folder)
        script = Path(__file__).with_name("label_texts.mjs")
        done = subprocess.run(
            ["node", str(script), str(Path(folder) / "package")],
            env=project.environment(build),
            input=json.dumps(posts["text"].to_pylist()),
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    pairs = zip(json.loads(done.stdout), posts["label"].to_pylist(), strict=True)
    return statistics.mean(found == label for found, label in pairs)


def _check(what: str, recall: float, folder: Path) -> None:
    """Raise UserError unless the share is what metrics.json says, to less than one post."""
    said = json.loads((folder / "data/reports/metrics.json").read_text())["test"]
    if abs(said["recall@1"] - recall) * said["posts"] >= 1:
        raise UserError(f"metrics.json says {said['recall@1']}, {what} is {recall}")
