"""Recall@1 on the test split of what else a user would try: scikit-learn and fastText.

Runs in a copy of the project whose splits are made, with both on the PYTHONPATH, and
writes JSON to standard output: ``posts`` of the test split; ``blank`` posts of the source's
test part that hold no text once stripped; ``blank_right`` of them by an answer that is
always the training split's most frequent label; and in ``peers`` the share of the test split
whose label comes first.

Each peer's settings are those of a small grid that do best on the validation split. It is
trained on the train split, and on train and validation together, as those would who have
no use for a validation split.
"""

import contextlib
import json
import re
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

import fasttext
import numpy as np
import pyarrow.parquet as pq
from sklearn.base import ClassifierMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

from provender import config

# The solvers shuffle; a seed makes the figures repeatable. A tolerance of .001 leaves
# logistic regression's recall as it is at a third of the time.
GRIDS: dict[str, list[ClassifierMixin]] = {
    "ComplementNB": [ComplementNB(alpha=alpha) for alpha in (0.03, 0.1, 0.3, 1)],
    "LinearSVC": [LinearSVC(C=c, random_state=0) for c in (0.1, 0.3, 1)],
    "LogisticRegression": [LogisticRegression(C=c, tol=1e-3, max_iter=300) for c in (10, 100)],
    "SGDClassifier": [
        SGDClassifier(loss=loss, alpha=alpha, random_state=0)
        for loss in ("hinge", "modified_huber")
        for alpha in (3e-5, 1e-4, 3e-4)
    ],
}

# Learning rates of fastText. Epochs and width are fixed, for time: tuned are only the rates.
FASTTEXT_RATES = (0.1, 0.25, 0.5)
FASTTEXT_SETTINGS = {"epoch": 25, "dim": 16, "minn": 0, "maxn": 0}

# Each thread sets a tenth of the first vectors, rounded down (densematrix.cc), so that it takes
# eleven to set them all. With several, no two trainings are quite alike.
FASTTEXT_THREADS = 11

# What TfidfVectorizer takes for a word. fastText splits at white space and leaves the rest
# to its user.
WORD = re.compile(r"\w\w+")

# How fastText marks a label; a file holds a post a line.
MARK = "__label__"

Posts = tuple[list[str], list[str]]


class Classifier(Protocol):
    """What is tuned, trained and asked here."""

    def fit(self, texts: list[str], labels: list[str]) -> "Classifier":
        """Learn."""

    def predict(self, texts: list[str]) -> Sequence[str]:
        """Return each text's best label."""


class FastText:
    """fastText's supervised training, as scikit-learn's classifiers are called."""

    def __init__(self, rate: float) -> None:
        """Set the learning rate."""
        self.settings = {"lr": rate, **FASTTEXT_SETTINGS}

    def fit(self, texts: list[str], labels: list[str]) -> "FastText":
        """Train on a file of a post a line."""
        with training_file(texts, labels) as file:
            self.model = fasttext.train_supervised(
                file, thread=FASTTEXT_THREADS, seed=0, verbose=0, **self.settings
            )
        return self

    def shrink(self, texts: list[str], labels: list[str], words: int) -> "FastText":
        """Keep ``words`` of the words, learnt anew from the training posts, in few bytes."""
        with training_file(texts, labels) as file:
            self.model.quantize(
                file, cutoff=words, retrain=True, qnorm=True, thread=FASTTEXT_THREADS, verbose=0,
                epoch=self.settings["epoch"], lr=self.settings["lr"],
            )  # fmt: skip
        return self

    def predict(self, texts: list[str]) -> list[str]:
        """Return each text's best label."""
        found, _ = self.model.predict([_words(text) for text in texts])
        return [label.removeprefix(MARK) for (label,) in found]


@contextlib.contextmanager
def training_file(texts: list[str], labels: list[str]) -> Iterator[str]:
    """Give the name of a file that has what fastText learns from."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        for text, label in zip(texts, labels, strict=True):
            file.write(f"{MARK}{label} {_words(text)}\n")
        file.flush()
        yield file.name


def _words(text: str) -> str:
    return " ".join(WORD.findall(text.lower()))


def tfidf(classifier: ClassifierMixin) -> Pipeline:
    """Return the classifier on TF-IDF with log counts."""
    return make_pipeline(TfidfVectorizer(sublinear_tf=True), classifier)


def tuned(train: Posts, validation: Posts) -> Iterator[tuple[str, Classifier]]:
    """Yield each peer with its settings that do best on validation."""
    vectorizer = TfidfVectorizer(sublinear_tf=True)
    counts, asked = vectorizer.fit_transform(train[0]), vectorizer.transform(validation[0])
    for name, grid in GRIDS.items():
        yield (
            name,
            tfidf(max(grid, key=lambda it: it.fit(counts, train[1]).score(asked, validation[1]))),
        )
    grid = map(FastText, FASTTEXT_RATES)
    yield "fastText", max(grid, key=lambda it: recall(it.fit(*train), validation))


def read_split(name: str) -> Posts:
    """Return the texts and labels of a split."""
    table = pq.read_table(f"data/splits/{name}.parquet", columns=["text", "label"])
    return table["text"].to_pylist(), table["label"].to_pylist()


def read_blank() -> list[str]:
    """Return the labels of the test part's posts that split_posts dropped."""
    kept = set(pq.read_table("data/splits/test.parquet")["rowid"].to_pylist())
    threshold = config.read("config/config.yaml")["split"]["threshold"]
    database = sqlite3.connect("file:data/source/news.sqlite?mode=ro", uri=True)
    rows = database.execute("SELECT id, Category FROM news WHERE Year >= ?", (threshold,))
    labels = [label for rowid, label in rows if rowid not in kept]
    database.close()
    return labels


def recall(classifier: Classifier, posts: Posts) -> float:
    """Return the share of posts that the trained classifier gets right."""
    return float((np.array(classifier.predict(posts[0])) == np.array(posts[1])).mean())


def main() -> None:
    """Tune and train the peers, label the test split with each, and write the shares."""
    train, validation, test = map(read_split, ("train", "validation", "test"))
    both = (train[0] + validation[0], train[1] + validation[1])
    shares = {
        f"{name}, {trained}": recall(peer.fit(*posts), test)
        for name, peer in tuned(train, validation)
        for trained, posts in {"train": train, "train+validation": both}.items()
    }
    blank = read_blank()
    ((most_frequent, _),) = Counter(train[1]).most_common(1)
    found = {
        "posts": len(test[0]),
        "blank": len(blank),
        "blank_right": blank.count(most_frequent),
        "peers": shares,
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
