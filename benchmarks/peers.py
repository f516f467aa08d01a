"""Recall@1 on the test part: the shipped package beside scikit-learn's classifiers.

Runs in a built copy of the project, with scikit-learn on the PYTHONPATH, and writes JSON to
standard output: ``posts`` of the test split, ``blank`` posts of the source's test part that
hold no text once stripped, and for ``ours`` and each of ``peers`` the share of posts whose
label comes first, without (``split``) and with the blank posts (``all``). Figures that
were measured elsewhere on this corpus count the blank ones.

Every model reads the same stripped texts. Peers are trained on the train split, and on
train and validation together, as those would who have no use for a validation split.
"""

import json
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

from provender import config

# The smoothings that ComplementNB is tuned over, on the validation split.
ALPHAS = (0.03, 0.1, 0.3, 1.0)

Posts = tuple[list[str], list[str]]


def linear_svc(**vectorizer: object) -> Pipeline:
    """Return TF-IDF and a linear support vector machine, all else at its default."""
    # The solver shuffles; a seed makes the figure repeatable.
    return make_pipeline(TfidfVectorizer(**vectorizer), LinearSVC(random_state=0))


def complement_bayes(alpha: float) -> Pipeline:
    """Return TF-IDF with log counts and complement naive Bayes (Rennie et al. 2003)."""
    return make_pipeline(TfidfVectorizer(sublinear_tf=True), ComplementNB(alpha=alpha))


def tuned_complement_bayes(train: Posts, validation: Posts) -> Pipeline:
    """Return complement naive Bayes with the smoothing that does best on validation."""

    def score(alpha: float) -> float:
        return complement_bayes(alpha).fit(*train).score(*validation)

    return complement_bayes(max(ALPHAS, key=score))


def read_split(name: str) -> Posts:
    """Return the texts and labels of a split."""
    table = pq.read_table(f"data/splits/{name}.parquet", columns=["text", "label"])
    return table["text"].to_pylist(), table["label"].to_pylist()


def read_blank() -> Posts:
    """Return the test part's posts that split_posts dropped, as empty texts."""
    kept = set(pq.read_table("data/splits/test.parquet")["rowid"].to_pylist())
    threshold = config.read("config/config.yaml")["split"]["threshold"]
    database = sqlite3.connect("file:data/source/news.sqlite?mode=ro", uri=True)
    rows = database.execute("SELECT id, Category FROM news WHERE Year >= ?", (threshold,))
    labels = [label for rowid, label in rows if rowid not in kept]
    database.close()
    return [""] * len(labels), labels


def label_with_package(texts: list[str]) -> list[str]:
    """Return the best label of each text as the packed npm package gives it."""
    (archive,) = Path("dist/npm").glob("*.tgz")
    with tempfile.TemporaryDirectory() as folder, tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
        script = Path(__file__).with_name("label_texts.mjs")
        return json.loads(
            subprocess.run(
                ["node", str(script), str(Path(folder) / "package")],
                input=json.dumps(texts).encode(),
                stdout=subprocess.PIPE,
                check=True,
            ).stdout
        )


def recall(label: Callable[[list[str]], list[str]], test: Posts, blank: Posts) -> dict:
    """Return the share of posts that ``label`` gets right, without and with the blank."""
    right = np.array(label(test[0] + blank[0])) == np.array(test[1] + blank[1])
    return {"split": float(right[: len(test[0])].mean()), "all": float(right.mean())}


def main() -> None:
    """Train the peers, label the test part with all, and write the shares."""
    train, validation, test = map(read_split, ("train", "validation", "test"))
    blank = read_blank()
    both = (train[0] + validation[0], train[1] + validation[1])
    peers = {
        "LinearSVC": linear_svc(),
        "LinearSVC 1-2 grams": linear_svc(ngram_range=(1, 2)),
        "ComplementNB tuned": tuned_complement_bayes(train, validation),
    }
    trainings = {"train": train, "train+validation": both}
    shares = {
        f"{name}, {trained}": recall(model.fit(*posts).predict, test, blank)
        for name, model in peers.items()
        for trained, posts in trainings.items()
    }
    ours = recall(label_with_package, test, blank)
    counts = {"posts": len(test[0]), "blank": len(blank[0])}
    json.dump({**counts, "ours": ours, "peers": shares}, sys.stdout)


if __name__ == "__main__":
    main()
