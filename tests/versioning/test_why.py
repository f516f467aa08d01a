"""What changed between two builds, and what that did."""

import json
import sqlite3

import pytest
from conftest import Project
from recorded import edit

ROWS = {"test": {"bread": [1, 0]}, "train": {"chess": [0, 2]}}


@pytest.mark.ci
def test_why(recorded: Project) -> None:
    """Rows, settings, code and versions that differ are told, and the metrics that moved."""
    database = sqlite3.connect(recorded.folder / "small.sqlite")
    with database:
        old = "SELECT rowid FROM posts WHERE topic = 'chess' AND year < 1985 LIMIT 2"
        assert database.execute(f"DELETE FROM posts WHERE rowid IN ({old})").rowcount == 2
        database.execute("INSERT INTO posts VALUES ('new flour for the oven', 'bread', 1999)")
    database.close()
    edit(recorded, "small.yaml", "epochs: 2", "epochs: 3")
    edit(recorded, "scripts/render_report.py", "import argparse", "import argparse  # edited")
    edit(recorded, "requirements.lock", "\nrich==", "\nrich==0.0.")
    recorded.run("provender", "dvc")
    recorded.snakemake()
    # The workspace against a commit, and two commits, by digest and not by date.
    seen = json.loads(recorded.run("provender", "why", "HEAD", "--json").stdout)
    recorded.run("provender", "record")
    recorded.commit("second")
    found = json.loads(recorded.run("provender", "why", "HEAD~1", "HEAD", "--json").stdout)
    assert seen == found
    assert found["settings"] == {"model.epochs": [2, 3]}
    assert found["rows"] == {**found["rows"], **ROWS}
    assert list(found["inputs"]) == ["small.sqlite"]
    assert list(found["code"]) == ["scripts/render_report.py"]
    (change,) = found["dependencies"].items()
    assert change[0] == "rich"
    assert change[1][1] == f"0.0.{change[1][0]}"
    assert found["metrics"]["test.posts"][1] - found["metrics"]["test.posts"][0] == 1
    now = json.loads((recorded.folder / "data/reports/metrics.json").read_text())
    before, after = found["metrics"]["test.macro_f1"]
    assert after == now["test"]["macro_f1"] != before
    shown = recorded.run("dvc", "metrics", "show", "--json")
    (known,) = json.loads(shown.stdout)[""]["data"].values()
    assert known["data"]["test"]["macro_f1"] == after
    # DVC takes some keys of metrics for errors of its own.
    assert "failed to load" not in recorded.run("dvc", "metrics", "show").stderr
    table = recorded.run("provender", "why", "HEAD~1", "HEAD").stdout
    assert "model.epochs" in table
    assert f"{after - before:+.6g}" in table
    assert ["test", "bread", "+1", "-0"] in [line.split() for line in table.splitlines()]
    assert recorded.run("provender", "why", "HEAD", "HEAD").stdout == "nothing changed\n"
    assert "there is no dvc.lock in HEAD~9" in recorded.run(
        "provender", "why", "HEAD~9", "HEAD", code=1
    ).stderr  # fmt: skip
