"""Measure the main job against its figures and print them as ratios.

Everything is measured in one run on one machine, so that ratios compare where seconds do
not. A ratio that misses its bound is marked; only what cannot be measured is an error.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import accuracy
import audit
import browser
import disk
import main_job
import memory
import project
import recipe
import second_make
import versioning
from figures import Figure, format_table

from provender import console, files
from provender.errors import UserError
from provender.running import step

PARTS = (
    "disk", "second-make", "recipe", "browser", "accuracy", "memory",
    "versioning", "audit", "main-job",
)  # fmt: skip

# Where make bench installs the peers; no part of the environment.
PACKAGES = project.ROOT / ".venv" / "bench-packages"


def measure(options: argparse.Namespace, work: Path) -> Iterator[Figure]:
    """Yield the figures of the parts that are asked for, working below ``work``."""
    archive = project.find_archive(options.archive)
    build = project.copy_tree(work / "build", archive)
    commands = project.list_commands(build)
    if "disk" in options.parts:
        yield from disk.measure(PACKAGES)
    # Not timed: it leaves the build for the next parts, and all files in the system's cache.
    console.log.info("building once")
    project.run(build, project.workflow(options.cores))
    if "second-make" in options.parts:
        yield second_make.measure(build)
    if "recipe" in options.parts:
        console.log.info("timing the text recipe")
        yield from recipe.measure(build)
    if "browser" in options.parts:
        console.log.info("timing pages in Chromium")
        found = browser.measure(build, PACKAGES)
        for name, cause in found.problems.items():
            console.log.warning("%s: %s", browser.NAMES[name], cause)
        yield from browser.figures(found)
    if "accuracy" in options.parts:
        yield from accuracy.measure(build, work, archive, PACKAGES, options.cores)
    if "memory" in options.parts:
        console.log.info("running each step alone")
        yield from memory.measure(project.copy_tree(work / "memory", archive), commands)
    if "versioning" in options.parts:
        console.log.info("building by DVC and by Snakemake on one core")
        yield from versioning.measure(work / "versioning", archive)
    if "audit" in options.parts:
        console.log.info("releasing the main job, auditing it and building it again")
        (work / "audit").mkdir()
        yield from audit.measure(work / "audit", archive, options.cores)
    if "main-job" in options.parts:
        console.log.info("timing workflow and twin in turn, %d times", options.runs)
        yield from main_job.measure(work, archive, commands, options.cores, options.runs)


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=PARTS, metavar="PART",
        help=f"{', '.join(PARTS)} (default: all)",
    )  # fmt: skip
    parser.add_argument("--runs", type=int, default=3, help="timed pairs (default: 3)")
    parser.add_argument("--cores", type=int, default=4, help="Snakemake's (default: 4)")
    parser.add_argument("--archive", type=Path, help="newsgroups archive (default: as configured)")
    parser.add_argument("--output", type=Path, help="JSON file to write the figures to as well")
    return parser


def main(options: argparse.Namespace) -> None:
    """Measure, print the table, and write the figures where they are wanted."""
    if options.runs < 1:
        raise UserError(f"--runs is {options.runs}: a median needs at least 1")
    with tempfile.TemporaryDirectory(prefix="provender-bench-") as work:
        figures = list(measure(options, Path(work)))
    print(f"{os.cpu_count()} CPUs, snakemake --cores {options.cores}")
    print(format_table(figures))
    if options.output:
        files.write_json(options.output, [figure.as_json() for figure in figures])


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
