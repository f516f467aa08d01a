"""What steps cost, as benchmarks/scale.py has measured and fitted it, and the time left by that.

Costs are ``fixed + per_post * posts``. A post is one of those measured, of some 2,000 characters;
a table of other texts counts for as many posts as have its bytes.
"""

import logging
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provender import console, files, tool

FILE = "workflow/costs.json"

# What every table becomes, of which posts are the largest part.
SOURCE = Path("data/source/news.sqlite")

# What Snakemake says of a job that wrote no message since a signal has ended it; the shell around
# it tells of that by a number above 128.
KILLED = re.compile(
    r" --log (?P<log>\S+) .*(?:died with <Signals\.(?P<signal>SIG(?!INT)\w+): |"
    r"returned non-zero exit status (?P<code>13[1-9]|1[45]\d)\b)",
    re.DOTALL,
)

# Work, in measured seconds, after which this build's own pace counts for as much as that measured.
TRUSTED_SECONDS = 10

# What shards of a step do, by what the step does alone; and the share of its work on each post that
# is left to it. Measured with 20,000 posts and four shards, by seconds of the processor.
SHARED_OUT = {
    "judge_shard": ("split_posts", 0.1),
    "count_shard": ("build_vocabulary", 0.25),
    "encode_shard": ("encode_posts", 0.2),
}

# Less is not worth a line.
LEAST_SECONDS = 5


@dataclass(frozen=True)
class Costs:
    """Seconds of each rule's job, by the number of posts."""

    bytes_per_post: float
    # Fixed and per post, by rule; all jobs of a rule together, and how many these are.
    seconds: Mapping[str, tuple[float, float]]
    jobs: Mapping[str, int]

    def of_job(self, rule: str, posts: float, shards: int = 1) -> float:
        """Return the seconds that one job of ``rule`` takes; 0 of what was never measured.

        ``shards``: how many share out the work of some rules.
        """
        step, share = rule, 1.0
        if rule in SHARED_OUT:
            step, left = SHARED_OUT[rule]
            share = (1 - left) / shards
        elif shards > 1:
            share = dict(SHARED_OUT.values()).get(rule, 1.0)
        if step not in self.seconds:
            return 0
        fixed, per_post = self.seconds[step]
        return (fixed + per_post * posts * share) / self.jobs[step]


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
    # That share out the work of some rules.
    shards: int = 1
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
            sum(self.costs.of_job(rule, posts, self.shards) * n for rule, n in jobs.items())
            for jobs in (self.left, self.done)
        )
        pace = (now - self.started + TRUSTED_SECONDS) / (done + TRUSTED_SECONDS)
        return left * pace


def describe_killed(log: str, name: str) -> str:
    """Say which job a signal has ended, by its log, and what to do."""
    job = Path(log).relative_to("logs").with_suffix("").as_posix()
    return (
        f"error: {job} was ended by {name}, which someone sends, or the system where memory is "
        "short. What is done stays done: run the same command again, with fewer --cores if it was "
        "memory"
    )


class _Teller(logging.Handler):
    """Follows Snakemake's own account of a build, and adds the time left to it.

    And what a cluster says of a job that it ended, since no step could say that, and the profile
    has Snakemake say nothing of single jobs.
    """

    def __init__(self, sources: Sequence[str], shards: int) -> None:
        super().__init__()
        self.sources = sources
        self.shards = shards
        self.costs = read()
        self.rules: dict[int, str] = {}
        self.progress: Progress | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Take one event; after each job's end, say how long the others may take."""
        told: dict[str, Any] = record.__dict__
        event = str(told.get("event"))
        if event == "run_info":
            left = Counter({rule: n for rule, n in told["stats"].items() if rule != "total"})
            self.progress = Progress(self.costs, self.sources, left, time.monotonic(), self.shards)
        elif event == "job_info":
            self.rules[told["jobid"]] = told["rule_name"]
        elif event == "job_finished" and self.progress and told["job_id"] in self.rules:
            self.progress.finish(self.rules.pop(told["job_id"]))
        elif event == "job_error" and told.get("rule_msg"):
            print(f"error: {told['rule_name']}: {told['rule_msg']}", file=sys.stderr)
        elif killed := KILLED.search(record.getMessage()):
            name = killed["signal"] or signal.Signals(int(killed["code"]) - 128).name
            print(describe_killed(killed["log"], name), file=sys.stderr)
        elif event == "progress" and self.progress:
            seconds = self.progress.seconds_left(time.monotonic())
            if seconds >= LEAST_SECONDS:
                print(f"about {console.in_words(seconds)} left", file=sys.stderr)


def tell_time_left(sources: Sequence[str], shards: int = 1) -> None:
    """Have Snakemake say after each job how long the build may still take.

    ``sources`` are the user's files, where the source is such; ``shards``, how many share out the
    longest steps. And say of a job that was killed what no step could say.
    """
    from snakemake.logging import logger

    if not any(isinstance(handler, _Teller) for handler in logger.handlers):
        logger.addHandler(_Teller(sources, shards))
