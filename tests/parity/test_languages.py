"""Python's Arrow and ``re``, Node and Chromium read every text as the same words and ids.

A lone surrogate, which only JavaScript can hold, is read as the U+FFFD that stands for it
in Python: it parts words.
"""

import json
import subprocess
import tarfile
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import generated_texts
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml
from conftest import ROOT
from references import Composition, count_features, fold_table, split_text
from texts import Texts

from provender import config
from provender.bundle.constants import FORMAT, front_code
from provender.sources.docstrings import read_docstrings
from provender.sources.newsgroups import ARCHIVE_POSTS
from provender.text.encode import FIRST_WORD
from provender.text.grams import count_texts, encode, read_units
from provender.text.recipe import Recipe, compile_recipe
from provender.text.words import split_words

# The recipe that ships.
RULES = yaml.safe_load((ROOT / "config" / "text.yaml").read_text("utf-8"))
SET = config.read(ROOT / "config" / "config.yaml")["text"]["grams"]
# With all that there is.
GRAMS = {**SET, "words": [2, 3, 5], "pairs": True}

READERS = ("node", "chromium")

# Words, pairs and pieces that the readers know: those that most texts have, as in a real
# vocabulary, of so many texts of each part.
KNOWN_WORDS = 20_000
COUNTED = 20_000

# Differing texts that are shown.
SHOWN = 3

# What reads texts, in both languages, and the libraries that do it.
PROVES = (
    "src/provender/text/*.py",
    "web/src/text.js",
    "web/src/vocabulary.js",
    "web/src/encode.js",
    "config/text.yaml",
    "requirements.lock",
    "web/package-lock.json",
)


@dataclass(frozen=True)
class Part:
    """Texts of one origin, how far they are read, and how many things they are counted as."""

    texts: Texts
    max_characters: int
    max_words: int
    count: int
    named: str


@dataclass(frozen=True)
class Reading:
    """What a reader makes of a part: a line of words a text, and its ids, ascending.

    Text i has ``ids[starts[i] : starts[i + 1]]``, int32.
    """

    words: pa.StringArray
    starts: np.ndarray
    ids: np.ndarray

    def differs(self, other: "Reading") -> np.ndarray:
        """Return which texts are read differently: bool [n]."""
        differs = ~np.asarray(pc.equal(self.words, other.words))
        differs |= np.diff(self.starts) != np.diff(other.starts)
        if not differs.any():
            rows = np.repeat(np.arange(len(self.words)), np.diff(self.starts))
            differs[rows[self.ids != other.ids]] = True
        return differs


def read_posts() -> tuple[list[str], str]:
    """Return all newsgroup posts where the archive is, else docstrings; and what they are."""
    places = config.read(ROOT / "config" / "config.yaml")["source"]["archives"]
    archive = next((ROOT / place for place in places if (ROOT / place).exists()), None)
    if archive is None:
        packages = config.read(ROOT / "config" / "config.yaml", ROOT / "config" / "offline.yaml")
        texts = [row[1] for row in read_docstrings(packages["source"]["packages"])]
        return texts, f"docstrings; the newsgroups archive is at none of {', '.join(places)}"
    with tarfile.open(archive, "r:gz") as tar:
        posts = [
            tar.extractfile(member).read().decode("latin-1") for member in tar if member.isfile()
        ]
    assert len(posts) == ARCHIVE_POSTS
    return posts, "newsgroup posts"


def make_parts(recipe: Recipe, count: int = generated_texts.TEXTS) -> dict[str, Part]:
    """Return all texts that are compared, so many of them generated."""
    most, few = recipe["max_characters"], generated_texts.MOST_CHARACTERS
    posts, named = read_posts()
    whole = Texts.of(posts)
    pairs = generated_texts.pair_texts()
    code_points = generated_texts.code_point_texts()
    seed = generated_texts.SEED
    generated = generated_texts.draw_texts(recipe, count)
    mutated = generated_texts.mutate_texts(whole)
    return {
        "posts": Part(whole, most, 300, len(posts), named),
        "code-points": Part(
            Texts.of(code_points), most, 3 * 256, 256 * len(code_points), "code points"
        ),
        "pairs": Part(Texts.of(pairs), most, 4, len(pairs), "texts of two hard code points"),
        "generated": Part(
            generated,
            few,
            generated_texts.MOST_WORDS,
            len(generated),
            f"generated strings, seed {seed}",
        ),
        "mutated": Part(mutated, most, 20, len(mutated), f"mutated parts of {named}, seed {seed}"),
    }


def read_in_arrow(recipe: Recipe, part: Part, vocabulary: list[str]) -> Reading:
    """Return what the build reads."""
    rules = {**recipe, "max_characters": part.max_characters}
    column = pa.chunked_array([part.texts.column])
    found = encode(rules, read_units(rules, column, part.max_words), vocabulary)
    words = pc.binary_join(split_words(rules, column), " ")
    return Reading(words, found.starts, found.ids + FIRST_WORD)


