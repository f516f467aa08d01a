"""Word vectors: that they fold into the table, and that they tell of no text."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from model_inputs import make_features

from provender.errors import UserError
from provender.model import compression, hinge, training, vectors
from provender.model.features import Features, count_posts, pool
from provender.model.naive_bayes import NaiveBayes
from provender.model.training import FOLDS, SHARES, VECTOR_SHARES, Training

HOW = Training(NaiveBayes(0.1, 0.7, 1), cost=1, epochs=2, share=0.5, seed=1, vector_share=0.4)
IDS, SIZE, LABELS = 20, 3, 4


def made_up(own: Sequence[int], texts: int = 24) -> tuple[Features, vectors.Vectors]:
    """Return posts, and vectors of all ids but 2 and 3; ``own`` are known by the posts as well."""
    chance = np.random.default_rng(1)
    posts = make_features(
        chance.integers(0, IDS - 3, (texts, 6)).tolist(),
        (np.arange(texts) % LABELS).tolist(),
        IDS,
        pieces=[3],
    )
    table = chance.normal(1, 1, (IDS, SIZE)).astype(np.float32)
    table[:4] = 0
    places = np.concatenate([[-1] * 4, np.arange(IDS - 4)])
    return posts, vectors.Vectors(table, np.isin(np.arange(IDS), own), places)


def test_a_model_of_texts_vectors_is_a_table_of_words() -> None:
    """Its margins are those of the classifier of pooled, weighted and centred vectors."""
    posts, known = made_up(own=range(2, 14))
    (table, bias), _ = vectors.fit(posts, known, LABELS, [3.0, 1.0], seed=3)
    n = len(posts.labels)
    dense = np.zeros((n, IDS))
    dense[posts.rows, posts.ids] = posts.weights
    texts = count_posts(posts)
    rarity = np.log((1 + n) / (1 + np.where(known.is_own, texts, 0))) + 1
    has_one = known.places >= 0
    weighted = dense * rarity * has_one
    centre = (weighted.sum(axis=0) @ known.table) / weighted.sum()
    values = weighted @ (known.table - centre)
    # Its mean over the posts is 0 in all ways.
    ids = [[2, 3, 4]] * n
    given = replace(
        make_features(ids, posts.labels.tolist(), 5), weights=values.astype(np.float32).ravel()
    )
    fitted = hinge.fit(given, np.ones(5), LABELS, 3.0, vectors.EPOCHS, 3)
    expected = values @ fitted[2:5] + fitted[5]
    np.testing.assert_allclose(pool(posts, table) + bias, expected, atol=1e-4)
    # Words of no post as well, whose rows are their vectors'.
    unseen = (known.table[19] - centre) @ fitted[2:5] * (np.log(1 + n) + 1)
    np.testing.assert_allclose(table[19], unseen, atol=1e-4)
    assert not table[:4].any()


def test_the_shares_of_a_model_add_up() -> None:
    """Naive Bayes and hinges, of what texts made known, and vectors are mixed as they should."""
    posts, known = made_up(own=range(2, 14))
    both = replace(HOW, vector_share=0)
    of_words, every = (training.train(posts, LABELS, how, known=known) for how in (both, HOW))
    alone = training.train(posts, LABELS, replace(HOW, vector_share=1), known=known)
    expected = 0.6 * of_words.table + 0.4 * alone.table
    np.testing.assert_allclose(every.table, expected, atol=1e-5)
    # What no text made known has no row but by its vector.
    assert not of_words.table[14:].any()
    assert every.table[14:].any(axis=1).all()
    # Where all is known by the posts, and no vector counts, it is the model without vectors.
    whole = replace(known, is_own=np.arange(IDS) >= 2)
    same = training.train(posts, LABELS, both, known=whole)
    plain = training.train(posts, LABELS, both)
    assert np.array_equal(same.table, plain.table)
    assert np.array_equal(same.bias, plain.bias)


def test_what_is_known_by_its_vector_alone_tells_of_no_text() -> None:
    """Whether a text has such a word changes neither its factor nor its place in the order."""
    posts, known = made_up(own=range(2, 10))
    present = count_posts(posts) > 0
    # 10 to 16 are in posts, 17 to 19 in none; their places are in one group.
    assert present[10:17].all()
    assert not present[17:].any()
    known = replace(known, places=np.where(known.places >= 0, 3, -1))
    factors = vectors.factors(posts, known)
    assert np.unique(factors[10:]).size == 1
    assert np.unique(vectors.expected_loudness(posts, known)[10:]).size == 1
    assert len(np.unique(factors[2:10])) > 1


def test_what_is_expected_of_words_that_no_text_made_known() -> None:
    """Those of a group share what its rarest words have; others have what they have."""
    # Ids 2 and 3 are in two texts each, 4 in one, 5 to 7 in none.
    posts = make_features([[2, 4], [2, 3], [3]], [0, 1, 0], 8)
    is_own = np.isin(np.arange(8), [2, 3])
    known = vectors.Vectors(
        np.ones((8, 1), np.float32), is_own, np.array([-1, -1, 0, 4, 5, 6, 9, 10])
    )
    loud = np.bincount(posts.ids, posts.weights.astype(np.float64) ** 2, 8)
    found = vectors.expected_loudness(posts, known)
    np.testing.assert_array_equal(found[:4], loud[:4])
    # Places 3 to 6 are one group, 7 to 14 another, of which no word is known.
    assert found[4] == found[5] == pytest.approx((loud[3] + loud[4]) / 2)
    assert found[6] == found[7] == 0


def test_vectors_tell_where_words_are_new() -> None:
    """Texts of words that no text had are right by their vectors, by the best of the shares."""
    chance = np.random.default_rng(2)
    words, texts = 402, 60
    # A word's label is the axis that its vector is longest on; each text has words of its own.
    truth = np.arange(texts) % 2
    axis = np.arange(words) % 2
    pools = [np.flatnonzero((axis == label) & (np.arange(words) >= 2)) for label in (0, 1)]
    ids = [
        pools[label][row // 2 * 3 : row // 2 * 3 + 3].tolist() for row, label in enumerate(truth)
    ]
    table = (np.eye(2)[axis] + chance.normal(0, 0.1, (words, 2))).astype(np.float32)
    table[:2] = 0
    posts = make_features(ids, truth.tolist(), words)
    own = count_posts(posts) > 0
    known = vectors.Vectors(table, own, np.arange(words) - 2)
    how, trials = training.choose_beside_vectors(replace(HOW, share=None), posts, 2, known)
    assert {(t.share, t.vector_share) for t in trials} == {
        (share, part) for share in SHARES for part in VECTOR_SHARES
    }
    assert [t.loss for t in trials] == sorted(t.loss for t in trials)
    assert (how.share, how.vector_share) == (trials[0].share, trials[0].vector_share)
    assert how.vector_share > 0
    assert trials[0].recall == 1
    assert trials[0].logits.shape == (texts, 2)
    weights = training.train(posts, 2, how, known=known)
    new = make_features([pools[label][-6:].tolist() for label in (0, 1)], [0, 1], words)
    assert not own[new.ids].any()
    assert compression.logits(new, weights).argmax(axis=1).tolist() == [0, 1]


def test_posts_are_answered_by_others() -> None:
    """Words of one text each, and vectors of one each, tell the label of that text alone."""
    ids = [[2 + number] for number in range(12)]
    posts = make_features(ids, [0, 1] * 6, 14)
    table = np.eye(14, dtype=np.float32)
    known = vectors.Vectors(table, np.arange(14) >= 2, np.arange(14) - 2)
    _, trials = training.choose_beside_vectors(replace(HOW, share=None), posts, 2, known)
    assert max(trial.recall for trial in trials) <= 0.5


def test_a_share_that_is_set_stays() -> None:
    """Only that of vectors is chosen then, by posts that others answer."""
    posts, known = made_up(own=range(2, 14), texts=8 * FOLDS)
    how, trials = training.choose_beside_vectors(HOW, posts, LABELS, known)
    assert how.share == HOW.share
    assert sorted(t.vector_share for t in trials) == list(VECTOR_SHARES)


def test_reads_the_vectors_of_a_vocabulary(tmp_path: Path) -> None:
    """Each word's own, wherever it stands in the file; kept ones are numbered anew."""
    path = tmp_path / "vectors.parquet"
    words = [f"w{n}" for n in range(vectors.BATCH + 5)]
    values = np.arange(2 * len(words), dtype=np.float32)
    table = {"word": words, "vector": pa.FixedSizeListArray.from_arrays(pa.array(values), 2)}
    pq.write_table(pa.table(table), path)
    last = len(words) - 1
    asked = [f"w{last}", "other", "w3"]
    known = vectors.read(path, asked, [2, 5, 0])
    assert known.table.tolist() == [[0, 0]] * 2 + [[2 * last, 2 * last + 1], [0, 0], [6, 7]]
    assert known.places.tolist() == [-1, -1, last, -1, 3]
    assert known.is_own.tolist() == [False, False, True, True, False]
    kept = vectors.restrict(known, np.array([4, 2]))
    assert kept.table.tolist() == [[0, 0]] * 2 + [[6, 7], [2 * last, 2 * last + 1]]
    assert kept.places.tolist() == [-1, -1, 3, last]
    assert kept.is_own.tolist() == [False, False, False, True]
    with pytest.raises(UserError, match="has none of the words"):
        vectors.read(path, ["other"], [1])
