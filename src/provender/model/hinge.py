"""A linear classifier of each label against the rest: squared hinge loss, dual coordinate descent.

That of LIBLINEAR's L2-regularised L2-loss support vector machine (Hsieh et al. 2008, algorithm
1), for all labels at once: each text in turn gets the weight that is right for it while those of
all others stand, once for each label. A text changes only its own words' rows, so that a pass
takes as long as its words are many. The first passes overshoot this way and that, so that what
counts is the mean of the weights over all passes, ``MEANS`` times a pass: on the tables of the
bench as good as the optimum or better, in few passes. Once a pass would be too seldom, and depend
on the order of the texts: on two tables of some fifty labels, in three passes, recall@1 was 1.1 and
1.5 points lower, and from seed to seed it varied by .7 and 1.4 points, not by .4 and .5.

All sums have one order and no fused step: the same weights on every CPU.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise

import numpy as np

from provender import console, threads
from provender.compiled import compiled
from provender.model.blocks import Posts, as_blocks
from provender.model.checkpoints import Checkpoints
from provender.model.features import Features

# How many times a pass the weights enter the mean, where there are as many texts.
MEANS = 16

# Labels that are learnt side by side: so many sums stay in a CPU's registers, which takes half the
# time of sums in memory. A thread takes one such group of labels after the other.
SIDE = 4


def fit(
    posts: Posts,
    factors: np.ndarray,
    labels: int,
    cost: float,
    epochs: int,
    seed: int,
    report: Callable[[int, np.ndarray], None] | None = None,
    checkpoints: Checkpoints | None = None,
    name: str = "hinge",
) -> np.ndarray:
    """Return what each id adds to each label's margin: float64 [ids + 1, labels].

    A text's value of an id is its pooling weight times the id's number in ``factors`` [ids].
    ``cost`` times the mean square of the texts' lengths is the support vector machine's C, so that
    it means the same whatever the unit. The last row is the bias: that of an id that each text has
    with a value of 1. ``report`` is told of each epoch, from 0, the mean up to its end.

    Of posts in blocks, each pass takes one block after the other in a random order, and its texts
    in a random order. With ``checkpoints``, a call of the same ``name`` goes on from where an
    earlier one last wrote how far it was; ``report`` is told of what is left.
    """
    blocks = as_blocks(posts)
    lengths = [_lengths(block, factors) for block in blocks]
    counts = list(map(len, lengths))
    # Rounded once, whatever the order.
    mean = math.fsum(chain.from_iterable(lengths)) / max(sum(counts), 1)
    # One dual variable's own part of the loss.
    diagonal = mean / (2 * cost) if mean > 0 else 1.0
    state = _State(len(factors) + 1, labels, counts)
    done = state.restore(checkpoints, name) if checkpoints else 0
    means = max(len(_marks(sum(counts))), 1)
    visits = _visits(counts, epochs, seed, done)
    with ThreadPoolExecutor(threads.count()) as pool:
        for visit in console.progress(visits, "training", epochs * len(blocks) - done):
            duals = state.duals(visit)
            learn = partial(
                _learn_side, blocks[visit.block], factors, lengths[visit.block], diagonal, duals
            )
            # The first call compiles; else each thread would.
            learn([(np.zeros(0, np.int64), False)], state.sides[0])
            # One side after the other, so that its weights stay in a CPU's cache.
            list(pool.map(partial(learn, visit.parts), state.sides))
            if report and visit.is_last:
                report(visit.epoch, state.total() / (means * (visit.epoch + 1)))
            state.keep(visit, duals)
    return state.total() / max(means * epochs, 1)


@dataclass(frozen=True)
class _Visit:
    """One block in one pass: its texts in their order, in parts; some end where the mean is taken.

    ``number`` counts visits from 1. ``visited``: the blocks of the pass until now, this one too;
    ``is_last``: whether these are all.
    """

    number: int
    epoch: int
    block: int
    parts: list[tuple[np.ndarray, bool]]
    visited: list[int]
    is_last: bool


def _visits(counts: Sequence[int], epochs: int, seed: int, done: int) -> Iterator[_Visit]:
    """Yield the visits after so many that are done; ``counts``: texts of each block."""
    shuffled = np.random.Generator(np.random.PCG64(seed))
    marks = _marks(sum(counts))
    number = 0
    for epoch in range(epochs):
        # Of one block, nothing is drawn.
        blocks = shuffled.permutation(len(counts)).tolist() if len(counts) > 1 else [0]
        before = 0
        for place, block in enumerate(blocks, 1):
            order = shuffled.permutation(counts[block])
            ends = {mark - before for mark in marks}
            cuts = sorted({0, len(order)} | {end for end in ends if 0 < end < len(order)})
            parts = [(order[first:end], end in ends) for first, end in pairwise(cuts)]
            before += len(order)
            number += 1
            if number > done:
                yield _Visit(number, epoch, block, parts, blocks[:place], place == len(blocks))


def _marks(count: int) -> list[int]:
    """Return after how many texts of a pass the weights enter the mean."""
    return sorted({part * count // MEANS for part in range(1, MEANS + 1)} - {0})


class _Side:
    """The classifiers of ``SIDE`` labels, from ``first`` on, which no other label's change.

    ``weights``, and ``total``, the sum of those that entered the mean: float64 [ids, SIDE]. Beyond
    the last label they are 0.
    """

    def __init__(self, first: int, weights: np.ndarray, total: np.ndarray) -> None:
        self.first = first
        self.weights, self.total = (self._own(values) for values in (weights, total))

    def _own(self, values: np.ndarray) -> np.ndarray:
        own = np.zeros((len(values), SIDE))
        some = values[:, self.first : self.first + SIDE]
        own[:, : some.shape[1]] = some
        return own


class _State:
    """How far training is: all classifiers, and the dual variables of each block's texts.

    The dual variables of several blocks are on disk where there are checkpoints; else in memory.
    """

    def __init__(self, size: int, labels: int, counts: Sequence[int]) -> None:
        self._counts, self._labels = counts, labels
        self._checkpoints: Checkpoints | None = None
        self._name = ""
        self._held: dict[int, np.ndarray] = {}
        # Of one value, which takes no memory.
        nothing = np.broadcast_to(0.0, (size, labels))
        self._take(nothing, nothing)

    def _take(self, weights: np.ndarray, total: np.ndarray) -> None:
        self.sides = [_Side(first, weights, total) for first in range(0, self._labels, SIDE)]

    def weights(self) -> np.ndarray:
        """Return the classifiers' weights: float64 [ids, labels]."""
        return np.concatenate([side.weights for side in self.sides], axis=1)[:, : self._labels]

    def total(self) -> np.ndarray:
        """Return the sum of the weights that entered the mean: float64 [ids, labels]."""
        return np.concatenate([side.total for side in self.sides], axis=1)[:, : self._labels]

    def restore(self, checkpoints: Checkpoints, name: str) -> int:
        """Go on from what was written last; return how many visits that are."""
        self._checkpoints, self._name = checkpoints, name
        found = checkpoints.read(name)
        if found is None:
            return 0
        self._take(found["weights"], found["total"])
        if not self._apart:
            self._held[0] = found["duals"]
        return int(found["done"])

    @property
    def _apart(self) -> bool:
        return self._checkpoints is not None and len(self._counts) > 1

    def duals(self, visit: _Visit) -> np.ndarray:
        """Return the dual variables of the visited block: float64 [n, labels]."""
        if self._checkpoints and self._apart and visit.epoch:
            return self._checkpoints.require(self._of(visit.block, visit.epoch - 1))["duals"]
        return self._held.get(visit.block, np.zeros((self._counts[visit.block], self._labels)))

    def _of(self, block: int, epoch: int) -> str:
        return f"{self._name}.{block}.{epoch}"

    def keep(self, visit: _Visit, duals: np.ndarray) -> None:
        """Keep a block's dual variables, and write how far it is where that is due."""
        if self._checkpoints is None:
            self._held[visit.block] = duals
            return
        if self._apart:
            # In a file of its own, as long as what was written before needs the older ones.
            self._checkpoints.write(self._of(visit.block, visit.epoch), {"duals": duals})
        else:
            self._held[0] = duals
        if not self._checkpoints.is_due():
            return
        state = {
            "done": np.array(visit.number),
            "weights": self.weights(),
            "total": self.total(),
        }
        self._checkpoints.write(self._name, state if self._apart else {**state, "duals": duals})
        self._checkpoints.written()
        if self._apart:
            self._forget(visit)

    def _forget(self, visit: _Visit) -> None:
        """Remove the dual variables that no visit after this one needs."""
        assert self._checkpoints
        for block in range(len(self._counts)):
            latest = visit.epoch if block in visit.visited else visit.epoch - 1
            self._checkpoints.remove(self._of(block, epoch) for epoch in range(latest))


