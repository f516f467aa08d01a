"""Which script a text is in, by Unicode's Script property of its characters."""

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provender.text.recipe import Recipe, in_pieces

# Scripts in which people write today, by Unicode's names; Japanese is written in three at once.
KANA = "Han and kana"
SCRIPTS = (
    "Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Armenian", "Georgian", "Ethiopic",
    "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada",
    "Malayalam", "Sinhala", "Tibetan", "Mongolian", "Hangul", KANA, "Bopomofo", "Thai", "Lao",
    "Khmer", "Myanmar", "Javanese", "Balinese", "Tai_Tham", "Tai_Le", "New_Tai_Lue", "Tai_Viet",
    "Yi",
)  # fmt: skip

# Of these, the ones without spaces between words, in which Unicode's line breaking (annex 14)
# needs a dictionary, or breaks between any two syllables: what text.grams is for.
WITHOUT_SPACES = SCRIPTS[SCRIPTS.index(KANA) :]

OTHER = "other"


def scripts_of(texts: pa.Array) -> np.ndarray:
    """Return the script of most characters of each text: object [n]; ``other`` where of none.

    Of equally many it is the first in :data:`SCRIPTS`.
    """
    counts = np.stack([_count(texts, script) for script in SCRIPTS])
    names = np.array([*SCRIPTS, OTHER], object)
    found: np.ndarray = names[np.where(counts.any(axis=0), counts.argmax(axis=0), len(SCRIPTS))]
    return found


def not_parted(recipe: Recipe, texts: pa.Array) -> dict[str, int]:
    """Return how many texts are in each script that has no spaces and is not read in pieces."""
    # Most texts have no character of these, and need not be looked at script by script.
    texts = texts.filter(pc.invert(pc.string_is_ascii(texts)))
    texts = texts.filter(pc.match_substring_regex(texts, _class(WITHOUT_SPACES)))
    scripts = scripts_of(texts)
    found = {}
    for script in WITHOUT_SPACES:
        rows = scripts == script
        if rows.any():
            some = texts.filter(pa.array(rows))
            # Of each text some pieces are enough: digits and the like are in none.
            count = int(rows.sum()) - int(pc.sum(in_pieces(recipe, some)).as_py() or 0)
            if count:
                found[script] = count
    return found


def advise(recipe: Recipe, counts: Mapping[str, int], texts: int) -> list[str]:
    """Say of each script that most of so many texts are in, and that is not parted, what mends it.

    ``counts``: texts by script, as :func:`not_parted` has it.
    """
    found = []
    for script, count in counts.items():
        if count > texts / 2:
            names = "Han, Hiragana and Katakana" if script == KANA else script
            mend = f"add {names} to text.grams.scripts"
            if not recipe["grams"]["sizes"]:
                mend = f"set text.grams.sizes, with {names} in text.grams.scripts"
            found.append(
                f"{count:,} of {texts:,} texts are in a script that has no spaces between words: "
                f"{mend}"
            )
    return found


def _count(texts: pa.Array, script: str) -> np.ndarray:
    return np.asarray(pc.count_substring_regex(texts, _class([script])), np.int64)


def _class(scripts: Iterable[str]) -> str:
    """Return a pattern of RE2 that matches a character of these scripts."""
    names = []
    for script in scripts:
        names += ["Han", "Hiragana", "Katakana"] if script == KANA else [script]
    return "[" + "".join(rf"\p{{{name}}}" for name in names) + "]"
