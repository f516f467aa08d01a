"""compact: coarser numbers, fewer words, and which of them ship."""

import math
from collections.abc import Sequence
from dataclasses import replace

import brotli
import numpy as np
import pytest
import references
from hypothesis import given
from hypothesis import strategies as st
from model_inputs import make_features

from provender.model import compression
from provender.model.compression import Candidate
from provender.model.features import Features
from provender.model.levels import BYTES, FLOAT16, FLOAT32, LEVELS
from provender.model.training import Weights


def made_up_table(seed: int, words: int = 40, width: int = 3) -> np.ndarray:
    """Return a table of random numbers, with zeros for the ids that no text has."""
    table = np.random.default_rng(seed).normal(size=(words + 2, width)).astype(np.float32)
    table[:2] = 0
    return table


def restored(grid: np.ndarray) -> np.ndarray:
    """Return a table as it comes out of TensorFlow.js' bytes, by its converter's formulae."""
    low, high = float(grid.min()), float(grid.max())
    scale = (high - low) / 255
    low = -round(-low / scale) * scale
    stored = np.round((grid.astype(np.float64) - low) / scale).astype(np.uint8)
    return (stored * scale + low).astype(np.float32)


@pytest.mark.parametrize("levels", BYTES)
@given(seed=st.integers(0, 1000), width=st.integers(1, 4))
def test_bytes_hold_every_number(levels: int, seed: int, width: int) -> None:
    """What the converter stores as bytes is restored to the very same numbers."""
    grid, _ = compression.quantise(made_up_table(seed, width=width), levels)
    assert np.array_equal(restored(grid), grid)
    assert len(np.unique(grid[2:])) <= levels


@pytest.mark.parametrize("levels", BYTES)
def test_no_number_moves_more_than_half_a_step(levels: int) -> None:
    """A column's step is what its largest number needs."""
    table = made_up_table(1)
    grid, scales = compression.quantise(table, levels)
    below, above = (levels - 1) // 2, levels - 1 - (levels - 1) // 2
    for column in range(table.shape[1]):
        numbers = table[2:, column].astype(np.float64)
        step = max(-numbers.min() / below, numbers.max() / above)
        difference = np.abs(grid[2:, column].astype(np.float64) * scales[column] - numbers)
        assert difference.max() <= step * 0.5001


def test_float32_stays_as_it_is() -> None:
    """Without levels nothing is rounded."""
    table = made_up_table(2)
    grid, scales = compression.quantise(table, FLOAT32)
    assert np.array_equal(grid, table)
    assert scales.tolist() == [1, 1, 1]


def test_float16_rounds_to_the_nearest() -> None:
    """At most one part in 2,048 is lost, and the bytes counted are two a number."""
    table = made_up_table(2, words=500)
    grid, scales = compression.quantise(table, FLOAT16)
    np.testing.assert_allclose(grid, table, rtol=2**-11)
    assert not np.array_equal(grid, table)
    assert np.array_equal(grid.astype(np.float16).astype(np.float32), grid)
    assert scales.tolist() == [1, 1, 1]
    half = brotli.compress(grid.astype("<f2").tobytes(), quality=9)
    assert compression.shipped_bytes(b"words", grid, FLOAT16, 5) == 5 + len(half) + 4 * (3 * 5 + 5)


def test_a_column_of_zeros() -> None:
    """A label about which no word says anything divides nothing by zero."""
    table = made_up_table(3)
    table[:, 1] = 0
    grid, _ = compression.quantise(table, 16)
    assert (grid[2:, 1] == 0).all()
    assert np.isfinite(grid).all()


def test_useful_words_first() -> None:
    """How far a word tells labels apart counts, times how loud it is in the posts."""
    table = np.array([[0, 0], [0, 0], [1, -1], [-3, 3], [2, 0.5], [9, 9]], np.float32)
    # Word 2 is alone in four posts, 3 and 4 share one, 5 is in none.
    texts = [[2], [2], [2], [2], [3, 4]]
    posts = make_features(texts, [0] * 5, 6)
    assert compression.choose_words(table, posts).tolist() == [3, 2, 4, 5]


