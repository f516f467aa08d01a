"""How much word vectors help by the number of texts, on draws from a build's training texts.

Run in a project of the newsgroups that is built, by ``make bench-few``. Of each draw a tenth
validates; the others are read a second time with their quotes, as ``text.augment`` has it. The
steps from build_vocabulary to train_model run as the workflow runs them, with the vectors and
without, and what ships answers the whole test split. Others learn from the same texts, with that
second reading or without it, as few_peers.py has them. Writes a CSV file with a line for each draw
and model, prints means with their 95 % intervals, by Student's t, and writes them into a document's
table.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from figures import replace_table

from provender import config, files
from provender.model.features import find_words, pool, read_features
from provender.text.grams import kinds_of

COLUMNS = ["rowid", "text", "label"]
SPLITS = ("train", "validation", "augmented", "test")

# The share of a draw that validates, as in a build.
VALIDATION = 10

# Student's t of 95 %, by the number of draws less one.
STUDENT = {
    1: 12.706,
    2: 4.303,
    3: 3.182,
    4: 2.776,
    5: 2.571,
    6: 2.447,
    7: 2.365,
    8: 2.306,
    9: 2.262,
}

# What is taken off posts when they are read a second time: not what they quote.
AUGMENT = ["headers", "footers"]

# Where scikit-learn and fastText are, which are no part of the environment.
PACKAGES = Path(".venv/bench-packages")

# What was asked for, by texts; of all texts where there are more than these.
ASKED = {80: ".68", 400: ".835", 1600: ".885"}
ASKED_OF_ALL = ".900"

NAMES = ["texts", "draw", "model", "recall@1", "bytes", "seconds"]


def draw(learn: pa.Table, again: pa.Table, texts: int, seed: int) -> dict[str, pa.Table]:
    """Return so many rows, drawn without regard to labels, as splits in the rows' own order.

    ``again``: the rows as they are read a second time.
    """
    rows = np.random.Generator(np.random.PCG64(seed)).permutation(len(learn))[:texts]
    asked = max(texts // VALIDATION, 1)
    train = learn.take(np.sort(rows[asked:]))
    return {
        "validation": learn.take(np.sort(rows[:asked])),
        "train": train,
        "augmented": of_rows(again, train),
    }


def of_rows(table: pa.Table, some: pa.Table) -> pa.Table:
    """Return the rows of a table that have the row ids of another."""
    return table.filter(pc.is_in(table["rowid"], some["rowid"]))


def read_again(folder: Path, settings: config.Config, text: Path) -> pa.Table:
    """Return all posts that train or validate as they are read a second time."""
    split = settings["split"]
    outputs = {name: folder / f"{name}.parquet" for name in SPLITS} | {
        "report": folder / "report.json"
    }
    run(
        "split_posts", "--source", "data/source/news.sqlite", "--text", text, "--by", "threshold",
        "--threshold", split["threshold"], "--test-share", split["test"],
        "--validation-by", split["validation_by"], "--strip", *settings["text"]["strip"],
        "--augment", "+".join(AUGMENT), *(word for name, path in outputs.items()
                                          for word in (_option(name), path)),
    )  # fmt: skip
    return files.read_parquet(outputs["augmented"], COLUMNS)


def run(step: str, *arguments: object) -> None:
    """Run a step's script. Raises CalledProcessError, with what it said, where it fails."""
    command = [sys.executable, f"scripts/{step}.py", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def build(folder: Path, settings: config.Config, text: Path, vectors: list[object]) -> float:
    """Run the steps from build_vocabulary to train_model in a folder of splits; return seconds."""
    words, model = settings["vocabulary"], settings["model"]
    started = time.monotonic()
    run(
        "build_vocabulary", "--train", folder / "train.parquet",
        "--augmented", folder / "augmented.parquet", "--text", text, "--size", words["size"],
        "--min-count", words["min_count"], "--piece-min-count", words["piece_min_count"],
        "--max-words", model["max_words"], "--candidates", folder / "candidates.json",
        "--counts", folder / "counts.json", "--labels", folder / "labels.json", *vectors,
    )  # fmt: skip
    for name in SPLITS:
        run(
            "encode_posts", "--split", folder / f"{name}.parquet", "--text", text,
            "--vocabulary", folder / "candidates.json", "--labels", folder / "labels.json",
            "--max-words", model["max_words"], "--output", folder / "features" / f"{name}.parquet",
        )  # fmt: skip
    counts = ["--counts", folder / "counts.json"] if vectors else []
    how = ("smoothing", "power", "idf_power", "share", "cost", "epochs", "seed", "max_words")
    options = {name: model[name] for name in (*how, "sure_accuracy", "budget_kb")}
    inputs = {name: folder / "features" / f"{name}.parquet" for name in SPLITS[:3]}
    inputs |= {name: folder / f"{name}.json" for name in ("candidates", "labels")}
    outputs = {"saved_model": "saved_model", "hdf5": "model.h5", "vocabulary": "vocabulary.json"}
    outputs |= {"history": "history.csv", "sizes": "sizes.csv", "choice": "choice.json"}
    outputs |= {"predictions": "predictions.parquet"}
    named = {**options, **inputs, **{name: folder / path for name, path in outputs.items()}}
    every = (word for name, value in named.items() for word in (_option(name), value))
    run("train_model", *every, "--text", text, *vectors, *counts)
    return time.monotonic() - started


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def ask(folder: Path, text: Path) -> float:
    """Return recall@1 of the test split by the model that ships."""
    found = {}

    def keep(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            layer, _, weight = name.removesuffix(":0").rpartition("/")
            found["table" if layer.endswith("table") else weight] = item[:]

    with h5py.File(folder / "model.h5") as file:
        file["model_weights"].visititems(keep)
    candidates = files.read_json(folder / "candidates.json")
    test = read_features(
        folder / "features" / "test.parquet",
        kinds_of(files.read_json(text), candidates),
        find_words(files.read_json(folder / "vocabulary.json"), candidates),
    )
    logits = pool(test, found["table"]) @ found["kernel"] + found["bias"]
    return float((logits.argmax(axis=1) == test.labels).mean())


def ask_peers(folder: Path, learn: pa.Table, again: pa.Table, vectors: Path) -> dict[str, float]:
    """Return recall@1 of each peer that learns from the same texts."""
    files.write_parquet(folder / "learn.parquet", learn)
    files.write_parquet(folder / "again.parquet", of_rows(again, learn))
    here = [*(folder / f"{name}.parquet" for name in ("learn", "again", "test")), vectors]
    command = [sys.executable, "benchmarks/few_peers.py", *map(str, here)]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGES.resolve())}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def to_row(texts: int, draws: int, found: dict[str, list[list[object]]]) -> str:
    """Return a line of the document's table; ``found``: each model's recall@1, bytes, seconds."""
    recall = {
        name: describe([float(str(recall)) for recall, *_ in each]) for name, each in found.items()
    }
    sizes = "; ".join(
        f"{np.mean([float(str(size)) for _, size, _ in found[name]]) / 1000:.0f} kB"
        for name in ("without", "with")
    )
    own = [recall.pop("without"), recall.pop("with")]
    cells = [f"{texts:,}", draws, *own, ASKED.get(texts, ASKED_OF_ALL), *recall.values(), sizes]
    return f"| {' | '.join(map(str, cells))} |"


