"""The text recipe: one piece of data that Python and the browser interpret alike.

A compiled recipe (:func:`compile_recipe`) is plain JSON:

``max_characters``
    How many characters (code points) are read of a text; what follows is left out, so
    that a text of any length takes a bounded time.
``pairs``, ``parts``, ``classes``
    Canonical composition (NFC), which makes of ``e`` and a combining accent the ``é`` that
    others type: a string of triples, each a character and the two that it is made of; what
    else comes apart, as ``[character, parts]``; and runs of marks, in the order of whose
    classes they stand: so many code points are none, so many are, of this class, and so on.
``lower``
    ``[first, last, step, delta]`` runs: every ``step``-th code point of
    ``first..last`` becomes the code point ``delta`` further on.
``fold``
    ``[character, text]``: what else becomes another text, such as ``ß``, ``ss``.
``separators``, ``symbols``, ``ignored``
    Code points that become a space, words of their own, and nothing. Each is a list of
    gaps: so many code points are not in it, so many are, and so on.
``replace``
    ``[pattern, replacement, needed]``, applied in order; the replacement is literal. None makes a
    word of its own of what matches. ``needed`` is a character that each match holds, or empty:
    what lacks it need not be searched.
``grams``
    ``characters``, a list of gaps: a run of these, with marks of whatever script on them, is no
    word, but is read in pieces (see :mod:`provender.text.features`): ``sizes``, of how many code
    points. ``words``: of how many characters the pieces of words are; none, if words are not read
    in pieces. ``pairs``: whether two words that stand side by side are read as one, too.

The tables only hold code points beyond ASCII, but for a language whose ``I`` is another:
A-Z are lower-cased by rule and the rest of ASCII is the patterns' business.
``web/src/text.js`` is the other interpreter.
"""

import itertools
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provender.text.pattern import find_needed

Recipe = dict[str, Any]

FIRST_BEYOND_ASCII = 0x80
SURROGATES = range(0xD800, 0xE000)

# Unicode's general categories that make up words: letters, marks, numbers. Each symbol is one.
WORD_CATEGORIES = (b"L", b"M", b"N")
SYMBOL_CATEGORY = b"S"

# What stands for a lone surrogate, and so is no symbol.
REPLACEMENT = 0xFFFD

# How a symbol looks: variation selectors and the colours of skin.
SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0), range(0x1F3FB, 0x1F400))

# Marks that make other letters of kana, which is no matter of accents.
VOICING = "\u3099\u309a"

# Of kana, what Unicode gives to both kinds: the prolonged sound, and the marks.
SHARED = "\u30fc\uff70" + VOICING

# Hangul's syllables, which are composed by counting; its vowels, and its final consonants.
SYLLABLES = range(0xAC00, 0xD7A4)
JAMO = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))

# Letters whose lower case is another in a language.
LANGUAGES = {"tr": {"I": "ı", "İ": "i"}, "az": {"I": "ı", "İ": "i"}}

# Of a compiled recipe: what beyond ASCII is no part of a word.
TABLES = ("separators", "symbols", "ignored")

# A mark of the least class, and one of a high one, beside which the order of others shows.
LOW_MARK, HIGH_MARK = "\u0334", "\u0315"


