"""Recall@1 of other classifiers on one draw of few texts: few_peers.py TRAIN AGAIN TEST VECTORS.

All are Parquet files: splits, of which the second has training texts read another time, and words'
vectors as read_vectors writes them. Each peer has the setting of a small grid, with the second
reading or without it, that does best on three parts of the training texts, each answered by a model
of the other two, and learns from all of them then. Writes JSON to standard output: for
each its recall@1 of the test split. scikit-learn and fastText are on the PYTHONPATH.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import fasttext
import numpy as np
from peers import FASTTEXT_THREADS, MARK, WORD, training_file
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from provender import files

FOLDS = 3

# Answers of a peer with one setting: of what it learns from (texts, labels), and for which texts.
Ask = Callable[[Sequence[str], Sequence[str], Sequence[str]], Sequence[str]]


def words_of(text: str) -> list[str]:
    """Return the words of a text as TfidfVectorizer has them."""
    return WORD.findall(text.lower())


def make_peers(vectors: dict[str, np.ndarray], file: str) -> dict[str, list[Ask]]:
    """Return each peer with each of its settings; ``file``: the vectors for fastText to read."""
    size = len(next(iter(vectors.values())))

    def average(texts: Sequence[str]) -> np.ndarray:
        zeros = np.zeros((1, size))
        found = [[vectors[word] for word in words_of(text) if word in vectors] for text in texts]
        return np.stack([np.mean(each or zeros, axis=0) for each in found])

    def of_words(model: object) -> Ask:
        pipeline = make_pipeline(TfidfVectorizer(sublinear_tf=True), model)
        return lambda texts, labels, asked: pipeline.fit(texts, labels).predict(asked)

    def of_means(cost: float) -> Ask:
        model = LogisticRegression(C=cost, tol=1e-3, max_iter=1000)
        return lambda texts, labels, asked: model.fit(average(texts), labels).predict(
            average(asked)
        )

    def of_fasttext(rate: float) -> Ask:
        def ask(texts: Sequence[str], labels: Sequence[str], asked: Sequence[str]) -> list[str]:
            with training_file(list(texts), list(labels)) as learnt:
                model = fasttext.train_supervised(
                    learnt, lr=rate, epoch=25, dim=size, minn=0, maxn=0, pretrainedVectors=file,
                    thread=FASTTEXT_THREADS, seed=0, verbose=0,
                )  # fmt: skip
            found, _ = model.predict([" ".join(words_of(text)) for text in asked])
            return [label.removeprefix(MARK) for (label,) in found]

        return ask

    return {
        "ComplementNB": [of_words(ComplementNB(alpha=alpha)) for alpha in (0.03, 0.1, 0.3, 1)],
        "LinearSVC": [of_words(LinearSVC(C=c, random_state=0)) for c in (0.1, 0.3, 1, 3)],
        "mean vectors": [of_means(cost) for cost in (0.3, 3, 30, 300)],
        "fastText": [of_fasttext(rate) for rate in (0.1, 0.25, 0.5)],
    }


@dataclass(frozen=True)
class Posts:
    """Posts: texts and labels, both [n], and what tells the readings of one post."""

    texts: np.ndarray
    labels: np.ndarray
    rowids: np.ndarray

    def of(self, rowids: np.ndarray) -> "Posts":
        """Return the posts of some row ids."""
        own = np.isin(self.rowids, rowids)
        return Posts(self.texts[own], self.labels[own], self.rowids[own])


def read(path: Path) -> Posts:
    """Read posts."""
    table = files.read_parquet(path, ["text", "label", "rowid"])
    texts, labels, rowids = (table[name].to_pylist() for name in table.column_names)
    return Posts(np.array(texts, object), np.array(labels), np.array(rowids))


def both(some: Posts, again: Posts) -> Posts:
    """Return posts in both readings."""
    own = again.of(some.rowids)
    pairs = ((some.texts, own.texts), (some.labels, own.labels), (some.rowids, own.rowids))
    return Posts(*map(np.concatenate, pairs))


def tune(settings: Sequence[Ask], train: Posts, again: Posts) -> tuple[Ask, Posts]:
    """Return the setting that does best on parts of the texts, and what to learn from."""
    parts = list(
        StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(train.texts, train.labels)
    )

    def score(ask: Ask, learnt: Posts) -> float:
        found = []
        for rows, own in parts:
            some = learnt.of(train.rowids[rows])
            answers = ask(some.texts, some.labels, train.texts[own])
            found.append(np.mean(np.array(answers) == train.labels[own]))
        return float(np.mean(found))

    ways = [(ask, learnt) for learnt in (train, both(train, again)) for ask in settings]
    return max(ways, key=lambda way: score(*way))


def main(learn: Path, second: Path, test: Path, path: Path) -> None:
    """Read, tune, ask and print."""
    train, again, asked = map(read, (learn, second, test))
    there = {word for text in (*train.texts, *again.texts, *asked.texts) for word in words_of(text)}
    table = files.read_parquet(path)
    rows = [row for row, word in enumerate(table["word"].to_pylist()) if word in there]
    some = table.take(rows)
    vectors = dict(
        zip(some["word"].to_pylist(), map(np.array, some["vector"].to_pylist()), strict=True)
    )
    size = table.schema.field("vector").type.list_size
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".vec") as file:
        file.write(f"{len(vectors)} {size}\n")
        file.writelines(f"{word} {' '.join(map(str, own))}\n" for word, own in vectors.items())
        file.flush()
        found = {}
        for name, settings in make_peers(vectors, file.name).items():
            ask, learnt = tune(settings, train, again)
            answers = ask(learnt.texts, learnt.labels, asked.texts)
            found[name] = float((np.array(answers) == asked.labels).mean())
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
