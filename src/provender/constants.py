"""The bundle's constants: all that the browser's preprocessing needs, as one JSON file."""

import argparse
import json
from pathlib import Path

from provender import files

FORMAT = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that :func:`build` reads."""
    parser.add_argument("--name", required=True, help="name of the classifier")
    parser.add_argument("--vocabulary", type=Path, required=True, help="words, JSON")
    parser.add_argument("--labels", type=Path, required=True, help="labels, JSON")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--max-words", type=int, required=True, help="words read of a text")


def build(options: argparse.Namespace) -> bytes:
    """Return constants.json: the same bytes for verify_parity and assemble_bundle."""
    value = {
        "format": FORMAT,
        "name": options.name,
        "labels": files.read_json(options.labels),
        "words": files.read_json(options.vocabulary),
        "max_words": options.max_words,
        "text": files.read_json(options.text),
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
