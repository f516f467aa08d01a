"""Composition is Unicode's NFC: by the tables in Node, at column speed in Arrow."""

import bz2
import json
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from conftest import ROOT

from provender.text.recipe import compile_recipe
from provender.text.words import split_words

# Of Debian's package unicode-data: tests/install-unicode installs it.
LINES = Path("/usr/share/unicode/NormalizationTest.txt.bz2")

# As many lines has Unicode 15.0.
LEAST_LINES = 19_000


def read_lines() -> list[list[str]]:
    """Return of each line the source, and its forms NFC, NFD, NFKC and NFKD."""
    text = bz2.decompress(LINES.read_bytes()).decode("utf-8")
    lines = [line for line in text.splitlines() if line[:1] not in "#@"]
    return [
        ["".join(chr(int(code, 16)) for code in column.split()) for column in line.split(";")[:5]]
        for line in lines
    ]


def test_every_line_of_unicode_s_own_test(tmp_path: Path) -> None:
    """As the test asks: the first three columns compose to the second, the others to the fourth."""
    lines = read_lines()
    assert len(lines) > LEAST_LINES
    whole = compile_recipe({"max_characters": 1000, "replace": []})
    # Nothing but composition.
    none = ("lower", "fold", "separators", "symbols", "ignored")
    tables = whole | {key: [] for key in none}
    texts = [text for columns in lines for text in columns]
    cases = [[["\x00", "\x00", "\x00"], texts]]
    (tmp_path / "cases.json").write_text(json.dumps({"tables": tables, "cases": cases}))
    command = ["node", ROOT / "tests" / "parity" / "replace.mjs", tmp_path / "cases.json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    (found,) = json.loads(done.stdout)
    # Of ASCII, capitals are folded and spaces part words.
    expected = [
        fold_ascii(text)
        for _, composed, _, compatible, _ in lines
        for text in (composed, composed, composed, compatible, compatible)
    ]
    differing = [
        [ascii(text), words, other]
        for text, words, other in zip(texts, found, expected, strict=True)
        if words != other
    ]
    assert differing[:3] == []


def fold_ascii(text: str) -> list[str]:
    """Return the words of a text of which only ASCII is folded."""
    letters = {code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    return [word for word in text.translate(letters).split(" ") if word]


def test_every_line_is_read_alike() -> None:
    """With all that the recipe does, a text is the same words however it is composed."""
    lines = read_lines()
    recipe = compile_recipe({"max_characters": 1000, "replace": []})
    first, *others = (
        split_words(recipe, pa.array([columns[form] for columns in lines])) for form in range(3)
    )
    for other in others:
        differ = pc.not_equal(pc.binary_join(first, " "), pc.binary_join(other, " ")).to_pylist()
        wrong = [columns for columns, differs in zip(lines, differ, strict=True) if differs]
        assert ascii(wrong[:3]) == "[]"
