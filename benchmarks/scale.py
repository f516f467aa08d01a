"""Measure what each step costs at ever more posts, and fit fixed costs and costs per post.

Writes the measured figures (benchmarks/scale.csv), the fitted costs, by which make tells the time
left (workflow/costs.json), the memory and time that the profiles of clusters ask for, and the
tables of docs/scale.md. Each step runs alone, so that its seconds are its own.
"""

import argparse
import csv
import heapq
import math
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import make_posts
import memory
import numpy as np
import project
import yaml
from figures import replace_table

from provender import console, files
from provender.errors import UserError
from provender.reproduction import clone
from provender.running import costs, shards, step

SIZES = (10_000, 100_000)
MEASURED = project.ROOT / "benchmarks" / "scale.csv"
FITTED = project.ROOT / costs.FILE
DOCUMENT = project.ROOT / "docs" / "scale.md"
PROFILES = [project.ROOT / "workflow/profiles" / name for name in ("slurm", "kubernetes")]

# A table of one's own, with the defaults that any such has; years are 2000 to 2024.
CONFIG = {
    "name": "scale",
    "title": "Made-up posts",
    "source": {
        "kind": "sqlite", "path": "posts.sqlite", "table": "posts",
        "text": "body", "label": "topic", "split": "year",
    },
    "split": {"threshold": 2022},
    # What shards cost follows from what whole steps do.
    "shards": 1,
}  # fmt: skip

# What a job is given beyond the fit: it was measured on one machine, and fits are rough. Snakemake
# itself, which starts each job on its node, takes some more; and nodes may be much slower.
MEMORY_MARGIN, MEMORY_FIXED_MB = 1.5, 500
TIME_MARGIN, TIME_FIXED_MINUTES = 4, 10

# What submitting a job to a cluster and learning of its end takes, in seconds.
SUBMISSION_SECONDS = 20

# Megabytes that a shard reads, in a profile.
PART_MB = "input.size_mb / int(wildcards.shard.split('-of-')[1])"

BEFORE_TRAINING = (
    "fetch_source", "compile_recipe", "split_posts", "build_vocabulary", "encode_posts",
)  # fmt: skip

# Posts of the computed table; nodes of its last column, and cores of the one machine.
COMPUTED = tuple(10**power for power in range(4, 10))
NODES, CORES = 100, 2

PROFILE_BEGIN = "# Written by make bench-scale, from what was measured: megabytes, and minutes."


@dataclass(frozen=True)
class Measured:
    """One job at one size: what it took, alone. Megabytes are of 10^6 bytes."""

    posts: int
    rule: str
    # The job's log: the rule, and its wildcards where it has any.
    job: str
    # Of all its inputs, code included, as Snakemake counts them.
    input_mb: float
    seconds: float
    memory_mb: float
    disk_mb: float


@dataclass(frozen=True)
class Line:
    """A cost by what it depends on, neither part below 0."""

    fixed: float
    slope: float

    def at(self, size: float) -> float:
        """Return the cost at a size."""
        return self.fixed + self.slope * size


def fit(sizes: Iterable[float], values: Iterable[float]) -> Line:
    """Return the line of the least relative errors; with one size, a constant."""
    x, y = np.array(list(sizes), float), np.array(list(values), float)
    weights = 1 / np.maximum(y, 1e-9)
    if len(set(x)) > 1:
        columns = np.stack([np.ones_like(x), x], axis=1)
        (fixed, slope), *_ = np.linalg.lstsq(columns * weights[:, None], y * weights, rcond=None)
        if fixed >= 0 and slope >= 0:
            return Line(float(fixed), float(slope))
        if fixed < 0:
            through = (x * weights) @ np.ones_like(x) / ((x * weights) @ (x * weights))
            return Line(0.0, float(through))
    return Line(float(weights.sum() / (weights @ weights)), 0.0)


def words_after(words: list[str], option: str) -> list[str]:
    """Return the values of an option of a command."""
    start = words.index(option) + 1
    ends = [place for place in range(start, len(words)) if words[place].startswith("--")]
    return words[start : min(ends, default=len(words))]


