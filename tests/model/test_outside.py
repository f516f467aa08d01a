"""How likely a text has none of the labels: what is seen of texts, and what is learnt of it."""

import numpy as np
import pytest

from provender.model import outside
from provender.model.features import Features, make_features, rows_where
from provender.model.outside import Seen


def make_texts(texts: list[list[int]], labels: list[int]) -> Features:
    """Return texts by their ids, each occurring twice."""
    ids = np.array([word for text in texts for word in text], np.int32)
    starts = np.cumsum([0, *map(len, texts)])
    counts = np.full(len(ids), 2, np.int32)
    rows = np.arange(len(texts))
    return make_features(rows, np.array(labels, np.int32), starts, ids, counts, np.zeros(9, bool))


def test_what_is_seen() -> None:
    """By hand: the best logit's lead over the mean of the others, with and without the label."""
    scores = np.array([[0.7, 0.2, 0.1], [0.15, 0.05, 0.8]], np.float32)
    known, read = np.array([3, 1]), np.array([4, 0])
    seen = outside.see(scores, known, read)
    log = np.log(scores.astype(float))
    assert seen.lead == pytest.approx(
        [log[0, 0] - (log[0, 1] + log[0, 2]) / 2, log[1, 2] - (log[1, 0] + log[1, 1]) / 2]
    )
    assert seen.known.tolist() == [0.75, 1]
    assert seen.length == pytest.approx([np.log(5), 0])
    hidden = outside.hide(scores, np.array([0, 1]), known, read)
    assert hidden.lead == pytest.approx([log[0, 1] - log[0, 2], log[1, 2] - log[1, 0]])
    # A score of 0 counts as the smallest that there is.
    assert np.isfinite(outside.see(np.array([[1, 0]], np.float32), known[:1], read[:1]).lead)


def test_of_no_text() -> None:
    """Where nothing is known of any text, nothing is learnt."""
    nothing = np.zeros(0, int)
    scores = np.zeros((0, 3), np.float32)
    seen = outside.see(scores, nothing, nothing)
    hidden = outside.hide(scores, nothing, nothing, nothing)
    assert [len(each.columns) for each in (seen, hidden)] == [0, 0]
    assert outside.fit(seen, hidden, 3) == []


def test_known_words() -> None:
    """Words are known by the texts of other labels alone, by as many as teach one."""
    train = make_texts([[2, 3], [2], [3], [3, 4], [5, 5]], [0, 0, 1, 1, 1])
    is_word = np.array([False, False, True, True, True, False, True, True, True])
    texts = make_texts([[2, 3, 4, 5], [2, 3]], [0, 1])
    parts = [rows_where(train, np.arange(5) < 2), rows_where(train, np.arange(5) >= 2)]
    learnt = outside.count_by_label(parts, 2, len(is_word))
    known, without = outside.count_known([texts], learnt, is_word, 2)
    # Id 5 is no word; without label 0, only id 3 is in two texts, and without label 1, id 2.
    assert known.tolist() == [6, 4]
    assert without.tolist() == [2, 2]


def draw(count: int, shift: float, seed: int) -> Seen:
    """Return made-up texts whose lead is the lower, the more ``shift``."""
    chance = np.random.Generator(np.random.PCG64(seed))
    lead = chance.normal(3 - shift, 1, count)
    return Seen(lead, chance.uniform(0.5, 1, count), chance.uniform(1, 5, count))


def test_fit() -> None:
    """The penalized likelihood is greatest there: its slope is nothing."""
    inside, hidden = draw(400, 0, 1), draw(300, 2, 2)
    by = outside.fit(inside, hidden, 3)
    columns = np.concatenate([inside.columns, hidden.columns])
    truth = np.repeat([0, 1], [400, 300])
    chances = 1 / (1 + np.exp(-columns @ by))
    slope = columns.T @ (truth - chances) - outside.RIDGE * np.array([0, *by[1:]])
    # Coefficients have four digits.
    assert np.abs(slope).max() < 0.2
    assert by[1] < -1
    assert outside.other(hidden, by) == pytest.approx(chances[400:])
    assert [round(value, outside.DIGITS) for value in by] == by


def test_two_labels() -> None:
    """Where one is hidden there is but one left: no lead tells anything."""
    by = outside.fit(draw(200, 0, 3), draw(200, 2, 4), 2)
    assert by[1] == 0
    assert any(by)


def test_few_texts() -> None:
    """Nothing is learnt of them, nor of none."""
    assert outside.fit(draw(19, 0, 5), draw(19, 1, 6), 3) == []
    assert outside.fit(draw(0, 0, 5), draw(0, 1, 6), 3) == []
    assert outside.fit(draw(20, 0, 5), draw(20, 1, 6), 3) != []


def test_solve_as_linear_algebra_does() -> None:
    """Elimination gives the solution, to rounding."""
    chance = np.random.Generator(np.random.PCG64(7))
    half = chance.normal(size=(4, 9))
    matrix, right = half @ half.T, chance.normal(size=4)
    assert outside._solve(matrix, right) == pytest.approx(np.linalg.solve(matrix, right))
