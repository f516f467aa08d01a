"""What is said of a model's figures, and where nothing is."""

import copy
from typing import Any

import pytest

from provender.model.metrics import interval
from provender.model.remarks import remarks


def split(posts: int, recall: float, labels: dict[str, int]) -> dict[str, Any]:
    """Return what metrics.json has of a split."""
    return {
        "posts": posts, "recall@1": recall, "intervals": {"recall@1": interval(recall, posts)},
        "labels": {label: {"posts": count} for label, count in labels.items()}, "unknown": 0,
        "by_text": {"texts": posts, "several": 0, "most": 1, "recall@1": recall},
    }  # fmt: skip


def beside(recall: float, p: float) -> dict[str, Any]:
    """Return what metrics.json has of a peer."""
    return {"recall@1": recall, "paired": {"p": p}}


# A model of which there is nothing to say.
GOOD = {
    "test": split(200, 0.8, {"bread": 90, "tides": 110}),
    "validation": split(100, 0.8, {"bread": 50, "tides": 50}),
    "peers": {"naive_bayes": beside(0.78, 0.001), "support_vectors": beside(0.77, 0.001)},
    "choice": {"unsure_below": 0.6},
    "rare_words": [{"word": "dough", "texts": 3}, {"word": "gambit", "texts": 5}],
}


def test_nothing_to_say() -> None:
    """A model that is better than what it is compared with gets no remark."""
    assert remarks(GOOD) == []


# Fair dice on three labels.
LUCK = split(120, 0.39, {"bread": 40, "tides": 36, "chess": 44})


@pytest.mark.parametrize(
    ("split_name", "changes", "said"),
    [
        (
            "test",
            LUCK,
            "nothing shows that the model has learnt anything: its recall@1 of 0.390 (95 % "
            "interval 0.307 to 0.479) is not beyond the 0.367 of always answering chess",
        ),
        ("test", {"unknown": 2}, "2 of 200 test texts have no known word"),
        ("test", {"unknown": 1}, None),
        ("test", {"by_text": {"texts": 180, "several": 20, "most": 0.9, "recall@1": 0.85,
                              "recall@3": 0.95}},
         "20 of 180 different test texts stand under several labels, so that recall@1 can be 0.900 "
         "at most; one of a text's labels is the best answer for 0.850 of them, among the 3 best "
         "for 0.950"),
        ("test", {"by_text": {"texts": 180, "several": 1, "most": 0.99}}, None),
        ("test", split(49, 0.98, {"bread": 25, "tides": 24}),
         "what was measured on the test split stands on 49 texts"),
        ("validation", split(1, 1, {"bread": 1, "tides": 1}),
         "what was chosen by the validation split stands on 1 text"),
        ("validation", split(50, 1, {"bread": 25, "tides": 25}), None),
        ("test", split(200, 0.8, {"bread": 100, "tides": 100, "chess": 0}),
         "no test text has the label chess: macro-F1 is the mean over 2 of 3 labels"),
        ("validation", split(100, 0.8, {"bread": 50, **{f"x{n}": 0 for n in range(6)}}),
         "no validation text has the label x0, x1, x2, x3, x4, …: macro-F1 is the mean over 1 of 7 "
         "labels"),
        ("peers", {"naive_bayes": beside(0.81, 0.25)},
         "complement naive Bayes of all words is better on the test texts: recall@1 0.810, this "
         "model 0.800; that may be chance (p 0.25)"),
        ("peers", {"support_vectors": beside(0.9, 0.049)},
         "a linear support vector machine of all words is better on the test texts: "
         "recall@1 0.900, this model 0.800. It knows words that fewer than 3 texts have, too: this "
         "model may by a lower vocabulary.min_count and a higher model.budget_kb"),
        ("choice", {"unsure_below": 1.0},
         "the validation split does not prove any answer to be sure, so all are called not sure"),
    ],
)  # fmt: skip
def test_what_is_said(split_name: str, changes: dict[str, Any], said: str | None) -> None:
    """One sentence for each thing that is not as it should be, and none just within bounds."""
    values = copy.deepcopy(GOOD)
    values[split_name].update(changes)
    if changes is LUCK:
        values["peers"] = {"naive_bayes": beside(0.38, 1), "support_vectors": beside(0.37, 1)}
    assert remarks(values) == ([said] if said else [])


@pytest.mark.parametrize(
    "rare_words",
    [[], [{"word": "dough", "texts": 1}], [{"word": "dough", "texts": 11}]],
    ids=["no word ships", "words of one text", "no word is rare"],
)
def test_no_word_is_too_rare(rare_words: list[dict[str, Any]]) -> None:
    """Of a better peer nothing more is said where rarer words are not what the model lacks."""
    peers = {**GOOD["peers"], "naive_bayes": beside(0.9, 0.01)}
    (said,) = remarks({**GOOD, "peers": peers, "rare_words": rare_words})
    assert said.endswith("this model 0.800")
