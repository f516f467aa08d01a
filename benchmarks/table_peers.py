"""Recall@1 of scikit-learn's and fastText's linear models on one table: table_peers.py FILE.

Each peer, on each kind of features, has the settings of a small grid that do best on three parts of
the training rows, each answered by models of the other two; so are the peers ranked. Of large
tables, only as many of these rows as take minutes, drawn, choose and rank; all peers learn from
all. Writes JSON to standard output: for each its recall@1 on the test part, that of the parts, and
the seconds of a processor that all of it took. scikit-learn and fastText are on the PYTHONPATH.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from peers import FASTTEXT_RATES, FastText
from sklearn.base import ClassifierMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC

from provender.text.scripts import WITHOUT_SPACES, scripts_of

FOLDS = 3

# Characters times labels of the rows that choose settings: the others' grids take some minutes for
# so many, and logistic regression for the second number.
MOST_CHOOSING = 40_000_000
MOST_LOGISTIC = 500_000

GRIDS: dict[str, list[ClassifierMixin]] = {
    "ComplementNB": [ComplementNB(alpha=alpha) for alpha in (0.1, 0.3, 1)],
    "LinearSVC": [LinearSVC(C=c, random_state=0) for c in (0.1, 0.3, 1)],
    "SGD": [
        SGDClassifier(loss="modified_huber", alpha=alpha, random_state=0) for alpha in (1e-5, 1e-4)
    ],
    "LogisticRegression": [LogisticRegression(C=c, tol=1e-3, max_iter=300) for c in (10, 100)],
}


def _tfidf(**how: Any) -> TfidfVectorizer:
    return TfidfVectorizer(sublinear_tf=True, **how)


FEATURES = {
    "words": _tfidf(),
    "words 1-2": _tfidf(ngram_range=(1, 2)),
    "characters 2-5": _tfidf(analyzer="char_wb", ngram_range=(2, 5)),
    "words 1-2, characters 2-5": make_union(
        _tfidf(ngram_range=(1, 2)), _tfidf(analyzer="char_wb", ngram_range=(2, 5))
    ),
}


# Where no spaces part words, these as well.
WITHOUT_SPACES_FEATURES = {
    f"characters {low}-{high} of the text": _tfidf(analyzer="char", ngram_range=(low, high))
    for low, high in ((1, 2), (2, 2), (1, 3))
}


def has_no_spaces(texts: list[str]) -> bool:
    """Tell whether most texts are in scripts without spaces between words."""
    scripts = scripts_of(pa.array(texts, pa.string()))
    return bool(np.isin(scripts, WITHOUT_SPACES).mean() > 0.5)


def read(path: str) -> tuple[list[str], np.ndarray, list[str], np.ndarray]:
    """Return a table's texts and labels of the training part, and those of the test part."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    parts = []
    for test in (0, 1):
        query = "SELECT text, label FROM posts WHERE (part = 4) = ? ORDER BY rowid"
        rows = database.execute(query, [test]).fetchall()
        parts += [[text for text, _ in rows], np.array([label for _, label in rows])]
    database.close()
    return tuple(parts)


def draw(rows: int, share: float) -> np.ndarray:
    """Return that share of so many rows, drawn, in their order."""
    drawn = np.random.default_rng(0).permutation(rows)[: round(rows * share)]
    return np.sort(drawn)


def measure(path: str) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield each peer's name and figures."""
    texts, truth, asked, expected = read(path)
    size = sum(map(len, texts)) * len(set(truth))
    choosing = draw(len(texts), min(1, MOST_CHOOSING / size))
    splits = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    folds = [
        (choosing[rows], choosing[own]) for rows, own in splits.split(choosing, truth[choosing])
    ]
    kinds = FEATURES | (WITHOUT_SPACES_FEATURES if has_no_spaces(texts) else {})
    for features, vectorizer in kinds.items():
        counts, others = vectorizer.fit_transform(texts), vectorizer.transform(asked)
        for name, grid in GRIDS.items():
            if name == "LogisticRegression" and size > MOST_LOGISTIC:
                continue
            begun = time.process_time()
            scores = [
                np.mean([
                    each.fit(counts[rows], truth[rows]).score(counts[own], truth[own])
                    for rows, own in folds
                ])
                for each in grid
            ]  # fmt: skip
            best = grid[int(np.argmax(scores))].fit(counts, truth)
            yield (
                f"{name}, {features}",
                {
                    "recall": float(best.score(others, expected)),
                    "parts": float(max(scores)),
                    "seconds": time.process_time() - begun,
                },
            )
    begun = time.process_time()
    rows, own = folds[0]
    some = ([texts[row] for row in rows], truth[rows].tolist())
    scores = [
        np.mean(
            np.array(FastText(rate).fit(*some).predict([texts[row] for row in own])) == truth[own]
        )
        for rate in FASTTEXT_RATES
    ]
    best_rate = FASTTEXT_RATES[int(np.argmax(scores))]
    found = FastText(best_rate).fit(texts, truth.tolist()).predict(asked)
    yield (
        "fastText",
        {
            "recall": float((np.array(found) == expected).mean()),
            "parts": float(max(scores)),
            "seconds": time.process_time() - begun,
        },
    )


if __name__ == "__main__":
    json.dump(dict(measure(sys.argv[1])), sys.stdout)
