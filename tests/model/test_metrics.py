"""The metrics, against their definitions."""

import math

import numpy as np
import pytest
from evaluate_model import count_all, find_hardest, format_confusion
from hypothesis import given
from hypothesis import strategies as st

from provender.model.features import Features
from provender.model.metrics import (
    RANKS,
    by_script,
    by_text,
    by_value,
    by_words,
    calibration,
    confusion,
    coverage,
    coverage_by_label,
    divergence,
    f1_interval,
    find_temperature,
    forecast,
    interval,
    loss,
    measure,
    ranks,
    seek_temperature,
    sure_from,
)

Posts = list[tuple[list[float], int]]


@st.composite
def posts(draw: st.DrawFn) -> Posts:
    """Draw posts as scores a label, many of them equal, and a true label."""
    labels = draw(st.integers(2, 7))
    score = st.sampled_from([0.0, 0.125, 0.25, 0.5, 1.0])
    one = st.tuples(st.lists(score, min_size=labels, max_size=labels), st.integers(0, labels - 1))
    return draw(st.lists(one, min_size=1, max_size=12))


def measured(drawn: Posts) -> dict:
    """Return what measure says of posts; their labels are named a, b, …."""
    scores = np.array([scores for scores, _ in drawn], np.float32)
    truth = np.array([label for _, label in drawn], np.int32)
    return measure(scores, truth, [chr(ord("a") + i) for i in range(scores.shape[1])])


def better(scores: list[float], label: int) -> int:
    """Count the labels that rank before one: higher scores, and equal ones of earlier labels."""
    return sum(
        score > scores[label] or (score == scores[label] and place < label)
        for place, score in enumerate(scores)
    )


@given(posts())
def test_recall_at_k(drawn: Posts) -> None:
    """recall@k is the share of posts with fewer than k labels before the true one."""
    metrics = measured(drawn)
    assert metrics["posts"] == len(drawn)
    labels = len(drawn[0][0])
    for k in (1, 3, 5):
        hits = [better(scores, label) < k for scores, label in drawn]
        if k < labels:
            assert metrics[f"recall@{k}"] == pytest.approx(sum(hits) / len(hits))
        else:
            # It is 1, whatever the model: that says nothing.
            assert all(hits) and f"recall@{k}" not in metrics


@given(posts())
def test_scores_of_labels(drawn: Posts) -> None:
    """Precision, recall and F1 count by hand, 0 where there is nothing to divide by."""
    metrics = measured(drawn)
    predicted = [scores.index(max(scores)) for scores, _ in drawn]
    f1s = []
    for place, (name, found) in enumerate(metrics["labels"].items()):
        right = sum(p == label == place for p, (_, label) in zip(predicted, drawn, strict=True))
        truly = sum(label == place for _, label in drawn)
        precision = right / predicted.count(place) if place in predicted else 0
        recall = right / truly if truly else 0
        f1s.append(2 * precision * recall / (precision + recall) if right else 0)
        assert name == chr(ord("a") + place)
        expected = {"precision": precision, "recall@1": recall, "f1": f1s[-1], "posts": truly}
        assert {key: found[key] for key in expected} == pytest.approx(expected)
        for key, (low, high) in found["intervals"].items():
            assert 0 <= low <= expected[key] + 1e-12 and expected[key] - 1e-12 <= high <= 1
    there = {truth for _, truth in drawn}
    shown = [f1 for place, f1 in enumerate(f1s) if place in there]
    assert metrics["macro_f1"] == pytest.approx(sum(shown) / len(shown))


def test_ties_go_to_the_first_label() -> None:
    """Of equal scores the earlier label ranks first, as in the browser."""
    metrics = measured([([0.5, 0.5, 0.5, 0.5], label) for label in (0, 0, 1, 3)])
    assert metrics["recall@1"] == 0.5
    assert metrics["recall@3"] == 0.75
    assert "recall@5" not in metrics


@pytest.mark.parametrize(
    ("labels", "expected"), [(1, (1,)), (2, (1,)), (3, (1,)), (4, (1, 3)), (5, (1, 3)), (6, RANKS)]
)
def test_ranks_that_say_something(labels: int, expected: tuple[int, ...]) -> None:
    """Among as many as there are labels, the right one always is."""
    assert ranks(labels) == expected


