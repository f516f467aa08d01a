"""Score what a user would try first, on the same texts and the same words.

Writes a JSON report with recall@1 on the test split of the most frequent label, and of complement
naive Bayes and a linear support vector machine on all words of the training and validation split;
naive Bayes also on texts from which nothing was stripped, which shows how much headers, signatures
and quotes would give away. As Parquet which label both give to each test post, to pair with the
model's; as CSV recall@1 of both by how many texts they have learnt from, and with word vectors that
of all three together, as training mixes them.

Of much text, the peers learn from a part, evenly spaced: what they can be is told by it, and the
step's memory is bounded.
"""

import argparse
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from provender import console, files
from provender.model import hinge, training, vectors
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
import pyarrow.parquet as pq

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


def read_every(paths: Sequence[Path], columns: list[str], every: int) -> Iterator[pa.Table]:
    """Yield each ``every``-th row of Parquet files, one after the other, by row groups."""
    row = 0
    for path in paths:
        for table in files.read_groups(path, columns):
            yield table.take(np.arange(-row % every, len(table), every)) if every > 1 else table
            row += len(table)


def text_bytes(path: Path) -> int:
    """Return how many bytes the texts of a split have, as its file's metadata tells."""
    with pq.ParquetFile(path) as file:
        groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
        place = file.schema_arrow.get_field_index("text")
    return sum(group.column(place).total_uncompressed_size for group in groups)


class Words:
    """All words of some texts, and texts as a model of these reads them."""

    def __init__(self, text: Recipe, labels: list[str], max_words: int) -> None:
        """Begin without words; of pieces and pairs none is read."""
        self._text: Recipe = {**text, "grams": {**text["grams"], "words": [], "pairs": False}}
        self._labels, self._max_words = labels, max_words
        self._vocabulary: list[str] = []

    def fit(self, posts: pa.Table) -> Features:
        """Learn the words of posts (columns rowid, text, label), and return these."""
        units = read_units(self._text, posts["text"], self._max_words)
        everything = np.ones(len(units.names), bool)
        words, _ = count_texts(self._text, units, np.arange(len(posts)), everything)
        self._vocabulary = words.to_pylist()
        counts = encode(self._text, units, self._vocabulary)
        return to_features(posts, counts, self._labels, len(self._vocabulary))

    def read(self, posts: pa.Table) -> Features:
        """Return other posts by these words."""
        units = read_units(self._text, posts["text"], self._max_words)
        counts = encode(self._text, units, self._vocabulary)
        return to_features(posts, counts, self._labels, len(self._vocabulary))


def learn_naive_bayes(fitted: Features, labels: int) -> training.Weights:
    """Return naive Bayes of the texts."""
    table = naive_bayes_table(fitted, labels, NaiveBayes(SMOOTHING))
    return training.Weights(table, np.zeros(labels))


def learn_support_vectors(fitted: Features, labels: int) -> training.Weights:
    """Return support vector machines of the texts."""
    rarity = inverse_document_frequency(fitted)
    hinges = hinge.fit(fitted, rarity, labels, COST, EPOCHS, seed=SEED)
    return training.Weights(hinges[:-1] * rarity[:, np.newaxis], hinges[-1])


def answer(weights: training.Weights, asked: Features) -> np.ndarray:
    """Return the best label of each text: int [n]."""
    best: np.ndarray = (pool(asked, weights.table) + weights.bias).argmax(axis=1)
    return best


# So much text is learnt from, in bytes: half a gigabyte of memory.
MOST_BYTES = 32_000_000

# So many test texts tell what fewer training texts are worth.
MOST_ASKED = 4000

# More texts than these do not show what word vectors are worth: the shares of the parts of a model
# are chosen anew for each point, which takes as long as the texts are many.
MOST_TEXTS = 2000

PEERS: dict[str, Callable[[Features, int], training.Weights]] = {
    "naive_bayes": learn_naive_bayes,
    "support_vectors": learn_support_vectors,
}


def recall(answers: np.ndarray, asked: Features) -> float:
    """Return the share of texts whose best label is theirs."""
    return float((answers == asked.labels).mean())


