"""A table of posts, made into a model by Python's steps and by Node.js' trainer."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import build_vocabulary
import compile_recipe
import encode_posts
import fetch_source
import split_posts
import yaml
from conftest import ROOT

from provender import config, files
from provender.bundle import node
from provender.config import Config

SPLITS = ("train", "validation", "test", "augmented")


def settle(given: Config) -> Config:
    """Return a configuration with its defaults, checked."""
    settled = config.combine([given], config.read_schema(config.SCHEMA))
    config.check(settled)
    return settled


def run_step(module: Any, *arguments: str | float | Path) -> None:
    """Run a step of the workflow in this process."""
    module.main(module.parse_arguments().parse_args(list(map(str, arguments))))


def make_in_python(folder: Path, settled: Config) -> Path:
    """Run Python's steps up to the features; return the folder of what they made."""
    data = folder / "data"
    source, split, text = (settled[key] for key in ("source", "split", "text"))
    database, recipe = data / "source" / "news.sqlite", data / "vocabulary" / "text.json"
    run_step(fetch_source, "--output", database, *config.source_words(source, split))
    grams = text["grams"]
    run_step(
        compile_recipe,
        *("--recipe", text["recipe"], "--output", recipe),
        *("--sizes", *grams["sizes"], "--scripts", *grams["scripts"]),
        *("--words", *grams["words"], *(["--pairs"] if grams["pairs"] else [])),
        *("--language", text["language"], "--marks", text["marks"]),
    )
    splits = {name: data / "splits" / f"{name}.parquet" for name in SPLITS}
    run_step(
        split_posts,
        *("--source", database, "--text", recipe, "--by", config.split_by(source, split)),
        *("--threshold", split.get("threshold", 0), "--test-share", split["test"]),
        *("--validation-by", split["validation_by"], *config.rare_words(source)),
        *(
            "--strip",
            *text["strip"],
            "--augment",
            *("+".join(p) or "nothing" for p in text["augment"]),
        ),
        *(word for name, path in splits.items() for word in (f"--{name}", path)),
        *("--report", data / "reports" / "validation.json"),
    )
    words = settled["vocabulary"]
    excluded = ["--exclude", words["exclude"]] if "exclude" in words else []
    candidates, labels = (data / "vocabulary" / f"{n}.json" for n in ("candidates", "labels"))
    read = settled["model"]["max_words"]
    run_step(
        build_vocabulary,
        *("--train", splits["train"], "--augmented", splits["augmented"], "--text", recipe),
        *("--size", words["size"], "--min-count", words["min_count"]),
        *("--piece-min-count", words["piece_min_count"], *excluded, "--max-words", read),
        *("--candidates", candidates, "--labels", labels),
        *("--counts", data / "vocabulary" / "counts.json"),
    )
    for name, path in splits.items():
        run_step(
            encode_posts,
            *("--split", path, "--vocabulary", candidates, "--labels", labels, "--text", recipe),
            *("--max-words", read, "--output", data / "features" / f"{name}.parquet"),
        )
    return data


# Trains, in blocks of so many features, dealt so many at a time.
IN_BLOCKS = """
import sys
sys.path.insert(0, "scripts")
from provender.model import blocks
blocks.MOST_FEATURES, blocks.DEALT = int(sys.argv.pop(1)), int(sys.argv.pop(1))
import train_model
train_model.main(train_model.parse_arguments().parse_args())
"""


def train_in_python(data: Path, settled: Config, most: int | None = None) -> None:
    """Train on what :func:`make_in_python` made, and convert to the layers format.

    ``most``: how many features are learnt from at once, if others than in a build.
    """
    model, words = settled["model"], data / "vocabulary"
    asked = ("smoothing", "power", "idf_power", "share", "cost", "epochs", "seed")
    asked += ("sure_accuracy", "budget_kb", "max_words")
    _run(
        *(["scripts/train_model.py"] if most is None else ["-c", IN_BLOCKS, most, most // 3]),
        *(w for n in SPLITS if n != "test" for w in (f"--{n}", data / "features" / f"{n}.parquet")),
        *("--candidates", words / "candidates.json", "--labels", words / "labels.json"),
        *("--text", words / "text.json", "--vocabulary", words / "vocabulary.json"),
        *(w for name in asked for w in (f"--{name.replace('_', '-')}", model[name])),
        *("--sizes", data / "reports" / "sizes.csv", "--choice", data / "model" / "choice.json"),
        *("--predictions", data / "model" / "validation.parquet"),
        *("--saved-model", data / "model" / "saved_model", "--hdf5", data / "model" / "model.h5"),
        *("--history", data / "model" / "history.csv"),
    )
    _run(
        "scripts/convert_layers.py",
        *("--hdf5", data / "model" / "model.h5", "--choice", data / "model" / "choice.json"),
        *("--output", data / "tfjs" / "layers"),
    )


def _run(*arguments: str | float | Path) -> None:
    subprocess.run([sys.executable, *map(str, arguments)], check=True, cwd=ROOT)


def run_node(*arguments: str | Path, web: Path = ROOT / "web") -> subprocess.CompletedProcess[str]:
    """Run a script of ``train`` in ``web`` with its options."""
    script, *options = arguments
    command = [node.program(), web / "train" / script, *options]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def make_in_node(folder: Path, settled: Config, source: Path, web: Path = ROOT / "web") -> Path:
    """Run Node's trainer on a database; return the folder of what it made."""
    written = folder / "settings.yaml"
    written.write_text(yaml.safe_dump(settled), encoding="utf-8")
    made = folder / "node"
    options = ("--config", written, "--source", source, "--output", made)
    done = run_node("index.js", *options, web=web)
    assert done.returncode == 0, done.stderr
    return made


def compare(made: Path, data: Path, *options: str) -> dict[str, bool]:
    """Return which parts Node's comparison calls the same."""
    report = made / "compared.json"
    done = run_node("compare.js", "--node", made, "--data", data, "--output", report, *options)
    parts: dict[str, bool] = files.read_json(report)["parts"]
    assert done.returncode == (0 if all(parts.values()) else 1), done.stderr
    return parts


def write_jsonl(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Write rows as lines of JSON."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
