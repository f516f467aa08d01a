"""build_vocabulary: words and labels."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from step_runs import RunScript, names_in

from provender import files
from provender.text.recipe import compile_recipe

# z comes five times; 0 (each number), a, b and ä three times; bb and c once.
TEXTS = ["b B b, a a z z z", "Z z b'b Ä ä", "12 3 a ä c-0"]
RECIPE = {
    "max_characters": 1000,
    "replace": [
        {"pattern": "'", "with": ""},
        {"pattern": "[0-9]+", "with": " 0 "},
        {"pattern": "[\\x00-/:-`{-\\x7f]+", "with": " "},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a training split and a recipe."""
    labels = ["tides", "bread", "İ"]
    rows = pa.array([3, 5, 9], pa.int64())
    pq.write_table(
        pa.table({"rowid": rows, "text": TEXTS, "label": labels}), tmp_path / "train.parquet"
    )
    # Row 4 is a validation post, from which no word may come.
    more = {"rowid": pa.array([4, 5], pa.int64()), "text": ["late late", "moon moon"]}
    pq.write_table(pa.table(more | {"label": ["bread"] * 2}), tmp_path / "augmented.parquet")
    files.write_json(tmp_path / "text.json", compile_recipe(RECIPE))
    return tmp_path


def arguments(folder: Path, size: int = 100, min_count: int = 1) -> list[str | Path]:
    """Return the command line; what is written goes to a folder of its own."""
    outputs = [
        word
        for name in ("candidates", "labels")
        for word in (f"--{name}", folder / "out" / f"{name}.json")
    ]
    sizes = ["--size", str(size), "--min-count", str(min_count)]
    inputs = ["--train", folder / "train.parquet", "--augmented", folder / "augmented.parquet"]
    inputs += ["--text", folder / "text.json"]
    return [*inputs, *sizes, *outputs]


def test_words_and_labels(run_script: RunScript, folder: Path) -> None:
    """Words come most frequent first, equal counts by code point; labels by code point."""
    done = run_script("build_vocabulary", *arguments(folder))
    vocabulary = ["z", "0", "a", "b", "ä", "moon", "bb", "c"]
    assert files.read_json(folder / "out" / "candidates.json") == vocabulary
    assert files.read_json(folder / "out" / "labels.json") == ["bread", "tides", "İ"]
    assert done.stderr == "build_vocabulary: kept 8 of 8 different words\n"
    assert names_in(folder / "out") == ["candidates.json", "labels.json"]


def test_limits(run_script: RunScript, folder: Path) -> None:
    """The most frequent words are kept, of equally frequent ones those first by code point."""
    done = run_script("build_vocabulary", *arguments(folder, size=4, min_count=3))
    assert files.read_json(folder / "out" / "candidates.json") == ["z", "0", "a", "b"]
    assert done.stderr == "build_vocabulary: kept 4 of 8 different words\n"


def test_no_frequent_word(run_script: RunScript, folder: Path) -> None:
    """A vocabulary without words is refused, with the setting to change."""
    done = run_script("build_vocabulary", *arguments(folder, min_count=6), code=1)
    assert done.stderr == (
        "build_vocabulary: error: no word occurs 6 times in the training posts: lower "
        "vocabulary.min_count\n"
    )
    assert names_in(folder) == ["augmented.parquet", "text.json", "train.parquet"]
