"""The bundle's constants: all that the browser's preprocessing needs, as one JSON file."""

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

from provender import files

FORMAT = 1

# What two neighbouring words have in common is shared up to here: longer is rare.
MOST_SHARED = 25


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
        "words": front_code(files.read_json(options.vocabulary)),
        "max_words": options.max_words,
        "text": files.read_json(options.text),
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def front_code(words: list[str]) -> dict[str, Any]:
    """Pack words, in any order and best in that of code points, for web/src/vocabulary.js.

    Returns ``count``, ``marks`` and ``coded``: for each word a mark, whose place among
    ``marks`` is the number of UTF-16 code units shared with the word before, and the rest
    of the word (front coding). No word has a mark in it.
    """
    used = set("\\").union(*words)
    free = (mark for mark in map(chr, range(ord("A"), 0xD800)) if mark not in used)
    marks = "".join(itertools.islice(free, MOST_SHARED + 1))
    coded = ""
    for before, word in itertools.pairwise(["", *words]):
        shared = _shared(before, word)
        coded += marks[_units(shared)] + word[len(shared) :]
    return {"count": len(words), "marks": marks, "coded": coded}


def _shared(before: str, word: str) -> str:
    """Return what both begin with, at most MOST_SHARED units and no half characters."""
    shared = ""
    for character, other in zip(before, word, strict=False):
        if character != other or _units(shared + character) > MOST_SHARED:
            break
        shared += character
    return shared


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