def measure(work: Path, source: Path, posts: int) -> Iterable[Measured]:
    """Yield each job of the workflow on a table of so many posts, in running order."""
    folder = clone.copy_tree(project.ROOT, work / str(posts))
    (folder / ".venv").symlink_to(project.ROOT / ".venv")
    rows = make_posts.make_posts(make_posts.read_lines(source), posts, 1)
    make_posts.write_table(folder / "posts.sqlite", rows)
    (folder / "scale.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    yield Measured(
        posts, "", "posts.sqlite", 0, 0, 0, (folder / "posts.sqlite").stat().st_size / 1e6
    )
    for words in project.list_commands(folder, ["--configfile", "scale.yaml"]):
        job = Path(words_after(words, "--log")[0]).relative_to("logs").with_suffix("").as_posix()
        console.log.info("%s posts: %s", f"{posts:,}", job)
        size = sum((folder / path).stat().st_size for path in words_after(words, "--inputs"))
        begun = time.perf_counter()
        peak = memory.measure_command(folder, words)
        seconds = time.perf_counter() - begun
        made = sum((folder / path).stat().st_size for path in words_after(words, "--outputs"))
        yield Measured(
            posts, Path(words[1]).stem, job, size / 1e6, seconds,
            max(peak.largest_process, peak.tree) / 1e6, made / 1e6,
        )  # fmt: skip


def read_measured(path: Path) -> list[Measured]:
    """Return what an earlier run has measured."""
    with path.open(encoding="utf-8", newline="") as file:
        kinds = {each.name: each.type for each in fields(Measured)}
        return [
            Measured(**{key: kinds[key](value) for key, value in row.items()})
            for row in csv.DictReader(file)
        ]


def write_measured(path: Path, found: list[Measured]) -> None:
    """Write the figures as CSV."""
    with files.replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [each.name for each in fields(Measured)], lineterminator="\n")
        writer.writeheader()
        for each in found:
            row = asdict(each)
            writer.writerow({k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()})


def by_rule(found: list[Measured]) -> dict[str, list[Measured]]:
    """Return the jobs of each rule, in running order."""
    rules: dict[str, list[Measured]] = defaultdict(list)
    for each in found:
        if each.rule:
            rules[each.rule].append(each)
    return dict(rules)


def fit_rule(jobs: list[Measured]) -> dict[str, Line]:
    """Return a rule's costs by posts: seconds and disk of all its jobs, memory of the largest."""
    sizes = sorted({each.posts for each in jobs})

    def total(of: Callable[[Measured], float], join: Callable[[Iterable[float]], float]) -> Line:
        values = [join([of(each) for each in jobs if each.posts == size]) for size in sizes]
        return fit(sizes, values)

    return {
        "seconds": total(lambda each: each.seconds, sum),
        "memory_mb": total(lambda each: each.memory_mb, max),
        "disk_mb": total(lambda each: each.disk_mb, sum),
    }


def table_mb(found: list[Measured]) -> Line:
    """Return the size of the user's own table by its posts."""
    tables = [each for each in found if not each.rule]
    return fit([each.posts for each in tables], [each.disk_mb for each in tables])


def write_fitted(path: Path, found: list[Measured]) -> None:
    """Write what src/provender/running/costs.py reads."""
    rules = {
        rule: {
            "jobs": len({each.job for each in jobs}),
            **{
                name: {
                    "fixed": round(line.fixed, 4),
                    "per_post": float(f"{round(line.slope, 12):.4g}"),
                }
                for name, line in fit_rule(jobs).items()
            },
        }
        for rule, jobs in by_rule(found).items()
    }
    # Rounded as the rest, since last digits of a fit hang on the machine.
    files.write_json(
        path, {"bytes_per_post": round(table_mb(found).slope * 1e6, 2), "rules": rules}
    )


def resources(found: list[Measured]) -> dict[str, dict[str, str]]:
    """Return what a cluster is asked for by each rule: functions of its inputs' megabytes."""
    asked = {}
    for rule, jobs in by_rule(found).items():
        sizes = [each.input_mb for each in jobs]
        mem = fit(sizes, [each.memory_mb for each in jobs])
        minutes = fit(sizes, [each.seconds / 60 for each in jobs])
        fixed = math.ceil(mem.fixed * MEMORY_MARGIN + MEMORY_FIXED_MB)
        limit = math.ceil(minutes.fixed * TIME_MARGIN + TIME_FIXED_MINUTES)
        asked[rule] = {
            "mem_mb": f"{fixed} + int({mem.slope * MEMORY_MARGIN:.3g} * input.size_mb)",
            "runtime": f"{limit} + int({minutes.slope * TIME_MARGIN:.3g} * input.size_mb)",
        }
    # A shard reads its part of what the step reads, and code.
    for rule, (whole, _) in costs.SHARED_OUT.items():
        if whole in asked:
            own = {
                name: how.replace("input.size_mb", PART_MB) for name, how in asked[whole].items()
            }
            asked[rule] = own
    return asked


