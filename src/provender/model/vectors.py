"""Word vectors: what is known of words from elsewhere, beside what the texts tell.

A text's vector is the sum of its words' vectors, each times the word's pooling weight and its
inverse document frequency. Of that, too, a linear classifier is a table of words by labels: a
word's row is its vector, times that factor, times the classifier's matrix. So vectors ship with no
model, and words that no training text has get rows as well.

A word that too few texts have to be known by them is known by its vector alone, as one that none
has: nothing that ships tells of it whether a text has it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from provender.errors import UserError
from provender.model import arithmetic, hinge
from provender.model.features import Features, count_posts, pool
from provender.model.naive_bayes import inverse_document_frequency
from provender.text.encode import FIRST_WORD, Kind

# What an error may cost the classifier of texts' vectors: which of these is chosen, by parts of the
# training split. And how often it sees each text: 4 to 16 passes do alike.
COSTS = (0.3, 1.0, 3.0, 10.0)
EPOCHS = 4

# Rows of the file read at once.
BATCH = 1 << 14


@dataclass(frozen=True)
class Vectors:
    """The vectors of a vocabulary.

    ``table`` float32 [ids, dimensions]: zeros for an id without one.
    ``is_own`` bool [ids]: which ids are known by the texts themselves, in as many of them as
    ``vocabulary.min_count`` asks. ``places`` int64 [ids]: the word's place in the file, which is in
    the order of frequency; -1 without a vector.
    """

    table: np.ndarray
    is_own: np.ndarray
    places: np.ndarray


def read(path: Path, words: Sequence[str], counts: Sequence[int]) -> Vectors:
    """Read the vectors of ``words`` from what read_vectors wrote.

    ``counts``: how many training texts have each; 0, where a word is known by its vector alone.
    Raises UserError where no word has a vector.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        size = file.schema_arrow.field("vector").type.list_size
        there = file.read(["word"], use_threads=False)["word"].combine_chunks()
        # Of the file's words, which id each is; and of the ids, which place each has.
        found = pc.index_in(there, value_set=pa.array(words, pa.string()))
        at = np.flatnonzero(np.asarray(found.is_valid()))
        ids = found.drop_null().to_numpy().astype(np.int64) + FIRST_WORD
        if not len(at):
            raise UserError(f"{path} has none of the words: run snakemake again")
        values: np.ndarray = np.zeros((FIRST_WORD + len(words), size), np.float32)
        places = np.full(len(values), -1, np.int64)
        places[ids] = at
        first = 0
        for batch in file.iter_batches(BATCH, columns=["vector"], use_threads=False):
            begin, end = np.searchsorted(at, [first, first + len(batch)])
            rows = batch["vector"].flatten().to_numpy().reshape(-1, size)
            values[ids[begin:end]] = rows[at[begin:end] - first]
            first += len(batch)
            if end == len(at):
                break
    is_own = np.concatenate([np.zeros(FIRST_WORD, bool), np.array(counts) > 0])
    return Vectors(values, is_own, places)


def restrict(vectors: Vectors, kept: np.ndarray) -> Vectors:
    """Return the vectors of the ``kept`` ids alone, as features.restrict numbers them."""
    rows = np.concatenate([np.arange(FIRST_WORD), kept])
    return Vectors(vectors.table[rows], vectors.is_own[rows], vectors.places[rows])


def own_features(posts: Features, vectors: Vectors) -> tuple[Features, np.ndarray]:
    """Return the posts by the ids that texts made known, and these ids: int [own].

    They are numbered anew, but have the pooling weights that they have among all ids.
    """
    own = np.flatnonzero(vectors.is_own)
    new = np.full(len(vectors.is_own), -1, np.int32)
    new[own] = np.arange(FIRST_WORD, FIRST_WORD + len(own), dtype=np.int32)
    ids = new[posts.ids]
    known = ids >= 0
    before = np.concatenate([[0], np.cumsum(known)])
    kinds = np.concatenate([np.full(FIRST_WORD, Kind.WORD, np.uint8), posts.kinds[own]])
    found = Features(
        posts.rowids,
        posts.labels,
        before[posts.starts],
        ids[known],
        posts.counts[known],
        posts.weights[known],
        kinds,
    )
    return found, own


