"""Python and the page's own JavaScript turn any text into the same ids and weights."""

import itertools
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml
from conftest import ROOT, SMALL_CONFIG, Project
from nasty_texts import SEED, draw_texts
from texts import Texts

from provender import config, files
from provender.bundle.constants import FORMAT, front_code
from provender.text.encode import FIRST_WORD, pooling_weights
from provender.text.grams import Units, are_words, count_texts, encode, kinds_of, read_units
from provender.text.recipe import Recipe, compile_recipe
from provender.text.words import split_words

RULES = yaml.safe_load((ROOT / "config" / "text.yaml").read_text("utf-8"))
SET = config.read(ROOT / "config" / "config.yaml")["text"]["grams"]
# With all that there is.
GRAMS = {**SET, "words": [2, 3, 5], "pairs": True}
MAX_WORDS = 40


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """Return the project's recipe, compiled."""
    return compile_recipe(RULES, GRAMS)


def read(recipe: Recipe, texts: list[str], max_words: int = MAX_WORDS) -> Units:
    """Read texts by Arrow."""
    return read_units(recipe, pa.chunked_array([texts], pa.string()), max_words)


def vocabulary(recipe: Recipe, units: Units, every: int) -> list[str]:
    """Return every so many of the features that occur, by code point."""
    usable = np.ones(len(units.names), bool)
    names, _ = count_texts(recipe, units, np.arange(len(units.starts) - 1), usable)
    return sorted(names.to_pylist())[::every]


@dataclass(frozen=True)
class Encoded:
    """What a language makes of texts: counts int [n, 3] of ids, known and read words; the ids."""

    counts: np.ndarray
    ids: np.ndarray
    weights: np.ndarray

    def rows_that_differ(self, other: "Encoded") -> list[int]:
        """Return the first few texts that are read differently."""
        rows = np.flatnonzero((self.counts != other.counts).any(axis=1)).tolist()
        if not rows:
            owners = np.repeat(np.arange(len(self.counts)), self.counts[:, 0])
            rows = sorted({*owners[self.ids != other.ids].tolist()})
        return rows[:5]


def encode_in_python(
    recipe: Recipe, words: list[str], texts: list[str], max_words: int = MAX_WORDS
) -> Encoded:
    """Return what the build gives."""
    units = read(recipe, texts, max_words)
    found = encode(recipe, units, words)
    weights = pooling_weights(found.starts, found.counts, kinds_of(recipe, words)[found.ids])
    rows = np.repeat(np.arange(len(texts)), np.diff(found.starts))
    own = are_words(recipe, words)[found.ids]
    known = np.bincount(rows[own], found.counts[own], len(texts)).astype(int)
    sizes = np.where(units.is_run, pc.utf8_length(units.names), 1)[units.units]
    ends = np.concatenate([[0], np.cumsum(sizes)])
    read_of = np.diff(ends[units.starts])
    counts = np.stack([np.diff(found.starts), known, read_of], axis=1)
    return Encoded(counts, found.ids + FIRST_WORD, weights)


def encode_in_node(
    recipe: Recipe, words: list[str], max_words: int, texts: list[str], folder: Path
) -> Encoded:
    """Return what the page's scripts give."""
    constants = {"format": FORMAT, "labels": [], "words": front_code(words), "text": recipe}
    limits = {"max_words": max_words, "max_characters": recipe["max_characters"]}
    job = {"constants": constants, "weights": True, "parts": [{"name": "texts", **limits}]}
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    Texts.of(texts).write(folder, "texts")
    subprocess.run(["node", ROOT / "tests" / "parity" / "in_node.mjs", folder, folder], check=True)
    return Encoded(
        np.fromfile(folder / "texts.counts", "<i4").reshape(-1, 3),
        np.fromfile(folder / "texts.ids", "<i4"),
        np.fromfile(folder / "texts.weights", "<f4"),
    )


