"""Score what a user would try first, on the same texts and the same words.

Writes a JSON report with recall@1 on the test split of the most frequent label, and of complement
naive Bayes and a linear support vector machine on all words of the training and validation split;
naive Bayes also on texts from which nothing was stripped, which shows how much headers, signatures
and quotes would give away.
"""

import argparse
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from provender import console, files
from provender.model import hinge
from provender.model.features import Features, make_features, pool
from provender.model.naive_bayes import (
    NaiveBayes,
    inverse_document_frequency,
    naive_bayes_table,
)
from provender.running import step
from provender.text.encode import FIRST_WORD
from provender.text.grams import Counts, count_texts, encode, read_units
from provender.text.recipe import Recipe

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Rennie et al. 2003 leave it open; of 0.1, 0.3 and 1 the best on the validation split.
SMOOTHING = 0.3

# Of support vector machines: what training has by default.
COST, EPOCHS = 1.0, 3


def read_unstripped(source: Path, posts: pa.Table) -> pa.Table:
    """Return the posts with their texts as they stand in table news."""
    rowids = posts["rowid"].to_pylist()
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as database:
        texts = [
            database.execute("SELECT Data FROM news WHERE rowid = ?", [rowid]).fetchone()[0]
            for rowid in rowids
        ]
    return posts.set_column(1, "text", pa.array(texts, pa.string()))


def score_linear(
    train: pa.Table, test: pa.Table, text: Recipe, labels: list[str], max_words: int
) -> dict[str, float]:
    """Return recall@1 on ``test`` of linear models of all words of ``train``, by name.

    Both are tables of posts (columns rowid, text, label).
    """
    plain = {**text, "grams": {**text["grams"], "words": [], "pairs": False}}
    learnt = read_units(plain, train["text"], max_words)
    everything = np.ones(len(learnt.names), bool)
    words, _ = count_texts(plain, learnt, np.arange(len(train)), everything)
    vocabulary = words.to_pylist()
    fitted = to_features(train, encode(plain, learnt, vocabulary), labels, len(vocabulary))
    units = read_units(plain, test["text"], max_words)
    asked = to_features(test, encode(plain, units, vocabulary), labels, len(vocabulary))
    rarity = inverse_document_frequency(fitted)
    hinges = hinge.fit(fitted, rarity, len(labels), COST, EPOCHS, seed=1)
    tables = {
        "naive_bayes": (naive_bayes_table(fitted, len(labels), NaiveBayes(SMOOTHING)), 0),
        "support_vectors": (hinges[:-1] * rarity[:, np.newaxis], hinges[-1]),
    }
    return {
        name: float(((pool(asked, table) + bias).argmax(axis=1) == asked.labels).mean())
        for name, (table, bias) in tables.items()
    }


def to_features(posts: pa.Table, counts: Counts, labels: list[str], words: int) -> Features:
    """Return one table of posts as the model reads them; none of its features is a piece."""
    return make_features(
        posts["rowid"].to_numpy(),
        pc.index_in(posts["label"], value_set=pa.array(labels)).to_numpy(),
        counts.starts,
        counts.ids + FIRST_WORD,
        counts.counts,
        np.zeros(words + FIRST_WORD, bool),
    )


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--source", type=Path, required=True, help="SQLite file with table news")
    parser.add_argument("--train", type=Path, required=True, help="training split, Parquet")
    parser.add_argument("--validation", type=Path, required=True, help="validation split, Parquet")
    parser.add_argument("--test", type=Path, required=True, help="test split, Parquet")
    parser.add_argument("--labels", type=Path, required=True, help="labels, JSON")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--max-words", type=int, required=True, help="words read of a text")
    parser.add_argument(
        "--strip", nargs="*", default=[], metavar="PART", help="what was stripped from each post"
    )
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Score the baselines and write the report."""
    # Gives memory back, where the built-in pool would keep 50 MB for later.
    pa.set_memory_pool(pa.system_memory_pool())
    columns = ["rowid", "text", "label"]
    train = pa.concat_tables(
        files.read_parquet(path, columns) for path in (options.train, options.validation)
    )
    test = files.read_parquet(options.test, columns)
    labels, text = files.read_json(options.labels), files.read_json(options.text)
    counts = pc.value_counts(train["label"]).to_pylist()
    # Of equally frequent labels the first, as everywhere.
    most_frequent = min(counts, key=lambda each: (-each["counts"], each["values"]))["values"]
    report = {
        "most_frequent_label": pc.mean(pc.equal(test["label"], most_frequent)).as_py(),
        **score_linear(train, test, text, labels, options.max_words),
    }
    if options.strip:
        raw_train, raw_test = (read_unstripped(options.source, posts) for posts in (train, test))
        found = score_linear(raw_train, raw_test, text, labels, options.max_words)
        report["naive_bayes_unstripped"] = found["naive_bayes"]
    files.write_json(options.output, report)
    console.log.info(
        "recall@1: %s", ", ".join(f"{name} {value:.4f}" for name, value in report.items())
    )


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
