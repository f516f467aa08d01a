"""Score the model on the validation and the test split.

Writes metrics.json, the numbers of the report: of both splits recall@k, macro-F1,
calibration and each label's scores; of the test split also the confusion matrix, scores by
split value, if that is one of the table's own, and by length, and the hardest posts; and what
earlier steps have measured: the baselines, each epoch, what was chosen of what, and which posts
were dropped; how the model does beside each of the peers on the same texts; the words that ship
of the fewest texts, and what is to be said of all these figures. In
summary.json are the main ones. As CSV the confusion matrix (row: true label, column:
predicted), and for plots recall@k of both splits and each test post's true and predicted
label; the test split's predictions as Parquet (rowid, label, scores float32 [labels]).
"""

import argparse
import csv
import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provender import console, files
from provender.errors import UserError
from provender.model import arithmetic, metrics, remarks, runtime
from provender.model.features import (
    Features,
    count_parts,
    find_words,
    join,
    pool,
    read_parts,
    rows_where,
)
from provender.model.paired import Paired
from provender.reproduction import tensors
from provender.running import step
from provender.sources import columns
from provender.text.encode import FIRST_WORD
from provender.text.grams import are_words, kinds_of
from provender.text.scripts import scripts_of

import numpy as np

# Wrong answers that are shown, most confident first, and words that are shown of each.
HARDEST_POSTS = 20
DECIDING_WORDS = 5

# Words that are shown because few texts have them.
RARE_WORDS = 50

# Posts predicted at once: bounds the memory, not the result.
BATCH = 64

# Bytes of a text's digest.
DIGEST = 16

# How much a score of TensorFlow's may differ: sums of float32 in another order.
TOLERANCE = 1e-5

# A model's weights by their names, as both formats have them.
Weights = dict[str, np.ndarray]


def load(saved_model: Path) -> Any:
    """Load the SavedModel as TensorFlow does."""
    with runtime.quiet_start():
        import tensorflow as tf

    return tf.saved_model.load(str(saved_model))


def predict(weights: Weights, features: Features) -> np.ndarray:
    """Return the scores of a model's weights, in one order on every CPU: float32 [n, labels]."""
    pooled = pool(features, weights["table/kernel"])
    logits = arithmetic.matmul(pooled, weights["scores/kernel"]) + weights["scores/bias"]
    return arithmetic.softmax(logits)


def check_saved_model(model: Any, features: Features, scores: np.ndarray) -> None:
    """Raise UserError where scores that TensorFlow computes are others by more than rounding."""
    import tensorflow as tf

    signature = model.signatures["serving_default"]
    for start in range(0, len(scores), BATCH):
        rows = slice(start, start + BATCH)
        (theirs,) = signature(weights=tf.constant(to_dense(features, rows))).values()
        if not np.allclose(theirs.numpy(), scores[rows], rtol=0, atol=TOLERANCE):
            raise UserError(f"the SavedModel's scores are others than those of its weights: {rows}")


def to_dense(features: Features, rows: slice) -> np.ndarray:
    """Return some texts' pooling weights of all ids: float32 [n, ids]."""
    first, last, _ = rows.indices(len(features.labels))
    dense = np.zeros((last - first, len(features.kinds)), np.float32)
    starts = features.starts[first : last + 1]
    own = slice(starts[0], starts[-1])
    dense[np.repeat(np.arange(last - first), np.diff(starts)), features.ids[own]] = (
        features.weights[own]
    )
    return dense


def read_weights(model: Any) -> Weights:
    """Return a SavedModel's weights by their names."""
    return {variable.name.removesuffix(":0"): variable.numpy() for variable in model.variables}


def word_logits(weights: Weights) -> np.ndarray:
    """Return what each id adds to each label's logit, per weight: float64 [ids, labels]."""
    return arithmetic.matmul(weights["table/kernel"], weights["scores/kernel"])


