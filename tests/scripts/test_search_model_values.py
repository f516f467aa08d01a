"""search_model: which values are tried, in which order they are listed."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from model_inputs import make_features
from search_model import GRID, Score, Values, format_table, measure, search

from provender import config
from provender.model import training
from provender.model.naive_bayes import NaiveBayes


def values(smoothing: float, cost: float) -> Values:
    """Return values that differ in two settings alone."""
    return Values(smoothing, power=1, idf_power=1, share=0.5, cost=cost, epochs=1)


def test_one_setting_after_the_other_until_nothing_helps() -> None:
    """By hand: each setting at the best of the others, from anew while one helps, none twice."""
    tried = []

    def measure(each: Values) -> Score:
        tried.append((each.smoothing, each.cost))
        loss = (each.smoothing - each.cost) ** 2 + (each.cost - 4) ** 2 / 2
        # Recall would choose otherwise.
        return Score(loss, recall=loss / 100)

    scores = search(values(1, 2), measure, {"smoothing": (1, 2, 3, 4), "cost": (1, 2, 3, 4)})
    first = [(2, 2), (3, 2), (4, 2), (2, 1), (2, 3), (2, 4)]
    second = [(1, 3), (3, 3), (4, 3), (3, 1), (3, 4)]
    assert tried == [(1, 2), *first, *second]
    assert scores == {values(*each): measure(values(*each)) for each in tried[:12]}
    assert min(scores, key=lambda each: scores[each].loss) == values(3, 3)


def test_score_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three answers are right and one is wrong, all equally sure.

    Of four posts one part in six is any other label's: (3 * 5/6 + 1/6) / 4 = 2/3.
    """
    # At temperature 2 each gets odds of 2 to 1.
    margin = 2 * math.log(2)
    # One word of which nine would be known: it weighs a third.
    margin *= 3
    table = np.array([[0, 0], [0, 0], [margin, 0], [0, margin]], np.float32)
    weights = training.Weights(table, np.zeros(2, np.float32))
    monkeypatch.setattr(training, "train", lambda *_, **__: weights)
    posts = make_features([[2], [3], [2], [3]], [0, 1, 0, 0], 4)
    how = training.Training(NaiveBayes(), cost=1, epochs=1, share=0.5, seed=1)
    score = measure([(posts, posts)], labels=2, how=how, known=None)
    assert score.recall == 0.75
    assert score.loss == pytest.approx(-(3 * math.log(2 / 3) + math.log(1 / 3)) / 4, abs=1e-7)


def test_table() -> None:
    """The least loss first; the configured values are marked, once."""
    scores = {
        values(1, 2): Score(0.5, 0.75),
        values(0.3, 2): Score(0.25, 0.5),
        values(3, 2): Score(0.75, 0.875),
    }
    assert format_table(scores, values(1, 2), Score(0.6, 0.625)).splitlines() == [
        "smoothing,power,idf_power,share,cost,epochs,augmented,recall@1,loss,chosen",
        "0.3,1,1,0.5,2,1,1,0.500000,0.250000,0",
        "1,1,1,0.5,2,1,1,0.750000,0.500000,1",
        "1,1,1,0.5,2,1,0,0.625000,0.600000,0",
        "3,1,1,0.5,2,1,1,0.875000,0.750000,0",
    ]
    assert format_table({values(1, 2): Score(0.5, 0.75)}, values(1, 2), None).splitlines()[1:] == [
        "1,1,1,0.5,2,1,0,0.750000,0.500000,1"
    ]


def test_table_of_the_newsgroups() -> None:
    """What is kept of the search for config/config.yaml marks the values that stand there."""
    settings = config.read(config.DEFAULT)
    with open(f"config/search/{settings['name']}.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    (chosen,) = [row for row in rows if row["chosen"] == "1"]
    assert chosen["augmented"] == "0"
    loss, recall = (f"{float(chosen[name]):.4f}" for name in ("loss", "recall@1"))
    said = " ".join(Path(config.DEFAULT).read_text(encoding="utf-8").replace("#", "").split())
    assert f"the loss on the validation split is {loss} and recall@1 is {recall}." in said
    assert f"loss that snakemake search found is {float(rows[0]['loss']):.4f} (" in said
    # The share is what the posts chose.
    assert settings["model"]["share"] == "auto"
    assert {name: float(chosen[name]) for name in GRID if name != "share"} == {
        name: settings["model"][name] for name in GRID if name != "share"
    }
    assert [float(row["loss"]) for row in rows] == sorted(float(row["loss"]) for row in rows)
