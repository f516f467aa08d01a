"""Render what a person looks at first: one HTML file that needs no network.

Shows the scores beside what a user would try first, what more texts would bring, how sure the
model is and how often it is right, each label, the confusion matrix, where it fails, what it costs
in bytes, and what was dropped on the way. It looks as the page does, whose style it takes. Plots
are SVG, told apart by shape and dash alone, with their points in words.
"""

import argparse
import csv
import gzip
import math
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provender import console, files
from provender.model import levels, metrics, remarks
from provender.running import step

import jinja2

# A plot's drawing area, in SVG units: with its margins narrow enough that a phone need not cut it.
WIDTH, HEIGHT = 250, 170

# Of the strips that show a label's recall.
STRIP = 120

# Marks of recall@1, @3 and @5.
RANK_SHAPES = ("disc", "ring", "bar")

# How a learner's scores by training texts are marked.
PEER_SHAPES = {"naive_bayes": "disc", "support_vectors": "ring", "with_vectors": "disc"}

# And how learners are called there.
LEARNERS = {**remarks.PEERS, "with_vectors": "both with word vectors"}

# Of so many more labelled texts it is said what they would bring.
MORE_TEXTS = 100

# Confidences whose answers are shown of each label.
SURE_FROM = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)

# Strokes that differ without colour.
SOLID, DASHED, DOTTED = "", "6 4", "2 3"

# Pairs of labels that a sentence names, which are confused most often.
WORST_PAIRS = 3

# How dark a cell of the confusion matrix gets at most, so that its number can be read.
DARKEST = 0.45

# Longer labels do not head a column of the confusion matrix: their numbers do.
HEADING_CHARACTERS = 24

# Characters that are shown of a text.
FIRST_CHARACTERS = 240

# Points that a plot's description names one by one.
MOST_POINTS = 24

CARD = "model-card.html"

# The sections by their ids, in order.
HEADINGS = {
    "good": "How good is it?",
    "scores": "Scores of both splits",
    "learning": "Score by number of training texts",
    "sure": "How sure, and how often right",
    "labels": "Each label, on the test split",
    "confusion": "Confusion matrix, test split",
    "fails": "Where it fails",
    "hardest": "The hardest posts",
    "last": "Beside the last model",
    "size": "Accuracy by size",
    "search": "Values that were tried",
    "posts": "The posts, and class balance",
    "rare": "Rare words: look at these before you publish",
    "shipped": "What is shipped",
    "parity": "Parity",
    "trainers": "Python and Node.js side by side",
}

# Limits of how likely a text has none of the labels that are marked, and the page's.
OTHER_FROM = (0.25, 0.5, 0.75)
LIKELY_OTHER = 0.5

# That of `provender serve`; the highest takes fourteen times as long for a table of 200 labels.
GZIP_LEVEL = 6

KILOBYTE = 1000

# Kilobytes that an axis names.
TICKS = [factor * 10**power for power in range(8) for factor in (1, 2, 5)]


@dataclass
class Axis:
    """A range of values and the ticks on it."""

    label: str
    low: float
    high: float
    ticks: list[tuple[float, str]]

    def share(self, value: float) -> float:
        """Return where a value lies between low (0) and high (1)."""
        return (value - self.low) / (self.high - self.low)


@dataclass
class Plot:
    """Lines and marks over two axes, in the axes' units."""

    title: str
    x: Axis
    y: Axis
    # (dashes, points)
    lines: list[tuple[str, list[tuple[float, float]]]] = field(default_factory=list)
    # (shape, x, y, what it is)
    marks: list[tuple[str, float, float, str]] = field(default_factory=list)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return a point's place in the drawing area, rounded."""
        return round(self.x.share(x) * WIDTH, 1), round((1 - self.y.share(y)) * HEIGHT, 1)

    def polyline(self, points: list[tuple[float, float]]) -> str:
        """Return points as an SVG polyline's attribute has them."""
        return " ".join(f"{x},{y}" for x, y in (self.place(*point) for point in points))

    def describe(self) -> str:
        """Return the plot in words: of many points, only those that are marked as chosen."""
        marks = self.marks
        if len(marks) > MOST_POINTS:
            marks = [mark for mark in marks if mark[0] == "target"]
        return f"{self.title}. {'; '.join(what for *_, what in marks)}"