def test_nasty_texts(recipe: Recipe, tmp_path: Path) -> None:
    """Ids and counts are equal, and weights to the last bit."""
    texts = draw_texts(recipe["max_characters"])
    words = vocabulary(recipe, read(recipe, texts), every=2)
    ours = encode_in_python(recipe, words, texts)
    theirs = encode_in_node(recipe, words, MAX_WORDS, texts, tmp_path)
    assert ours.counts.shape == theirs.counts.shape == (3000, 3)
    assert [ascii(texts[row]) for row in ours.rows_that_differ(theirs)] == []
    np.testing.assert_array_equal(theirs.weights.view(np.int32), ours.weights.view(np.int32))
    print(f"seed {SEED}: {len(texts)} texts compared, {len(words)} words, pairs and pieces")
    # Worth comparing: known and unknown words, texts without words, and texts that are cut.
    _, known, read_of = ours.counts.T
    groups = (known > 0, known < read_of, read_of == 0, read_of == MAX_WORDS)
    assert min(int(group.sum()) for group in groups) > 400


def test_word_ids_of_nasty_texts(small_build: Project, tmp_path: Path) -> None:
    """What verify_parity runs in Node gives the ids that Python gives, with a real model."""
    constants = files.read_json(small_build.folder / "dist" / "bundle" / "constants.json")
    words = files.read_json(small_build.folder / "data" / "vocabulary" / "vocabulary.json")
    whole = [word for word in words if " " not in word]
    texts = [
        f"{whole[n % len(whole)].title()} {text}\u2028{whole[n % len(whole)].upper()}"
        for n, text in enumerate(draw_texts(constants["text"]["max_characters"]))
    ]
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    (tmp_path / "texts.jsonl").write_text(lines, encoding="utf-8", newline="")
    models = [word for form in ("layers", "graph") for word in (f"--{form}", f"data/tfjs/{form}")]
    done = small_build.run(
        *("node", "web/verify.js", "--constants", "dist/bundle/constants.json", *models),
        *("--texts", tmp_path / "texts.jsonl", "--output", tmp_path / "out"),
    )
    assert "3000 texts scored by layers, graph, kernel\n" in done.stderr
    most = constants["max_words"]
    assert most == SMALL_CONFIG["model"]["max_words"]
    ours = encode_in_python(constants["text"], words, texts, most)
    lengths = np.fromfile(tmp_path / "out" / "lengths.bin", "<i4")
    assert lengths.tolist() == ours.counts[:, 0].tolist()
    assert np.array_equal(np.fromfile(tmp_path / "out" / "ids.bin", "<i4"), ours.ids)
    print(f"seed {SEED}: {len(texts)} texts compared")
    # Most texts begin with a word that the model knows; some do not end before they are cut.
    assert (ours.counts[:, 1] > 0).sum() > 2000
    assert (ours.counts[:, 2] == most).sum() > 400


def test_each_separator_is_a_space(recipe: Recipe, tmp_path: Path) -> None:
    """A pattern that counts what stands between words finds as many in both languages."""
    counting = {**recipe, "replace": [[" {2}", "two", " "], ["[^a-z]", "one", ""]]}
    texts = ["a—b", "a——b", "a———b", "a\u3000 \u2028\x85b", "a“\u200d”b"]
    split = split_words(counting, pa.array(texts))
    expected = ["aoneb", "atwob", "atwooneb", "atwotwob", "atwooneb"]
    assert split.to_pylist() == [[word] for word in expected]
    found = encode_in_node(counting, ["none", *sorted(set(expected))], 1, texts, tmp_path)
    assert found.ids.tolist() == [3, 4, 5, 6, 5]


def test_texts_beyond_what_is_read(recipe: Recipe, tmp_path: Path) -> None:
    """Both languages stop at the same character, whatever its plane."""
    most = recipe["max_characters"]
    texts = [" " * before + "𐐀b" * 3 for before in range(most - 6, most + 1)]
    split = split_words(recipe, pa.array(texts))
    assert split.to_pylist()[:3] == [["𐐨b" * 3], ["𐐨b𐐨b𐐨"], ["𐐨b𐐨b"]]
    words = vocabulary(recipe, read(recipe, texts), every=1)
    ours = encode_in_python(recipe, words, texts)
    theirs = encode_in_node(recipe, words, MAX_WORDS, texts, tmp_path)
    assert ours.rows_that_differ(theirs) == []
    starts = np.cumsum([0, *ours.counts[:, 0]]).tolist()
    different = {tuple(ours.ids[a:b].tolist()) for a, b in itertools.pairwise(starts)}
    assert len(different) == len(texts)
