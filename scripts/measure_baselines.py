"""Score what a user would try first, on the same texts and the same words.

Writes a JSON report with recall@1 on the test split of the most frequent label, and of complement
naive Bayes and a linear support vector machine on all words of the training and validation split;
naive Bayes also on texts from which nothing was stripped, which shows how much headers, signatures
and quotes would give away. As Parquet which label both give to each test post, to pair with the
model's; as CSV recall@1 of both by how many texts they have learnt from.
"""

import argparse
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from provender import console, files
from provender.model import hinge
from provender.model.features import (
    Features,
    count_posts,
    make_features,
    pool,
    restrict,
    rows_where,
)
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
COST, EPOCHS, SEED = 1.0, 3, 1

# The parts of the training texts that are learnt from besides all: an eighth, a fourth, a half.
PARTS = (8, 4, 2)


def read_unstripped(source: Path, posts: pa.Table) -> pa.Table:
    """Return the posts with their texts as they stand in table news."""
    rowids = posts["rowid"].to_pylist()
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as database:
        texts = [
            database.execute("SELECT Data FROM news WHERE rowid = ?", [rowid]).fetchone()[0]
            for rowid in rowids
        ]
    return posts.set_column(1, "text", pa.array(texts, pa.string()))


def read_words(
    train: pa.Table, test: pa.Table, text: Recipe, labels: list[str], max_words: int
) -> tuple[Features, Features]:
    """Return both tables of posts (columns rowid, text, label) by all words of ``train``."""
    plain = {**text, "grams": {**text["grams"], "words": [], "pairs": False}}
    learnt = read_units(plain, train["text"], max_words)
    everything = np.ones(len(learnt.names), bool)
    words, _ = count_texts(plain, learnt, np.arange(len(train)), everything)
    vocabulary = words.to_pylist()
    fitted = to_features(train, encode(plain, learnt, vocabulary), labels, len(vocabulary))
    units = read_units(plain, test["text"], max_words)
    return fitted, to_features(test, encode(plain, units, vocabulary), labels, len(vocabulary))


def ask_naive_bayes(fitted: Features, asked: Features, labels: int) -> np.ndarray:
    """Return the best label of each text of ``asked`` by naive Bayes: int [n]."""
    table = naive_bayes_table(fitted, labels, NaiveBayes(SMOOTHING))
    best: np.ndarray = pool(asked, table).argmax(axis=1)
    return best


def ask_support_vectors(fitted: Features, asked: Features, labels: int) -> np.ndarray:
    """Return the best label of each text of ``asked`` by support vector machines: int [n]."""
    rarity = inverse_document_frequency(fitted)
    hinges = hinge.fit(fitted, rarity, labels, COST, EPOCHS, seed=SEED)
    margins = pool(asked, hinges[:-1] * rarity[:, np.newaxis]) + hinges[-1]
    best: np.ndarray = margins.argmax(axis=1)
    return best


PEERS = {"naive_bayes": ask_naive_bayes, "support_vectors": ask_support_vectors}


def recall(answers: np.ndarray, asked: Features) -> float:
    """Return the share of texts whose best label is theirs."""
    return float((answers == asked.labels).mean())


def learn_from_fewer(
    fitted: Features, asked: Features, labels: int, everything: dict[str, float]
) -> list[list[float]]:
    """Return how many texts were learnt from, the fewest first, and recall@1 of each peer then.

    Fewer texts are among the more, drawn from all of ``fitted`` without regard to labels, and
    their words are all that is known. ``everything``: recall@1 of each peer by all texts.
    """
    count = len(fitted.labels)
    place = np.random.Generator(np.random.PCG64(SEED)).permutation(count)
    rows = []
    for texts in sorted({count // part for part in PARTS} - {0, count}):
        some = rows_where(fitted, place < texts)
        known = np.flatnonzero(count_posts(some))
        some, same = restrict(some, known), restrict(asked, known)
        rows.append([texts, *(recall(ask(some, same, labels), same) for ask in PEERS.values())])
    return [*rows, [count, *(everything[name] for name in PEERS)]]


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
    parser.add_argument("--answers", type=Path, required=True, help="Parquet file to write")
    parser.add_argument("--learning", type=Path, required=True, help="CSV file to write")
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
    fitted, asked = read_words(train, test, text, labels, options.max_words)
    answers = {name: ask(fitted, asked, len(labels)) for name, ask in PEERS.items()}
    scores = {name: recall(answer, asked) for name, answer in answers.items()}
    report = {
        "most_frequent_label": pc.mean(pc.equal(test["label"], most_frequent)).as_py(),
        **scores,
    }
    learning = learn_from_fewer(fitted, asked, len(labels), scores)
    if options.strip:
        raw_train, raw_test = (read_unstripped(options.source, posts) for posts in (train, test))
        fitted, asked = read_words(raw_train, raw_test, text, labels, options.max_words)
        found = ask_naive_bayes(fitted, asked, len(labels))
        report["naive_bayes_unstripped"] = recall(found, asked)
    given = {name: pa.array(answer, pa.int32()) for name, answer in answers.items()}
    files.write_parquet(options.answers, pa.table({"rowid": test["rowid"], **given}))
    files.write_text(options.learning, files.format_csv(["texts", *PEERS], learning))
    files.write_json(options.output, report)
    console.log.info(
        "recall@1: %s", ", ".join(f"{name} {value:.4f}" for name, value in report.items())
    )


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
