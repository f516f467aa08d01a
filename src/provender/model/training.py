"""The model in tf-keras, and how its table is trained."""

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from provender import console
from provender.model import arithmetic, hinge, metrics, vectors
from provender.model.blocks import MadeBlocks, Posts, as_blocks
from provender.model.checkpoints import Checkpoints
from provender.model.features import (
    Features,
    count_posts,
    join,
    pool,
    restrict,
    rows_where,
    rows_with,
)
from provender.model.naive_bayes import NaiveBayes, inverse_document_frequency, naive_bayes_table
from provender.text.encode import FIRST_WORD

if TYPE_CHECKING:
    import tf_keras

# With fewer texts to validate, nothing is chosen on them: of a recall@1 of .8, half of the 95 %
# interval is .08 then.
FEW_TEXTS = 100

# Parts of the posts, of which each is answered by a model of the others.
FOLDS = 3

# The shares of naive Bayes that are tried where none is set.
SHARES = (0.0, 0.2, 1 / 3, 0.5, 2 / 3, 0.8, 0.9)

# And those of word vectors, where there are any.
VECTOR_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)

# What an error may cost the classifiers where that is not set: the second where labels are so noisy
# that fitting them less is right more often. Of more features than the third number that is not
# asked: so many texts outweigh the noise, and asking takes as long as training.
COST, LOW_COST = 1.0, 0.25
MOST_ASKED = 1 << 22

# So many posts tell how far a model's logits spread.
SPREAD_OF = 2000

# What says that the posts choose the share, or the cost.
AUTO = "auto"


@dataclass(frozen=True)
class Training:
    """How a model is trained.

    Its logits are a mean of those of two linear models, as if both spread alike: naive Bayes
    (``start``), which is the better one where texts are long and few, and one-against-rest
    classifiers of squared hinge loss (``cost``, ``epochs``; see provender.model.hinge), where
    they are short or many. ``share``, 0 to 1, is naive Bayes'. Share and cost are None where they
    are to be chosen.
    Where there are word vectors, ``vector_share`` of the logits are those of a classifier of these
    (see provender.model.vectors), of ``vector_cost``, and the rest the mean of the two.
    """

    start: NaiveBayes
    cost: float | None
    epochs: int
    share: float | None
    seed: int
    vector_share: float = 0.0
    vector_cost: float = 1.0


@dataclass(frozen=True)
class Weights:
    """A trained model: what each id adds to each label's logit, per pooling weight.

    ``table`` float32 [ids, labels]; ``bias`` float32 [labels].
    """

    table: np.ndarray
    bias: np.ndarray


# Told of each epoch, from 0: the classifiers of that moment, without naive Bayes.
Report = Callable[[int, Weights], None]

