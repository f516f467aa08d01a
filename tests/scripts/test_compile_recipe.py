"""compile_recipe: the replacements, with the tables of Unicode beside them."""

from pathlib import Path

import pytest
from step_runs import RunScript, names_in

from provender import files

RECIPE = """\
max_characters: 1000
replace:
  - {pattern: "'", with: ""}
  - {pattern: "[0-9]+", with: " 0 "}
  - {pattern: "[\\\\x00-/:-`{-\\\\x7f]+", with: " "}
"""


def arguments(folder: Path) -> list[str | Path]:
    """Return the command line; what is written goes to a folder of its own."""
    return ["--recipe", folder / "text.yaml", "--output", folder / "out" / "text.json"]


def test_recipe(run_script: RunScript, tmp_path: Path) -> None:
    """The replacements stand in their order, beside the tables for Unicode."""
    (tmp_path / "text.yaml").write_text(RECIPE, encoding="utf-8")
    done = run_script("compile_recipe", *arguments(tmp_path))
    recipe = files.read_json(tmp_path / "out" / "text.json")
    assert sorted(recipe) == [
        "classes",
        "fold",
        "grams",
        "ignored",
        "lower",
        "max_characters",
        "pairs",
        "parts",
        "replace",
        "separators",
        "symbols",
    ]
    assert recipe["max_characters"] == 1000
    assert recipe["replace"] == [
        ["'", "", "'"],
        ["[0-9]+", " 0 ", ""],
        ["[\\x00-/:-`{-\\x7f]+", " ", ""],
    ]
    assert [0xC0, 0xD6, 1, 32] in recipe["lower"]
    # From U+0080 on, up to the sign of the cent; currencies follow.
    assert recipe["separators"][:2] == [0x80, 0x22]
    assert recipe["symbols"][:2] == [0xA2, 5]
    assert recipe["grams"] == {
        "sizes": [],
        "characters": [],
        "words": [],
        "pairs": False,
    }
    assert done.stderr == "compile_recipe: 3 replacements\n"
    assert names_in(tmp_path / "out") == ["text.json"]


def test_choices(run_script: RunScript, tmp_path: Path) -> None:
    """Pieces of runs, a language and marks change the tables."""
    (tmp_path / "text.yaml").write_text(RECIPE, encoding="utf-8")
    grams = ["--sizes", "2", "1", "--scripts", "Thai", "Han", "--words", "4", "3", "--pairs"]
    choices = ["--language", "tr", "--marks", "remove"]
    run_script("compile_recipe", *arguments(tmp_path), *grams, *choices)
    recipe = files.read_json(tmp_path / "out" / "text.json")
    assert recipe["grams"]["sizes"] == [1, 2]
    assert (recipe["grams"]["words"], recipe["grams"]["pairs"]) == ([3, 4], True)
    assert ["I", "ı"] in recipe["fold"] and ["é", "e"] in recipe["fold"]
    # Of Thai, from its first letter on; its marks belong to what they stand on.
    assert recipe["grams"]["characters"][:2] == [0xE01, 0x37]


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("replace: [", "text.yaml is not valid YAML: "),
        ("replaces: []", "replaces is not a key: did you mean replace?"),
        ('replace: [{pattern: "a", with: 0}]', "replace.0.with: 0 is not of type 'string'"),
        (
            "{max_characters: 9, replace: [{pattern: a, with: ''}, {pattern: 'b(?=c)', with: ''}]}",
            "replacement 2, column 2 of `b(?=c)`: (?= is not portable: look-ahead is not in RE2",
        ),
    ],
)
def test_wrong_recipe(run_script: RunScript, tmp_path: Path, recipe: str, message: str) -> None:
    """The faulty rule is named by its place, and nothing is written."""
    (tmp_path / "text.yaml").write_text(recipe, encoding="utf-8")
    done = run_script("compile_recipe", *arguments(tmp_path), code=1)
    assert done.stderr.startswith(f"compile_recipe: error: {tmp_path}/text.yaml")
    assert message in done.stderr
    assert names_in(tmp_path) == ["text.yaml"]
