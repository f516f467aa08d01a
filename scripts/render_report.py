"""Render what a person looks at first: one HTML file that needs no network.

Shows the scores beside what a user would try first, the learning curve, each label's
ranks, the confusion matrix, how sure the model is and how often it is right, what it costs
in bytes, where it fails, and what was dropped on the way. Plots are SVG, told apart by
shape and dash alone.
"""

import argparse
import csv
import gzip
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provender import console, files
from provender.model import levels, metrics
from provender.running import step

import jinja2

# A plot's drawing area, in SVG units.
WIDTH, HEIGHT = 420, 240

# Marks of recall@1, @3 and @5.
RANK_SHAPES = ("disc", "ring", "bar")

# Confidences whose answers are shown of each label.
SURE_FROM = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)

# Strokes that differ without colour.
DASHES = ("", "6 4", "2 3")

GZIP_LEVEL = 9

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
    # (name, dashes, points); the name stands at the line's end.
    lines: list[tuple[str, str, list[tuple[float, float]]]] = field(default_factory=list)
    # (shape, x, y, what it is)
    marks: list[tuple[str, float, float, str]] = field(default_factory=list)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return a point's place in the drawing area, rounded."""
        return round(self.x.share(x) * WIDTH, 1), round((1 - self.y.share(y)) * HEIGHT, 1)

    def polyline(self, points: list[tuple[float, float]]) -> str:
        """Return points as an SVG polyline's attribute has them."""
        return " ".join(f"{x},{y}" for x, y in (self.place(*point) for point in points))


def shares(low: float, label: str) -> Axis:
    """Return an axis from a whole tenth to 1, with a tick each tenth."""
    first = int(low * 10 - 1e-9) if low > 0 else 0
    ticks = [(tenth / 10, f"{tenth / 10:.1f}") for tenth in range(first, 11)]
    return Axis(label, first / 10, 1, ticks)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a header row."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plot_history(history: list[dict[str, float]]) -> Plot:
    """Draw accuracy by epoch, on the posts that are learnt and on those that are not."""
    columns = (("training", "accuracy"), ("validation", "val_accuracy"))
    values = {name: [row[column] for row in history] for name, column in columns}
    lowest = min(min(series) for series in values.values())
    epochs = len(history)
    ticks = [(float(epoch), str(epoch)) for epoch in range(1, epochs + 1)]
    plot = Plot(
        "Accuracy by epoch", Axis("epoch", 1, max(epochs, 2), ticks), shares(lowest, "accuracy")
    )
    for dash, shape, (name, series) in zip(DASHES, ("disc", "ring"), values.items(), strict=False):
        plot.lines.append((name, dash, list(enumerate(series, 1))))
        # Of one epoch there is no line.
        plot.marks += [(shape, *point, f"{name}: {point[1]:.3f}") for point in enumerate(series, 1)]
    return plot


def plot_calibration(calibration: dict[str, Any]) -> Plot:
    """Draw how often answers of a confidence are right, beside how often they should be."""
    plot = Plot(
        "Share of right answers by confidence",
        shares(0, "confidence: the best label's score"),
        shares(0, "share of right answers"),
        [("as sure as right", DASHES[2], [(0, 0), (1, 1)])],
    )
    points = [(each["confidence"], each["accuracy"]) for each in calibration["bins"]]
    plot.lines.append(("", "", points))
    plot.marks = [
        ("disc", *point, f"{each['posts']:,} posts")
        for point, each in zip(points, calibration["bins"], strict=True)
    ]
    return plot


def plot_coverage(coverage: list[dict[str, float]], unsure_below: float) -> Plot:
    """Draw how many answers are right by how many are given, the surest first."""
    points = [(each["share"], each["accuracy"]) for each in coverage]
    plot = Plot(
        "Share of right answers by share of answers, the surest first",
        shares(0, "share of answers that are so sure"),
        shares(min(0.85, *(y for _, y in points)), "share of right answers"),
        [("", "", points)],
    )
    sure = [each for each in coverage if each["from"] >= unsure_below]
    if sure:
        share, accuracy = sure[0]["share"], sure[0]["accuracy"]
        plot.marks.append(("target", share, accuracy, f"sure: {share:.3f}, right {accuracy:.3f}"))
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