def shares(low: float, label: str) -> Axis:
    """Return an axis from a whole tenth to 1, with a tick each tenth, or fifth where it is long."""
    first = int(low * 10 - 1e-9) if low > 0 else 0
    ticks = [(tenth / 10, f"{tenth / 10:.1f}") for tenth in range(10, first - 1, -1 - (first < 5))]
    return Axis(label, first / 10, 1, ticks)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a header row."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plot_learning(rows: list[dict[str, str]], texts: int, recall: float) -> Plot:
    """Draw recall@1 by how many texts were learnt from; the target is this model, of ``texts``."""
    counts = [int(row["texts"]) for row in rows]
    places = [math.log2(max(count, 1)) for count in counts]
    values = {name: series for name in PEER_SHAPES if (series := read_series(rows, name))}
    lowest = min(recall, *(min(series) for series in values.values()))
    ticks = [(place, f"{count:,}") for place, count in zip(places, counts, strict=True)]
    # Of one text there is but one count.
    low, high = (places[0], places[-1]) if len(rows) > 1 else (places[0] - 1, places[0])
    plot = Plot(
        "Recall@1 on the test split by training texts",
        Axis("training texts", low, high, ticks),
        shares(lowest, "recall@1, test"),
    )
    for dash, (name, series) in zip((SOLID, DASHED, DOTTED), values.items(), strict=False):
        # Word vectors are tried with few texts alone.
        points = list(zip(places, series, strict=False))
        plot.lines.append((dash, points))
        plot.marks += [
            (PEER_SHAPES[name], *point, f"{LEARNERS[name]}, {count:,} texts: {point[1]:.3f}")
            for count, point in zip(counts, points, strict=False)
        ]
    plot.marks.append(("target", places[-1], recall, f"this model, {texts:,} texts: {recall:.3f}"))
    return plot


def read_series(rows: list[dict[str, str]], name: str) -> list[float]:
    """Return a column of numbers, from the first row to where there are no more."""
    return [float(row[name]) for row in rows if row.get(name)]


def tell_what_more_bring(rows: list[dict[str, str]], asked: int) -> str:
    """Say what more labelled texts would likely bring, by the curve of what is best with all.

    ``asked``: how many posts the test split has. It is empty where nothing tells.
    """
    counts = [int(row["texts"]) for row in rows]
    curves = {name: read_series(rows, name) for name in PEER_SHAPES}
    whole = {name: curve for name, curve in curves.items() if len(curve) == len(rows)}
    best = max(whole, key=lambda name: whole[name][-1])
    found = metrics.forecast(counts, whole[best], asked, MORE_TEXTS)
    if not found:
        return ""
    likely, low, high = (f"{100 * each:+.1f}" for each in found)
    return (
        f"A hundred more labelled texts would likely change recall@1 by {likely} points (95 % "
        f"interval {low} to {high}), if the errors of {LEARNERS[best]} go on as in this curve and "
        "the new texts are like these."
    )


def plot_calibration(calibration: dict[str, Any]) -> Plot:
    """Draw how often answers of a confidence are right, beside how often they should be."""
    plot = Plot(
        "Share of right answers by confidence",
        shares(0, "confidence: the best label's score"),
        shares(0, "share of right answers"),
        [(DOTTED, [(0, 0), (1, 1)])],
    )
    points = [(each["confidence"], each["accuracy"]) for each in calibration["bins"]]
    plot.lines.append((SOLID, points))
    plot.marks = [
        ("disc", sure, right, f"{each['posts']:,} posts, as sure as {sure:.2f}: {right:.3f} right")
        for (sure, right), each in zip(points, calibration["bins"], strict=True)
    ]
    return plot


