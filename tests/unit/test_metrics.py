"""evaluate_model.measure, against the definitions of its metrics."""

import numpy as np
import pytest
from evaluate_model import confusion, format_confusion, measure
from hypothesis import given
from hypothesis import strategies as st

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
    for k in (1, 3, 5):
        hits = [better(scores, label) < k for scores, label in drawn]
        assert metrics[f"recall@{k}"] == pytest.approx(sum(hits) / len(hits))


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
        assert found == pytest.approx(
            {"precision": precision, "recall": recall, "f1": f1s[-1], "posts": truly}
        )
    assert metrics["macro_f1"] == pytest.approx(sum(f1s) / len(drawn[0][0]))


def test_ties_go_to_the_first_label() -> None:
    """Of equal scores the earlier label ranks first, as in the browser."""
    metrics = measured([([0.5, 0.5, 0.5, 0.5], label) for label in (0, 0, 1, 3)])
    assert metrics["recall@1"] == 0.5
    assert metrics["recall@3"] == 0.75
    assert metrics["recall@5"] == 1.0


def test_labels_never_predicted_or_without_posts() -> None:
    """Both have zeros, and count in macro-F1."""
    metrics = measured([([0.7, 0.2, 0.1], 0), ([0.6, 0.3, 0.1], 1)])
    assert metrics["labels"] == {
        "a": {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "posts": 1},
        "b": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "posts": 1},
        "c": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "posts": 0},
    }
    assert metrics["macro_f1"] == pytest.approx(2 / 9)


def test_confusion() -> None:
    """Rows are true labels, columns predicted ones, in the file too."""
    counts = confusion(np.array([1, 1, 0, 2]), np.array([0, 0, 0, 1]), 3)
    assert counts.tolist() == [[1, 2, 0], [0, 0, 1], [0, 0, 0]]
    assert format_confusion(counts, ["a", "b,c", "d"]) == (
        'label,a,"b,c",d\na,1,2,0\n"b,c",0,0,1\nd,0,0,0\n'
    )