def test_words_stand_in_code_point_order() -> None:
    """Ids come in the order of the words that they stand for."""
    words = ["z", "é", "a", "b"]
    assert compression.in_code_point_order(np.array([2, 3, 4]), words).tolist() == [4, 2, 3]


def test_shipped_bytes() -> None:
    """Bytes of the table are compressed, as constants are already; the dense layer is float32."""
    grid, _ = compression.quantise(made_up_table(4, words=500), 16)
    low, high = float(grid.min()), float(grid.max())
    table = bytes(round(255 * (float(value) - low) / (high - low)) for value in grid.ravel())
    expected = 5 + len(brotli.compress(table, quality=9)) + 4 * (3 * 4 + 4)
    assert compression.shipped_bytes(b"words", grid, 16, 4) == expected


def test_one_column_less_says_the_same() -> None:
    """All axes together give each row but for what its numbers have in common."""
    table, posts = made_up_table(6, width=5), np.arange(42)
    axes = compression.principal_axes(table, posts)
    assert axes.shape == (5, 4)
    np.testing.assert_allclose(axes.T @ axes, np.eye(4), atol=1e-12)
    back = compression.narrow(table, axes).astype(np.float64) @ axes.T
    np.testing.assert_allclose(back, table - table.mean(axis=1, keepdims=True), atol=1e-6)


def test_axes_lie_where_frequent_words_differ() -> None:
    """The first says most of the words that many posts have."""
    table = np.array([[0, 0, 0], [0, 0, 0], [3, -3, 0], [1, 1, -2], [-1, -1, 2]], np.float32)
    rare, frequent = np.array([0, 0, 1, 1, 1]), np.array([0, 0, 1, 99, 99])
    assert abs(compression.principal_axes(table, rare)[:, 0]) == pytest.approx(
        [0.5**0.5, 0.5**0.5, 0]
    )
    assert abs(compression.principal_axes(table, frequent)[:, 0]) == pytest.approx(
        [6**-0.5, 6**-0.5, 2 * 6**-0.5]
    )


@pytest.mark.parametrize(
    ("labels", "kilobytes", "budget"),
    [(29, None, 250_000), (30, None, 1_000_000), (2, 0.1, 100), (99, 300, 300_000)],
)
def test_budget(labels: int, kilobytes: float | None, budget: int) -> None:
    """What is set counts; else many labels may take more."""
    assert compression.find_budget(labels, kilobytes) == budget


def candidate(size: int, loss: float) -> Candidate:
    """Return a candidate of which only bytes and loss matter."""
    return Candidate(words=1, width=2, levels=16, bytes=size, recall=0.5, loss=loss)


def test_choice_is_the_best_that_the_budget_allows() -> None:
    """Least loss within the budget; without any, the smallest."""
    candidates = [candidate(10, 0.5), candidate(20, 0.3), candidate(19, 0.3), candidate(30, 0.2)]
    assert compression.choose(candidates, 29, 1.01) == candidates[2]
    assert compression.choose(candidates, 30, 1.01) == candidates[3]
    assert compression.choose(candidates, 9, 1.01) == candidates[0]


def test_of_losses_next_to_alike_the_smallest_ships() -> None:
    """A hundredth more than the least is still alike."""
    candidates = [candidate(10, 0.2021), candidate(20, 0.2019), candidate(30, 0.2)]
    assert compression.choose(candidates, 30, 1.01) == candidates[1]
    assert compression.choose(candidates, 30, 1.0) == candidates[2]
    assert compression.choose(candidates, 19, 1.01) == candidates[0]


