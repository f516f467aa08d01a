"""build_vocabulary: words and labels."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from databases import digests
from step_runs import RunScript, names_in

from provender import files
from provender.text.recipe import compile_recipe

# z, a and ä are in two texts each; the last two are one text to the model, under two labels.
TEXTS = ["b B b, a a z z z", "Z z b'b Ä ä", "12 3 a ä c-0", "12 3 A ä c-0"]
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
    labels = ["tides", "bread", "İ", "bread"]
    rows = pa.array([3, 5, 9, 10], pa.int64())
    pq.write_table(
        pa.table({"rowid": rows, "text": TEXTS, "label": labels}), tmp_path / "train.parquet"
    )
    # Row 4 is a validation post, from which no word may come; row 5 is a text already counted.
    more = {"rowid": pa.array([4, 5, 5], pa.int64()), "text": ["late late", "moon z", "moon z z"]}
    pq.write_table(pa.table(more | {"label": ["bread"] * 3}), tmp_path / "augmented.parquet")
    files.write_json(tmp_path / "text.json", compile_recipe(RECIPE))
    return tmp_path


def arguments(
    folder: Path, size: int = 100, min_count: int = 1, piece_min_count: int | None = None
) -> list[str | Path]:
    """Return the command line; what is written goes to a folder of its own."""
    outputs = [
        word
        for name in ("candidates", "counts", "labels")
        for word in (f"--{name}", folder / "out" / f"{name}.json")
    ]
    sizes = ["--size", str(size), "--min-count", str(min_count), "--max-words", "20"]
    sizes += ["--piece-min-count", str(piece_min_count or min_count)]
    inputs = ["--train", folder / "train.parquet", "--augmented", folder / "augmented.parquet"]
    inputs += ["--text", folder / "text.json"]
    return [*inputs, *sizes, *outputs]


def test_words_and_labels(run_script: RunScript, folder: Path) -> None:
    """Words come by how many texts have them, equal ones by code point; labels by code point."""
    done = run_script("build_vocabulary", *arguments(folder))
    vocabulary = ["a", "z", "ä", "0", "b", "bb", "c", "moon"]
    assert files.read_json(folder / "out" / "candidates.json") == vocabulary
    assert files.read_json(folder / "out" / "counts.json") == [2, 2, 2, 1, 1, 1, 1, 1]
    assert files.read_json(folder / "out" / "labels.json") == ["bread", "tides", "İ"]
    assert done.stderr == "build_vocabulary: kept 8 of 8 different words, pairs and pieces\n"
    assert names_in(folder / "out") == ["candidates.json", "counts.json", "labels.json"]


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_whatever_is_read_at_once(run_script: RunScript, folder: Path, rows: int) -> None:
    """A text counts once, also where it stands, under two labels, in two batches."""
    run_script("build_vocabulary", *arguments(folder))
    whole = digests(folder / "out")
    for name in ("train", "augmented"):
        path = folder / f"{name}.parquet"
        pq.write_table(pq.read_table(path), path, row_group_size=rows)
    run_script("build_vocabulary", *arguments(folder))
    assert digests(folder / "out") == whole


def test_after_a_killed_run(run_script: RunScript, folder: Path) -> None:
    """What it has left behind changes nothing, and is gone."""
    run_script("build_vocabulary", *arguments(folder))
    whole = digests(folder / "out")
    left = folder / "out" / "candidates.json.scratch"
    left.mkdir()
    (left / "0.arrow").write_bytes(b"half of it")
    (folder / "out" / "counts.json.part").write_bytes(b"half of it")
    run_script("build_vocabulary", *arguments(folder))
    assert digests(folder / "out") == whole


def test_limits(run_script: RunScript, folder: Path) -> None:
    """The words of most texts are kept; of equally many, some are drawn, the same each time."""
    done = run_script("build_vocabulary", *arguments(folder, size=2, min_count=2))
    assert files.read_json(folder / "out" / "candidates.json") == ["z", "ä"]
    assert done.stderr == "build_vocabulary: kept 2 of 8 different words, pairs and pieces\n"


def test_private_words(run_script: RunScript, folder: Path) -> None:
    """Words of few texts, numbers of six digits in any script, and words of a list do not ship."""
    texts = ["Erika 123456 12345 ab12cd34ef56 ١٢٣٤٥٦ Zoë", "erika 12345 zoë", "ERIKA zoë moon"]
    texts = [f"{text} {number} ab12cd34ef56 ١٢٣٤٥٦ 123456" for number, text in enumerate(texts)]
    rows = {"rowid": pa.array([1, 2, 3], pa.int64()), "text": texts, "label": ["a", "b", "b"]}
    pq.write_table(pa.table(rows), folder / "train.parquet")
    plain = {"max_characters": 1000, "replace": [{"pattern": "[,.]+", "with": " "}]}
    files.write_json(folder / "text.json", compile_recipe(plain))
    (folder / "exclude.txt").write_text("Erika, Mustermann\nMoon\n", encoding="utf-8")
    limits = arguments(folder, min_count=2)
    run_script("build_vocabulary", *limits)
    assert files.read_json(folder / "out" / "candidates.json") == ["erika", "zoë", "12345"]
    run_script("build_vocabulary", *limits, "--exclude", folder / "exclude.txt")
    assert files.read_json(folder / "out" / "candidates.json") == ["zoë", "12345"]
    assert files.read_json(folder / "out" / "counts.json") == [3, 2]


def test_pairs_and_pieces(run_script: RunScript, folder: Path) -> None:
    """They are counted like words; none is of a word that may not be used."""
    texts = ["Erika Moon 1234567 ebb", "erika moon 1234567 tide", "Erika 山田太郎 moon", "山田太郎"]
    rows = {"rowid": pa.array([1, 2, 3, 4], pa.int64()), "text": texts, "label": list("abab")}
    pq.write_table(pa.table(rows), folder / "train.parquet")
    grams = {"sizes": [2], "scripts": ["Han"], "words": [4], "pairs": True}
    files.write_json(
        folder / "text.json", compile_recipe({"max_characters": 99, "replace": []}, grams)
    )
    run_script("build_vocabulary", *arguments(folder, min_count=2))
    assert set(files.read_json(folder / "out" / "candidates.json")) == {
        "erika", "moon", "erika moon", "  eri", " erik", " rika", " ika ", "  moo", " moon",
        " oon ", "山田", "田太", "太郎",
    }  # fmt: skip
    run_script("build_vocabulary", *arguments(folder, min_count=3, piece_min_count=1))
    found = files.read_json(folder / "out" / "candidates.json")
    assert [name for name in found if name[0] != " " and name.isascii()] == ["erika", "moon"]
    assert {"  tid", "  ebb"} <= set(found)
    (folder / "exclude.txt").write_text("Erika 太郎", encoding="utf-8")
    run_script(
        "build_vocabulary", *arguments(folder, min_count=2), "--exclude", folder / "exclude.txt"
    )
    assert set(files.read_json(folder / "out" / "candidates.json")) == {
        "moon", "  moo", " moon", " oon ", "山田", "田太",
    }  # fmt: skip


def test_a_list_that_is_no_text(run_script: RunScript, folder: Path) -> None:
    """The message names the setting and the file."""
    (folder / "exclude.txt").write_bytes(b"\xff\xfe")
    options = [*arguments(folder), "--exclude", folder / "exclude.txt"]
    said = run_script("build_vocabulary", *options, code=1).stderr
    assert f"{folder / 'exclude.txt'} (vocabulary.exclude) is no text in UTF-8" in said


def test_no_frequent_word(run_script: RunScript, folder: Path) -> None:
    """A vocabulary without words is refused, with the setting to change."""
    done = run_script("build_vocabulary", *arguments(folder, min_count=3), code=1)
    assert done.stderr == (
        "build_vocabulary: error: no word is in 3 different training texts, and no piece in 3: "
        "lower vocabulary.min_count and vocabulary.piece_min_count\n"
    )
    assert names_in(folder) == ["augmented.parquet", "text.json", "train.parquet"]


def test_no_word_since_there_are_no_spaces(run_script: RunScript, folder: Path) -> None:
    """Where texts could not be parted, that is what is to be mended."""
    texts = ["สวัสดีครับ", "ขอบคุณ", "บัญชี"]
    table = {"rowid": pa.array([3, 5, 9], pa.int64()), "text": texts, "label": ["tides"] * 3}
    pq.write_table(pa.table(table), folder / "train.parquet")
    done = run_script("build_vocabulary", *arguments(folder, min_count=2), code=1)
    assert done.stderr.endswith(
        ": 3 of 3 texts are in a script that has no spaces between words: "
        "set text.grams.sizes, with Thai in text.grams.scripts\n"
    )


def write_vectors(folder: Path, words: list[str]) -> list[str | Path]:
    """Write words that have a vector, as read_vectors does; return the option that names them."""
    pq.write_table(pa.table({"word": words}), folder / "vectors.parquet")
    return ["--vectors", folder / "vectors.parquet"]


def test_words_that_have_a_vector(run_script: RunScript, folder: Path) -> None:
    """They fill what is left, in the file's order, and count no text; some may not be known."""
    known = write_vectors(folder, ["tide", "z", "late", "mine", "123456", "moon", "sea"])
    (folder / "exclude.txt").write_text("mine", encoding="utf-8")
    options = [*arguments(folder, min_count=2, size=6), "--exclude", folder / "exclude.txt"]
    done = run_script("build_vocabulary", *options, *known)
    words = files.read_json(folder / "out" / "candidates.json")
    counts = files.read_json(folder / "out" / "counts.json")
    own = ["a", "z", "ä"]
    assert words == [*own, "tide", "late", "moon"]
    assert counts == [2, 2, 2, 0, 0, 0]
    assert "1 of the words that were kept have a vector" in done.stderr


def test_vectors_of_another_language(run_script: RunScript, folder: Path) -> None:
    """Where no word has one, it says so."""
    known = write_vectors(folder, ["mond", "meer"])
    said = run_script("build_vocabulary", *arguments(folder), *known, code=1).stderr
    assert "none of the words of the training texts has a vector in vectors.path: are they" in said
    assert not (folder / "out").exists()