def _learn_side(
    block: Features,
    factors: np.ndarray,
    lengths: np.ndarray,
    diagonal: float,
    duals: np.ndarray,
    parts: Sequence[tuple[np.ndarray, bool]],
    side: _Side,
) -> None:
    for order, enters in parts:
        _learn(
            order,
            block.starts,
            block.ids,
            block.weights,
            block.labels,
            factors,
            lengths,
            diagonal,
            duals,
            side.first,
            side.weights,
        )
        if enters:
            side.total += side.weights


def _lengths(block: Features, factors: np.ndarray) -> np.ndarray:
    lengths = np.zeros(len(block.labels))
    _measure(block.starts, block.ids, block.weights, factors, lengths)
    return lengths


@compiled
def _measure(
    starts: np.ndarray,
    ids: np.ndarray,
    pooling: np.ndarray,
    factors: np.ndarray,
    lengths: np.ndarray,
) -> None:
    """Add to ``lengths`` float64 [n] the square of each text's length."""
    for row in range(len(lengths)):
        for place in range(starts[row], starts[row + 1]):
            value = pooling[place] * factors[ids[place]]
            lengths[row] += value * value


@compiled
def _learn(
    order: np.ndarray,
    starts: np.ndarray,
    ids: np.ndarray,
    pooling: np.ndarray,
    answers: np.ndarray,
    factors: np.ndarray,
    lengths: np.ndarray,
    diagonal: float,
    duals: np.ndarray,
    first: int,
    weights: np.ndarray,
) -> None:
    """Let the texts in ``order`` change ``weights`` [ids + 1, SIDE] of labels from ``first`` on.

    ``duals``: of all labels, [n, all labels].
    """
    bias = weights[len(weights) - 1]
    labels = min(SIDE, duals.shape[1] - first)
    # How far a text is on either side; then how much it changes its words.
    parts = np.zeros(SIDE)
    for row in order:
        a = b = c = d = 0.0
        for place in range(starts[row], starts[row + 1]):
            own = weights[ids[place]]
            value = pooling[place] * factors[ids[place]]
            a += own[0] * value
            b += own[1] * value
            c += own[2] * value
            d += own[3] * value
        parts[0], parts[1], parts[2], parts[3] = a, b, c, d
        step = 1.0 / (lengths[row] + 1.0 + diagonal)
        is_changed = False
        for label in range(labels):
            # A margin is the distance to the right side: of all other labels, the negative one.
            side = 1.0 if first + label == answers[row] else -1.0
            margin = side * (parts[label] + bias[label])
            dual = duals[row, first + label]
            change = max(dual - (margin - 1.0 + dual * diagonal) * step, 0.0) - dual
            duals[row, first + label] = dual + change
            parts[label] = side * change
            bias[label] += side * change
            is_changed = is_changed or change != 0.0
        # Most texts are far enough from most labels, and change nothing.
        if is_changed:
            a, b, c, d = parts[0], parts[1], parts[2], parts[3]
            for place in range(starts[row], starts[row + 1]):
                own = weights[ids[place]]
                value = pooling[place] * factors[ids[place]]
                own[0] += value * a
                own[1] += value * b
                own[2] += value * c
                own[3] += value * d
