"""What the configuration accepts as a pattern, RE2, Python and JavaScript read alike."""

import json
import random
import re
import subprocess
from pathlib import Path

import pyarrow as pa
from conftest import ROOT
from references import fold_table

from provender.text.pattern import PatternError, check_pattern, find_needed
from provender.text.recipe import Recipe, compile_recipe
from provender.text.words import split_words

SEED = 5
PATTERNS = 400
TEXTS = 10

CHARACTERS = [*"abc0 -_'", "\\n", "\\x00", "\\.", "\\\\", "\\$"]
CLASSES = ["[a-c]", "[^a-c]", "[0-9]", "[^ ]", "[a\\-c]", "[^\\x00-\\x7f]", "[\\n-]", "[$.^]"]
REPEATS = ["", "", "", "+", "*", "?", "{2}", "{1,3}", "{0,2}"]
REPLACEMENTS = ["", " ", "x", "$1", "$&", "\\1", "\\"]

# What the patterns speak of, and characters of one to four bytes beyond ASCII.
TEXT = "abc0 -_'.\\$\n\0ABé\x80\u2028ß李𐐀😀"


def draw_pattern(chance: random.Random, depth: int = 2) -> str:
    """Return a made-up pattern, which may or may not be portable."""

    def draw_atom() -> str:
        kind = chance.random()
        if kind < 0.2 and depth:
            opening = chance.choice(["(", "(?:"])
            branches = [draw_pattern(chance, depth - 1) for _ in range(chance.randint(1, 2))]
            return opening + "|".join(branches) + ")"
        return chance.choice(CHARACTERS if kind < 0.6 else CLASSES)

    atoms = [draw_atom() + chance.choice(REPEATS) for _ in range(chance.randint(1, 4))]
    return "".join(atoms)


def draw_accepted(chance: random.Random) -> list[str]:
    """Return so many patterns that the configuration accepts."""
    accepted: set[str] = set()
    while len(accepted) < PATTERNS:
        pattern = draw_pattern(chance)
        try:
            check_pattern(pattern)
        except PatternError:
            continue
        accepted.add(pattern)
    return sorted(accepted)


def split_in_node(tables: Recipe, cases: list, folder: Path) -> list[list[list[str]]]:
    """Return the words of each case's texts as the page's script gives them."""
    (folder / "cases.json").write_text(json.dumps({"tables": tables, "cases": cases}))
    command = ["node", ROOT / "tests" / "parity" / "replace.mjs", folder / "cases.json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    return json.loads(done.stdout)


def test_three_languages(tmp_path: Path) -> None:
    """Each pattern that is accepted changes made-up texts alike in all three."""
    chance = random.Random(SEED)
    tables = compile_recipe({"max_characters": 1000, "replace": []})
    cases = [
        (
            [pattern, chance.choice(REPLACEMENTS), find_needed(pattern)],
            ["".join(chance.choices(TEXT, k=chance.randint(1, 40))) for _ in range(TEXTS)],
        )
        for pattern in draw_accepted(chance)
    ]
    table = fold_table(tables)
    differing, changed = [], 0
    theirs = split_in_node(tables, cases, tmp_path)
    for (rule, texts), in_node in zip(cases, theirs, strict=True):
        recipe = {**tables, "replace": [rule]}
        in_arrow = split_words(recipe, pa.array(texts)).to_pylist()
        replaced = [
            re.subn(rule[0], lambda _, literal=rule[1]: literal, text.translate(table))
            for text in texts
        ]
        in_python = [[word for word in text.split(" ") if word] for text, _ in replaced]
        changed += any(times for _, times in replaced)
        if not in_arrow == in_node == in_python:
            differing.append((rule, texts))
    assert differing == []
    assert len(cases) == PATTERNS
    # Some need a character, and have a text without it and one with it.
    assert sum(bool(needed) for (_, _, needed), _ in cases) > PATTERNS / 4
    # Most of the patterns must occur in some of their texts for this to say much.
    assert changed > PATTERNS / 2