def compile_recipe(
    recipe: dict[str, Any],
    grams: dict[str, Any] | None = None,
    language: str = "any",
    marks: str = "keep",
) -> Recipe:
    """Compile what ``config/text.yaml`` holds and add the Unicode tables.

    What a letter is comes from Python's Unicode database; composition, lower case and
    scripts come from Arrow, so that running the recipe at column speed agrees with the tables.
    ``grams``: ``sizes`` and ``scripts``, by their names in Unicode; ``words`` and ``pairs``.
    ``language``: one of
    ``LANGUAGES``, or ``any``. ``marks``: ``keep`` or ``remove``.
    """
    codes = np.arange(FIRST_BEYOND_ASCII, sys.maxunicode + 1, dtype="<i4")
    codes = codes[(codes < SURROGATES.start) | (codes >= SURROGATES.stop)]
    characters = _characters(codes)
    categories = "".join(map(unicodedata.category, _to_text(codes))).encode()[::2]
    in_words = np.isin(np.frombuffer(categories, "S1"), WORD_CATEGORIES)
    is_symbol = (np.frombuffer(categories, "S1") == SYMBOL_CATEGORY) & (codes != REPLACEMENT)
    ignored = np.zeros(len(codes), bool)
    for selectors in SELECTORS:
        ignored |= (codes >= selectors.start) & (codes < selectors.stop)
    if marks == "remove":
        ignored |= _is_in(characters, r"\p{Inherited}") & _is_in(characters, r"\p{M}")
        ignored &= ~np.isin(codes, [ord(mark) for mark in VOICING])
    letters = codes[(in_words | is_symbol) & ~ignored]
    lowered = _to_codes(pc.utf8_lower(pa.scalar(_to_text(letters))).as_py())
    # This fails for a lower case of two characters, which the table could not hold.
    deltas = lowered - letters
    fold = _fold(letters, lowered, LANGUAGES.get(language, {}), codes[ignored], marks == "remove")
    changed = (deltas != 0) & ~np.isin(letters, [ord(character) for character in fold])
    pairs, parts, classes = _composition(codes, characters)
    is_mark = marked([_without_classes(classes)])
    scripts = grams["scripts"] if grams else []
    in_grams = np.isin(codes, [ord(mark) for mark in SHARED]) & ("Katakana" in scripts)
    for script in scripts:
        in_grams |= _is_in(characters, rf"\p{{{script}}}")
    return {
        "max_characters": recipe["max_characters"],
        "pairs": pairs,
        "parts": parts,
        "classes": classes,
        "lower": _lower_runs(letters[changed].tolist(), deltas[changed].tolist()),
        "fold": [[character, fold[character]] for character in sorted(fold)],
        "separators": _gaps(codes[~in_words & ~is_symbol & ~ignored]),
        "symbols": _gaps(codes[is_symbol & ~ignored]),
        "ignored": _gaps(codes[ignored]),
        "replace": [
            [rule["pattern"], rule.get("with"), find_needed(rule["pattern"])]
            for rule in recipe["replace"]
        ],
        "grams": {
            "sizes": sorted(grams["sizes"]) if grams else [],
            "characters": _gaps(codes[in_grams & in_words & ~is_mark[codes]]),
            "words": sorted(grams.get("words", [])) if grams else [],
            "pairs": bool(grams and grams.get("pairs", False)),
        },
    }


def _fold(
    letters: np.ndarray,
    lowered: np.ndarray,
    language: dict[str, str],
    ignored: np.ndarray,
    without_marks: bool,
) -> dict[str, str]:
    """Return the letters that become another text than their lower case, which the table has."""
    marks = dict.fromkeys(ignored.tolist())
    found = dict(language)
    both = [(chr(code), chr(low)) for code, low in zip(letters, lowered, strict=True)]
    decomposed = pc.utf8_normalize(pa.array([low for _, low in both]), "NFD").to_pylist()
    for (character, low), apart in zip(both, decomposed, strict=True):
        low = language.get(character, low)
        # What capitals have in common, as ß and ss, or σ and ς.
        other = low.casefold()
        # But where Unicode folds to capitals, as for Cherokee.
        target = low if other.lower() != other else other
        if without_marks:
            apart = apart if target == low else unicodedata.normalize("NFD", target)
            target = apart.translate(marks) or low
        if target != low:
            target = unicodedata.normalize("NFC", target)
        if target != low:
            found[character] = target
    return found