def plot_ranks(labels: dict[str, dict[str, Any]]) -> Plot:
    """Draw recall@1, @3 and @5 of each label, as far as it has them, a line of marks each."""
    lowest = min(label["recall@1"] for label in labels.values())
    names = list(labels)
    rows = [(len(names) - place - 0.5, name) for place, name in enumerate(names)]
    plot = Plot("Recall of each label", shares(lowest, "recall"), Axis("", 0, len(names), rows))
    for height, name in rows:
        ranks = metrics.ranks(len(labels))
        values = [labels[name][f"recall@{k}"] for k in ranks]
        plot.lines.append(("", DASHES[2], [(values[0], height), (values[-1], height)]))
        for shape, k, value in zip(RANK_SHAPES, ranks, values, strict=False):
            plot.marks.append((shape, value, height, f"{name}: recall@{k} {value:.3f}"))
    return plot


def plot_sizes(sizes: list[dict[str, Any]]) -> Plot:
    """Draw every candidate's recall@1 by its bytes; a line joins the front, a ring is chosen."""
    points = [(math.log10(row["bytes"]), row["recall@1"], row) for row in sizes]
    low, high = (end(point[0] for point in points) for end in (min, max))
    ticks = [(math.log10(size * KILOBYTE), f"{size:,}") for size in TICKS]
    ticks = [tick for tick in ticks if low <= tick[0] <= high]
    plot = Plot(
        "Recall of the validation split by size",
        Axis("thousands of bytes, words and weights, compressed", low, high, ticks),
        shares(min(point[1] for point in points), "recall@1, validation"),
    )
    plot.lines.append(("", "", sorted((x, y) for x, y, row in points if row["front"])))
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


def describe_ranks(ranks: tuple[int, ...]) -> str:
    """Return which mark stands for which k of recall@k, and what that is."""
    marks = [f"{mark} recall@{k}" for mark, k in zip("●○▎", ranks, strict=False)]
    among = " and ".join(", ".join(map(str, ranks)).rsplit(", ", 1))
    where = f"among the first {among}" if ranks[1:] else "ranked first"
    return f"{', '.join(marks)}: the share of a label's texts that have it {where}"


def describe_confusion(counts: list[list[int]], labels: list[str]) -> list[dict[str, Any]]:
    """Return each row of the confusion matrix with its cells' shares of the row."""
    return [
        {"label": label, "cells": [(count, count / max(sum(row), 1)) for count in row]}
        for label, row in zip(labels, counts, strict=True)
    ]


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
    """Return the texts of a split by row id."""
    table = files.read_parquet(posts, ["rowid", "text"])
    return dict(zip(table["rowid"].to_pylist(), table["text"].to_pylist(), strict=True))


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--title", required=True, help="what the model was trained on")
    parser.add_argument("--metrics", type=Path, required=True, help="metrics, JSON")
    parser.add_argument("--parity", type=Path, required=True, help="parity report, JSON")
    parser.add_argument("--bundle", type=Path, required=True, help="folder of the bundle")
    parser.add_argument("--search", type=Path, help="values that were tried, CSV")
    parser.add_argument("--compared", type=Path, help="comparison with the last model, JSON")
    parser.add_argument("--trainers", type=Path, help="Python and Node.js compared, JSON")
    parser.add_argument("--node", type=Path, help="metrics of the model trained in Node.js, JSON")
    parser.add_argument(
        "--show-text", type=Path, help="test split, Parquet: show the texts of the hardest posts"
    )
    parser.add_argument("--template", type=Path, required=True, help="Jinja template, HTML")
    parser.add_argument("--output", type=Path, required=True, help="HTML file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Read the numbers and render them."""
    values = files.read_json(options.metrics)
    test = values["test"]
    ranks = metrics.ranks(len(test["labels"]))
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(options.template.read_text(encoding="utf-8"))
    page = template.render(
        title=options.title,
        metrics=values,
        sizes=plot_sizes(values["sizes"]),
        search=read_csv(options.search) if options.search else [],
        compared=read_comparison(options.compared, options.bundle) if options.compared else None,
        trainers=files.read_json(options.trainers) if options.trainers else None,
        node=files.read_json(options.node) if options.node else None,
        parity=files.read_json(options.parity),
        confusion=describe_confusion(test["confusion"], list(test["labels"])),
        files=describe_files(options.bundle),
        texts=read_texts(options.show_text) if options.show_text else {},
        history=plot_history(values["history"]),
        calibration=plot_calibration(test["calibration"]),
        coverage=plot_coverage(test["coverage"], values["choice"]["unsure_below"]),
        coverage_by_label=describe_coverage(test["coverage_by_label"]),
        sure_from=SURE_FROM,
        ranks=plot_ranks(test["labels"]),
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
