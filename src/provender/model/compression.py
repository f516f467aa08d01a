"""Smaller models: fewer words, a narrower table and coarser numbers; their bytes and worth.

A row of the table says what its word adds to each label's logit. What it adds to all alike
changes no score, so that a table one column narrower says the same: its columns are the
rows' principal axes, and the dense layer behind it turns them back into labels. Leaving out
the last axes makes it narrower still.

The numbers of a table in bytes are whole multiples of ``UNIT``, with one scale a column
that the dense layer multiplies back. TensorFlow.js stores a tensor as ``min + scale * byte``
and derives both from the tensor's ends. Those stand in the rows of ids that no text has; so its
converter finds the very same numbers again, and nothing is lost after this module.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import brotli
import numpy as np

from provender import threads
from provender.model import arithmetic, metrics
from provender.model.features import Features, add_squares, count_posts, pool, restrict
from provender.model.levels import BYTES, FLOAT16, FLOAT32, FLOAT_BYTES, LEVELS
from provender.model.training import Weights
from provender.text.encode import FIRST_WORD

# Exact in float32, as are its multiples here.
UNIT = 1 / 128

# The ends of a table in bytes, in units: 0 is a byte, and so are 256 numbers. And the ids of the
# rows that hold them.
LOWEST, HIGHEST = -127, 128
LOWEST_ID, HIGHEST_ID = 0, 1

# Where no budget is set: that of a model, and that of one with so many labels that it needs more.
BUDGET, LARGE_BUDGET, MANY_LABELS = 250, 1000, 30

# How many words a model may have: each of these numbers, and all candidates.
SIZES = (500, 1000, 2000, 4000, 8000, 12000, 20000, 30000, 45000, 70000, 100000, 150000)

# How wide a table may be, as shares of the widest; narrower ones are weighed at one coarseness,
# which tells whether any is worth it.
WIDTHS = (0.75, 0.5)
NARROW_LEVELS = BYTES[1]

# How much more loss than the least is none, for the sake of fewer bytes: some hundred posts tell no
# such difference. Who sets a budget has it spent.
NEAR = 1.01

# So much more loss is none either: where next to nothing is wrong, a hundredth of the least loss
# is a rounding error, and the least itself may be one, below 0. At a loss of .001 a model gives the
# right label .999.
NEXT_TO_NOTHING = 0.001

# What takes so many times the budget is not weighed: what is as it was trained hardly compresses;
# of bytes, every eighth row tells about how they do.
MOST_OVER = 2
SAMPLE = 8

# As web servers compress: 11 takes ten times as long and gains a few hundredths.
BROTLI_QUALITY = 9


@dataclass(frozen=True)
class Candidate:
    """One way to ship a model, its bytes, and its worth on texts that it has not learnt from.

    ``loss`` is that of the words' exact numbers, plus what narrowing and rounding add to it
    where the exact scores are how likely each label is: by chance, these few posts may like a
    rounded model better.
    """

    words: int
    width: int
    levels: int
    bytes: int
    recall: float
    loss: float


@dataclass(frozen=True)
class Part:
    """Posts, and a model that has not learnt from them.

    ``order``: which ids of its words may ship, in the order of use: int [words].
    """

    weights: Weights
    learnt: Features
    asked: Features
    order: np.ndarray


def principal_axes(table: np.ndarray, posts: np.ndarray) -> np.ndarray:
    """Return the directions in which a table's rows differ most, the first the most.

    ``table`` float32 [ids, labels]; ``posts``, how many have each word, [ids], so that what
    is frequent counts most. float64 [labels, labels - 1]; a row less its mean is
    ``row @ axes @ axes.T``.
    """
    axes = arithmetic.eigenvectors(arithmetic.gram(_centred(table), posts))
    # What all labels have in common is left as 0, and so comes last.
    return axes[:, :-1]


def narrow(table: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Return the table along ``axes`` [labels, width]: float32 [ids, width]."""
    return arithmetic.matmul(_centred(table), axes).astype(np.float32)


def _centred(table: np.ndarray) -> np.ndarray:
    mean = arithmetic.add_rows(table) / table.shape[1]
    centred: np.ndarray = table - mean[:, np.newaxis]
    return centred