def plot_coverage(coverage: list[dict[str, float]], unsure_below: float) -> Plot:
    """Draw how many answers are right by how many are given, the surest first."""
    points = [(each["share"], each["accuracy"]) for each in coverage]
    plot = Plot(
        "Accuracy by coverage, the surest answers first",
        shares(0, "share of texts with an answer so sure"),
        shares(min(0.85, *(y for _, y in points)), "share of these that are right"),
        [(SOLID, points)],
    )
    plot.marks = [
        ("dot", each["share"], each["accuracy"],
         f"from {each['from']:g} on {each['share']:.3f}, right {each['accuracy']:.3f}")
        for each in coverage
        if each["from"] in SURE_FROM
    ]  # fmt: skip
    sure = [each for each in coverage if each["from"] >= unsure_below]
    if sure:
        share, accuracy = sure[0]["share"], sure[0]["accuracy"]
        plot.marks.append(("target", share, accuracy, f"sure: {share:.3f}, right {accuracy:.3f}"))
    return plot


def plot_outside(curve: list[dict[str, float]]) -> Plot | None:
    """Draw how many texts are told to have none of the labels, where that is so and where not."""
    if not curve:
        return None
    plot = Plot(
        "Texts told to have none of the labels",
        shares(0, "share of texts with one of the labels"),
        shares(0, "share of texts with none"),
        [(DOTTED, [(0, 0), (1, 1)])],
    )
    plot.lines.append((SOLID, [(each["inside"], each["outside"]) for each in curve]))
    plot.marks = [
        ("target" if each["from"] == LIKELY_OTHER else "dot", each["inside"], each["outside"],
         f"from {each['from']:g} on {each['inside']:.3f} with one, {each['outside']:.3f} with none")
        for each in curve
        if each["from"] in OTHER_FROM
    ]  # fmt: skip
    return plot


def describe_coverage(
    by_label: dict[str, list[dict[str, float]]],
) -> dict[str, list[dict[str, float] | None]]:
    """Return of each label what its answers from each of ``SURE_FROM`` on are worth, if any."""
    return {
        label: [
            # That of the next hundredth at which other answers are left.
            next((each for each in coverage if each["from"] >= least), None)
            for least in SURE_FROM
        ]
        for label, coverage in by_label.items()
    }


@dataclass
class Strips:
    """A strip for each label, on one scale: its recall@1, @3 and @5 as marks, and an interval."""

    axis: Axis
    # By label: the interval's ends, and marks of (shape, place).
    rows: dict[str, tuple[float, float, list[tuple[str, float]]]]


def draw_strips(labels: dict[str, dict[str, Any]]) -> Strips:
    """Place recall@1, @3 and @5 of each label, as far as it has them, on one scale."""
    ends = {label: values["intervals"]["recall@1"] for label, values in labels.items()}
    axis = shares(min(low for low, _ in ends.values()), "recall")

    def place(value: float) -> float:
        return round(axis.share(value) * STRIP, 1)

    rows = {}
    for label, values in labels.items():
        found = [values[f"recall@{k}"] for k in metrics.ranks(len(labels))]
        marks = [(shape, place(v)) for shape, v in zip(RANK_SHAPES, found, strict=False)]
        low, high = ends[label]
        rows[label] = (place(low), place(high), marks)
    return Strips(axis, rows)


def plot_sizes(sizes: list[dict[str, Any]]) -> Plot:
    """Draw every candidate's recall@1 by its bytes; a line joins the front, a ring is chosen."""
    points = [(math.log10(row["bytes"]), row["recall@1"], row) for row in sizes]
    low, high = (end(point[0] for point in points) for end in (min, max))
    ticks = [(math.log10(size * KILOBYTE), f"{size:,}") for size in TICKS]
    ticks = [tick for tick in ticks if low <= tick[0] <= high]
    plot = Plot(
        "Recall of the validation split by size",
        Axis("thousands of bytes, compressed", low, high, ticks),
        shares(min(point[1] for point in points), "recall@1, validation"),
    )
    plot.lines.append((SOLID, sorted((x, y) for x, y, row in points if row["front"])))
    for x, y, row in points:
        numbers = levels.describe(row["levels"])
        what = (
            f"{row['words']:,} words, width {row['width']}, {numbers}: {row['bytes']:,} bytes, "
            f"recall@1 {y:.3f}"
        )
        plot.marks.append(("disc" if row["front"] else "dot", x, y, what))
        if row["chosen"]:
            plot.marks.append(("target", x, y, what))
    return plot