# Where it is kept how far a training is, and its name among all.
Stage = tuple[Checkpoints, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a model is trained."""
    parser.add_argument("--smoothing", type=float, required=True, help="naive Bayes' alpha")
    parser.add_argument("--power", type=float, required=True, help="exponent of its counts")
    parser.add_argument("--idf-power", type=float, required=True, help="and of word rarity")
    parser.add_argument("--share", required=True, help=f"naive Bayes', 0 to 1, or {AUTO}")
    parser.add_argument(
        "--cost", required=True, help=f"of errors, 1/regularisation: above 0, or {AUTO}"
    )
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)


def read_arguments(options: argparse.Namespace) -> Training:
    """Return what those options say."""
    return Training(
        NaiveBayes(options.smoothing, options.power, options.idf_power),
        None if options.cost == AUTO else float(options.cost),
        options.epochs,
        None if options.share == AUTO else float(options.share),
        options.seed,
    )


def build_model(table: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> "tf_keras.Model":
    """Return the tf-keras model: a weighted sum of the table's rows, then a dense layer.

    ``table``: [ids, width]; ``kernel``: [width, labels]; ``bias``: [labels]. Input: ``weights``
    float32 [n, ids], each text's pooling weights, 0 where it does not have an id. Output:
    ``scores`` float32 [n, labels], each row adding up to 1.
    """
    import tf_keras as keras

    keras.backend.clear_session()
    weights = keras.Input((len(table),), name="weights")
    pooled = keras.layers.Dense(table.shape[1], use_bias=False, name="table")
    scores = keras.layers.Dense(len(bias), activation="softmax", name="scores")
    model = keras.Model(weights, scores(pooled(weights)), name="classifier")
    pooled.set_weights([table])
    scores.set_weights([kernel, bias])
    return model


@dataclass(frozen=True)
class Trial:
    """Shares that were tried beside word vectors, and what posts that were not learnt from say.

    ``logits`` float64 [n, labels] of each post, in their order.
    """

    share: float
    vector_share: float
    vector_cost: float
    logits: np.ndarray
    recall: float
    loss: float


def train(
    posts: Posts,
    labels: int,
    how: Training,
    report: Report | None = None,
    known: vectors.Vectors | None = None,
    stage: Stage | None = None,
) -> Weights:
    """Train a model of so many labels, whose ``how.share`` is set; ``known``: word vectors.

    Of posts in blocks, the first one teaches the classifier of vectors, which needs few.
    """
    if how.share is None:
        raise ValueError("the share of naive Bayes is not chosen yet")
    if known is None:
        return mix(*_train_both(posts, labels, how, report, stage), how.share)
    costs = (how.vector_cost,)
    bayes, margins, of_vectors = _train_three(posts, labels, how, known, costs, report, stage)
    return mix(of_vectors, mix(bayes, margins, how.share), how.vector_share)


@dataclass(frozen=True)
class Choice:
    """How posts that were not learnt from say to train.

    ``recall``: recall@1 by each share of naive Bayes; none where a share was set. ``costs``: the
    best recall@1 by each cost of errors, where these were asked. ``kept``: of the ids, those that
    do as well or better without the others; None where there was no such choice. ``recalls``: the
    best recall@1 of all ids, and of those that might be kept.
    """

    how: Training
    recall: dict[float, float]
    costs: dict[float, float]
    kept: np.ndarray | None = None
    recalls: tuple[float, float] | None = None

    def restrict(self, posts: Features) -> Features:
        """Return posts by the ids that are kept."""
        return posts if self.kept is None else restrict(posts, self.kept)


def choose(
    how: Training,
    posts: Features,
    labels: int,
    some: np.ndarray | None = None,
    checkpoints: Checkpoints | None = None,
) -> Choice:
    """Return how to train, with share and cost set; ``some``: ids that might do alone, if any.

    Posts are answered by models of the other folds' posts. Some ids alone are kept where they are
    right more often by more than a standard error of that: where pairs of words tell nothing, they
    drown what words tell. By the same rule errors cost less.
    """
    if how.share is not None and how.cost is not None:
        return Choice(how, {}, {})
    folds = _Folds(posts, labels, checkpoints)
    asked = replace(how, cost=COST if how.cost is None else how.cost)
    right = folds.ask(asked, posts, "naive Bayes' share", "fold")
    recalls = None
    if some is not None:
        fewer_posts = restrict(posts, some)
        fewer = folds.ask(asked, fewer_posts, "it without pairs of words", "fewer")
        recalls = (_recall(right), _recall(fewer))
        console.log.info("recall@1 with pairs of words %.4f, without %.4f", *recalls)
        if _is_better(fewer, right):
            right, posts = fewer, fewer_posts
        else:
            some = None
    costs = {}
    if how.cost is None and len(posts.ids) <= MOST_ASKED:
        low = replace(how, cost=LOW_COST)
        less = folds.ask(low, posts, "it where errors cost less", "low")
        costs = {COST: _recall(right), LOW_COST: _recall(less)}
        console.log.info("recall@1 where errors cost %g %.4f, %g %.4f", *sum(costs.items(), ()))
        if _is_better(less, right):
            right, asked = less, low
    share = _best_share(right)
    console.log.info("naive Bayes' share: %.2f, recall@1 %.4f", share, _recall(right))
    by_share = {each: float(hits.mean()) for each, hits in right.items()}
    return Choice(
        replace(asked, share=share), by_share if how.share is None else {}, costs, some, recalls
    )


# Which posts are answered right, bool [n], with each share of naive Bayes.
Right = dict[float, np.ndarray]


class _Folds:
    """Parts of posts, each asked by models of the others."""

    def __init__(self, posts: Features, labels: int, checkpoints: Checkpoints | None) -> None:
        """Deal the posts to folds."""
        self._folds, self._labels, self._checkpoints = assign_folds(posts), labels, checkpoints

    def ask(self, how: Training, posts: Features, said: str, name: str) -> Right:
        """Return what is right by the features of ``posts``; ``name`` is the checkpoints'."""
        shares = SHARES if how.share is None else (how.share,)
        right = {share: np.zeros(len(self._folds), bool) for share in shares}
        for fold in range(FOLDS):
            console.log.info("choosing %s, part %d of %d", said, fold + 1, FOLDS)
            own = self._folds == fold
            asked = rows_where(posts, own)
            stage = (self._checkpoints, f"{name}-{fold}") if self._checkpoints else None
            bayes, margins = (
                pool(asked, weights.table) + weights.bias
                for weights in _train_both(rows_where(posts, ~own), self._labels, how, stage=stage)
            )
            for share in shares:
                best = (share * bayes + (1 - share) * margins).argmax(axis=1)
                right[share][own] = best == asked.labels
        return right


def _best_share(right: Right) -> float:
    """Return the share that is right most often; of equals the one nearest to equal parts."""
    return min(right, key=lambda share: (-int(right[share].sum()), abs(share - 0.5)))


def _recall(right: Right) -> float:
    """Return the recall@1 of the best share."""
    return float(right[_best_share(right)].mean())


def _is_better(one: Right, other: Right) -> bool:
    """Return whether the first is right more often by more than a standard error of that."""
    first, second = one[_best_share(one)], other[_best_share(other)]
    gained, lost = int((first & ~second).sum()), int((second & ~first).sum())
    return gained > lost and (gained - lost) ** 2 > gained + lost


def choose_beside_vectors(
    how: Training, posts: Features, labels: int, known: vectors.Vectors
) -> tuple[Training, list[Trial]]:
    """Return how to train with word vectors, and all that was tried, the best first.

    Posts are answered by models of the other folds' posts. The best has the least loss, at its own
    temperature: where posts are few, recall@1 jumps from share to share.
    """
    how = replace(how, cost=COST if how.cost is None else how.cost)
    # Words that are known by vectors alone and that no post has make no difference.
    kept = np.flatnonzero(known.is_own | (count_posts(posts) > 0))
    posts, known = restrict(posts, kept), vectors.restrict(known, kept)
    folds = assign_folds(posts)
    found = [np.empty((len(folds), labels)) for _ in range(2 + len(vectors.COSTS))]
    for fold in range(FOLDS):
        console.log.info("choosing the shares, part %d of %d", fold + 1, FOLDS)
        own = folds == fold
        asked = rows_where(posts, own)
        trained = _train_three(rows_where(posts, ~own), labels, how, known, vectors.COSTS)
        for logits, weights in zip(found, trained, strict=True):
            logits[own] = pool(asked, weights.table) + weights.bias
    bayes, margins, *of_vectors = found
    # How well vectors do alone says which cost is theirs.
    alone = [
        _try(posts, 0, 1, cost, logits)
        for cost, logits in zip(vectors.COSTS, of_vectors, strict=True)
    ]
    best = min(alone, key=lambda trial: trial.loss)
    trials = [
        _try(posts, share, part, best.vector_cost, part * best.logits + (1 - part) * words)
        for share in (SHARES if how.share is None else (how.share,))
        for words in [share * bayes + (1 - share) * margins]
        for part in VECTOR_SHARES
    ]
    trials.sort(key=lambda trial: (trial.loss, trial.share, trial.vector_share))
    best = trials[0]
    console.log.info(
        "naive Bayes' share: %.2f, word vectors': %.2f, recall@1 %.4f",
        best.share,
        best.vector_share,
        best.recall,
    )
    chosen = replace(
        how, share=best.share, vector_share=best.vector_share, vector_cost=best.vector_cost
    )
    return chosen, trials


def _try(
    posts: Features, share: float, vector_share: float, vector_cost: float, logits: np.ndarray
) -> Trial:
    some = np.arange(len(logits)) % -(-len(logits) // SPREAD_OF) == 0
    temperature = metrics.seek_temperature(logits[some], posts.labels[some])
    loss = metrics.loss(arithmetic.softmax(logits / temperature), posts.labels)
    recall = float((logits.argmax(axis=1) == posts.labels).mean())
    return Trial(share, vector_share, vector_cost, logits, recall, loss)


def mix(bayes: Weights, margins: Weights, share: float) -> Weights:
    """Return the mean of two models, of which the first counts ``share``."""
    return Weights(
        (share * bayes.table + (1 - share) * margins.table).astype(np.float32),
        (share * bayes.bias + (1 - share) * margins.bias).astype(np.float32),
    )


def _train_both(
    posts: Posts,
    labels: int,
    how: Training,
    report: Report | None = None,
    stage: Stage | None = None,
) -> tuple[Weights, Weights]:
    """Train naive Bayes and the classifiers; both spread alike on the posts, by about 1."""
    if how.cost is None:
        raise ValueError("what errors cost is not chosen yet")
    rarity = inverse_document_frequency(posts)

    def to_weights(fitted: np.ndarray) -> Weights:
        return Weights((fitted[:-1] * rarity[:, np.newaxis]), fitted[-1])

    bayes = naive_bayes_table(posts, labels, how.start)
    fitted = hinge.fit(
        posts,
        rarity,
        labels,
        how.cost,
        how.epochs,
        how.seed,
        report and (lambda epoch, weights: report(epoch, to_weights(weights))),
        *(stage or ()),
    )
    first = as_blocks(posts)[0]
    return _scaled(first, Weights(bayes, np.zeros(labels))), _scaled(first, to_weights(fitted))


def _train_three(
    posts: Posts,
    labels: int,
    how: Training,
    known: vectors.Vectors,
    costs: Sequence[float],
    report: Report | None = None,
    stage: Stage | None = None,
) -> list[Weights]:
    """Train both on what texts made known, and the classifiers of vectors; all spread alike.

    Those of vectors once for each of ``costs``.
    """
    own = np.flatnonzero(known.is_own)
    first = as_blocks(posts)[0]
    own_posts: Posts = (
        vectors.own_features(posts, known)[0]
        if isinstance(posts, Features)
        else MadeBlocks(len(posts), lambda block: vectors.own_features(posts[block], known)[0])
    )

    def to_all(weights: Weights) -> Weights:
        table = np.zeros((len(known.is_own), labels))
        table[own] = weights.table[FIRST_WORD:]
        return Weights(table, weights.bias)

    both = _train_both(
        own_posts,
        labels,
        how,
        report and (lambda epoch, weights: report(epoch, to_all(weights))),
        stage,
    )
    of_vectors = [Weights(*each) for each in vectors.fit(first, known, labels, costs, how.seed)]
    return [*map(to_all, both), *(_scaled(first, weights) for weights in of_vectors)]


def _scaled(posts: Features, weights: Weights) -> Weights:
    """Return a model whose logits of the posts differ between labels by 1 (root mean square)."""
    some = rows_where(posts, np.arange(len(posts.labels)) % -(-len(posts.labels) // SPREAD_OF) == 0)
    logits = pool(some, weights.table) + weights.bias
    apart = logits - (arithmetic.add_rows(logits) / logits.shape[1])[:, np.newaxis]
    squares = math.fsum(arithmetic.add_rows(apart**2))
    spread = math.sqrt(squares / max(apart.size, 1))
    # Posts without a known word, or of one label, have nothing to tell apart.
    factor = 1 / spread if spread > 0 else 1.0
    return Weights(weights.table * factor, weights.bias * factor)


def list_folds(posts: Features, augmented: Features) -> list[tuple[Features, Features]]:
    """Return, for each fold that is not empty, what is learnt, of the other folds, and its posts.

    Of the posts that are learnt the ``augmented`` ones are too.
    """
    folds = assign_folds(posts)
    found = []
    for fold in np.unique(folds):
        others = rows_where(posts, folds != fold)
        learnt = join(others, rows_with(augmented, others.rowids))
        found.append((learnt, rows_where(posts, folds == fold)))
    return found


def assign_folds(posts: Features) -> np.ndarray:
    """Return a fold for each row, the same for all rows of a post: int [n], from 0.

    The posts of each label, by row id, are dealt to the folds in turn.
    """
    rowids, first, places = np.unique(posts.rowids, return_index=True, return_inverse=True)
    truth = posts.labels[first]
    folds = np.zeros(len(rowids), int)
    for label in np.unique(truth):
        own = np.flatnonzero(truth == label)
        folds[own] = np.arange(len(own)) % FOLDS
    return folds[places]