def order_hardest(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the rows of the wrong answers that are given most confidently, those first."""
    best = metrics.rank(scores)[:, 0]
    wrong = np.flatnonzero(best != truth)
    return wrong[np.argsort(-scores[wrong, best[wrong]], kind="stable")[:HARDEST_POSTS]]


def find_hardest(
    features: Features, scores: np.ndarray, logits: np.ndarray, labels: list[str], words: list[str]
) -> list[dict[str, Any]]:
    """Return the wrong answers that are given most confidently, and the words behind each.

    Words come with how much they raise the wrong label's logit above the true one's.
    """
    best = metrics.rank(scores)[:, 0]
    found = []
    for row in order_hardest(scores, features.labels):
        label, guess = int(features.labels[row]), int(best[row])
        own = slice(features.starts[row], features.starts[row + 1])
        ids = features.ids[own]
        raised = features.weights[own] * (logits[ids, guess] - logits[ids, label])
        deciding = [place for place in np.argsort(-raised, kind="stable") if raised[place] > 0]
        found.append(
            {
                "rowid": int(features.rowids[row]),
                "label": labels[label],
                "predicted": labels[guess],
                "score": float(scores[row, guess]),
                "words": [
                    {
                        "word": words[ids[place] - FIRST_WORD],
                        "logit": round(float(raised[place]), 3),
                    }
                    for place in deciding[:DECIDING_WORDS]
                ],
            }
        )
    return found


def find_rare(words: list[str], texts: dict[str, int]) -> list[dict[str, Any]]:
    """Return the words that ship of the fewest training texts, by which a person may be known.

    Of as many texts, those that may be names come before those that begin with a digit. Pieces of
    words are left out, and so are words that ship for their vectors alone, of no text.
    """
    whole = (word for word in words if not word.startswith(" ") and texts[word])
    rare = sorted(whole, key=lambda word: (texts[word], word[:1].isdigit(), word))[:RARE_WORDS]
    return [{"word": word, "texts": texts[word]} for word in rare]


@dataclass(frozen=True)
class Answers:
    """What the model answers to the posts of a split.

    ``rowids`` int64 [n]; ``labels`` int32 [n], the true ones; ``scores`` float32 [n, labels];
    ``known`` int [n], how many of a post's words ship; ``hardest``: the features of those of
    :func:`find_hardest`, and their scores.
    """

    rowids: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    known: np.ndarray
    hardest: tuple[Features, np.ndarray]


def answer(
    weights: Weights, model: Any, read: Callable[[], Iterable[Features]], is_word: np.ndarray
) -> Answers:
    """Answer posts part by part, as ``read`` gives them, twice; ``is_word``: bool [ids].

    Raises UserError where the SavedModel, if there is one, answers otherwise.
    """
    found: tuple[list[np.ndarray], ...] = ([], [], [], [])
    for part in read():
        scores = predict(weights, part)
        if model is not None:
            check_saved_model(model, part, scores)
        own = is_word[part.ids]
        counted = np.bincount(part.rows[own], part.counts[own], len(part.labels))
        new = (part.rowids, part.labels, scores, counted.astype(int))
        for values, value in zip(found, new, strict=True):
            values.append(value)
    rowids, truth, every, known = map(np.concatenate, found)
    rows = np.zeros(len(truth), bool)
    rows[order_hardest(every, truth)] = True
    some, first = [], 0
    for part in read():
        some.append(rows_where(part, rows[first : first + len(part.labels)]))
        first += len(part.labels)
    hardest = join(*some), every[rows]
    return Answers(rowids, truth, every, known, hardest)


def number_texts(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return of each post a number that posts of the same text share, its script, and its year.

    Read part by part; texts are told apart by digests of ``DIGEST`` bytes.
    """
    digests, scripts, years = bytearray(), [], []
    for table in files.read_groups(path, ["year", "text"]):
        texts = table["text"].combine_chunks()
        for text in texts.to_pylist():
            digests += hashlib.blake2b(text.encode(), digest_size=DIGEST).digest()
        scripts.append(scripts_of(texts))
        years.append(table["year"].to_numpy())
    _, numbers = np.unique(np.frombuffer(digests, f"S{DIGEST}"), return_inverse=True)
    return numbers, np.concatenate(scripts), np.concatenate(years)


def read_predictions(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read predictions as scores float32 [n, labels] and true labels int32 [n]."""
    table = files.read_parquet(path)
    scores = table["scores"].combine_chunks()
    return scores.values.to_numpy().reshape(len(table), -1), table["label"].to_numpy()


def compare_peers(
    answers: Path, rowids: np.ndarray, labels: np.ndarray, hits: np.ndarray
) -> dict[str, Any]:
    """Return of each peer recall@1, its 95 % interval, and the model's hits beside the peer's.

    ``answers``: Parquet file of each peer's best labels; ``hits``: bool [n], whether the model's
    best label is right. In what is paired the peer is a, the model b. Raises UserError where the
    file is of other posts.
    """
    table = files.read_parquet(answers)
    if not np.array_equal(table["rowid"].to_numpy(), rowids):
        raise UserError(f"{answers} is of other posts than the test split: run snakemake again")
    found = {}
    for name in remarks.PEERS:
        peer = table[name].to_numpy() == labels
        share = int(peer.sum()) / len(peer)
        found[name] = {
            "recall@1": share,
            "interval": metrics.interval(share, len(peer)),
            "paired": Paired.of(peer, hits).values(),
        }
    return found


def name_ranges(groups: list[dict[str, Any]], form: str) -> list[dict[str, Any]]:
    """Return groups by split value, each with a ``name``: its values as the table has them."""
    write = columns.to_date if form == columns.DATE else "{:.15g}".format
    return [
        {**group, "name": " – ".join(map(write, dict.fromkeys((group["from"], group["to"]))))}
        for group in groups
    ]


def describe_sure(scores: np.ndarray, truth: np.ndarray, unsure_below: float) -> dict[str, float]:
    """Return the share of posts that get a sure answer, and how often that is right."""
    best = metrics.rank(scores)[:, 0]
    sure = scores[np.arange(len(best)), best] >= unsure_below
    right = int((best[sure] == truth[sure]).sum())
    return {"share": int(sure.sum()) / len(sure), "accuracy": right / max(int(sure.sum()), 1)}


def count_all(test: dict[str, Any], posts: dict[str, Any]) -> dict[str, Any]:
    """Return recall@1 with the test posts that lost all text, answered by the commonest label.

    ``test``: the scores of those with text; ``posts``: what split_posts says of them all.
    """
    learnt = Counter(posts["splits"]["train"]["labels"])
    learnt.update(posts["splits"]["validation"]["labels"])
    # Of equally frequent labels the first, as everywhere.
    commonest = min(learnt, key=lambda label: (-learnt[label], label))
    lost = posts["test_without_text"]
    count = test["posts"] + lost["posts"]
    right = test["recall@1"] * test["posts"] + lost["labels"].get(commonest, 0)
    return {"posts": count, "lost": lost["posts"], "recall@1": right / count, "label": commonest}


def summarise(values: dict[str, Any]) -> dict[str, Any]:
    """Return the main numbers of metrics.json, which ``dvc metrics`` shows."""
    splits = {
        split: {
            "posts": values[split]["posts"],
            **{name: values[split][name] for name in values[split]["intervals"]},
            "calibration_error": values[split]["calibration"]["expected_error"],
        }
        for split in ("validation", "test")
    }
    model = {name: values["choice"][name] for name in ("bytes", "words")}
    return {**splits, "baselines": values["baselines"], "model": model}


def read_numbers(path: Path) -> list[dict[str, float]]:
    """Read a CSV file with a header row, whose values are numbers all."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        {name: int(value) if value.isdigit() else float(value) for name, value in row.items()}
        for row in rows
    ]


def format_confusion(counts: np.ndarray, labels: list[str]) -> str:
    """Return the confusion matrix as CSV with a header row and column."""
    rows = ([label, *map(int, row)] for label, row in zip(labels, counts, strict=True))
    return files.format_csv(["label", *labels], rows)


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    model = parser.add_mutually_exclusive_group(required=True)
    model.add_argument("--saved-model", type=Path, help="folder of the SavedModel")
    model.add_argument("--layers", type=Path, help="folder of the layers format, if there is none")
    parser.add_argument("--validation", type=Path, required=True, help="predictions, Parquet")
    parser.add_argument("--test", type=Path, required=True, help="features, Parquet")
    parser.add_argument("--posts", type=Path, required=True, help="test split, Parquet")
    parser.add_argument("--candidates", type=Path, required=True, help="words encoded, JSON")
    parser.add_argument("--counts", type=Path, required=True, help="texts of each of them, JSON")
    parser.add_argument("--vocabulary", type=Path, required=True, help="words shipped, JSON")
    parser.add_argument("--labels", type=Path, required=True, help="labels, JSON")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--choice", type=Path, required=True, help="what was chosen, JSON")
    parser.add_argument("--baselines", type=Path, required=True, help="baselines, JSON")
    parser.add_argument("--answers", type=Path, required=True, help="the peers' answers, Parquet")
    parser.add_argument("--sizes", type=Path, required=True, help="ways to ship, CSV")
    parser.add_argument("--history", type=Path, required=True, help="scores of each epoch, CSV")
    parser.add_argument("--checked", type=Path, required=True, help="split_posts' report, JSON")
    parser.add_argument(
        "--split-values", choices=columns.FORMS, default=columns.NONE, help="what year holds"
    )
    parser.add_argument("--metrics", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--summary", type=Path, required=True, help="the same: the main numbers")
    parser.add_argument("--confusion", type=Path, required=True, help="CSV file to write")
    parser.add_argument("--recall", type=Path, required=True, help="CSV file to write, to plot")
    parser.add_argument("--labelled", type=Path, required=True, help="the same: a row a post")
    parser.add_argument("--predictions", type=Path, required=True, help="Parquet file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Predict the test split, score both and write metrics, tables to plot and predictions."""
    labels, words = files.read_json(options.labels), files.read_json(options.vocabulary)
    candidates = files.read_json(options.candidates)
    counts_of = files.read_json(options.counts)
    recipe = files.read_json(options.text)
    kinds, kept = kinds_of(recipe, candidates), find_words(words, candidates)
    if options.saved_model:
        model = load(options.saved_model)
        weights = read_weights(model)
    else:
        model, weights = None, tensors.read(options.layers / "model.json") or {}
    is_word = np.concatenate([np.zeros(FIRST_WORD, bool), are_words(recipe, words)])
    count = count_parts(options.test)

    def read() -> Iterator[Features]:
        parts = read_parts(options.test, kinds, kept)
        return console.progress(parts, "predicting parts", count)

    test = answer(weights, model, read, is_word)
    scores = test.scores
    # Predicted before the model had learnt from these posts as well.
    validation = read_predictions(options.validation)
    values: dict[str, Any] = {
        name: {
            **metrics.measure(found, truth, labels),
            "calibration": metrics.calibration(found, truth),
        }
        for name, (found, truth) in {
            "validation": validation,
            "test": (scores, test.labels),
        }.items()
    }
    best = metrics.rank(scores)[:, 0]
    hits = best == test.labels
    confidence = scores[np.arange(len(best)), best].astype(np.float64)
    counts = metrics.confusion(best, test.labels, len(labels))
    texts, scripts, years = number_texts(options.posts)
    values |= {
        "baselines": files.read_json(options.baselines),
        "choice": files.read_json(options.choice),
        "sizes": read_numbers(options.sizes),
        "history": read_numbers(options.history),
        "posts": files.read_json(options.checked),
    }
    known = test.known
    values["test"] |= {
        "unknown": int((known == 0).sum()),
        "with_blank_posts": count_all(values["test"], values["posts"]),
        "confusion": counts.tolist(),
        "by_text": metrics.by_text(scores, test.labels, texts),
        "by_words": metrics.by_words(hits, known, confidence),
        "by_script": metrics.by_script(hits, known, scripts),
        "coverage": metrics.coverage(confidence, hits),
        "coverage_by_label": metrics.coverage_by_label(confidence, hits, best, labels),
        "sure": describe_sure(scores, test.labels, values["choice"]["unsure_below"]),
        "hardest": find_hardest(*test.hardest, word_logits(weights), labels, words),
    }
    if options.split_values in (columns.NUMBER, columns.DATE):
        groups = metrics.by_value(hits, years)
        values["test"]["by_split_value"] = name_ranges(groups, options.split_values)
    values["peers"] = compare_peers(options.answers, test.rowids, test.labels, hits)
    values["rare_words"] = find_rare(words, dict(zip(candidates, counts_of, strict=True)))
    values["remarks"] = remarks.remarks(values)
    files.write_json(options.metrics, values)
    files.write_json(options.summary, summarise(values))
    files.write_text(options.confusion, format_confusion(counts, labels))
    splits = ("validation", "test")
    recall = [
        (k, *(values[split][f"recall@{k}"] for split in splits)) for k in metrics.ranks(len(labels))
    ]
    files.write_text(options.recall, files.format_csv(["k", *splits], recall))
    pairs = zip(test.labels, best, strict=True)
    labelled = ((labels[actual], labels[guess]) for actual, guess in pairs)
    files.write_text(options.labelled, files.format_csv(["actual", "predicted"], labelled))
    files.write_parquet(options.predictions, metrics.predictions(test.rowids, test.labels, scores))
    for split in splits:
        console.log.info("%s: %s", split, format_figures(values[split]))
    for sentence in values["remarks"]:
        console.log.warning("note: %s", sentence)


def format_figures(measured: dict[str, Any]) -> str:
    """Return a split's figures as a line of the log, each with its 95 % interval."""
    figures = [
        f"{name.replace('macro_f1', 'macro-F1')} {measured[name]:.4f} ({low:.3f} to {high:.3f})"
        # recall@1, @3, @5, in whatever order they were read.
        for name, (low, high) in sorted(
            measured["intervals"].items(), key=lambda item: (item[0] == "macro_f1", item[0])
        )
    ]
    return f"{', '.join(figures)} on {measured['posts']:,} texts (95 % intervals)"


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