def describe_peers(values: dict[str, Any]) -> list[tuple[str, float, list[float]]]:
    """Return the model and what a user would try first: name, recall@1 and its 95 % interval."""
    test, share = values["test"], values["baselines"]["most_frequent_label"]
    peers = [
        (f"{remarks.PEERS[name].removeprefix('a ')}, all words", peer["recall@1"], peer["interval"])
        for name, peer in values["peers"].items()
    ]
    return [
        ("this model", test["recall@1"], test["intervals"]["recall@1"]),
        *peers,
        ("the most frequent label", share, metrics.interval(share, test["posts"])),
    ]


def describe_ranks(ranks: tuple[int, ...]) -> str:
    """Return which mark stands for which k of recall@k, and what that is."""
    marks = [f"{mark} recall@{k}" for mark, k in zip("●○❙", ranks, strict=False)]
    among = " and ".join(", ".join(map(str, ranks)).rsplit(", ", 1))
    where = f"among the first {among}" if ranks[1:] else "ranked first"
    return f"{', '.join(marks)}: the share of a label's texts that have it {where}"


def describe_confusion(counts: list[list[int]], labels: list[str]) -> list[dict[str, Any]]:
    """Return each row of the confusion matrix: (count, share of the row, right, how dark) cells.

    Right answers and errors have a scale each: the largest share of a row is as dark as any.
    """
    cells = [
        [(count, count / max(sum(row), 1), x == y) for x, count in enumerate(row)]
        for y, row in enumerate(counts)
    ]
    most = {
        kind: max((share for row in cells for _, share, right in row if right == kind), default=0)
        for kind in (True, False)
    }
    return [
        {
            "label": label,
            "cells": [(*cell, DARKEST * (cell[1] / (most[cell[2]] or 1))) for cell in row],
        }
        for label, row in zip(labels, cells, strict=True)
    ]


def find_worst_pairs(counts: list[list[int]], labels: list[str]) -> list[dict[str, Any]]:
    """Return the pairs of labels that are confused most often: label, predicted, count, posts.

    Of equally many the rarer label's first, then in the labels' order.
    """
    pairs: list[dict[str, Any]] = [
        {"label": labels[y], "predicted": labels[x], "count": count, "posts": sum(row)}
        for y, row in enumerate(counts)
        for x, count in enumerate(row)
        if x != y and count
    ]
    return sorted(pairs, key=lambda pair: (-pair["count"], pair["posts"]))[:WORST_PAIRS]


def describe_balance(splits: dict[str, Any]) -> list[dict[str, Any]]:
    """Return of each label its texts in each split, the most frequent of the training first."""
    names = ("train", "validation", "test")
    labels = sorted({label for name in names for label in splits[name]["labels"]})
    rows = [
        {"label": label, "counts": [splits[name]["labels"].get(label, 0) for name in names]}
        for label in labels
    ]
    return sorted(rows, key=lambda row: -row["counts"][0])


def first_words(text: str) -> str:
    """Return how a text begins, in one line."""
    line = " ".join(text.split())
    if len(line) <= FIRST_CHARACTERS:
        return line
    # Up to the last space; where people write none, up to the last character.
    return (line[: FIRST_CHARACTERS + 1].rpartition(" ")[0] or line[:FIRST_CHARACTERS]) + " …"


def describe_files(bundle: Path) -> list[dict[str, Any]]:
    """Return each file of the bundle with its size, also as a web server would send it."""
    return [
        {
            "name": path.relative_to(bundle).as_posix(),
            "bytes": path.stat().st_size,
            "gzip": len(gzip.compress(path.read_bytes(), GZIP_LEVEL, mtime=0)),
        }
        for path in sorted(bundle.rglob("*"))
        if path.is_file()
    ]


def read_comparison(path: Path, bundle: Path) -> dict[str, Any] | None:
    """Return how this model compares with the last one; None where that is of another model."""
    found: dict[str, Any] = files.read_json(path)
    return found if found["of"] == files.sha256(bundle / "manifest.json") else None


