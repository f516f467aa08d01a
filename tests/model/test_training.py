"""The folds of out-of-fold training."""

import random
from dataclasses import replace

import numpy as np
import pytest
from model_inputs import make_features

from provender.model import training
from provender.model.features import Features, restrict
from provender.model.naive_bayes import NaiveBayes
from provender.model.training import (
    COST,
    FOLDS,
    LOW_COST,
    SHARES,
    Choice,
    Training,
    assign_folds,
    choose,
)


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
    recall = choose(HOW, make_features(texts, [0, 1] * 6, 14), 2).recall
    assert list(recall) == list(SHARES)
    assert set(recall.values()) == {0.5}


def test_of_equal_shares_the_one_nearest_to_halves() -> None:
    """Where all are right, no model is preferred; a share that is set stays."""
    posts = make_features([[2], [3]] * 6, [0, 1] * 6, 4)
    chosen = choose(HOW, posts, 2)
    assert (chosen.how.share, set(chosen.recall.values())) == (0.5, {1.0})
    assert choose(chosen.how, posts, 2, WORDS) == Choice(chosen.how, {}, {})


# What might do alone, of 40 words and 400 pairs.
WORDS = np.arange(2, 42)


def made_up(tells: str) -> Features:
    """Return texts of two labels, of which words or pairs, ids from 42 on, tell the label."""
    chance = random.Random(3)
    texts, labels = [], []
    for number in range(360):
        label = number % 2
        half = {name: 2 * chance.randrange(n // 2) for name, n in (("words", 40), ("pairs", 400))}
        words = [2 + chance.randrange(40) for _ in range(6)]
        pairs = [42 + chance.randrange(400) for _ in range(30)]
        if tells == "words":
            words += [2 + half["words"] + label]
        else:
            pairs += [42 + (half["pairs"] + label) % 20] * 2
        texts.append(sorted(words + pairs))
        labels.append(label)
    return make_features(texts, labels, 442)


def choose_by(tells: str) -> tuple[Choice, float, float]:
    """Return what is chosen, and recall@1 with pairs and without."""
    chosen = choose(HOW, made_up(tells), 2, WORDS)
    assert chosen.recalls is not None
    return chosen, *chosen.recalls


def test_pairs_that_tell_nothing_are_left_out() -> None:
    """Texts of the training split are answered better without them, by more than chance."""
    chosen, with_pairs, without = choose_by("words")
    assert chosen.kept is WORDS
    assert max(chosen.recall.values()) == without > with_pairs
    assert chosen.recall == choose(HOW, restrict(made_up("words"), WORDS), 2).recall


def test_pairs_that_tell_stay() -> None:
    """And so they do where both are as good."""
    chosen, with_pairs, without = choose_by("pairs")
    assert chosen.kept is None
    assert max(chosen.recall.values()) == with_pairs > without
    both = choose(HOW, made_up("pairs"), 2, np.arange(2, 442))
    assert (both.kept, both.recalls) == (None, (with_pairs, with_pairs))


def noisy(label_noise: float) -> Features:
    """Return texts of three labels, whose words tell these a third of the time."""
    chance = random.Random(5)
    texts, labels = [], []
    for number in range(600):
        label = number % 3
        about = [label if chance.random() < 0.35 else chance.randrange(3) for _ in range(12)]
        texts.append(sorted(2 + 3 * chance.randrange(100) + each for each in about))
        labels.append(label if chance.random() >= label_noise else chance.randrange(3))
    return make_features(texts, labels, 302)


# Support vector machines alone; what errors cost is to be chosen.
MARGINS = Training(NaiveBayes(), cost=None, epochs=2, share=0.0, seed=1)


def test_errors_cost_less_where_labels_are_noisy(monkeypatch: pytest.MonkeyPatch) -> None:
    """By posts that were not learnt from; a share that is set stays. Many are not asked."""
    posts = noisy(0.3)
    chosen = choose(MARGINS, posts, 3)
    assert (chosen.how.cost, chosen.how.share, chosen.recall) == (LOW_COST, 0, {})
    assert list(chosen.costs) == [COST, LOW_COST]
    assert chosen.costs[LOW_COST] > chosen.costs[COST]
    monkeypatch.setattr(training, "MOST_ASKED", len(posts.ids) - 1)
    chosen = choose(MARGINS, posts, 3)
    assert (chosen.how.cost, chosen.costs) == (COST, {})


def test_errors_cost_no_less_where_that_is_as_good() -> None:
    """Nor is anything asked where the cost is set."""
    posts = make_features([[2], [3]] * 6, [0, 1] * 6, 4)
    chosen = choose(replace(HOW, cost=None), posts, 2)
    assert (chosen.how.cost, chosen.costs) == (COST, {COST: 1, LOW_COST: 1})
    assert choose(HOW, posts, 2).costs == {}


def test_pairs_are_chosen_before_the_cost() -> None:
    """Of a choice of both, costs are those of what is kept."""
    chosen = choose(replace(HOW, cost=None), made_up("words"), 2, WORDS)
    assert chosen.recalls is not None
    assert (chosen.kept is WORDS, chosen.costs[COST]) == (True, chosen.recalls[1])
