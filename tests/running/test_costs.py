"""The time that is left of a build, by what steps were measured to cost and by its own pace."""

import json
import logging
import re
from collections import Counter
from pathlib import Path

import pytest
from conftest import Project

from provender import console
from provender.running import costs
from provender.running.graph import read

COSTS = costs.Costs(
    1000, {"read": (1, 0.001), "train": (10, 0.1)}, {"read": 2, "train": 1, "write": 1}
)


def begin(folder: Path, **left: int) -> costs.Progress:
    """Return a build with 100 posts that begins at 0 s."""
    (folder / "posts.csv").write_bytes(b"x" * 100_000)
    return costs.Progress(COSTS, [str(folder / "posts.csv")], Counter(left), 0.0)


def test_by_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything ran, as measured: the fixed cost, and that of each post."""
    monkeypatch.chdir(tmp_path)
    progress = begin(tmp_path, read=2, train=1, unknown=3)
    assert progress.posts() == 100
    assert progress.seconds_left(0) == pytest.approx(1 + 0.1 + 10 + 10)
    # What the build itself has read counts, once it is there.
    (tmp_path / "data" / "source").mkdir(parents=True)
    (tmp_path / costs.SOURCE).write_bytes(b"x" * 200_000)
    assert progress.posts() == 200


def test_by_the_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine half as fast takes twice as long, the more surely the more it has done."""
    monkeypatch.chdir(tmp_path)
    progress = begin(tmp_path, read=2, train=11)
    for _ in range(10):
        progress.finish("train")
    # 200 measured seconds are done.
    assert progress.seconds_left(200) == pytest.approx(21.1)
    assert progress.seconds_left(400) == pytest.approx(21.1 * 410 / 210)
    assert progress.left == Counter(read=2, train=1)


def test_of_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Together they do what the step does alone, but for what is left to it; each has to start."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(costs, "SHARED_OUT", {"train_shard": ("train", 0.2)})
    progress = begin(tmp_path, train_shard=4, train=1)
    progress.shards = 4
    # 10 s of work on 100 posts, and 10 s to start for each of five jobs.
    assert progress.seconds_left(0) == pytest.approx(10 + 5 * 10)
    # Where none shares it out, the step does all of it.
    assert begin(tmp_path, train=1).seconds_left(0) == pytest.approx(10 + 10)


def test_in_words() -> None:
    """No more exact than it is."""
    told = [console.in_words(seconds) for seconds in (1, 44, 89, 91, 3600, 90 * 60, 10**6)]
    assert told == ["5 s", "45 s", "90 s", "2 min", "60 min", "1.5 h", "277.8 h"]


def test_every_rule_is_known(small_build: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fitted costs name each rule of a build of a table, and how many jobs it has."""
    monkeypatch.chdir(small_build.folder)
    jobs = Counter(job.rule for job in read(["small.yaml"]))
    assert costs.read().jobs == jobs
    assert costs.read().bytes_per_post > 0


def test_of_a_build(small_project: Project) -> None:
    """What Snakemake prints has the time left, until there is nothing left."""
    file = small_project.folder / costs.FILE
    found = json.loads(file.read_text(encoding="utf-8"))
    found["rules"]["split_posts"]["seconds"] = {"fixed": 3600, "per_post": 0}
    file.write_text(json.dumps(found), encoding="utf-8")
    said = small_project.snakemake("--until", "split_posts").stderr
    assert re.search(r"^about [\d.]+ (min|h) left\n", said, re.MULTILINE), said
    assert "left" not in said[said.index("(Rule: split_posts)") :]


def test_of_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """The events are Snakemake's; a job that a cluster runs in a group has no name of its own."""
    from snakemake.logging import logger

    monkeypatch.chdir(tmp_path)
    begin(tmp_path)
    monkeypatch.setattr(costs, "read", lambda: COSTS)
    monkeypatch.setattr(logger, "handlers", [])
    costs.tell_time_left(["posts.csv"])
    costs.tell_time_left(["posts.csv"])
    [teller] = logger.handlers

    def tell(event: str, **told: object) -> None:
        record = logging.makeLogRecord({"event": event, "levelno": logging.INFO, **told})
        teller.emit(record)

    tell("progress", done=0, total=2)
    tell("run_info", stats={"read": 2, "train": 1, "total": 3})
    tell("job_info", jobid=7, rule_name="read")
    tell("job_finished", job_id=7)
    tell("job_finished", job_id=8)
    tell("progress", done=1, total=2)
    assert re.fullmatch(r"about (15|20) s left\n", capsys.readouterr().err)
    tell("job_info", jobid=9, rule_name="train")
    tell("job_finished", job_id=9)
    tell("progress", done=2, total=2)
    assert capsys.readouterr().err == ""
    tell("job_error", rule_name="read", rule_msg="its node is gone")
    # A step that failed has said why.
    tell("job_error", rule_name="read", rule_msg=None)
    assert capsys.readouterr().err == "error: read: its node is gone\n"


@pytest.mark.parametrize(
    ("end", "name"),
    [
        ("died with <Signals.SIGKILL: 9>.", "SIGKILL"),
        ("returned non-zero exit status 137.", "SIGKILL"),
        ("died with <Signals.SIGABRT: 6>.", "SIGABRT"),
        # What a step says itself, and Ctrl-C.
        ("returned non-zero exit status 1.", ""),
        ("returned non-zero exit status 130.", ""),
        ("died with <Signals.SIGINT: 2>.", ""),
    ],
)
def test_of_a_job_that_was_ended(end: str, name: str, capsys: pytest.CaptureFixture) -> None:
    """What a signal has ended is named, since it could say nothing itself."""
    said = f"RuleException:\nCommand 'set -e;\n python a.py --log logs/a/b.log --c' {end}"
    costs._Teller([], 1).emit(logging.makeLogRecord({"msg": said}))
    told = capsys.readouterr().err
    assert told.startswith(f"error: a/b was ended by {name}, ") if name else not told
    assert "What is done stays done: run the same command again" in told or not name