@pytest.mark.parametrize("least", [-1e-18, 0.0, 1e-9, -0.0])
def test_of_next_to_no_losses_the_smallest_ships(least: float) -> None:
    """The least loss of a perfect model may be a rounding error below 0."""
    candidates = [candidate(10, 0.0021), candidate(20, 0.0009), candidate(30, least)]
    assert compression.choose(candidates, 30, 1.01) == candidates[1]


def test_front() -> None:
    """The front has what nothing smaller beats."""
    candidates = [candidate(30, 0.2), candidate(10, 0.5), candidate(20, 0.6), candidate(25, 0.5)]
    assert compression.front(candidates) == [candidates[1], candidates[0]]


def as_whole(weights: Weights, posts: Features) -> compression.Part:
    """Return a model of posts that are asked as well."""
    return compression.Part(weights, posts, posts, compression.choose_words(weights.table, posts))


def test_weighs_each_size_width_and_coarseness() -> None:
    """Every candidate has the worth of its own words and numbers, in plain loops."""
    bias = np.array([0.25, 0, 0, 0, 0], np.float32)
    weights = Weights(made_up_table(5, words=600, width=5), bias)
    ids = np.random.default_rng(6).integers(0, 602, (30, 8)).tolist()
    truth = np.arange(30) % 5
    posts = make_features(ids, truth, 602)
    words = [f"w{number:03}" for number in range(600)]
    part = as_whole(weights, posts)
    given = ([part], words, 2.0, lambda chosen: " ".join(chosen).encode())
    found = list(compression.weigh(part, *given, 10**6, compression.find_shapes(5)))
    shapes = [*((4, levels) for levels in LEVELS), (3, BYTES[1]), (2, BYTES[1])]
    assert [(each.words, each.width, each.levels) for each in found] == [
        (size, *shape) for size in (500, 600) for shape in shapes
    ]
    assert len(found) == compression.count_candidates(600, len(shapes))
    whole = found[len(shapes)]
    losses, hits = [], 0
    for row in range(30):
        logits = [float(bias) for bias in weights.bias]
        for word, weight in references.word_vector(ids[row]).items():
            logits = [
                logit + float(weight) * float(value)
                for logit, value in zip(logits, weights.table[word], strict=True)
            ]
        powers = [math.exp(logit / 2.0) for logit in logits]
        losses.append(-math.log(powers[truth[row]] / sum(powers)))
        hits += logits.index(max(logits)) == truth[row]
    assert whole.loss == pytest.approx(sum(losses) / 30, rel=1e-5)
    assert whole.recall == hits / 30
    # Rounding costs something, however these few posts like it.
    assert all(each.loss > whole.loss - 1e-6 for each in found[len(shapes) :])
    sizes = {(each.width, each.levels): each.bytes for each in found[len(shapes) :]}
    assert sizes[4, FLOAT32] > sizes[4, BYTES[1]] > sizes[3, BYTES[1]] > sizes[2, BYTES[1]]
    # Where nothing is small enough, no more words will be.
    least = min(each.bytes for each in found[: len(shapes)])
    for budget, sizes_weighed in ((least - 1, {500}), (least, {500, 600})):
        weighed = list(compression.weigh(part, *given, budget, compression.find_shapes(5)))
        assert {each.words for each in weighed} == sizes_weighed
        bytes_of = {FLOAT32: 4, FLOAT16: 2}
        assert [each for each in weighed if each.levels in bytes_of] == [
            each
            for each in found
            if each.words in sizes_weighed
            and each.levels in bytes_of
            and bytes_of[each.levels] * 4 * (each.words + 2) <= 2 * budget
        ]


