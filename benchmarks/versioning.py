"""What versioning costs: DVC with nothing to do, recording a build, dvc repro from scratch."""

import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import project
from figures import Figure

from provender import config
from provender.versioning import cache

PART = "versioning"

# Seconds of a command that finds nothing to do.
MOST_IDLE = 5.0

# Seconds of recording a build, without reading its files.
MOST_RECORD = 3.0

# Wall time of dvc repro over that of Snakemake on one core.
MOST_REPRO = 1.5

NOTHING_TO_DO = (["dvc", "repro"], ["dvc", "status"], ["snakemake", "--dry-run"])


def measure(work: Path, archive: Path) -> Iterator[Figure]:
    """Build twice below ``work``, by DVC and by Snakemake, then record what the second made."""
    work.mkdir()
    dvc, snakemake = (_clone(work / name, archive) for name in ("dvc", "snakemake"))
    repro = _time(dvc, ["dvc", "repro"])
    yield Figure(
        PART, "dvc repro from scratch", repro, _time(snakemake, project.workflow(1)),
        "snakemake --cores 1", "s", at_most=MOST_REPRO,
    )  # fmt: skip
    record = _time(snakemake, ["provender", "record"])
    yield Figure(
        PART, "provender record above hashing", record - _hash_all(snakemake), MOST_RECORD,
        "limit", "s", at_most=1,
    )  # fmt: skip
    for command in NOTHING_TO_DO:
        seconds = _time(snakemake, command)
        name = f"{' '.join(command)}, nothing to do"
        yield Figure(PART, name, seconds, MOST_IDLE, "limit", "s", at_most=1)


def _clone(folder: Path, archive: Path) -> Path:
    """Copy the project, and put the archive where its main job looks for it."""
    project.copy_tree(folder, archive)
    # A link cannot be an output, and fetch_archive, a stage for DVC, makes it.
    shutil.rmtree(folder / "data")
    place = folder / config.read(folder / config.DEFAULT)["source"]["archives"][1]
    place.resolve().parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        place.resolve().symlink_to(archive)
    project.run(folder, ["git", "init", "--quiet"])
    return folder


def _time(folder: Path, command: Sequence[str]) -> float:
    start = time.perf_counter()
    project.run(folder, command)
    return time.perf_counter() - start


def _hash_all(folder: Path) -> float:
    """Read every file of the build as provender record does; return the seconds it takes."""
    paths = [path for top in ("data", "dist") for path in (folder / top).rglob("*")]
    start = time.perf_counter()
    for path in paths:
        if path.is_file():
            cache.digests(str(path))
    return time.perf_counter() - start