@pytest.mark.parametrize(
    ("right", "posts", "ends"),
    [
        # As statsmodels' proportion_confint(…, method="wilson") has them.
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (6, 6, (0.6097, 1.0)),
        (0, 20, (0.0, 0.1611)),
        (0, 0, (0.0, 1.0)),
    ],
)
def test_interval(right: int, posts: int, ends: tuple[float, float]) -> None:
    """Wilson's interval; of 6 texts all right it reaches from .61 to 1."""
    assert interval(right / max(posts, 1), posts) == pytest.approx(ends, abs=5e-5)


def test_interval_of_macro_f1() -> None:
    """It is about as wide as what drawing the posts anew gives, and no point where all is right."""
    counts = np.array([[40, 5, 5], [10, 60, 10], [2, 8, 20]])
    every = np.ones(3, bool)
    cells = np.repeat(np.arange(9), counts.ravel())
    chance = np.random.default_rng(1)
    drawn = []
    for _ in range(4000):
        again = np.bincount(chance.choice(cells, len(cells)), minlength=9).reshape(3, 3)
        drawn.append(np.mean(2 * np.diag(again) / (again.sum(0) + again.sum(1))))
    low, high = f1_interval(counts, every)
    assert (low, high) == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.01)
    assert f1_interval(np.diag([10, 10]), np.ones(2, bool)) == pytest.approx(interval(1, 20))


def test_labels_never_predicted_or_without_posts() -> None:
    """Both have zeros; macro-F1 counts the first alone."""
    metrics = measured([([0.7, 0.2, 0.1], 0), ([0.6, 0.3, 0.1], 1)])
    for values in metrics["labels"].values():
        del values["intervals"]
    assert metrics["labels"] == {
        "a": {"precision": 0.5, "recall@1": 1.0, "f1": pytest.approx(2 / 3), "posts": 1},
        "b": {"precision": 0.0, "recall@1": 0.0, "f1": 0.0, "posts": 1},
        "c": {"precision": 0.0, "recall@1": 0.0, "f1": 0.0, "posts": 0},
    }
    assert metrics["macro_f1"] == pytest.approx(1 / 3)


def test_confusion() -> None:
    """Rows are true labels, columns predicted ones, in the file too."""
    counts = confusion(np.array([1, 1, 0, 2]), np.array([0, 0, 0, 1]), 3)
    assert counts.tolist() == [[1, 2, 0], [0, 0, 1], [0, 0, 0]]
    assert format_confusion(counts, ["a", "b,c", "d"]) == (
        'label,a,"b,c",d\na,1,2,0\n"b,c",0,0,1\nd,0,0,0\n'
    )


@given(posts())
def test_recall_of_labels_adds_up(drawn: Posts) -> None:
    """A metric over all posts is that of the labels, weighted by their posts."""
    metrics = measured(drawn)
    for k in ranks(len(metrics["labels"])):
        hits = sum(label["posts"] * label[f"recall@{k}"] for label in metrics["labels"].values())
        assert hits / len(drawn) == pytest.approx(metrics[f"recall@{k}"])


def test_calibration_by_hand() -> None:
    """Bins of a tenth hold what falls into them; the error weighs their distances by posts."""
    scores = np.array([[0.75, 0.25], [0.72, 0.28], [0.4, 0.6], [1.0, 0.0]])
    found = calibration(scores, np.array([0, 1, 1, 0]))
    assert found["bins"] == [
        {"from": 0.6, "posts": 1, "confidence": 0.6, "accuracy": 1.0},
        {"from": 0.7, "posts": 2, "confidence": 0.735, "accuracy": 0.5},
        {"from": 0.9, "posts": 1, "confidence": 1.0, "accuracy": 1.0},
    ]
    assert found["expected_error"] == pytest.approx((0.4 + 2 * 0.235 + 0) / 4)


def test_groups_by_value() -> None:
    """Each whole value is a group where there are few, ranges of equal counts where many."""
    hits = np.array([True, False, True])
    assert by_value(hits, np.array([1995.5, 1995.0, 1990.0])) == [
        {"from": 1990.0, "to": 1990.0, "posts": 1, "recall@1": 1.0},
        {"from": 1995.0, "to": 1995.0, "posts": 2, "recall@1": 0.5},
    ]
    many = by_value(np.ones(120, bool), np.arange(120.0)[::-1])
    assert [(group["from"], group["to"]) for group in many] == [
        (10.0 * part, 10.0 * part + 9) for part in range(12)
    ]


