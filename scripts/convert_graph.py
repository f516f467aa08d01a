"""Convert the SavedModel to TensorFlow.js' graph format: model.json and one shard."""

import argparse
import sys
from pathlib import Path

from provender import console, files
from provender.model import conversion, levels
from provender.running import step


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--saved-model", type=Path, required=True, help="folder of the SavedModel")
    parser.add_argument("--choice", type=Path, required=True, help="what was chosen, JSON")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Load the SavedModel and write the graph format."""
    stored = levels.stored_as(files.read_json(options.choice)["levels"])
    conversion.convert_graph(options.saved_model, options.output, stored)
    console.log.info("wrote %s", options.output)


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
