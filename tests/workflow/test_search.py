"""``snakemake search``: reads no test split, and is no part of a build."""

import re

import pytest
import yaml
from conftest import Project

from provender import files

TABLE = "config/search/small.csv"

SCORES = """\
smoothing,power,idf_power,share,cost,epochs,augmented,recall@1,loss,chosen
1,0.7,0.5,0.5,1,2,0,0.900000,0.352498,1
"""


def plan(project: Project, *targets: str) -> str:
    """Return what Snakemake says of each job that it would run."""
    command = ("snakemake", "--cores", "2", *targets, "--dry-run", "--quiet", "host")
    return project.run(*command, "--configfile", "small.yaml").stdout


def planned_rules(project: Project) -> list[str]:
    """Return the rules of which a build would run jobs."""
    return re.findall(r"^rule (\w+):", plan(project), re.MULTILINE)


def test_reads_no_test_split(small_project: Project) -> None:
    """Of the posts only those of the other splits are encoded and searched with."""
    planned = plan(small_project, "search")
    inputs = re.search(r"rule search_model:\n +input: (.+)\n", planned).group(1).split(", ")
    assert [path for path in inputs if path.startswith("data/")] == [
        "data/features/train.parquet",
        "data/features/validation.parquet",
        "data/features/augmented.parquet",
        "data/vocabulary/candidates.json",
        "data/vocabulary/labels.json",
        "data/vocabulary/text.json",
    ]
    assert "features/test.parquet" not in planned


@pytest.mark.ci
def test_no_part_of_a_build(small_project: Project) -> None:
    """A build plans no search; what one has kept is read by the report's rule alone."""
    rules = planned_rules(small_project)
    assert "render_report" in rules
    assert "search_model" not in rules
    assert TABLE not in plan(small_project)
    files.write_text(small_project.folder / TABLE, SCORES)
    assert sorted(planned_rules(small_project)) == sorted(rules)
    small_project.run("provender", "dvc", "--config", "small.yaml")
    pipeline = (small_project.folder / "dvc.yaml").read_text(encoding="utf-8")
    stages = yaml.safe_load(pipeline)["stages"]
    assert [name for name, stage in stages.items() if TABLE in stage.get("deps", [])] == [
        "render_report"
    ]
    assert f"--search {TABLE}" in plan(small_project, "--printshellcmds")
    assert "search_model" not in stages
