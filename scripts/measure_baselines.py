"""Score what a user would try first, on the same texts and the same words.

Writes a JSON report with recall@1 on the test split of the most frequent label and of
complement naive Bayes on all words of the training and validation split; the latter also
on texts from which nothing was stripped, which shows how much headers, signatures and
quotes would give away.
"""

import argparse
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from provender import console, files
from provender.model.features import Features, pool
from provender.model.naive_bayes import NaiveBayes, naive_bayes_table
from provender.running import step
from provender.text.encode import FIRST_WORD, encode_words, pooling_weights
from provender.text.recipe import Recipe, split_in_batches

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Rennie et al. 2003 leave it open; of 0.1, 0.3 and 1 the best on the validation split.
SMOOTHING = 0.3


def read_unstripped(source: Path, posts: pa.Table) -> pa.Table:
    """Return the posts with their texts as they stand in table news."""
    rowids = posts["rowid"].to_pylist()
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as database:
        texts = [
            database.execute("SELECT Data FROM news WHERE rowid = ?", [rowid]).fetchone()[0]
            for rowid in rowids
        ]
    return posts.set_column(1, "text", pa.array(texts, pa.string()))


def score_naive_bayes(
    tables: Iterator[pa.Table], text: Recipe, labels: list[str], max_words: int
) -> float:
    """Train on the first of two tables (columns text, label) and return recall@1 on the second.

    An iterator, so that each is read only once the other is gone from memory.
    """
    vocabulary, table = fit_naive_bayes(next(tables), text, labels, max_words)
    test = next(tables)
    asked = encode(test, split_in_batches(text, test["text"]), vocabulary, labels, max_words)
    return float((pool(asked, table).argmax(axis=1) == asked.labels).mean())


def fit_naive_bayes(
    train: pa.Table, text: Recipe, labels: list[str], max_words: int
) -> tuple[list[str], np.ndarray]:
    """Return the words of a table of posts and their logits float32 [ids, labels].

    By itself, so that what it read is gone from memory before the other posts are encoded.
    """
    words = split_in_batches(text, train["text"])
    vocabulary = pc.unique(pc.list_flatten(words)).to_pylist()
    fitted = encode(train, words, vocabulary, labels, max_words)
    size = len(vocabulary) + FIRST_WORD
    return vocabulary, naive_bayes_table(fitted, size, len(labels), NaiveBayes(SMOOTHING))


def encode(
    posts: pa.Table,
    words: pa.ChunkedArray,
    vocabulary: list[str],
    labels: list[str],
    max_words: int,
) -> Features:
    """Encode one table of posts whose texts are split into words."""
    ids = [encode_words(chunk, vocabulary, max_words) for chunk in words.chunks]
    return Features(
        posts["rowid"].to_numpy(),
        pc.index_in(posts["label"], value_set=pa.array(labels)).to_numpy(),
        np.concatenate(ids),
        np.concatenate([pooling_weights(chunk) for chunk in ids]),
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
        "naive_bayes": score_naive_bayes(iter((train, test)), text, labels, options.max_words),
    }
    if options.strip:
        report["naive_bayes_unstripped"] = score_naive_bayes(
            (read_unstripped(options.source, posts) for posts in (train, test)),
            text,
            labels,
            options.max_words,
        )
    files.write_json(options.output, report)
    console.log.info(
        "recall@1: %s", ", ".join(f"{name} {value:.4f}" for name, value in report.items())
    )


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