def write_profile(folder: Path, asked: Mapping[str, Mapping[str, str]]) -> None:
    """Put what is asked for at the end of a profile."""
    path = folder / "config.yaml"
    before = path.read_text(encoding="utf-8").split(PROFILE_BEGIN)[0]
    text = yaml.safe_dump({"set-resources": asked}, sort_keys=False, width=100)
    files.write_text(path, f"{before}{PROFILE_BEGIN}\n{text}")


def finish(jobs: Mapping[str, tuple[float, set[str]]], workers: int) -> float:
    """Return when the last job ends, given each one's seconds and what it waits for."""
    waiting = {name: set(before) for name, (_, before) in jobs.items()}
    running: list[tuple[float, str]] = []
    now, free = 0.0, workers
    while waiting or running:
        for name in [name for name, before in waiting.items() if not before][:free]:
            del waiting[name]
            heapq.heappush(running, (now + jobs[name][0], name))
            free -= 1
        now, ended = heapq.heappop(running)
        free += 1
        for before in waiting.values():
            before.discard(ended)
    return now


def read_order(folder: Path) -> dict[str, set[str]]:
    """Return, for each job of the workflow, the jobs that it waits for."""
    commands = project.list_commands(folder, ["--configfile", "scale.yaml", "--forceall"])
    logs = {
        Path(words_after(words, "--log")[0]).relative_to("logs").with_suffix("").as_posix(): words
        for words in commands
    }
    makers = {path: job for job, words in logs.items() for path in words_after(words, "--outputs")}
    return {
        job: {makers[path] for path in words_after(words, "--inputs") if path in makers}
        for job, words in logs.items()
    }


def share_out(
    jobs: Mapping[str, tuple[Line, set[str]]], rules: Mapping[str, str], posts: int, total: int
) -> dict[str, tuple[float, set[str]]]:
    """Return each job's seconds at so many posts and what it waits for, with so many shards.

    ``rules``: each job's.
    """
    left_to = dict(costs.SHARED_OUT.values())
    found = {}
    for job, (line, before) in jobs.items():
        left = left_to.get(rules[job])
        if left is None or total == 1:
            found[job] = (line.at(posts), before)
            continue
        names = {f"{job} {name}" for name in shards.names(total)}
        found |= {name: (line.at(posts * (1 - left) / total), before) for name in names}
        found[job] = (line.at(posts * left), before | names)
    return found


def first(
    jobs: Mapping[str, tuple[float, set[str]]], rules: Mapping[str, str]
) -> dict[str, tuple[float, set[str]]]:
    """Return the jobs before training; ``rules``: each job's, shards' being named after it."""
    return {job: each for job, each in jobs.items() if rules[job.split()[0]] in BEFORE_TRAINING}


