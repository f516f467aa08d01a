"""Hand-made reports, and the page that is rendered of them."""

from pathlib import Path
from typing import Any

from step_runs import RunScript

from provender import files

METRICS = {
    "validation": {
        "posts": 10, "recall@1": 0.5, "macro_f1": 0.4,
        "intervals": {"recall@1": [0.24, 0.76], "macro_f1": [0.2, 0.64]},
        "labels": {"<b>": {"posts": 10}, "tides": {"posts": 0}},
    },
    "test": {
        "posts": 1234, "recall@1": 0.876, "macro_f1": 0.85,
        "intervals": {"recall@1": [0.857, 0.893], "macro_f1": [0.83, 0.87]},
        "labels": {
            "<b>": {
                "precision": 0.125, "recall@1": 0.75, "f1": 0.375, "posts": 1000,
                "intervals": {
                    "precision": [0.11, 0.14], "recall@1": [0.72, 0.78], "f1": [0.3, 0.4],
                },
            },
            "tides": {
                "precision": 0.5, "recall@1": 0.65, "f1": 0.5625, "posts": 234,
                "intervals": {"precision": [0.4, 0.6], "recall@1": [0.6, 0.7], "f1": [0.5, 0.6]},
            },
        },
        "calibration": {
            "expected_error": 0.0625,
            "bins": [
                {"from": 0.2, "posts": 34, "confidence": 0.25, "accuracy": 0.5},
                {"from": 0.7, "posts": 1200, "confidence": 0.75, "accuracy": 0.9},
            ],
        },
        "with_blank_posts": {"posts": 1250, "lost": 16, "recall@1": 0.87, "label": "tides"},
        "confusion": [[750, 250], [0, 234]],
        "sure": {"share": 0.75, "accuracy": 0.9375},
        "coverage": [
            {"from": 0.2, "share": 1.0, "accuracy": 0.876},
            {"from": 0.6, "share": 0.75, "accuracy": 0.9375},
        ],
        "coverage_by_label": {
            "<b>": [{"from": 0.75, "share": 0.5, "accuracy": 0.96}],
            "tides": [],
        },
        "by_split_value": [
            {"from": 1995.0, "to": 1995.0, "name": "1995", "posts": 1234, "recall@1": 0.876}
        ],
        "by_script": [{"script": "Latin", "posts": 1234, "recall@1": 0.876, "unknown": 4}],
        "by_words": [
            {"from": 0.0, "to": 0.0, "posts": 4, "recall@1": 0.25, "score": 0.375},
            {"from": 1.0, "to": 9.0, "posts": 1230, "recall@1": 0.878, "score": 0.881},
        ],
        "hardest": [
            {
                "rowid": 17, "label": "tides", "predicted": "<b>", "score": 0.999,
                "words": [{"word": "<i>", "logit": 1.5}, {"word": "rye", "logit": 0.25}],
            },
            {"rowid": 23, "label": "<b>", "predicted": "tides", "score": 0.75, "words": []},
        ],
    },
    "remarks": ["no validation text has the label tides: macro-F1 is the mean over 1 of 2 labels"],
    "rare_words": [{"word": "<erika>", "texts": 3}, {"word": "ebb", "texts": 4}],
    "peers": {
        "naive_bayes": {
            "recall@1": 0.864, "interval": [0.84, 0.88],
            "paired": {
                "difference": 0.012, "interval": [-0.003, 0.027], "only_a": 41, "only_b": 56,
                "p": 0.15525,
            },
        },
        "support_vectors": {
            "recall@1": 0.853, "interval": [0.83, 0.87],
            "paired": {
                "difference": 0.023, "interval": [0.01, 0.04], "only_a": 31, "only_b": 59,
                "p": 0.004,
            },
        },
    },
    "baselines": {
        "most_frequent_label": 0.81, "naive_bayes": 0.864, "support_vectors": 0.853,
        "naive_bayes_unstripped": 0.912,
    },
    "choice": {
        "words": 1000, "levels": 256, "bytes": 12345, "budget": 20000, "near": 1.0,
        "temperature": 1.25, "share": 0.5, "cost": 0.25,
        "costs": [{"cost": 1.0, "recall": 0.8125}, {"cost": 0.25, "recall": 0.875}],
        "pairs": {"kept": False, "recall": 0.75, "recall_without": 0.8125},
        "calibration_error": {"before": 0.25, "after": 0.125}, "unsure_below": 0.4,
        "sure_accuracy": 0.95,
    },
    "sizes": [
        {
            "words": 1000, "width": 7, "levels": 16, "bytes": 10000, "recall@1": 0.8, "loss": 0.5,
            "front": 1, "chosen": 0,
        },
        {
            "words": 1000, "width": 7, "levels": 256, "bytes": 12345, "recall@1": 0.85, "loss": 0.4,
            "front": 1, "chosen": 1,
        },
        {
            "words": 2000, "width": 7, "levels": 0, "bytes": 100000, "recall@1": 0.9, "loss": 0.45,
            "front": 0, "chosen": 0,
        },
    ],
    "history": [
        {"epoch": 1, "loss": 1.5, "accuracy": 0.65, "val_loss": 1.6, "val_accuracy": 0.6},
        {"epoch": 2, "loss": 1.0, "accuracy": 0.8, "val_loss": 1.1, "val_accuracy": 0.7},
        {"epoch": 3, "loss": 0.9, "accuracy": 1.0, "val_loss": 1.0, "val_accuracy": 0.9},
    ],
    "posts": {
        "rows": 2000,
        "dropped": {"null_text": 3},
        "duplicates": {"on_both_sides": 17},
        "splits": {
            "train": {"posts": 700, "labels": {"<b>": 300, "tides": 400}},
            "validation": {"posts": 77, "labels": {"<b>": 38, "tides": 39}},
            "test": {"posts": 1234, "labels": {"<b>": 1000, "tides": 234}},
        },
        "test_without_text": {"posts": 16, "labels": {"<b>": 10, "tides": 6}},
        "warnings": ["label tides has 4 training posts, fewer than 5"],
    },
}  # fmt: skip
LEARNING = "texts,naive_bayes,support_vectors\n97,0.6,0.55\n194,0.75,0.7\n776,0.864,0.853\n"
OUTSIDE = {
    "other": [1, -0.5, -1, 0.25],
    "curve": [
        {"from": 0.25, "inside": 0.4, "outside": 0.9},
        {"from": 0.3, "inside": 0.3, "outside": 0.8},
        {"from": 0.5, "inside": 0.2, "outside": 0.75},
        {"from": 0.75, "inside": 0.05, "outside": 0.5},
    ],
}
PARITY = {
    "posts": 1234,
    "tensorflow_posts": 1234,
    "tolerance": 1e-5,
    "max_difference": {"graph": 1e-7, "layers": 2.5e-7},
}


def write_reports(folder: Path, measured: dict[str, Any]) -> None:
    """Write hand-made reports, and a bundle beside them."""
    for name, value in (("metrics", measured), ("parity", PARITY), ("outside", OUTSIDE)):
        files.write_json(folder / f"{name}.json", value)
    files.write_text(folder / "learning.csv", LEARNING)
    files.write_text(folder / "bundle" / "tfjs" / "model.json", "x" * 4321)


def render(run_script: RunScript, folder: Path, *more: str | Path, code: int = 0) -> str:
    """Run the step and return the page, or what it says where it must fail."""
    done = run_script(
        "render_report",
        *("--title", "Rye & <tides>", "--template", "scripts/render_report.html"),
        *("--metrics", folder / "metrics.json", "--parity", folder / "parity.json"),
        *("--outside", folder / "outside.json"),
        *("--learning", folder / "learning.csv", "--style", "web/src/style.css"),
        *("--bundle", folder / "bundle", "--test-rows", "what <the> table says", *more),
        *("--output", folder / "out" / "report.html"),
        code=code,
    )
    return done.stderr if code else (folder / "out" / "report.html").read_text(encoding="utf-8")