def quantise(table: np.ndarray, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a coarser table float32 [ids, width] and each column's scale float32 [width].

    The table times the scales is near ``table``, but for the ids that no text has. With
    ``FLOAT32`` levels it is ``table`` itself, with ``FLOAT16`` its nearest numbers of that type.
    """
    if levels in (FLOAT32, FLOAT16):
        grid = table if levels == FLOAT32 else table.astype(np.float16).astype(np.float32)
        return grid, np.ones(table.shape[1], np.float32)
    below = (levels - 1) // 2
    above = levels - 1 - below
    words = table[FIRST_WORD:].astype(np.float64)
    steps = np.maximum(words.min(axis=0) / -below, words.max(axis=0) / above)
    steps[steps == 0] = 1
    numbers = np.zeros(table.shape)
    numbers[FIRST_WORD:] = np.rint(words / steps)
    numbers[LOWEST_ID, 0], numbers[HIGHEST_ID, 0] = LOWEST, HIGHEST
    return (numbers * UNIT).astype(np.float32), (steps / UNIT).astype(np.float32)


def choose_words(table: np.ndarray, posts: Features, loud: np.ndarray | None = None) -> np.ndarray:
    """Return the ids of all words, the most useful first: int [words].

    A word is useful as far as it tells labels apart, and by the square root of the sum of the
    squares of its weights in the posts, or of what ``loud`` [ids] says that these are. ``table``
    float32 [ids, labels].
    """
    if loud is None:
        loud = add_squares(posts)
    useful = np.sqrt(arithmetic.add_rows(_centred(table) ** 2) * loud)
    return FIRST_WORD + np.argsort(-useful[FIRST_WORD:], kind="stable")


def in_code_point_order(ids: np.ndarray, words: Sequence[str]) -> np.ndarray:
    """Return ids of words in the order in which the bundle packs them best."""
    return np.array(sorted(ids, key=lambda word: words[word - FIRST_WORD]), int)


def rows_of(table: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the table of the ``kept`` words alone."""
    return np.concatenate([table[:FIRST_WORD], table[kept]])


def logits(features: Features, weights: Weights) -> np.ndarray:
    """Return each label's logit for each post: float64 [n, labels]."""
    result: np.ndarray = pool(features, weights.table) + weights.bias
    return result


def shipped_bytes(constants: bytes, grid: np.ndarray, levels: int, labels: int) -> int:
    """Return how many bytes a web server sends for the vocabulary and the weights.

    ``constants`` are compressed.
    """
    # The dense layer behind the table is as it is.
    dense: int = grid.dtype.itemsize * (grid.shape[1] + 1) * labels
    return len(constants) + len(compress(_stored(grid, levels))) + dense


def _stored(grid: np.ndarray, levels: int) -> bytes:
    """Return a table as TensorFlow.js stores it."""
    if levels == FLOAT32:
        return grid.tobytes()
    if levels == FLOAT16:
        return grid.astype(np.float16).tobytes()
    return (np.rint(grid / UNIT) - LOWEST).astype(np.uint8).tobytes()


def _is_far_beyond(grid: np.ndarray, levels: int, budget: int) -> bool:
    """Return whether a table surely takes more than ``MOST_OVER`` times the budget."""
    most = MOST_OVER * budget
    if levels in FLOAT_BYTES:
        return grid.size * FLOAT_BYTES[levels] > most
    return grid.size > most and SAMPLE * len(compress(_stored(grid[::SAMPLE], levels))) > most


def compress(content: bytes) -> bytes:
    """Compress as a web server does."""
    compressed: bytes = brotli.compress(content, quality=BROTLI_QUALITY)
    return compressed


def weigh(
    whole: Part,
    parts: Sequence[Part],
    words: Sequence[str],
    temperature: float,
    build_constants: Callable[[Sequence[str]], bytes],
    budget: int,
    shapes: Sequence[tuple[int, int]],
) -> Iterator[Candidate]:
    """Yield the candidates, from few words to all of an order, with their bytes and their worth.

    Bytes are those of ``whole``; the worth is what the posts of ``parts`` tell, by as many of their
    own words, in their own order, and by as coarse numbers. Models are those of all ``words``;
    ``build_constants`` gives the bundle's constants for some of them. ``shapes``: which widths and
    coarsenesses, as :func:`find_shapes` has them. More words than those of which no candidate has
    ``budget`` bytes are not weighed, nor is what is far beyond it.
    """
    for size in _sizes(len(whole.order)):
        kept = in_code_point_order(whole.order[:size], words)
        constants = compress(build_constants([words[word - FIRST_WORD] for word in kept]))
        smaller = _Smaller(whole, kept)
        judges = [smaller if part is whole else _Smaller(part, part.order[:size]) for part in parts]
        found = _weigh_shapes(smaller, judges, temperature, constants, budget, shapes)
        yield from found
        if min(each.bytes for each in found) > budget:
            return


class _Smaller:
    """A part's model of some of its words, and its answers."""

    def __init__(self, part: Part, kept: np.ndarray) -> None:
        """Keep of all words those whose ids are ``kept``."""
        self.weights = Weights(rows_of(part.weights.table, kept), part.weights.bias)
        self.asked = restrict(part.asked, kept)
        self.axes = principal_axes(self.weights.table, rows_of(count_posts(part.learnt), kept))
        self.narrowed = narrow(self.weights.table, self.axes)

    def exact(self, temperature: float) -> np.ndarray:
        """Return the scores by the numbers as they are: float32 [n, labels]."""
        return arithmetic.softmax(logits(self.asked, self.weights) / temperature)

    def rounded(self, grid: np.ndarray, scales: np.ndarray, temperature: float) -> np.ndarray:
        """Return the scores by what :func:`quantise` gives of it: float32 [n, labels]."""
        axes = self.axes[:, : grid.shape[1]]
        turned = arithmetic.matmul(pool(self.asked, grid) * scales, axes.T)
        return arithmetic.softmax((turned + self.weights.bias) / temperature)


def _weigh_shapes(
    smaller: _Smaller,
    judges: Sequence[_Smaller],
    temperature: float,
    constants: bytes,
    budget: int,
    shapes: Sequence[tuple[int, int]],
) -> list[Candidate]:
    """Return the candidates of one vocabulary: their bytes, and their worth by the ``judges``."""
    labels = len(smaller.weights.bias)
    counts = [len(judge.asked.labels) for judge in judges]
    shares = [count / sum(counts) for count in counts]
    exact = [judge.exact(temperature) for judge in judges]
    losses = [
        metrics.loss(scores, judge.asked.labels)
        for judge, scores in zip(judges, exact, strict=True)
    ]
    # One of these is the smallest, by which the next size is weighed or not.
    small = {shapes[-1], *(shape for shape in shapes if shape[1] == BYTES[-1])}

    def weigh_one(shape: tuple[int, int]) -> Candidate | None:
        width, levels = shape
        grid, scales = quantise(smaller.narrowed[:, :width], levels)
        if shape not in small and _is_far_beyond(grid, levels, budget):
            return None
        hits, worth = 0, []
        for judge, loss, scores in zip(judges, losses, exact, strict=True):
            own = (grid, scales)
            if judge is not smaller:
                own = quantise(judge.narrowed[:, :width], levels)
            rounded = judge.rounded(*own, temperature)
            hits += int((metrics.rank(rounded)[:, 0] == judge.asked.labels).sum())
            worth.append(loss + metrics.divergence(scores, rounded))
        return Candidate(
            words=len(smaller.narrowed) - FIRST_WORD,
            width=width,
            levels=levels,
            bytes=shipped_bytes(constants, grid, levels, labels),
            recall=hits / sum(counts),
            loss=math.fsum(share * own for share, own in zip(shares, worth, strict=True)),
        )

    return [each for each in threads.in_order(weigh_one, shapes) if each]


def count_candidates(words: int, shapes: int) -> int:
    """Return how many candidates :func:`weigh` yields at most for so many words and shapes."""
    return len(_sizes(words)) * shapes


def find_shapes(labels: int) -> list[tuple[int, int]]:
    """Return the widths and coarsenesses that are weighed, the widest and finest first."""
    widest = labels - 1
    narrower = sorted({max(1, round(widest * share)) for share in WIDTHS} - {widest}, reverse=True)
    return [(widest, levels) for levels in LEVELS] + [(w, NARROW_LEVELS) for w in narrower]


def _sizes(words: int) -> list[int]:
    return [*(size for size in SIZES if size < words), words]


def find_budget(labels: int, kilobytes: float | None) -> int:
    """Return how many bytes a model of so many labels may have; None where that is not set."""
    if kilobytes is None:
        kilobytes = BUDGET if labels < MANY_LABELS else LARGE_BUDGET
    return round(kilobytes * 1000)


def choose(candidates: Sequence[Candidate], budget: int, near: float) -> Candidate:
    """Return the smallest of at most ``budget`` bytes with next to the least loss on validation.

    That is at most ``near`` times the least. Loss, since recall of a few hundred posts jumps by
    chance. Where none is small enough, the smallest of all.
    """
    affordable = [each for each in candidates if each.bytes <= budget]
    if not affordable:
        return min(candidates, key=lambda each: (each.bytes, each.loss))
    least = min(each.loss for each in affordable)
    most = max(near * least, least + NEXT_TO_NOTHING)
    alike = [each for each in affordable if each.loss <= most]
    return min(alike, key=lambda each: (each.bytes, each.loss))


def front(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates than which none is both smaller and of less loss, by bytes."""
    found: list[Candidate] = []
    for each in sorted(candidates, key=lambda each: (each.bytes, each.loss)):
        if not found or each.loss < found[-1].loss:
            found.append(each)
    return found