def test_groups_by_script() -> None:
    """The script of most posts comes first; posts without a known word are counted."""
    hits, words = np.array([True, False, True, True]), np.array([3, 0, 2, 0])
    scripts = np.array(["Thai", "Latin", "Thai", "Greek"], object)
    assert by_script(hits, words, scripts) == [
        {"script": "Thai", "posts": 2, "recall@1": 1.0, "unknown": 0},
        {"script": "Greek", "posts": 1, "recall@1": 1.0, "unknown": 1},
        {"script": "Latin", "posts": 1, "recall@1": 0.0, "unknown": 1},
    ]


def test_groups_by_words() -> None:
    """Texts without known words are a group of their own."""
    confidence = np.array([0.25, 0.5, 0.75, 1])
    groups = by_words(np.array([False, True, True, True]), np.array([0, 1, 9, 300]), confidence)
    assert [(group["from"], group["to"], group["posts"]) for group in groups] == [
        (0.0, 0.0, 1),
        (1.0, 9.0, 2),
        (300.0, 300.0, 1),
    ]
    assert [group["recall@1"] for group in groups] == [0.0, 1.0, 1.0]
    assert [group["score"] for group in groups] == [0.25, 0.625, 1.0]


def test_coverage() -> None:
    """Of the answers from a score on, so many are right; answers that none joins are one point."""
    confidence, hits = np.array([0.305, 0.99, 0.5, 0.5]), np.array([False, True, True, False])
    assert coverage(confidence, hits) == [
        {"from": 0.3, "share": 1.0, "accuracy": 0.5},
        {"from": 0.5, "share": 0.75, "accuracy": 2 / 3},
        {"from": 0.99, "share": 0.25, "accuracy": 1.0},
    ]
    found = coverage_by_label(confidence, hits, np.array([2, 0, 0, 2]), ["a", "b", "c"])
    assert found == {
        "a": [
            {"from": 0.5, "share": 1.0, "accuracy": 1.0},
            {"from": 0.99, "share": 0.5, "accuracy": 1.0},
        ],
        "b": [],
        "c": [
            {"from": 0.3, "share": 1.0, "accuracy": 0.0},
            {"from": 0.5, "share": 0.5, "accuracy": 0.0},
        ],
    }


def test_hardest_posts() -> None:
    """Wrong answers come most confident first, with the words that decided."""
    features = Features(
        np.array([11, 12, 13]),
        np.array([0, 1, 1]),
        np.array([0, 2, 3, 4]),
        np.array([2, 3, 3, 2]),
        np.array([1, 2, 1, 1]),
        np.array([0.5, 0.5, 1, 1], np.float32),
        np.zeros(4, bool),
    )
    scores = np.array([[0.4, 0.6], [0.1, 0.9], [0.7, 0.3]])
    logits = np.array([[0, 0], [0, 0], [2, 0], [0, 4]], np.float32)
    found = find_hardest(features, scores, logits, ["bread", "tides"], ["rye", "sea"])
    assert found == [
        {
            "rowid": 13,
            "label": "tides",
            "predicted": "bread",
            "score": 0.7,
            "words": [{"word": "rye", "logit": 2.0}],
        },
        {
            "rowid": 11,
            "label": "bread",
            "predicted": "tides",
            "score": 0.6,
            "words": [{"word": "sea", "logit": 2.0}],
        },
    ]


def test_loss() -> None:
    """The loss is the mean of minus the logarithms; a score of 0 is not infinitely bad."""
    scores = np.array([[0.5, 0.5], [0.25, 0.75]], np.float32)
    assert loss(scores, np.array([0, 0])) == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert loss(np.array([[1, 0]], np.float32), np.array([1])) == pytest.approx(30 * math.log(10))
    assert str(loss(np.array([[0, 1]], np.float32), np.array([1]))) == "0.0"


def test_sure_from() -> None:
    """The lowest hundredth from which on enough answers are likely to be right."""
    scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.405, 0.595], [0.45, 0.55]], np.float32)
    truth = np.array([0, 0, 0, 1])
    # Of the four, three are right: (3 + 1) / (4 + 2). No answer is below .55.
    assert sure_from(scores, truth, 0.66) == 0.55
    # The two above .6 are right: (2 + 1) / (2 + 2).
    assert sure_from(scores, truth, 0.75) == 0.6
    assert sure_from(scores, truth, 0.76) == 1
    assert sure_from(scores, 1 - truth, 0.9) == 1


@pytest.mark.parametrize(("posts", "sure"), [(17, 1.0), (18, 0.7)])
def test_as_sure_as_posts_without_an_error_prove(posts: int, sure: float) -> None:
    """Eighteen right answers of eighteen make the next one likely right by .95: 19 of 20."""
    scores = np.full((posts, 2), [0.705, 0.295], np.float32)
    assert sure_from(scores, np.zeros(posts, int), 0.95) == sure


