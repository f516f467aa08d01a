"""Compare what Node.js made with what Python made, part by part.

Ends with an error where any is not the same: then one of both is wrong, or was tampered with.
"""

import argparse
import sys
from pathlib import Path

from provender.bundle import node
from provender.running import step


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--node", type=Path, required=True, help="folder of what Node.js made")
    parser.add_argument("--data", type=Path, required=True, help="folder of what Python made")
    parser.add_argument(
        "--untrained", action="store_true", help="Python has trained no model of its own"
    )
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Let Node compare, which shares no code with what it checks."""
    node.run(
        "train/compare.js",
        *("--node", options.node, "--data", options.data, "--output", options.output),
        *(["--untrained"] if options.untrained else []),
    )


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