def read_by_re(recipe: Recipe, part: Part, vocabulary: list[str]) -> Reading:
    """Read text by text by the definition of the recipe, with the standard library alone."""
    table, compose = fold_table(recipe), Composition(recipe)
    rules = {**recipe, "max_characters": part.max_characters}
    id_of = {word: number for number, word in enumerate(vocabulary, FIRST_WORD)}
    lines, lengths, ids = [], [], array("i")
    for text in part.texts.column.to_pylist():
        words = split_text(rules, table, text, compose)
        lines.append(" ".join(words))
        features = count_features(recipe, words, part.max_words, compose)
        known = sorted(id_of[name] for name in features if name in id_of)
        lengths.append(len(known))
        ids.extend(known)
    starts = np.cumsum([0, *lengths])
    return Reading(pa.array(lines, pa.string()), starts, np.array(ids, np.int32))


def read_back(folder: Path, name: str) -> Reading:
    """Return what a script wrote of a part."""
    lines = (folder / f"{name}.words").read_text("utf-8").split("\n")
    lengths = np.fromfile(folder / f"{name}.counts", "<i4").reshape(-1, 3)[:, 0]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return Reading(pa.array(lines, pa.string()), starts, np.fromfile(folder / f"{name}.ids", "<i4"))


def choose_vocabulary(recipe: Recipe, parts: dict[str, Part]) -> list[str]:
    """Return what most texts have, in order."""
    counts: Counter[str] = Counter()
    for part in parts.values():
        texts = pa.chunked_array([part.texts.column]).slice(0, COUNTED)
        units = read_units(recipe, texts, part.max_words)
        rows, usable = np.arange(len(texts)), np.ones(len(units.names), bool)
        names, found = count_texts(recipe, units, rows, usable)
        counts.update(dict(zip(names.to_pylist(), found.tolist(), strict=True)))
    return sorted(name for name, _ in counts.most_common(KNOWN_WORDS))


def start_readers(
    recipe: Recipe, vocabulary: list[str], parts: dict[str, Part], folder: Path
) -> list[subprocess.Popen]:
    """Let each script read all parts; its results go to a folder of its own below ``folder``."""
    constants = {"format": FORMAT, "labels": [], "words": front_code(vocabulary), "text": recipe}
    described = []
    for name, part in parts.items():
        limits = {"max_words": part.max_words, "max_characters": part.max_characters}
        described.append({"name": name, **limits})
        part.texts.write(folder, name)
    job = json.dumps({"constants": constants, "weights": False, "parts": described})
    (folder / "job.json").write_text(job, encoding="utf-8")
    started = []
    for reader in READERS:
        (folder / reader).mkdir()
        script = ROOT / "tests" / "parity" / f"in_{reader}.mjs"
        started.append(subprocess.Popen(["node", script, folder, folder / reader]))
    return started


Found = dict[str, dict[str, Reading]]


def read_all(recipe: Recipe, parts: dict[str, Part]) -> Found:
    """Return of each part what each reader makes of it."""
    vocabulary = choose_vocabulary(recipe, parts)
    found: Found = {}
    # Not pytest's folder, of which the last three stay: this is half a gigabyte.
    with tempfile.TemporaryDirectory(prefix="provender-parity-") as folder:
        started = start_readers(recipe, vocabulary, parts, Path(folder))
        for name, part in parts.items():
            found[name] = {
                "arrow": read_in_arrow(recipe, part, vocabulary),
                "re": read_by_re(recipe, part, vocabulary),
            }
        assert [process.wait() for process in started] == [0, 0]
        for name in parts:
            for reader in READERS:
                found[name][reader] = read_back(Path(folder) / reader, name)
    return found


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """Return the recipe that ships."""
    return compile_recipe(RULES, GRAMS)


@pytest.fixture(scope="module")
def readings(recipe: Recipe) -> tuple[dict[str, Part], Found]:
    """Return all parts, and of each part what each reader makes of it."""
    parts = make_parts(recipe)
    return parts, read_all(recipe, parts)


@pytest.mark.proof(*PROVES)
@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("posts", 1),
        ("code-points", 0x110000),
        ("pairs", 4 * 50**2),
        ("generated", 100_000),
        ("mutated", 100_000),
    ],
)
def test_all_read_alike(
    readings: tuple[dict[str, Part], Found],
    name: str,
    least: int,
    record_property: Callable[[str, object], None],
) -> None:
    """Words and ids are equal in all four; how many texts were compared is printed at the end."""
    compare(readings[0][name], readings[1][name], least, record_property)


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_a_million(recipe: Recipe, record_property: Callable[[str, object], None]) -> None:
    """Ten times as many generated strings."""
    million = 1_000_000
    parts = {"generated": make_parts(recipe, million)["generated"]}
    compare(parts["generated"], read_all(recipe, parts)["generated"], million, record_property)


def compare(
    part: Part,
    found: dict[str, Reading],
    least: int,
    record_property: Callable[[str, object], None],
) -> None:
    """Assert that all readers make the same of a part, which is at least so large."""
    assert list(found) == ["arrow", "re", *READERS]
    expected = found.pop("re")
    for reader, reading in found.items():
        assert len(reading.words) == len(expected.words) == len(part.texts)
        assert [
            (reader, ascii(part.texts.column[row].as_py()), reading.words[row].as_py())
            for row in np.flatnonzero(reading.differs(expected))[:SHOWN]
        ] == []
    assert part.count >= least
    record_property("compared", f"{part.count:,} {part.named}: no difference in words and ids")
