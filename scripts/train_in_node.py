"""Train the model in Node.js, from the database on, by code that shares none with Python's.

What web/train/index.js writes, and why it is another way to the same bytes, says docs/node.md.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from provender import files
from provender.bundle import node
from provender.running import step


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--database", type=Path, required=True, help="SQLite file of the source")
    parser.add_argument("--settings", required=True, help="what counts of the configuration, JSON")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Run the trainer; it says what it does."""
    with tempfile.TemporaryDirectory() as temporary:
        # What is JSON is YAML.
        settings = Path(temporary) / "settings.yaml"
        files.write_text(settings, options.settings)
        node.run(
            "train/index.js",
            *("--config", settings, "--source", options.database, "--output", options.output),
        )


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