def _composition(codes: np.ndarray, characters: pa.Array) -> tuple[str, list[list[str]], list[int]]:
    """Return the tables of canonical composition, as Arrow composes.

    Hangul's syllables are in none, since they are composed by counting.
    """
    apart = pc.utf8_normalize(characters, "NFD")
    whole = pc.utf8_normalize(characters, "NFC")
    changes = np.asarray(pc.not_equal(apart, characters))
    changes &= (codes < SYLLABLES.start) | (codes >= SYLLABLES.stop)
    pairs, parts = [], []
    for code, split, joined in zip(
        codes[changes].tolist(),
        apart.filter(pa.array(changes)).to_pylist(),
        whole.filter(pa.array(changes)).to_pylist(),
        strict=True,
    ):
        if joined == chr(code):
            pairs.append(chr(code) + _normalized(split[:-1], "NFC") + split[-1])
        else:
            parts.append([chr(code), split])
    return "".join(pairs), parts, _classes(codes, characters)


def _classes(codes: np.ndarray, characters: pa.Array) -> list[int]:
    """Return runs of marks with their combining class, found by how Arrow orders them."""
    after = pc.utf8_normalize(pc.binary_join_element_wise(characters, LOW_MARK, ""), "NFD")
    before = pc.utf8_normalize(pc.binary_join_element_wise(HIGH_MARK, characters, ""), "NFD")
    moves = np.asarray(pc.starts_with(after, LOW_MARK)) | ~np.asarray(
        pc.starts_with(before, HIGH_MARK)
    )
    # What comes apart has no place of its own.
    moves &= np.asarray(pc.equal(pc.utf8_normalize(characters, "NFD"), characters))
    marks = codes[moves].tolist()
    examples = {unicodedata.combining(chr(code)): chr(code) for code in marks}
    runs: list[int] = []
    end = 0
    for code in marks:
        mark = chr(code)
        if not (found := unicodedata.combining(mark)):
            # Of a newer edition of Unicode: the class among whose marks it does not move.
            found = next(
                number
                for number, example in sorted(examples.items())
                if number
                and _normalized(mark + example, "NFD") == mark + example
                and _normalized(example + mark, "NFD") == example + mark
            )
        if runs and end == code and runs[-1] == found:
            runs[-2] += 1
        else:
            runs += [code - end, 1, found]
        end = code + 1
    return runs


def _normalized(text: str, form: str) -> str:
    normalized: str = pc.utf8_normalize(pa.scalar(text), form).as_py()
    return normalized


def run_class(recipe: Recipe) -> str:
    """Return a pattern of RE2 that matches a character of what is read in pieces."""
    return _class(runs_of(recipe["grams"]["characters"] if recipe["grams"]["sizes"] else []))


def is_mark(recipe: Recipe) -> np.ndarray:
    """Return of each code point whether it is a mark: bool [0x110000]."""
    return marked([_without_classes(recipe["classes"])])


def mark_class(recipe: Recipe) -> str:
    """Return a pattern of RE2 that matches a mark, which belongs to what it stands on."""
    return _class(runs_of(_without_classes(recipe["classes"])))


def in_pieces(recipe: Recipe, texts: pa.Array) -> pa.BooleanArray:
    """Tell which texts have a run that is read in pieces: bool [n]."""
    return pc.match_substring_regex(texts, run_class(recipe))