def test_what_is_far_beyond_the_budget_is_not_weighed() -> None:
    """Of bytes that is what compresses too badly; the smallest of a size always is."""
    weights = Weights(made_up_table(5, words=400, width=60), np.zeros(60, np.float32))
    posts = make_features([[2, 3]] * 60, np.arange(60), 402)
    part = as_whole(weights, posts)
    words = [f"w{number:03}" for number in range(400)]

    def weigh(budget: int) -> list[compression.Candidate]:
        shapes = compression.find_shapes(60)
        given = ([part], words, 1.0, lambda _: b"", budget, shapes)
        return list(compression.weigh(part, *given))

    everything = weigh(10**6)
    bytes_of = {
        (each.width, each.levels): each.bytes - 4 * (each.width + 1) * 60 for each in everything
    }
    # Random numbers compress alike wherever the sample is taken.
    for budget in (3000, 5000, 7000, 9000):
        kept = {(59, BYTES[-1]), (30, BYTES[1])}
        kept |= {shape for shape, size in bytes_of.items() if size <= 1.9 * budget}
        found = weigh(budget)
        assert kept <= {(each.width, each.levels) for each in found}
        beyond = {shape for shape, size in bytes_of.items() if size > 2.2 * budget} - kept
        assert beyond and not beyond & {(each.width, each.levels) for each in found}
        assert [each for each in everything if each in found] == found


def test_weighs_those_words_and_shapes_alone_that_it_is_told() -> None:
    """In the order of use that it is given."""
    weights = Weights(made_up_table(5, words=600, width=5), np.zeros(5, np.float32))
    ids = np.random.default_rng(6).integers(0, 602, (30, 8)).tolist()
    posts = make_features(ids, np.arange(30) % 5, 602)
    words = [f"w{number:03}" for number in range(600)]
    asked: list[list[str]] = []

    def pack(chosen: Sequence[str]) -> bytes:
        asked.append(list(chosen))
        return b""

    part = replace(as_whole(weights, posts), order=np.arange(521, 1, -1))
    found = compression.weigh(part, [part], words, 2.0, pack, 10**6, [(4, BYTES[1])])
    assert [(each.words, each.width, each.levels) for each in found] == [
        (500, 4, BYTES[1]),
        (520, 4, BYTES[1]),
    ]
    assert asked == [words[20:520], words[:520]]


def test_the_worth_is_what_parts_tell() -> None:
    """By models of their own, with words in orders of their own; bytes are those of the whole."""
    shapes = [(4, FLOAT32), (4, BYTES[-1])]
    words = [f"w{number:03}" for number in range(520)]
    chance = np.random.default_rng(6)
    models = [
        as_whole(
            Weights(made_up_table(seed, words=520, width=5), np.zeros(5, np.float32)),
            make_features(chance.integers(0, 522, (texts, 8)).tolist(), np.arange(texts) % 5, 522),
        )
        for seed, texts in ((1, 9), (2, 30), (3, 10))
    ]
    given = (words, 2.0, lambda chosen: " ".join(chosen).encode(), 10**6, shapes)
    found = list(compression.weigh(models[0], models[1:], *given))
    own, two, three = (list(compression.weigh(each, [each], *given)) for each in models)
    assert [each.bytes for each in found] == [each.bytes for each in own]
    for each, left, right in zip(found, two, three, strict=True):
        assert each.loss == pytest.approx((30 * left.loss + 10 * right.loss) / 40)
        assert each.recall == pytest.approx((30 * left.recall + 10 * right.recall) / 40)


def test_two_labels_take_one_number_a_word() -> None:
    """There are no narrower widths then."""
    weights = Weights(made_up_table(7, words=30, width=2), np.zeros(2, np.float32))
    ids = np.random.default_rng(8).integers(0, 32, (9, 4)).tolist()
    posts = make_features(ids, np.arange(9) % 2, 32)
    words = [f"w{number}" for number in range(30)]
    part, shapes = as_whole(weights, posts), compression.find_shapes(2)
    found = list(compression.weigh(part, [part], words, 1.0, lambda chosen: b"", 999, shapes))
    assert [(each.width, each.levels) for each in found] == [(1, levels) for levels in LEVELS]
    assert found[0].loss == pytest.approx(found[2].loss, abs=0.01)
