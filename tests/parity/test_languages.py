"""Python's Arrow and ``re``, Node and Chromium read every text as the same words and ids.

A lone surrogate, which only JavaScript can hold, is read as the U+FFFD that stands for it
in Python: it parts words.
"""

import json
import subprocess
import tarfile
import tempfile
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
from references import Composition, fold_table, split_text
from texts import Texts

from provender import config
from provender.bundle.constants import front_code
from provender.sources.docstrings import read_docstrings
from provender.sources.newsgroups import ARCHIVE_POSTS
from provender.text.encode import FIRST_WORD, UNKNOWN, encode_words
from provender.text.recipe import Recipe, compile_recipe, split_words

# The recipe that ships.
RULES = yaml.safe_load((ROOT / "config" / "text.yaml").read_text("utf-8"))
GRAMS = config.read(ROOT / "config" / "config.yaml")["text"]["grams"]

READERS = ("node", "chromium")

# Words that the readers know: those that occur most often, as in a real vocabulary.
KNOWN_WORDS = 20_000

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
    """What a reader makes of a part: a line of words a text, and int32 ids [n, max_words]."""

    words: pa.StringArray
    ids: np.ndarray


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


def read_in_arrow(recipe: Recipe, part: Part) -> pa.ListArray:
    """Return the words that the build reads."""
    return split_words({**recipe, "max_characters": part.max_characters}, part.texts.column)


def read_by_re(recipe: Recipe, part: Part, vocabulary: list[str]) -> Reading:
    """Read text by text by the definition of the recipe, with the standard library alone."""
    table, compose = fold_table(recipe), Composition(recipe)
    rules = {**recipe, "max_characters": part.max_characters}
    id_of = {word: number for number, word in enumerate(vocabulary, FIRST_WORD)}
    ids = np.zeros((len(part.texts), part.max_words), np.int32)
    lines = []
    for row, text in enumerate(part.texts.column.to_pylist()):
        words = split_text(rules, table, text, compose)
        lines.append(" ".join(words))
        known = [id_of.get(word, UNKNOWN) for word in words[: part.max_words]]
        ids[row, : len(known)] = known
    return Reading(pa.array(lines, pa.string()), ids)


def read_back(folder: Path, name: str, part: Part) -> Reading:
    """Return what a script wrote of a part."""
    lines = (folder / f"{name}.words").read_text("utf-8").split("\n")
    ids = np.fromfile(folder / f"{name}.ids", "<i4").reshape(-1, part.max_words)
    return Reading(pa.array(lines, pa.string()), ids)


def choose_vocabulary(columns: list[pa.ListArray]) -> list[str]:
    """Return the words that occur most often."""
    counts = pc.value_counts(pa.chunked_array(pc.list_flatten(words) for words in columns))
    chosen = pc.sort_indices(counts.field("counts"), [("", "descending")])[:KNOWN_WORDS]
    return sorted(counts.field("values").take(chosen).to_pylist())


def start_readers(
    recipe: Recipe, vocabulary: list[str], parts: dict[str, Part], folder: Path
) -> list[subprocess.Popen]:
    """Let each script read all parts; its results go to a folder of its own below ``folder``."""
    constants = {"format": 2, "labels": [], "words": front_code(vocabulary), "text": recipe}
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
    split = {name: read_in_arrow(recipe, part) for name, part in parts.items()}
    vocabulary = choose_vocabulary(list(split.values()))
    found: Found = {}
    # Not pytest's folder, of which the last three stay: this is half a gigabyte.
    with tempfile.TemporaryDirectory(prefix="provender-parity-") as folder:
        started = start_readers(recipe, vocabulary, parts, Path(folder))
        for name, part in parts.items():
            ids = encode_words(split[name], vocabulary, part.max_words)
            in_arrow = Reading(pc.binary_join(split[name], " "), ids)
            found[name] = {"arrow": in_arrow, "re": read_by_re(recipe, part, vocabulary)}
        assert [process.wait() for process in started] == [0, 0]
        for name, part in parts.items():
            for reader in READERS:
                found[name][reader] = read_back(Path(folder) / reader, name, part)
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
        assert reading.ids.shape == expected.ids.shape == (len(part.texts), part.max_words)
        differs = ~np.asarray(pc.equal(reading.words, expected.words))
        differs |= (reading.ids != expected.ids).any(axis=1)
        assert [
            (reader, ascii(part.texts.column[row].as_py()), reading.words[row].as_py())
            for row in np.flatnonzero(differs)[:SHOWN]
        ] == []
    assert part.count >= least
    record_property("compared", f"{part.count:,} {part.named}: no difference in words and ids")
