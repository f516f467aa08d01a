"""build_vocabulary: words, labels and the compiled recipe."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from step_runs import RunScript, names_in

from provender import files

# z comes five times; 0 (each number), a, b and ä three times; bb and c once.
TEXTS = ["b B b, a a z z z", "Z z b'b Ä ä", "12 3 a ä c-0"]
RECIPE = """\
max_characters: 1000
replace:
  - {pattern: "'", with: ""}
  - {pattern: "[0-9]+", with: " 0 "}
  - {pattern: "[\\\\x00-/:-`{-\\\\x7f]+", with: " "}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a training split and a recipe."""
    labels = ["tides", "bread", "İ"]
    pq.write_table(pa.table({"text": TEXTS, "label": labels}), tmp_path / "train.parquet")
    (tmp_path / "text.yaml").write_text(RECIPE, encoding="utf-8")
    return tmp_path


def arguments(folder: Path, size: int = 100, min_count: int = 1) -> list[str | Path]:
    """Return the command line; what is written goes to a folder of its own."""
    outputs = [
        word
        for name in ("vocabulary", "labels", "text")
        for word in (f"--{name}", folder / "out" / f"{name}.json")
    ]
    sizes = ["--size", str(size), "--min-count", str(min_count)]
    inputs = ["--train", folder / "train.parquet", "--recipe", folder / "text.yaml"]
    return [*inputs, *sizes, *outputs]


def test_words_labels_and_recipe(run_script: RunScript, folder: Path) -> None:
    """Words come most frequent first, equal counts by code point; labels by code point.

    The replacements stand in text.json in their order, beside the tables for Unicode.
    """
    done = run_script("build_vocabulary", *arguments(folder))
    vocabulary = ["z", "0", "a", "b", "ä", "bb", "c"]
    assert files.read_json(folder / "out" / "vocabulary.json") == vocabulary
    assert files.read_json(folder / "out" / "labels.json") == ["bread", "tides", "İ"]
    recipe = files.read_json(folder / "out" / "text.json")
    assert sorted(recipe) == ["lower", "max_characters", "replace", "separators"]
    assert recipe["max_characters"] == 1000
    assert recipe["replace"] == [["'", ""], ["[0-9]+", " 0 "], ["[\\x00-/:-`{-\\x7f]+", " "]]
    assert [0xC0, 0xD6, 1, 32] in recipe["lower"]
    assert [0x80, 0xA9] in recipe["separators"]
    assert done.stderr == "build_vocabulary: kept 7 of 7 different words\n"
    assert names_in(folder / "out") == ["labels.json", "text.json", "vocabulary.json"]


def test_limits(run_script: RunScript, folder: Path) -> None:
    """Only the first words, and of these the frequent ones, are kept."""
    done = run_script("build_vocabulary", *arguments(folder, size=4, min_count=3))
    assert files.read_json(folder / "out" / "vocabulary.json") == ["z", "0", "a", "b"]
    assert done.stderr == "build_vocabulary: kept 4 of 7 different words\n"


def test_no_frequent_word(run_script: RunScript, folder: Path) -> None:
    """A vocabulary without words is refused, with the setting to change."""
    done = run_script("build_vocabulary", *arguments(folder, min_count=6), code=1)
    assert done.stderr == (
        "build_vocabulary: error: no word occurs 6 times in the training posts: lower "
        "vocabulary.min_count\n"
    )
    assert names_in(folder) == ["text.yaml", "train.parquet"]


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
def test_wrong_recipe(run_script: RunScript, folder: Path, recipe: str, message: str) -> None:
    """The faulty rule is named by its place, and nothing is written."""
    (folder / "text.yaml").write_text(recipe, encoding="utf-8")
    done = run_script("build_vocabulary", *arguments(folder), code=1)
    assert done.stderr.startswith(f"build_vocabulary: error: {folder}/text.yaml")
    assert message in done.stderr
    assert names_in(folder) == ["text.yaml", "train.parquet"]
