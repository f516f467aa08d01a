"""What steps cost, as benchmarks/scale.py has measured and fitted it, and the time left by that.

Costs are ``fixed + per_post * posts``. A post is one of those measured, of some 2,000 characters;
a table of other texts counts for as many posts as have its bytes.
"""

import logging
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provender import files, tool

FILE = "workflow/costs.json"

# What every table becomes, of which posts are the largest part.
SOURCE = Path("data/source/news.sqlite")

# Work, in measured seconds, after which this build's own pace counts for as much as that measured.
TRUSTED_SECONDS = 10

# Less is not worth a line.
LEAST_SECONDS = 5


@dataclass(frozen=True)
class Costs:
    """Seconds of each rule's job, by the number of posts."""

    bytes_per_post: float
    # Fixed and per post, by rule; all jobs of a rule together, and how many these are.
    seconds: Mapping[str, tuple[float, float]]
    jobs: Mapping[str, int]

    def of_job(self, rule: str, posts: float) -> float:
        """Return the seconds that one job of ``rule`` takes; 0 of what was never measured."""
        if rule not in self.seconds:
            return 0
        fixed, per_post = self.seconds[rule]
        return (fixed + per_post * posts) / self.jobs[rule]


def read() -> Costs:
    """Return the fitted costs of the tool at hand."""
    found = files.read_json(tool.place(FILE))
    rules = found["rules"]
    return Costs(
        found["bytes_per_post"],
        {
            rule: (fit["seconds"]["fixed"], fit["seconds"]["per_post"])
            for rule, fit in rules.items()
        },
        {rule: fit["jobs"] for rule, fit in rules.items()},
    )


@dataclass
class Progress:
    """A build under way: which jobs are left, which are done, and how long that took."""

    costs: Costs
    # The user's own files, by whose bytes posts are counted until there is a table.
    sources: Sequence[str]
    left: Counter[str]
    started: float
    done: Counter[str] = field(default_factory=Counter)

    def finish(self, rule: str) -> None:
        """Note that a job has ended."""
        self.left[rule] -= 1
        self.done[rule] += 1

    def posts(self) -> float:
        """Return how many posts of the measured size the table has."""
        paths = [SOURCE] if SOURCE.is_file() else [Path(path) for path in self.sources]
        size = sum(path.stat().st_size for path in paths if path.is_file())
        return size / self.costs.bytes_per_post

    def seconds_left(self, now: float) -> float:
        """Return the measured seconds of what is left, at the pace of what is done."""
        posts = self.posts()
        left, done = (
            sum(self.costs.of_job(rule, posts) * count for rule, count in jobs.items())
            for jobs in (self.left, self.done)
        )
        pace = (now - self.started + TRUSTED_SECONDS) / (done + TRUSTED_SECONDS)
        return left * pace


def describe(seconds: float) -> str:
    """Return a time in words, no more exact than an estimate is."""
    if seconds < 90:
        return f"{max(5, round(seconds / 5) * 5)} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


class _Teller(logging.Handler):
    """Follows Snakemake's own account of a build, and adds the time left to it."""

    def __init__(self, sources: Sequence[str]) -> None:
        super().__init__()
        self.sources = sources
        self.costs = read()
        self.rules: dict[int, str] = {}
        self.progress: Progress | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Take one event; after each job's end, say how long the others may take."""
        told: dict[str, Any] = record.__dict__
        event = str(told.get("event"))
        if event == "run_info":
            left = Counter({rule: n for rule, n in told["stats"].items() if rule != "total"})
            self.progress = Progress(self.costs, self.sources, left, time.monotonic())
        elif event == "job_info":
            self.rules[told["jobid"]] = told["rule_name"]
        elif event == "job_finished" and self.progress and told["job_id"] in self.rules:
            self.progress.finish(self.rules.pop(told["job_id"]))
        elif event == "progress" and self.progress:
            seconds = self.progress.seconds_left(time.monotonic())
            if seconds >= LEAST_SECONDS:
                print(f"about {describe(seconds)} left", file=sys.stderr)


def tell_time_left(sources: Sequence[str]) -> None:
    """Have Snakemake say after each job how long the build may still take.

    ``sources`` are the user's files, where the source is such.
    """
    from snakemake.logging import logger

    if not any(isinstance(handler, _Teller) for handler in logger.handlers):
        logger.addHandler(_Teller(sources))
