"""Take the model that Node.js trained as the one that ships.

Its files go where those of Python's would be. The scores of the validation split, which Node
writes as they are, become a table (rowid, label, scores float32 [labels]).
"""

import argparse
import shutil
import sys
from pathlib import Path

from provender import files
from provender.errors import UserError
from provender.model import blocks, metrics
from provender.model.features import read_features
from provender.running import step
from provender.text.grams import kinds_of

import numpy as np


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--node", type=Path, required=True, help="folder of what Node.js made")
    parser.add_argument("--validation", type=Path, required=True, help="features, Parquet")
    parser.add_argument("--candidates", type=Path, required=True, help="words encoded, JSON")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--layers", type=Path, required=True, help="folder to write")
    parser.add_argument("--vocabulary", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--choice", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--history", type=Path, required=True, help="CSV file to write")
    parser.add_argument("--sizes", type=Path, required=True, help="CSV file to write")
    parser.add_argument("--predictions", type=Path, required=True, help="Parquet file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Copy each file, and write the predictions."""
    for name in ("vocabulary.json", "choice.json", "history.csv", "sizes.csv"):
        _copy(options.node / name, getattr(options, Path(name).stem))
    for path in sorted((options.node / "tfjs" / "layers").iterdir()):
        _copy(path, options.layers / path.name)
    kinds = kinds_of(files.read_json(options.text), files.read_json(options.candidates))
    part = blocks.part_to_validate(options.validation)
    validation = read_features(options.validation, kinds, every=part)
    scores = np.fromfile(options.node / "validation.bin", "<f4")
    if len(scores) % len(validation.labels):
        raise UserError(
            f"{options.node} is of another validation split than {options.validation}: run "
            "snakemake again"
        )
    scores = scores.reshape(len(validation.labels), -1)
    found = metrics.predictions(validation.rowids, validation.labels, scores)
    files.write_parquet(options.predictions, found)


def _copy(source: Path, target: Path) -> None:
    with files.replacing(target) as part:
        shutil.copyfile(source, part)


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