def computed(found: list[Measured], order: Mapping[str, set[str]]) -> list[str]:
    """Return the lines of the table of what builds of any size cost."""
    jobs = defaultdict(list)
    for each in found:
        if each.rule:
            jobs[each.job].append(each)
    seconds = {
        job: fit([e.posts for e in each], [e.seconds for e in each]) for job, each in jobs.items()
    }
    rule_of = {each.job: each.rule for each in found}
    lines_of = {job: (line, order[job]) for job, line in seconds.items()}
    rules = [fit_rule(each) for each in by_rule(found).values()]
    largest = max(each.posts for each in found)
    lines = [
        f"| posts | text | one machine, {CORES} cores | before training | shards | {NODES} nodes "
        "| before training | memory | disk | |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for posts in COMPUTED:
        total = shards.of_bytes(int(table_mb(found).at(posts) * 1e6))
        here = share_out(lines_of, rule_of, posts, total)
        there = {job: (each + SUBMISSION_SECONDS, before) for job, (each, before) in here.items()}
        cells = [
            f"{posts:,}",
            size(table_mb(found).at(posts)),
            *(duration(finish(jobs, CORES)) for jobs in (here, first(here, rule_of))),
            f"{total}",
            *(duration(finish(jobs, NODES)) for jobs in (there, first(there, rule_of))),
            size(max(rule["memory_mb"].at(posts) for rule in rules)),
            size(sum(rule["disk_mb"].at(posts) for rule in rules)),
            "computed beyond what was measured" if posts > largest else "computed",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def duration(seconds: float) -> str:
    """Return a time in words, in days where it is longer than two."""
    days = seconds / 86_400
    return console.in_words(seconds) if days < 2 else f"{days:,.0f} days"


def size(megabytes: float) -> str:
    """Return a number of bytes in words."""
    for unit in ("MB", "GB", "TB"):
        if megabytes < 1000 or unit == "TB":
            break
        megabytes /= 1000
    return f"{megabytes:,.0f} {unit}" if megabytes >= 10 else f"{megabytes:.1f} {unit}"


def by_step(found: list[Measured]) -> list[str]:
    """Return the lines of the table of each step's costs."""
    sizes = sorted({each.posts for each in found})
    heads = [f"s at {posts:,} | MB" for posts in sizes]
    lines = [
        f"| step | {' | '.join(heads)} | s | ms a post | kB of disk a post |",
        "|---" + "|--:" * (2 * len(sizes) + 3) + "|",
    ]
    for rule, jobs in by_rule(found).items():
        line = fit_rule(jobs)
        cells = []
        for posts in sizes:
            own = [each for each in jobs if each.posts == posts]
            cells.append(f"{sum(each.seconds for each in own):.1f}")
            cells.append(f"{max(each.memory_mb for each in own):,.0f}")
        cells += [f"{line['seconds'].fixed:.1f}", f"{line['seconds'].slope * 1e3:.3f}"]
        cells.append(f"{line['disk_mb'].slope * 1e3:.2f}")
        lines.append(f"| `{rule}` | {' | '.join(cells)} |")
    return lines


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument(
        "--least", type=int, default=SIZES[0], help=f"posts to begin with (default: {SIZES[0]:,})"
    )
    parser.add_argument(
        "--most", type=int, default=SIZES[1],
        help=f"posts to end with, by powers of ten (default: {SIZES[1]:,})",
    )  # fmt: skip
    parser.add_argument(
        "--source", type=Path, default=costs.SOURCE, help="table whose lines posts are made of"
    )
    parser.add_argument(
        "--work", type=Path, help="folder for the tables and builds (default: a temporary one)"
    )
    parser.add_argument("--measured", type=Path, default=MEASURED, help="CSV file to write")
    parser.add_argument("--fitted", type=Path, default=FITTED, help="JSON file to write")
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="Markdown file to change")
    parser.add_argument(
        "--profiles", type=Path, nargs="*", default=PROFILES, help="profiles to change"
    )
    return parser


def main(options: argparse.Namespace) -> None:
    """Measure, fit, and write all that follows from it."""
    if not options.source.is_file():
        raise UserError(f"{options.source} is no file: run make first, or name one by --source")
    if not 0 < options.least < options.most:
        raise UserError("--most must be more than --least: two sizes make a line")
    # Said before hours are spent.
    for name in ("costs", "computed"):
        replace_table(options.document.read_text(encoding="utf-8"), name, [])
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="provender-scale-", dir=options.work) as folder:
        posts = options.least
        while posts <= options.most:
            found += measure(Path(folder), options.source.resolve(), posts)
            # Kept at once: larger sizes take hours, and may not fit.
            write_measured(options.measured, found)
            posts *= 10
        order = read_order(Path(folder) / str(options.least))
    # As it is written, so that all else follows from the file.
    found = read_measured(options.measured)
    write_fitted(options.fitted, found)
    for profile in options.profiles:
        write_profile(profile, resources(found))
    head = [f"Measured on a machine of {os.cpu_count()} cores:", ""]
    text = options.document.read_text(encoding="utf-8")
    text = replace_table(text, "costs", [*head, *by_step(found)])
    text = replace_table(text, "computed", computed(found, order))
    files.write_text(options.document, text)
    print("\n".join([*by_step(found), "", *computed(found, order)]))


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main, receipts=False))
