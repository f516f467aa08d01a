"""Render what a person looks at first: one HTML file that needs no network.

Shows the scores, the learning curve, the test split's confusion matrix, what was dropped
on the way, and how far the shipped forms of the model are from the SavedModel.
"""

import argparse
import csv
import sys
from pathlib import Path
from typing import Any

import jinja2

from provender import files, step

# The learning curve's drawing area, in SVG units.
CHART_WIDTH, CHART_HEIGHT = 480, 200


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a header row."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def draw_curve(history: list[dict[str, str]], column: str, lowest: float) -> str:
    """Return the points of one column over the epochs, from ``lowest`` to 1, for an SVG."""
    values = [float(row[column]) for row in history]
    right = max(len(values) - 1, 1)
    return " ".join(
        f"{place / right * CHART_WIDTH:.1f},{(1 - value) / (1 - lowest) * CHART_HEIGHT:.1f}"
        for place, value in enumerate(values)
    )


def lowest_tick(history: list[dict[str, str]]) -> float:
    """Return the axis' lower end: the tenth below the lowest accuracy."""
    lowest = min(float(row[name]) for row in history for name in ("accuracy", "val_accuracy"))
    return max(0, int(lowest * 10 - 1e-9)) / 10


def describe_confusion(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Return each row of the confusion matrix with its cells' shares of the row."""
    described = []
    for row in rows:
        counts = {name: int(value) for name, value in row.items() if name != "label"}
        total = max(sum(counts.values()), 1)
        cells = [(name, count, count / total) for name, count in counts.items()]
        described.append({"label": row["label"], "cells": cells})
    return described


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--title", required=True, help="what the model was trained on")
    parser.add_argument("--metrics", type=Path, required=True, help="metrics, JSON")
    parser.add_argument("--confusion", type=Path, required=True, help="confusion matrix, CSV")
    parser.add_argument("--history", type=Path, required=True, help="learning curve, CSV")
    parser.add_argument("--validation", type=Path, required=True, help="validation report, JSON")
    parser.add_argument("--parity", type=Path, required=True, help="parity report, JSON")
    parser.add_argument("--template", type=Path, required=True, help="Jinja template, HTML")
    parser.add_argument("--output", type=Path, required=True, help="HTML file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Read the reports and render them."""
    history = read_csv(options.history)
    lowest = lowest_tick(history)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(options.template.read_text(encoding="utf-8"))
    page = template.render(
        title=options.title,
        metrics=files.read_json(options.metrics),
        validation=files.read_json(options.validation),
        parity=files.read_json(options.parity),
        confusion=describe_confusion(read_csv(options.confusion)),
        epochs=len(history),
        lowest=lowest,
        curves=[
            ("training", "", draw_curve(history, "accuracy", lowest)),
            ("validation", "6 4", draw_curve(history, "val_accuracy", lowest)),
        ],
        width=CHART_WIDTH,
        height=CHART_HEIGHT,
    )
    files.write_text(options.output, page)
    step.log.info("wrote %s", options.output)


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
