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
    assert sorted(recipe) == ["lower", "max_characters", "replace", "separators"]
    assert recipe["max_characters"] == 1000
    assert recipe["replace"] == [["'", ""], ["[0-9]+", " 0 "], ["[\\x00-/:-`{-\\x7f]+", " "]]
    assert [0xC0, 0xD6, 1, 32] in recipe["lower"]
    assert [0x80, 0xA9] in recipe["separators"]
    assert done.stderr == "compile_recipe: 3 replacements\n"
    assert names_in(tmp_path / "out") == ["text.json"]


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