def fit(
    posts: Features, vectors: Vectors, labels: int, costs: Sequence[float], seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return, for each cost, classifiers of the posts' vectors, as a table of words and a bias.

    float64 [ids, labels] and [labels].
    """
    weights = factors(posts, vectors)
    mean = _mean(posts, vectors, weights)
    # Texts need no more rows than those of their words; the others take no memory.
    weighted = np.zeros(vectors.table.shape)
    there = np.flatnonzero((count_posts(posts) > 0) & (vectors.places >= 0))
    weighted[there] = (vectors.table[there] - mean) * weights[there, np.newaxis]
    texts = _as_features(posts, pool(posts, weighted))
    known = np.flatnonzero(vectors.places >= 0)
    found = []
    for cost in costs:
        fitted = hinge.fit(texts, np.ones(len(mean)), labels, cost, EPOCHS, seed)
        table = np.zeros((len(weights), labels))
        for start in range(0, len(known), BATCH):
            some = known[start : start + BATCH]
            rows = arithmetic.matmul(vectors.table[some] - mean, fitted[:-1])
            table[some] = rows * weights[some, np.newaxis]
        found.append((table, fitted[-1]))
    return found


def _mean(posts: Features, vectors: Vectors, weights: np.ndarray) -> np.ndarray:
    """Return what an average word of the posts has: float32 [dimensions].

    Vectors are taken less that. Else what all texts have in common would drown what tells them
    apart: at 80 newsgroup posts recall@1 of vectors alone is .71 so, .67 less the mean of the
    20,000 most frequent words, and .55 less that of all words.
    """
    loud = np.bincount(posts.ids, posts.weights.astype(np.float64), len(vectors.places))
    loud *= weights * (vectors.places >= 0)
    there = np.flatnonzero(loud)
    # Row after row: one order of addition, on every CPU.
    total = (vectors.table[there] * loud[there, np.newaxis]).sum(axis=0)
    mean: np.ndarray = (total / (math.fsum(loud[there]) or 1)).astype(np.float32)
    return mean


def factors(posts: Features, vectors: Vectors) -> np.ndarray:
    """Return how much each id's vector counts beside its pooling weight: float64 [ids].

    Its inverse document frequency; that of an id of no post, where it is known by its vector alone.
    """
    rarity = inverse_document_frequency(posts)
    rarest = arithmetic.log(np.array([1.0 + len(posts.labels)]))[0] + 1
    found: np.ndarray = np.where(vectors.is_own, rarity, rarest)
    return found


def _as_features(posts: Features, values: np.ndarray) -> Features:
    """Return the posts with dense ``values`` [n, ids] in place of words."""
    texts, size = values.shape
    return Features(
        posts.rowids,
        posts.labels,
        np.arange(texts + 1, dtype=np.int64) * size,
        np.tile(np.arange(size, dtype=np.int32), texts),
        np.ones(texts * size, np.int32),
        values.astype(np.float32).ravel(),
        np.zeros(size, bool),
    )


def expected_loudness(posts: Features, vectors: Vectors) -> np.ndarray:
    """Return the sum of squares of each id's pooling weights that posts like these have.

    float64 [ids]. Of an id that posts made known it is what they have. What the others have
    together is told by the rarest known ones, as Good (1953) has it: of words that m texts had or
    fewer, where m is the least that makes one known, as much is to come again as these texts have
    of words that they had once to m times. Words that are as frequent in general, by their places
    in the file of vectors (of which each group has twice as many as the one before), share it.
    """
    loud = np.bincount(posts.ids, posts.weights.astype(np.float64) ** 2, len(posts.kinds))
    has_one = vectors.places >= 0
    alone = has_one & ~vectors.is_own
    texts = count_posts(posts)
    least = int(texts[has_one & vectors.is_own & (texts > 0)].min(initial=len(posts.labels)))
    rare = has_one & (texts > 0) & (texts <= least)
    _, groups = np.frexp(vectors.places + 1.0)
    size = int(groups.max()) + 1
    to_come = np.bincount(groups[rare], loud[rare], size)
    sharing = np.bincount(groups[alone], minlength=size)
    rates = to_come / np.maximum(sharing, 1)
    found: np.ndarray = np.where(alone, rates[groups], loud)
    return found
