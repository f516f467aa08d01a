"""The jobs of a build, kept from the last reading until something changes."""

import pytest
from conftest import Project
from recorded import edit

from provender import files
from provender.running import graph
from provender.running.graph import Job

OVERLAYS = ["small.yaml"]

JOB = Job(
    "make_thing", "rules.smk", {"split": "test"}, ["a"], ["b"], "make 'a b'",
    [("model", "seed"), ()], {"b": ("tables", {"y": "loss", "title": "Curve"})},
)  # fmt: skip


@pytest.fixture
def readings(small_project: Project, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the readings of the Snakefile that were made, in a project in which the test runs."""
    made = []

    def read(overlays: list[str]) -> list[Job]:
        made.append(overlays)
        return [JOB]

    monkeypatch.chdir(small_project.folder)
    monkeypatch.setattr(graph, "read", read)
    return made


def test_kept(readings: list[list[str]]) -> None:
    """The second time the same jobs come without a reading, with every key in its order."""
    first, second = graph.read_cached(OVERLAYS), graph.read_cached(OVERLAYS)
    assert first == second == [JOB]
    assert list(second[0].reports["b"][1]) == ["y", "title"]
    assert readings == [OVERLAYS]


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("small.yaml", "epochs: 2", "epochs: 3"),
        ("config/config.yaml", "cost: 1", "cost: 2"),
        ("workflow/rules/splits.smk", "--log", "--Log"),
        ("src/provender/text/encode.py", "import numpy as np", "import numpy as np  # edited"),
        ("requirements.lock", "numpy==", "numpy =="),
    ],
)
def test_an_edit_is_read(
    readings: list[list[str]], small_project: Project, path: str, old: str, new: str
) -> None:
    """After an edit of configuration, rules, code or a lock file the jobs are read anew."""
    graph.read_cached(OVERLAYS)
    edit(small_project, path, old, new)
    graph.read_cached(OVERLAYS)
    assert len(readings) == 2


@pytest.mark.parametrize("path", ["config/search/small.csv", "small.sqlite-wal"])
def test_a_new_file_is_read(readings: list[list[str]], path: str) -> None:
    """So they are where a search was kept, or the database got a log of changes."""
    graph.read_cached(OVERLAYS)
    files.write_text(path, "")
    graph.read_cached(OVERLAYS)
    assert len(readings) == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("config['a'][\"b\"], reconfig['c']", [("a", "b")]),
        ('config["a"].get("b", []) + config.get("c")', [("a", "b"), ("c",)]),
        ("identity(config)", [()]),
    ],
)
def test_what_a_rule_names(text: str, found: list[tuple[str, ...]]) -> None:
    """A value of the configuration, one that there need not be, or all of it."""
    assert graph.named(text) == found


def test_mermaid() -> None:
    """A line for each way without a longer one; jobs of one rule are one, and need not be first."""

    def job(rule: str, inputs: str, outputs: str) -> Job:
        return Job(rule, "rules.smk", {}, inputs.split(), outputs.split(), rule, [], {})

    jobs = [
        job("fetch", "posts.sqlite", "news"),
        job("encode", "news", "test"),
        job("encode", "news test", "train"),
        job("train", "news train", "model"),
        job("report", "model test news", "page"),
    ]
    assert graph.mermaid(jobs).splitlines() == [
        "flowchart TD",
        "  fetch --> encode",
        "  encode --> train",
        "  train --> report",
    ]
