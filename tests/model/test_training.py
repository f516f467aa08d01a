"""The folds of out-of-fold training."""

from model_inputs import make_features

from provender.model.naive_bayes import NaiveBayes
from provender.model.training import FOLDS, SHARES, Training, assign_folds, choose


def folds(rowids: list[int], labels: list[int]) -> list[int]:
    """Return the fold of each row; texts do not matter."""
    found = assign_folds(make_features([[]] * len(rowids), labels, 2, rowids))
    return [int(fold) for fold in found]


def test_each_label_is_in_all_folds() -> None:
    """Its posts are dealt in turn by row id, in whatever order and company the rows come."""
    assert folds([10, 30, 20, 15, 25, 11], [0, 0, 0, 1, 1, 2]) == [0, 2, 1, 0, 1, 0]
    assert folds(list(range(2 * FOLDS)), [0, 1] * FOLDS) == [
        fold for fold in range(FOLDS) for _ in "ab"
    ]
    assert folds(list(range(FOLDS + 1)), [0] * (FOLDS + 1)) == [*range(FOLDS), 0]


def test_all_rows_of_a_post_are_in_one_fold() -> None:
    """Its augmented texts would tell the model its label."""
    assert folds([1, 2, 3, 2, 1, 3, 2], [0] * 7) == [0, 1, 2, 1, 0, 2, 1]


HOW = Training(NaiveBayes(), cost=1.0, epochs=1, share=None, seed=1)


def test_folds_are_answered_by_others() -> None:
    """Words of one text each tell the label of that text alone: no other is right by them."""
    texts = [[2 + number] for number in range(12)]
    _, recall = choose(HOW, make_features(texts, [0, 1] * 6, 14), 2)
    assert list(recall) == list(SHARES)
    assert set(recall.values()) == {0.5}


def test_of_equal_shares_the_one_nearest_to_halves() -> None:
    """Where all are right, no model is preferred; a share that is set stays."""
    posts = make_features([[2], [3]] * 6, [0, 1] * 6, 4)
    how, recall = choose(HOW, posts, 2)
    assert (how.share, set(recall.values())) == (0.5, {1.0})
    assert choose(how, posts, 2) == (how, {})
