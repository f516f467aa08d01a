"""verify_parity notices one byte of any form of the model that is not as it should be."""

import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import Project
from model_inputs import copy_unverified, verify_arguments
from step_runs import RunScript

from provender import files
from provender.text.encode import FIRST_WORD


@pytest.fixture
def data(small_build: Project, tmp_path: Path) -> Path:
    """Return a copy of the small build's data, not yet verified, for a test to change."""
    return copy_unverified(small_build, tmp_path / "data")


def rows_with(data: Path, word: int) -> list[int]:
    """Return the row ids of the test posts with a word id."""
    posts = pq.read_table(data / "features" / "test.parquet")
    pairs = zip(posts["rowid"].to_pylist(), posts["ids"].to_pylist(), strict=True)
    return [row for row, ids in pairs if word in ids]


def rare_word(data: Path) -> int:
    """Return the id of a word that some test posts have, few enough for each to be named."""
    candidates = files.read_json(data / "vocabulary" / "candidates.json")
    shipped = set(files.read_json(data / "vocabulary" / "vocabulary.json"))
    return next(
        word
        for word, name in enumerate(candidates, FIRST_WORD)
        if name in shipped and 1 < len(rows_with(data, word)) <= 10
    )


def place_of(folder: Path, rows: int) -> tuple[int, int, int]:
    """Return where a TensorFlow.js model's matrix of so many rows lies: start, width, itemsize."""
    (group,) = files.read_json(folder / "model.json")["weightsManifest"]
    place = 0
    for weight in group["weights"]:
        stored = weight.get("quantization", weight)["dtype"]
        size = np.dtype(stored).itemsize
        if len(weight["shape"]) == 2 and weight["shape"][0] == rows:
            return place, weight["shape"][1], size
        place += math.prod(weight["shape"]) * size
    raise AssertionError(f"{folder} has no matrix of {rows} rows")


def change_one_byte(data: Path, form: str, word: int) -> None:
    """Change one byte of a TensorFlow.js model, the last of a word's first number."""
    candidates = files.read_json(data / "vocabulary" / "candidates.json")
    shipped = files.read_json(data / "vocabulary" / "vocabulary.json")
    folder = data / "tfjs" / form
    start, width, size = place_of(folder, len(shipped) + FIRST_WORD)
    row = shipped.index(candidates[word - FIRST_WORD]) + FIRST_WORD
    shard = folder / "group1-shard1of1.bin"
    content = bytearray(shard.read_bytes())
    # A bit that matters of a byte, and of a float32 the lowest but one of its exponent.
    content[start + row * width * size + size - 1] ^= 0x40 if size == 1 else 1
    shard.write_bytes(content)


def refuse(run_script: RunScript, data: Path) -> str:
    """Return why verify_parity refuses ``data``; it must leave no report."""
    done = run_script("verify_parity", *verify_arguments(data), code=1)
    assert not (data / "reports" / "parity.json").exists()
    return done.stderr


@pytest.mark.parametrize("form", ["layers", "graph"])
def test_one_byte_of_a_shard(run_script: RunScript, data: Path, form: str) -> None:
    """Another weight of one word is noticed in each post with that word, and in no other."""
    word = rare_word(data)
    change_one_byte(data, form, word)
    rows = rows_with(data, word)
    message = refuse(run_script, data)
    assert f"error: {form}: {len(rows)} of 103 posts differ from the model" in message
    assert f": row id {', '.join(map(str, rows))}\n" in message


@pytest.mark.parametrize("form", ["layers", "graph"])
def test_a_weight_that_is_no_number(run_script: RunScript, data: Path, form: str) -> None:
    """A NaN, which no comparison finds larger than anything, is noticed in every post."""
    shard = data / "tfjs" / form / "group1-shard1of1.bin"
    # The dense layer's, of one axis less than there are labels.
    place, *_ = place_of(shard.parent, 2)
    content = shard.read_bytes()
    nan = np.float32("nan").tobytes()
    shard.write_bytes(content[:place] + nan + content[place + len(nan) :])
    rows = pq.read_table(data / "features" / "test.parquet")["rowid"].to_pylist()
    assert (
        f"error: {form}: 103 of 103 posts differ from the model by more than 1e-05, "
        f"at most inf: row id {', '.join(map(str, rows[:10]))}, …\n"
    ) in refuse(run_script, data)


def test_two_words_swapped(run_script: RunScript, data: Path) -> None:
    """Words that have each other's ids are noticed in each post that has one of them."""
    word = rare_word(data)
    path = data / "vocabulary" / "candidates.json"
    words = files.read_json(path)
    own = {*rows_with(data, word)}
    # One that is in no text with the other, as pieces of one word would be.
    other = next(
        each
        for each in range(FIRST_WORD, len(words) + FIRST_WORD)
        if own.isdisjoint(found := rows_with(data, each)) and found
    )
    place, second = word - FIRST_WORD, other - FIRST_WORD
    words[place], words[second] = words[second], words[place]
    files.write_json(path, words)
    rows = sorted({*own, *rows_with(data, other)})
    assert f"error: {len(rows)} of 103 posts have other word ids" in refuse(run_script, data)


def test_a_word_that_is_no_candidate(run_script: RunScript, data: Path) -> None:
    """A vocabulary of another build is refused before anything is compared."""
    path = data / "vocabulary" / "vocabulary.json"
    files.write_json(path, [*files.read_json(path)[:-1], "zzz"])
    message = refuse(run_script, data)
    assert "the word zzz ships but is none of the candidates: run snakemake again" in message


def test_one_pattern_of_the_recipe(run_script: RunScript, data: Path) -> None:
    """A rule that differs in one character is noticed in the one post that it changes."""
    path = data / "vocabulary" / "text.json"
    recipe = path.read_text(encoding="utf-8")
    assert recipe.count("[\\\\x00-") == 1
    path.write_text(recipe.replace("[\\\\x00-", "[\\\\x01-"), encoding="utf-8", newline="")
    posts = pq.read_table(data / "splits" / "test.parquet").to_pylist()
    (row,) = [post["rowid"] for post in posts if "\0" in post["text"]]
    message = refuse(run_script, data)
    assert "error: 1 of 103 posts have other word ids in JavaScript than in Python" in message
    assert f": row id {row}. " in message
