"""Train the shipped model several times and say what each training gave.

Runs in a copy of the project whose features are made. Reads from standard input a JSON
object: ``command``, train_model's words; ``budgets_kb`` and ``seeds``, of which each pair is
trained. Writes to standard output a JSON list with, for each: the ``budget_kb``, the
``seed``; the ``seconds`` that train_model took, without the import of TensorFlow, and its
``cpu_seconds``, which other work on the machine does not lengthen; ``bytes``;
``test``, recall@1 of the shipped weights on the test split; and ``validation_loss`` and
``test_loss``, by how much recall@1 is higher before the weights of the same words are rounded.
"""

import argparse
import csv
import json
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

import twin

from provender import files
from provender.model import arithmetic, compression, metrics, runtime, training
from provender.model.features import Features, find_words, read_features
from provender.text.grams import kinds_of

# What train_model writes, as its command line names it.
OUTPUTS = ("saved_model", "hdf5", "vocabulary", "history", "sizes", "choice", "predictions")


def recall(asked: Features, weights: training.Weights) -> float:
    """Return the share of posts whose label comes first."""
    scores = arithmetic.softmax(compression.logits(asked, weights))
    return float((metrics.rank(scores)[:, 0] == asked.labels).mean())


def validation_loss(sizes: Path) -> float:
    """Return how much recall@1 the chosen candidate's rounding costs, from the table of all."""
    with open(sizes, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    (chosen,) = (row for row in rows if row["chosen"] == "1")
    # Of the candidates of the same words, the finest is the first.
    exact = next(row for row in rows if row["words"] == chosen["words"])
    return float(exact["recall@1"]) - float(chosen["recall@1"])


def train(module: ModuleType, options: argparse.Namespace) -> dict:
    """Run train_model once, into a folder that goes again; return what is said of it above."""
    shipped: list[tuple[training.Weights, training.Weights]] = []
    ship = module.ship

    def kept(weights: training.Weights, *arguments: object) -> tuple:
        model, rounded = ship(weights, *arguments)
        shipped.append((weights, rounded))
        return model, rounded

    with tempfile.TemporaryDirectory() as folder:
        for name in OUTPUTS:
            setattr(options, name, Path(folder, name))
        module.ship = kept
        start, cpu_start = time.perf_counter(), time.process_time()
        module.main(options)
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        module.ship = ship
        words = files.read_json(options.vocabulary)
        choice = files.read_json(options.choice)
        lost = validation_loss(options.sizes)
    candidates = files.read_json(options.candidates)
    kinds = kinds_of(files.read_json(options.text), candidates)
    asked = read_features(options.test, kinds, find_words(words, candidates))
    # The last model is the one that is saved.
    exact, rounded = (recall(asked, weights) for weights in shipped[-1])
    return {
        "budget_kb": options.budget_kb,
        "seed": options.seed,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "bytes": choice["bytes"],
        "test": rounded,
        "validation_loss": lost,
        "test_loss": exact - rounded,
    }


def main(asked: dict) -> None:
    """Train with each budget and seed, and write the list."""
    runtime.seed(0)  # Imports TensorFlow before any clock starts.
    _python, script, *arguments = asked["command"]
    module = twin.load(script)
    parser = module.parse_arguments()
    found = []
    for budget in asked["budgets_kb"]:
        for seed in asked["seeds"]:
            options, _ = parser.parse_known_args(arguments)
            options.budget_kb, options.seed = budget, seed
            options.test = options.train.with_name("test.parquet")
            found.append(train(module, options))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(json.load(sys.stdin))
