"""provender compare: two models on the same texts."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import change_constants
from databases import make_table
from test_predict import run_command

from provender.errors import UserError
from provender.model.paired import Paired
from provender.prediction.answers import Answerer
from provender.prediction.bundles import read
from provender.prediction.compare import Comparison, compare, describe

TEXTS = [("flour and dough", "bread"), ("rook, king", "chess"), ("ebb; moon", "tides"),
         ("sourdough crust", "bread"), ("gambit", "chess"), ("x", "verse")]  # fmt: skip


@pytest.fixture(scope="module")
def worse(small_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bundle that takes chess for bread and bread for chess."""
    folder = tmp_path_factory.mktemp("worse") / "bundle"
    shutil.copytree(small_bundle, folder)
    change_constants(folder, labels=["chess", "bread", "tides"])
    return folder


def test_counts(small_bundle: Path, worse: Path) -> None:
    """Each text counts once, for its label too; labels that a model lacks are told."""
    found = compare(Answerer(read(small_bundle)), Answerer(read(worse)), TEXTS)
    assert found.all == Paired(texts=6, both=1, only_one=4, only_other=0)
    assert found.labels["bread"] == Paired(2, 0, 2, 0)
    assert found.labels["tides"] == Paired(1, 1, 0, 0)
    assert found.all.recall == (5 / 6, 1 / 6)
    assert [dict(counts) for counts in found.unknown] == [{"verse": 1}] * 2
    with pytest.raises(UserError, match="there is no text with a label"):
        compare(Answerer(read(small_bundle)), Answerer(read(worse)), [])


def test_lines_are_short() -> None:
    """A terminal of 80 columns shows them, with what may be chance and what is not."""
    found = Comparison()
    for number in range(30):
        found.labels[f"a label with a rather long name {number}"] = Paired(1000, 500, number, 0)
    found.all = Paired(30_000, 15_000, 435, 0)
    found.unknown[1]["x"] = 3
    lines = describe(found, ["a", "b"])
    assert max(map(len, lines[2:])) <= 80
    assert "… and 10 labels that differ less" in lines
    assert lines[5].split()[-6:-3] == ["0.529", "0.500", "-0.029"]
    assert any("A is better (p " in line for line in lines)
    assert lines[-1] == "B does not have x: 3 texts"
    assert "this may be chance (p 1)" in "".join(describe(Comparison(Paired(9, 9)), ["a", "b"]))


def test_the_command(small_bundle: Path, worse: Path, tmp_path: Path) -> None:
    """It reads a table, prints a table or JSON, and may be a gate."""
    database = make_table(tmp_path / "posts.db", [*TEXTS, ("none", None), (None, "bread")], "t, l")
    options = ("--from", database, "--column", "t", "--label", "l")
    said = run_command("compare", small_bundle, worse, *options).stdout
    assert "all                            6  0.833  0.167  -0.667" in said
    assert "A alone is right on 4 texts, B alone on 0: A is better (p 0.12)" in said
    found = json.loads(run_command("compare", small_bundle, worse, *options, "--json").stdout)
    assert found["all"]["only_a"] == 4
    assert np.allclose(found["labels"]["bread"]["recall@1"], [1, 0])
    gated = run_command("compare", small_bundle, worse, *options, "--not-worse", "5", code=1)
    assert "B is 66.7 points worse than A, and --not-worse allows 5" in gated.stderr
    run_command("compare", worse, small_bundle, *options, "--not-worse", "0")
    missing = run_command("compare", small_bundle, worse, "--from", database, code=1)
    assert "--column names the column text" in missing.stderr
