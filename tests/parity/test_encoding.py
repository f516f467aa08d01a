"""Python and the page's own JavaScript turn any text into the same ids and weights."""

import json
import subprocess
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
from provender.bundle.constants import front_code
from provender.text.encode import encode_words, pooling_weights
from provender.text.recipe import Recipe, compile_recipe, split_words

RULES = yaml.safe_load((ROOT / "config" / "text.yaml").read_text("utf-8"))
GRAMS = config.read(ROOT / "config" / "config.yaml")["text"]["grams"]
MAX_WORDS = 40


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """Return the project's recipe, compiled."""
    return compile_recipe(RULES, GRAMS)


def vocabulary(words: pa.ListArray, every: int) -> list[str]:
    """Return every so many of the words that occur, by code point."""
    return sorted(pc.unique(pc.list_flatten(words)).to_pylist())[::every]


def encode_in_node(
    recipe: Recipe, words: list[str], max_words: int, texts: list[str], folder: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids and weights that the page's scripts give."""
    constants = {"format": 2, "labels": [], "words": front_code(words), "text": recipe}
    limits = {"max_words": max_words, "max_characters": recipe["max_characters"]}
    job = {"constants": constants, "weights": True, "parts": [{"name": "texts", **limits}]}
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    Texts.of(texts).write(folder, "texts")
    subprocess.run(["node", ROOT / "tests" / "parity" / "in_node.mjs", folder, folder], check=True)
    ids = np.fromfile(folder / "texts.ids", "<i4").reshape(-1, max_words)
    return ids, np.fromfile(folder / "texts.weights", "<f4").reshape(-1, max_words)


def test_nasty_texts(recipe: Recipe, tmp_path: Path) -> None:
    """Ids are equal, and weights to the last bit."""
    texts = draw_texts(recipe["max_characters"])
    split = split_words(recipe, pa.array(texts))
    words = vocabulary(split, every=2)
    ours = encode_words(split, words, MAX_WORDS)
    ids, weights = encode_in_node(recipe, words, MAX_WORDS, texts, tmp_path)
    assert ids.shape == ours.shape == (3000, 40)
    different = np.flatnonzero((ids != ours).any(axis=1))
    assert [ascii(texts[row]) for row in different[:5]] == []
    np.testing.assert_array_equal(weights.view(np.int32), pooling_weights(ours).view(np.int32))
    print(f"seed {SEED}: {len(ids)} texts compared, {len(words)} words")
    # Worth comparing: known and unknown words, texts without words, and texts that are cut.
    known, unknown = (ours > 1).any(axis=1), (ours == 1).any(axis=1)
    empty, cut = (ours == 0).all(axis=1), ours[:, -1] != 0
    assert min(known.sum(), unknown.sum(), empty.sum(), cut.sum()) > 400


def test_word_ids_of_nasty_texts(small_build: Project, tmp_path: Path) -> None:
    """What verify_parity runs in Node gives the ids that Python gives, with a real model."""
    constants = files.read_json(small_build.folder / "dist" / "bundle" / "constants.json")
    words = files.read_json(small_build.folder / "data" / "vocabulary" / "vocabulary.json")
    slots = constants["max_words"]
    texts = [
        f"{words[n % len(words)].title()} {text}\u2028{words[n % len(words)].upper()}"
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
    ours = encode_words(split_words(constants["text"], pa.array(texts)), words, slots)
    theirs = np.fromfile(tmp_path / "out" / "ids.bin", "<i4").reshape(-1, slots)
    assert theirs.shape == ours.shape == (3000, SMALL_CONFIG["model"]["max_words"])
    different = np.flatnonzero((theirs != ours).any(axis=1))
    assert [ascii(texts[row]) for row in different[:5]] == []
    print(f"seed {SEED}: {len(theirs)} texts compared")
    # Most texts begin with a word that the model knows; some do not end before they are cut.
    assert (ours[:, 0] > 1).sum() > 2000
    assert (ours[:, -1] != 0).sum() > 400


def test_each_separator_is_a_space(recipe: Recipe, tmp_path: Path) -> None:
    """A pattern that counts what stands between words finds as many in both languages."""
    counting = {**recipe, "replace": [[" {2}", "two"], ["[^a-z]", "one"]]}
    texts = ["a—b", "a——b", "a———b", "a\u3000 \u2028\x85b", "a“\u200d”b"]
    split = split_words(counting, pa.array(texts))
    expected = ["aoneb", "atwob", "atwooneb", "atwotwob", "atwooneb"]
    assert split.to_pylist() == [[word] for word in expected]
    ids, _ = encode_in_node(counting, ["none", *sorted(set(expected))], 1, texts, tmp_path)
    assert ids[:, 0].tolist() == [3, 4, 5, 6, 5]


def test_texts_beyond_what_is_read(recipe: Recipe, tmp_path: Path) -> None:
    """Both languages stop at the same character, whatever its plane."""
    most = recipe["max_characters"]
    texts = [" " * before + "𐐀b" * 3 for before in range(most - 6, most + 1)]
    split = split_words(recipe, pa.array(texts))
    assert split.to_pylist()[:3] == [["𐐨b" * 3], ["𐐨b𐐨b𐐨"], ["𐐨b𐐨b"]]
    words = vocabulary(split, every=1)
    ids, _ = encode_in_node(recipe, words, 1, texts, tmp_path)
    assert ids.tolist() == encode_words(split, words, 1).tolist()
    assert len(np.unique(ids)) == 7