def format_table(names: Sequence[str], rows: Sequence[str]) -> list[str]:
    """Return the document's table; ``names``: the peers."""
    head = f"| texts | draws | without | with | asked | {' | '.join(names)} | words and weights |"
    return [head, "|---" * (head.count("|") - 1) + "|", *rows]


def describe(values: Sequence[float]) -> str:
    """Return the mean of draws, with its 95 % interval where their number has a quantile here."""
    quantile = STUDENT.get(len(values) - 1)
    found = [np.mean(values)]
    if quantile is not None:
        found.append(quantile * np.std(values, ddof=1) / np.sqrt(len(values)))
    return " ± ".join(f"{value:.4f}".removeprefix("0") for value in found)


def main() -> None:
    """Draw, build, ask and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, required=True, help="as read_vectors writes them")
    parser.add_argument("--texts", type=int, nargs="+", default=[80, 400, 1600, 0], help="0: all")
    parser.add_argument("--draws", type=int, nargs="+", default=[10, 10, 10, 1], help="of each")
    parser.add_argument("--document", type=Path, help="Markdown file whose table is written anew")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is made")
    parser.add_argument("--output", type=Path, required=True, help="CSV file to write")
    options = parser.parse_args()
    settings = config.read(config.DEFAULT)
    text = Path("data/vocabulary/text.json")
    splits = {name: files.read_parquet(f"data/splits/{name}.parquet", COLUMNS) for name in SPLITS}
    learn = pa.concat_tables([splits["train"], splits["validation"]])
    again = read_again(options.work / "again", settings, text)
    rows: list[list[object]] = []
    lines = []
    for given, draws in zip(options.texts, options.draws, strict=True):
        texts = given or len(learn)
        found: dict[str, list[list[object]]] = {}
        for seed in range(draws):
            some = draw(learn, again, texts, seed)
            both = pa.concat_tables([some["train"], some["validation"]])
            folder = options.work / f"{texts}-{seed}"
            files.write_parquet(folder / "test.parquet", splits["test"])
            told: dict[str, list[object]] = {}
            for name, vectors in (("without", []), ("with", ["--vectors", options.vectors])):
                own = folder / name
                for split, table in {**some, "test": splits["test"]}.items():
                    files.write_parquet(own / f"{split}.parquet", table)
                seconds = build(own, settings, text, vectors)
                chosen = files.read_json(own / "choice.json")
                told[name] = [ask(own, text), chosen["bytes"], f"{seconds:.1f}"]
            peers = ask_peers(folder, both, again, options.vectors)
            told |= {name: [recall, "", ""] for name, recall in peers.items()}
            for name, values in told.items():
                found.setdefault(name, []).append(values)
                rows.append([texts, seed, name, *values])
            files.write_text(options.output, files.format_csv(NAMES, rows))
        lines.append(to_row(texts, draws, found))
        print(lines[-1], flush=True)
        if options.document:
            document = options.document.read_text(encoding="utf-8")
            table = format_table(list(found)[2:], lines)
            files.write_text(options.document, replace_table(document, "few", table))


if __name__ == "__main__":
    main()