@pytest.mark.parametrize(("posts", "least", "most"), [(6, 0.8, 0.9), (60, 0.97, 0.99)])
def test_temperature_of_posts_without_an_error(posts: int, least: float, most: float) -> None:
    """Scores come as near to 1 as so many right answers prove: (n + 1) / (n + 2)."""
    logits = np.tile([1.0, 0.0], (posts, 1))
    temperature = find_temperature(logits, np.zeros(posts, int))
    assert least < 1 / (1 + math.exp(-1 / temperature)) < most


@given(seed=st.integers(0, 999), posts=st.integers(1, 40), far=st.floats(0, 2))
def test_temperature_by_bisection(seed: int, posts: int, far: float) -> None:
    """It is that of the least loss of all, however often the logits are right."""
    chance = np.random.default_rng(seed)
    logits, truth = chance.normal(0, 1, (posts, 4)), chance.integers(0, 4, posts)
    logits[np.arange(posts), truth] += far
    assert seek_temperature(logits, truth) == find_temperature(logits, truth)


def test_forecast_of_a_power() -> None:
    """Errors that halve where texts are four times as many go on so; more posts say it more surely.

    Where points are off the line, less is sure; of two points nothing is.
    """
    texts, errors = [25, 100, 400], [0.8, 0.4, 0.2]
    found = [forecast(texts, [1 - e for e in errors], asked, 500) for asked in (100, 10_000)]
    for each in found:
        assert each is not None
        likely, low, high = each
        assert likely == pytest.approx(0.2 - 0.2 * (900 / 400) ** -0.5)
        assert low < likely < high
    (_, low, high), (_, less_low, less_high) = found
    assert high - low > 5 * (less_high - less_low)
    bent = forecast(texts, [0.2, 0.7, 0.75], 10_000, 500)
    assert bent is not None
    assert bent[2] - bent[1] > 3 * (less_high - less_low)
    assert forecast(texts[:2], [0.2, 0.6], 100, 500) is None
    perfect = forecast(texts, [1.0, 1.0, 1.0], 100, 500)
    assert perfect is not None
    assert perfect[0] == 0


def test_temperature_by_hand() -> None:
    """Where errors are many, it is that of the least loss: three of four right, at odds of 3."""
    logits = np.tile([math.log(3) * 2, 0.0], (400, 1))
    truth = (np.arange(400) % 4 == 0).astype(int)
    assert find_temperature(logits, truth) == pytest.approx(2)


def test_blank_posts_are_answered_by_the_commonest_label() -> None:
    """Of 32 posts each bread and tides come first; the blank posts of bread alone are right."""
    posts = {
        "splits": {
            "train": {"labels": {"bread": 20, "chess": 30, "tides": 30}},
            "validation": {"labels": {"bread": 12, "chess": 1, "tides": 2}},
        },
        "test_without_text": {"posts": 10, "labels": {"bread": 1, "chess": 5, "tides": 4}},
    }
    assert count_all({"posts": 30, "recall@1": 0.5}, posts) == {
        "posts": 40, "lost": 10, "recall@1": (15 + 1) / 40, "label": "bread",
    }  # fmt: skip


def test_divergence_by_hand() -> None:
    """What other scores add to the loss, by the first ones' own word; zero for the same."""
    scores = np.array([[0.5, 0.5], [0.25, 0.75]], np.float32)
    others = np.array([[0.25, 0.75], [0.25, 0.75]], np.float32)
    first = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    assert divergence(scores, others) == pytest.approx(first / 2)
    assert divergence(scores, scores) == 0
    impossible = divergence(scores, np.array([[1, 0], [0, 1]], np.float32))
    assert 10 < impossible < math.inf


def test_texts_under_several_labels() -> None:
    """One right label of a text is enough; recall@1 of all posts can't be more than one a text."""
    scores = np.array([[0.6, 0.3, 0.1, 0]] * 3 + [[0.1, 0.2, 0.3, 0.4]] + [[0.5, 0.4, 0.1, 0]])
    truth, texts = np.array([0, 1, 1, 2, 3]), np.array([0, 0, 0, 1, 2])
    assert by_text(scores, truth, texts) == {
        "texts": 3,
        "several": 1,
        # Two of the first text's three posts, and one each of the others.
        "most": 0.8,
        "recall@1": pytest.approx(1 / 3),
        "recall@3": pytest.approx(2 / 3),
    }