def learn_from_fewer(
    fitted: Features, asked: Features, labels: int, everything: Sequence[training.Weights]
) -> list[list[float | str]]:
    """Return how many texts were learnt from, the fewest first, and recall@1 of each peer then.

    Fewer texts are among the more, drawn from all of ``fitted`` without regard to labels, and
    their words are all that is known. ``everything``: what each peer has learnt from all texts.
    """
    count = len(fitted.labels)
    place = np.random.Generator(np.random.PCG64(SEED)).permutation(count)
    rows: list[list[float | str]] = []
    for texts in sorted({count // part for part in PARTS} - {0, count}):
        some = rows_where(fitted, place < texts)
        known = np.flatnonzero(count_posts(some))
        some, same = restrict(some, known), restrict(asked, known)
        rows.append(
            [texts, *(recall(answer(learn(some, labels), same), same) for learn in PEERS.values())]
        )
    return [*rows, [count, *(recall(answer(weights, asked), asked) for weights in everything)]]


def read_with_vectors(
    train: pa.Table, test: pa.Table, text: Recipe, labels: list[str], max_words: int, path: Path
) -> tuple[Features, Features, vectors.Vectors]:
    """Return both tables by all words of ``train``, and those of ``test`` that have a vector."""
    plain = {**text, "grams": {**text["grams"], "words": [], "pairs": False}}
    units = [read_units(plain, posts["text"], max_words) for posts in (train, test)]
    counted = [
        count_texts(plain, each, np.arange(len(posts)), np.ones(len(each.names), bool))[0]
        for each, posts in zip(units, (train, test), strict=True)
    ]
    own = counted[0].to_pylist()
    known = set(files.read_parquet(path, ["word"])["word"].to_pylist())
    words = [*own, *sorted(set(counted[1].to_pylist()) & known - set(own))]
    fitted, asked = (
        to_features(posts, encode(plain, each, words), labels, len(words))
        for each, posts in zip(units, (train, test), strict=True)
    )
    counts = count_posts(fitted)[FIRST_WORD:].tolist()
    return fitted, asked, vectors.read(path, words, counts)


def learn_with_vectors(
    fitted: Features, asked: Features, known: vectors.Vectors, labels: int, texts: int
) -> float:
    """Return recall@1 by so many texts, those that learn_from_fewer draws, with word vectors."""
    place = np.random.Generator(np.random.PCG64(SEED)).permutation(len(fitted.labels))
    some = rows_where(fitted, place < texts)
    own = count_posts(some) > 0
    kept = np.flatnonzero(own | (known.places >= 0))
    some, same = restrict(some, kept), restrict(asked, kept)
    there = vectors.restrict(replace(known, is_own=own), kept)
    how = training.Training(NaiveBayes(SMOOTHING), COST, EPOCHS, None, SEED)
    how, _ = training.choose_beside_vectors(how, some, labels, there)
    weights = training.train(some, labels, how, known=there)
    return recall((pool(same, weights.table) + weights.bias).argmax(axis=1), same)


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


def _join(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.int64), *parts])


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
    parser.add_argument("--vectors", type=Path, help="words' vectors, Parquet")
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
    learnt_from = [options.train, options.validation]
    every = -(-sum(map(text_bytes, learnt_from)) // MOST_BYTES) or 1
    train = pa.concat_tables(read_every(learnt_from, columns, every))
    test_labels = files.read_parquet(options.test, ["label"])["label"]
    some = -(-len(test_labels) // MOST_ASKED) or 1
    test = pa.concat_tables(read_every([options.test], columns, some))
    labels, text = files.read_json(options.labels), files.read_json(options.text)
    counts = pc.value_counts(train["label"]).to_pylist()
    # Of equally frequent labels the first, as everywhere.
    most_frequent = min(counts, key=lambda each: (-each["counts"], each["values"]))["values"]
    words = Words(text, labels, options.max_words)
    fitted = words.fit(train)
    learnt = {name: learn(fitted, len(labels)) for name, learn in PEERS.items()}
    answers: dict[str, list[np.ndarray]] = {name: [] for name in PEERS}
    rowids, right = [], dict.fromkeys(PEERS, 0)
    for posts in files.read_groups(options.test, columns):
        asked = words.read(posts)
        rowids.append(asked.rowids)
        for name, weights in learnt.items():
            answers[name].append(answer(weights, asked))
            right[name] += int((answers[name][-1] == asked.labels).sum())
    report = {
        "most_frequent_label": pc.mean(pc.equal(test_labels, most_frequent)).as_py(),
        **{name: hits / len(test_labels) for name, hits in right.items()},
    }
    if every > 1:
        report["texts"] = len(train)
    learning = learn_from_fewer(fitted, words.read(test), len(labels), list(learnt.values()))
    names = ["texts", *PEERS]
    if options.vectors:
        names.append("with_vectors")
        inputs = (train, test, text, labels, options.max_words, options.vectors)
        beside = read_with_vectors(*inputs)
        for row in learning:
            texts = int(row[0])
            few = texts <= MOST_TEXTS
            row.append(learn_with_vectors(*beside, len(labels), texts) if few else "")
    if options.strip:
        raw_train, raw_test = (read_unstripped(options.source, posts) for posts in (train, test))
        fitted = words.fit(raw_train)
        asked = words.read(raw_test)
        found = answer(learn_naive_bayes(fitted, len(labels)), asked)
        report["naive_bayes_unstripped"] = recall(found, asked)
    given = {name: pa.array(_join(parts), pa.int32()) for name, parts in answers.items()}
    files.write_parquet(options.answers, pa.table({"rowid": pa.array(_join(rowids)), **given}))
    files.write_text(options.learning, files.format_csv(names, learning))
    files.write_json(options.output, report)
    console.log.info(
        "recall@1: %s", ", ".join(f"{name} {value:.4f}" for name, value in report.items())
    )


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
