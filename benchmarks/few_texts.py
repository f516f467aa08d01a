"""How much word vectors help by the number of texts, on draws from a build's training texts.

Run in a project that is built, by ``make bench-few``. Of each draw a tenth validates; the steps
from build_vocabulary to train_model run as the workflow runs them, with the vectors and without,
and what ships answers the whole test split. Naive Bayes and support vector machines, as
measure_baselines has them, learn from the same texts. Writes a CSV file with a line for each draw
and prints means with their 95 % intervals, by Student's t.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa

sys.path.append(str(Path(__file__).resolve().parents[1] / "scripts"))

import measure_baselines

from provender import config, files
from provender.model.features import find_words, pool, read_features
from provender.text.grams import are_pieces

COLUMNS = ["rowid", "text", "label"]
SPLITS = ("train", "validation", "augmented", "test")

# The share of a draw that validates, as in a build.
VALIDATION = 10

# Student's t of 95 %, by the number of draws less one.
STUDENT = {1: 12.706, 2: 4.303, 4: 2.776, 9: 2.262, 19: 2.093}

NAMES = ["texts", "draw", "model", "recall@1", "bytes", "seconds"]


def draw(learn: pa.Table, texts: int, seed: int) -> dict[str, pa.Table]:
    """Return so many rows, drawn without regard to labels, as splits in the rows' own order."""
    rows = np.random.Generator(np.random.PCG64(seed)).permutation(len(learn))[:texts]
    asked = max(texts // VALIDATION, 1)
    return {
        "validation": learn.take(np.sort(rows[:asked])),
        "train": learn.take(np.sort(rows[asked:])),
        "augmented": learn.slice(0, 0),
    }


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
        are_pieces(files.read_json(text), candidates),
        find_words(files.read_json(folder / "vocabulary.json"), candidates),
    )
    logits = pool(test, found["table"]) @ found["kernel"] + found["bias"]
    return float((logits.argmax(axis=1) == test.labels).mean())


def ask_peers(learn: pa.Table, test: pa.Table, text: Path, max_words: int) -> dict[str, float]:
    """Return recall@1 of each simpler model that learns from the same texts."""
    labels = sorted(set(learn["label"].to_pylist()))
    recipe = files.read_json(text)
    fitted, asked = measure_baselines.read_words(learn, test, recipe, labels, max_words)
    return {
        name: measure_baselines.recall(peer(fitted, asked, len(labels)), asked)
        for name, peer in measure_baselines.PEERS.items()
    }


def describe(values: Sequence[float]) -> str:
    """Return the mean of draws, with its 95 % interval where their number has a quantile here."""
    quantile = STUDENT.get(len(values) - 1)
    if quantile is None:
        return f"{np.mean(values):.4f}"
    half = quantile * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.4f} ± {half:.4f}"


def main() -> None:
    """Draw, build, ask and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, required=True, help="as read_vectors writes them")
    parser.add_argument("--texts", type=int, nargs="+", default=[80, 400, 1600])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--work", type=Path, required=True, help="folder for what is made")
    parser.add_argument("--output", type=Path, required=True, help="CSV file to write")
    options = parser.parse_args()
    settings = config.read(config.DEFAULT)
    text = Path("data/vocabulary/text.json")
    splits = {name: files.read_parquet(f"data/splits/{name}.parquet", COLUMNS) for name in SPLITS}
    learn = pa.concat_tables([splits["train"], splits["validation"]])
    rows: list[list[object]] = []
    for texts in options.texts:
        found: dict[str, list[float]] = {}
        for seed in range(options.draws):
            some = draw(learn, texts, seed)
            both = pa.concat_tables([some["train"], some["validation"]])
            max_words = settings["model"]["max_words"]
            scores = ask_peers(both, splits["test"], text, max_words)
            told = {name: [recall, "", ""] for name, recall in scores.items()}
            for name, vectors in (("without", []), ("with", ["--vectors", options.vectors])):
                folder = options.work / f"{texts}-{seed}-{name}"
                for split, table in {**some, "test": splits["test"]}.items():
                    files.write_parquet(folder / f"{split}.parquet", table)
                seconds = build(folder, settings, text, vectors)
                chosen = files.read_json(folder / "choice.json")
                told[name] = [ask(folder, text), chosen["bytes"], f"{seconds:.1f}"]
            for name, values in told.items():
                found.setdefault(name, []).append(float(values[0]))
                rows.append([texts, seed, name, *values])
            files.write_text(options.output, files.format_csv(NAMES, rows))
        print(texts, {name: describe(values) for name, values in found.items()}, flush=True)


if __name__ == "__main__":
    main()
