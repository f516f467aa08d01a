"""Report and model card in Chromium, of the small build and of tables of other shapes."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from conftest import Project
from made_up_report import METRICS, render, write_reports
from node_runner import run_node_tests
from step_runs import RunScript

from provender import files
from provender.model import metrics
from provender.model.paired import Paired

PAGES = {"report": "data/reports/report.html", "card": "dist/bundle/model-card.html"}

LONG = "a_label_without_any_space_that_somebody_s_script_has_made_up"

# Labels, and how many test posts.
SHAPES = {
    "many": ([f"https://example.org/topic/{number}" for number in range(43)], 2000),
    "two": (["yes", "no"], 40),
    "tiny": (["a", "b", "c", "d"], 3),
    "long": ([LONG, f"{LONG}_2", "a label of many words that goes on and on and on " * 2], 90),
    "scripts": (["数学と論理学", "علم الفلك", "ספרות עברית", "ภาษาไทย", "emoji 🌊"], 200),
}


def make_up(labels: list[str], posts: int) -> dict[str, Any]:
    """Return what metrics.json has, of random answers that are right more often than not."""
    chance = np.random.Generator(np.random.PCG64(7))
    truth = chance.integers(len(labels), size=posts)
    scores = chance.random((posts, len(labels))) + 0.5 * np.eye(len(labels))[truth]
    scores = (scores**3 / (scores**3).sum(axis=1, keepdims=True)).astype(np.float32)
    best = metrics.rank(scores)[:, 0]
    hits, confidence = best == truth, scores.max(axis=1).astype(float)
    peer = chance.integers(len(labels), size=posts) == truth
    share = float(peer.mean())
    paired = Paired.of(peer, hits).values()
    found = {"recall@1": share, "interval": metrics.interval(share, posts), "paired": paired}
    measured = {
        **METRICS["test"],
        **metrics.measure(scores, truth, labels),
        "calibration": metrics.calibration(scores, truth),
        "confusion": metrics.confusion(best, truth, len(labels)).tolist(),
        "coverage": metrics.coverage(confidence, hits),
        "coverage_by_label": metrics.coverage_by_label(confidence, hits, best, labels),
    }
    measured["hardest"] = [
        {"rowid": 17, "label": labels[0], "predicted": labels[1], "score": 0.9,
         "words": [{"word": labels[1], "logit": 1.25}]}
    ]  # fmt: skip
    counts = {label: 9 * place + 1 for place, label in enumerate(labels)}
    split = {"posts": sum(counts.values()), "labels": counts}
    return {
        **METRICS,
        "test": measured,
        "validation": measured,
        "rare_words": [{"word": label, "texts": 1} for label in labels],
        "remarks": [f"no validation text has the label {labels[0]}: that is a remark"],
        "posts": {**METRICS["posts"], "splits": dict.fromkeys(METRICS["posts"]["splits"], split)},
        "peers": dict.fromkeys(METRICS["peers"], found),
    }


@pytest.mark.parametrize("page", PAGES)
def test_of_a_build(small_build: Project, page: str) -> None:
    """All can read it, on a wide screen, on a phone and on paper."""
    run_node_tests("test/report/*.test.js", REPORT=str(small_build.folder / PAGES[page]))


@pytest.mark.parametrize("shape", SHAPES)
def test_of_other_shapes(run_script: RunScript, tmp_path: Path, shape: str) -> None:
    """As well where labels are many, few, long, or of scripts that run otherwise."""
    labels, posts = sorted(SHAPES[shape][0]), SHAPES[shape][1]
    write_reports(tmp_path, make_up(labels, posts))
    text = {"rowid": [17], "text": [f"{labels[0]} " * 40]}
    files.write_parquet(tmp_path / "test.parquet", pa.table(text))
    render(run_script, tmp_path, "--show-text", tmp_path / "test.parquet")
    run_node_tests("test/report/*.test.js", REPORT=str(tmp_path / "out" / "report.html"))
