"""What an audit costs: reading the files, and building the commit again."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import project
from figures import Figure

from provender.errors import UserError

PART = "audit"

# Seconds and megabytes of the first part, which reads the files and replays the canaries.
MOST_SECONDS = 1.0
MOST_MEMORY = 200.0

# Wall time of the rebuild, without its set-up, over that of the main job.
MOST_REBUILD = 1.3

# The first is not counted, for what the system has yet to read from disk.
RUNS = 5

IDENTITY = ["-c", "user.name=Bench", "-c", "user.email=bench@localhost"]


def measure(work: Path, archive: Path, cores: int) -> Iterator[Figure]:
    """Build, record and release the main job below ``work``; audit it, then build it again."""
    folder = project.copy_tree(work / "project", archive)
    project.run(folder, ["git", "init", "--quiet"])
    start = time.perf_counter()
    project.run(folder, project.workflow(cores))
    main_job = time.perf_counter() - start
    _publish(folder)
    (release,) = (folder / "dist" / "releases").glob("*.tar.gz")
    files = ["provender", "audit", str(release), "--files", "--key", str(work / "key.pub")]
    times = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        project.run(folder, files)
        times.append(time.perf_counter() - start)
    yield Figure(
        PART, "files and signature", min(times[1:]), MOST_SECONDS, "limit", "s", at_most=1
    )  # fmt: skip
    yield Figure(
        PART, "files and signature, memory", _memory(folder, files), MOST_MEMORY, "limit", "MB",
        at_most=1,
    )  # fmt: skip
    start = time.perf_counter()
    project.run(folder, ["provender", "audit", str(release)])
    yield Figure(PART, "and the trace", time.perf_counter() - start, main_job, "main job", "s")
    report = work / "audit.json"
    command = ["provender", "audit", str(release), "--rebuild", "--json", str(report)]
    command += ["--environment", str(project.ROOT), "--cores", str(cores)]
    project.run(folder, command)
    found = json.loads(report.read_text(encoding="utf-8"))
    if found["comparison"]["level"] != "BYTES":
        raise UserError("the rebuild is not the same: see provender audit --rebuild")
    yield Figure(
        PART, "rebuild without set-up", found["seconds"]["build"], main_job, "main job", "s",
        at_most=MOST_REBUILD,
    )  # fmt: skip


def _publish(folder: Path) -> None:
    """Record, commit, push and release what is built in ``folder``."""
    project.run(folder, ["provender", "dvc"])
    project.run(folder, ["provender", "record"])
    project.run(folder, ["git", *IDENTITY, "add", "--all"])
    project.run(folder, ["git", *IDENTITY, "commit", "--quiet", "--message", "bench"])
    project.run(folder, ["dvc", "push"])
    key = folder.parent / "key"
    project.run(folder, ["provender", "keygen", str(key)])
    config = project.config.read(folder / "config" / "config.yaml")
    project.run(folder, ["provender", "release", config["version"], "--key", str(key)])


def _memory(folder: Path, command: list[str]) -> float:
    """Return the most memory that one of a command's processes took, in megabytes."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True)\n"
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    return int(project.run(folder, [sys.executable, "-c", code, *command]).splitlines()[-1]) / 1000