def read_texts(posts: Path) -> dict[int, str]:
    """Return the first words of a split's texts by row id."""
    table = files.read_parquet(posts, ["rowid", "text"])
    texts = map(first_words, table["text"].to_pylist())
    return dict(zip(table["rowid"].to_pylist(), texts, strict=True))


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--title", required=True, help="what the model was trained on")
    parser.add_argument("--metrics", type=Path, required=True, help="metrics, JSON")
    parser.add_argument("--learning", type=Path, required=True, help="recall by texts, CSV")
    parser.add_argument("--outside", type=Path, required=True, help="what tells others, JSON")
    parser.add_argument("--parity", type=Path, required=True, help="parity report, JSON")
    parser.add_argument("--bundle", type=Path, required=True, help="folder of the bundle")
    parser.add_argument("--test-rows", required=True, help="what the test split holds, in words")
    parser.add_argument("--search", type=Path, help="values that were tried, CSV")
    parser.add_argument("--compared", type=Path, help="comparison with the last model, JSON")
    parser.add_argument("--trainers", type=Path, help="Python and Node.js compared, JSON")
    parser.add_argument("--node", type=Path, help="metrics of the model trained in Node.js, JSON")
    parser.add_argument(
        "--show-text", type=Path, help="test split, Parquet: show how the hardest posts begin"
    )
    parser.add_argument("--template", type=Path, required=True, help="Jinja template, HTML")
    parser.add_argument("--style", type=Path, required=True, help="the page's style, CSS")
    parser.add_argument("--output", type=Path, required=True, help="HTML file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Read the numbers and render them."""
    values = files.read_json(options.metrics)
    test = values["test"]
    ranks = metrics.ranks(len(test["labels"]))
    splits = values["posts"]["splits"]
    learnt = sum(splits[name]["posts"] for name in ("train", "validation"))
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(options.template.read_text(encoding="utf-8"))
    left_out = {name for name in ("search", "trainers") if not getattr(options, name)}
    page = template.render(
        title=options.title,
        headings=HEADINGS,
        sections=[item for item in HEADINGS.items() if item[0] not in left_out],
        peer_names=remarks.PEERS,
        style=options.style.read_text(encoding="utf-8"),
        card=os.path.relpath(options.bundle / CARD, options.output.parent),
        metrics=values,
        peers=describe_peers(values),
        best=remarks.best_peer(values["peers"]),
        chance=remarks.CHANCE,
        sizes=plot_sizes(values["sizes"]),
        learning=plot_learning(read_csv(options.learning), learnt, test["recall@1"]),
        more=tell_what_more_bring(read_csv(options.learning), test["posts"]),
        has_vectors="vector_share" in values["choice"],
        search=read_csv(options.search) if options.search else [],
        compared=read_comparison(options.compared, options.bundle) if options.compared else None,
        trainers=files.read_json(options.trainers) if options.trainers else None,
        node=files.read_json(options.node) if options.node else None,
        parity=files.read_json(options.parity),
        confusion=describe_confusion(test["confusion"], list(test["labels"])),
        numbered=max(map(len, test["labels"])) > HEADING_CHARACTERS,
        pairs=find_worst_pairs(test["confusion"], list(test["labels"])),
        balance=describe_balance(splits),
        test_rows=options.test_rows,
        files=describe_files(options.bundle),
        texts=read_texts(options.show_text) if options.show_text else None,
        calibration=plot_calibration(test["calibration"]),
        coverage=plot_coverage(test["coverage"], values["choice"]["unsure_below"]),
        outside=plot_outside(files.read_json(options.outside)["curve"]),
        coverage_by_label=describe_coverage(test["coverage_by_label"]),
        sure_from=SURE_FROM,
        strips=draw_strips(test["labels"]),
        strip=STRIP,
        ranks_shown=[f"recall@{k}" for k in ranks],
        described_ranks=describe_ranks(ranks),
        describe_levels=levels.describe,
        width=WIDTH,
        height=HEIGHT,
    )
    files.write_text(options.output, page)
    console.log.info("wrote %s", options.output)


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
