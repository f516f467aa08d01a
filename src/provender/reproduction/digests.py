"""The digests of a build's files, committed so that each later build can be held to them."""

import csv
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from provender import files
from provender.errors import UserError
from provender.reproduction import differences

DIGESTS = Path("digests.json")

# What Snakemake's summary says of a file that it would not make again.
UP_TO_DATE = "no update"

Digests = list[dict[str, str | dict[str, str]]]


def steps(
    folder: Path = Path(), overlays: Sequence[str | Path] = (), up_to_date: bool = True
) -> dict[str, str]:
    """Return the step that makes each file of the build in ``folder``, in running order.

    Raises UserError where the build is missing or, with ``up_to_date``, out of date.
    """
    command = [sys.executable, "-m", "snakemake", "--detailed-summary"]
    if overlays:
        command += ["--configfile", *map(str, overlays)]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise UserError(f"snakemake --detailed-summary failed:\n{done.stderr.strip()}")
    rows = {
        row["output_file"]: row for row in csv.DictReader(done.stdout.splitlines(), delimiter="\t")
    }
    # A file that only finished steps need may be missing without a plan to make it again.
    pending = [
        name
        for name, row in rows.items()
        if row["plan"] != UP_TO_DATE or not (folder / name).exists()
    ]
    if pending and up_to_date:
        raise UserError(f"the build is not up to date, such as {pending[0]}: run make first")
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in depths:
            inputs = rows[name]["input-file(s)"].split(",")
            depths[name] = 1 + max((depth(each) for each in inputs if each in rows), default=0)
        return depths[name]

    # A step's files stand together, also those of its several jobs.
    placed = sorted((depth(name), row["rule"], name) for name, row in rows.items())
    return {name: step for _, step, name in placed}


def take(overlays: Sequence[str | Path] = ()) -> Digests:
    """Return the digests of the build in this folder: steps in running order, each's files."""
    there = differences.digests(Path())
    made_by = steps(overlays=overlays)
    taken: dict[str, dict[str, str]] = {step: {} for step in made_by.values()}
    for name, step in made_by.items():
        if name in there:
            taken[step][name] = there.pop(name)
    if there:
        raise UserError(f"no step makes {', '.join(there)}: delete what is left of old builds")
    return [{"step": step, "writes": found} for step, found in taken.items() if found]


def write(overlays: Sequence[str | Path] = ()) -> int:
    """Write the digests of the build in this folder; return the number of its files."""
    taken = take(overlays)
    files.write_json(DIGESTS, taken)
    return sum(len(step["writes"]) for step in taken)


def check(overlays: Sequence[str | Path] = ()) -> int:
    """Hold the build in this folder to the written digests; return the number of its files.

    Raises UserError, naming the step that differs first and each file, where they differ.
    """
    if not DIGESTS.exists():
        raise UserError(f"there is no {DIGESTS}: make digests writes it")
    expected, taken = files.read_json(DIGESTS), take(overlays)
    if expected == taken:
        return sum(len(step["writes"]) for step in taken)
    old = {name: digest for step in expected for name, digest in step["writes"].items()}
    lines = []
    for step in taken:
        for name, digest in step["writes"].items():
            was = old.pop(name, None)
            if was != digest:
                lines.append(f"  {step['step']}: {name}: {_short(was)} → {_short(digest)}")
    lines += [f"  {name}: {_short(digest)} → absent" for name, digest in old.items()]
    raise UserError(
        f"the build is not the one of {DIGESTS}. In running order, so the first step is the one "
        "to look at:\n" + "\n".join(lines or ["  the order of the steps"]) + "\n"
        "Where that is meant, write the new digests by make digests and commit them"
    )


def _short(digest: str | None) -> str:
    return digest[:12] if digest else "absent"