def for_words(recipe: Recipe, words: Iterable[str]) -> Recipe:
    """Return a recipe whose tables hold no more than reading these words takes.

    Every text gets the same known words at the same places: what is left out could only
    make one unknown word another. ``words``: a vocabulary, read by the whole recipe.
    """
    apart = dict(recipe["parts"]) | {triple[0]: triple[1:] for triple in _triples(recipe["pairs"])}

    def letters(text: str) -> set[str]:
        return {
            other
            for character in text
            for other in (letters(apart[character]) if character in apart else character)
        }

    known = letters("".join(set().union(*words)))
    marks = _members(_without_classes(recipe["classes"]))
    fold = [
        [source, text]
        for source, text in recipe["fold"]
        if letters(text) <= known or source in marks
    ]
    lower = [
        (code, delta)
        for first, last, step, delta in recipe["lower"]
        for code in range(first, last + 1, step)
        if letters(chr(code + delta)) <= known
    ]
    before = [*(source for source, _ in fold), *(chr(code) for code, _ in lower)]
    known |= letters("".join(before))
    # Where what composes parts words, or has a place in a run, it counts for their number.
    parting = marked([*(recipe[table] for table in TABLES), _without_classes(recipe["classes"])])
    counted = parting | marked([recipe["grams"]["characters"]])
    return {
        **recipe,
        "pairs": "".join(
            triple
            for triple in _triples(recipe["pairs"])
            if letters(triple) <= known or counted[_to_codes(triple[:2])].any()
        ),
        "parts": [
            [character, text]
            for character, text in recipe["parts"]
            if letters(text) <= known or parting[_to_codes(character + text[0])].any()
        ],
        "lower": _lower_runs([code for code, _ in lower], [delta for _, delta in lower]),
        "fold": fold,
    }


def _triples(pairs: str) -> Iterator[str]:
    """Give each composed character with the two that it is made of."""
    return (pairs[place : place + 3] for place in range(0, len(pairs), 3))


def _without_classes(classes: list[int]) -> list[int]:
    """Return runs of marks as a list of gaps."""
    return [number for place, number in enumerate(classes) if place % 3 < 2]


def _class(runs: Iterable[Sequence[int]]) -> str:
    """Return a class of RE2 of code points in runs; one of nothing matches nothing."""
    ranges = "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in runs)
    return f"[{ranges}]" if ranges else r"[^\x00-\x{10ffff}]"


def _is_in(characters: pa.Array, pattern: str) -> np.ndarray:
    """Tell which characters are in a class: bool [n]."""
    return np.asarray(pc.match_substring_regex(characters, pattern))


def _characters(codes: np.ndarray) -> pa.Array:
    return pa.array(list(_to_text(codes)), pa.string())


def _to_text(codes: np.ndarray) -> str:
    return codes.tobytes().decode("utf-32-le")


def _to_codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le"), "<i4")


def _gaps(codes: np.ndarray) -> list[int]:
    """Return ordered code points as gaps: so many are not among them, so many are, and so on."""
    if not len(codes):
        return []
    ends = np.flatnonzero(np.diff(codes) > 1)
    edges = np.stack([codes[[0, *(ends + 1)]], codes[[*ends, -1]] + 1], axis=1).ravel()
    gaps: list[int] = np.diff(edges, prepend=0).tolist()
    return gaps


def runs_of(gaps: list[int]) -> list[list[int]]:
    """Return the first and last code point of each run that a list of gaps has."""
    edges = list(itertools.accumulate(gaps))
    return [[first, end - 1] for first, end in zip(edges[::2], edges[1::2], strict=True)]


def marked(tables: Iterable[list[int]]) -> np.ndarray:
    """Return of each code point whether it is in one of the lists of gaps: bool [0x110000]."""
    found = np.zeros(sys.maxunicode + 1, bool)
    for gaps in tables:
        for first, last in runs_of(gaps):
            found[first : last + 1] = True
    return found


def _members(gaps: list[int]) -> set[str]:
    """Return the characters of a list of gaps."""
    return {chr(code) for first, last in runs_of(gaps) for code in range(first, last + 1)}


def _lower_runs(codes: list[int], deltas: list[int]) -> list[list[int]]:
    """Pack code points and their deltas into runs of one delta and one step of 1 or 2."""
    runs: list[list[int]] = []
    for code, delta in zip(codes, deltas, strict=True):
        if runs and runs[-1][3] == delta:
            first, last, step, _ = runs[-1]
            if code - last == step or (first == last and code - last == 2):
                runs[-1][1:3] = [code, code - last]
                continue
        runs.append([code, code, 1, delta])
    return runs
