"""The text recipe: its tables, read naively in pure Python, against Arrow at column speed."""

import sys
import unicodedata
from functools import cache

import pyarrow as pa
import pytest
import yaml
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from references import Composition, fold_table, mark_classes, members, split_text

from provender import config
from provender.text.pattern import PatternError, check_pattern, find_needed
from provender.text.recipe import Recipe, compile_recipe, for_words
from provender.text.words import split_words

SHIPPED = yaml.safe_load((ROOT / "config" / "text.yaml").read_text(encoding="utf-8"))

GRAMS = config.read(ROOT / "config" / "config.yaml")["text"]["grams"]

# Characters that the rules and the tables treat in different ways, and any others.
CHARACTERS = st.one_of(
    st.sampled_from("abcAZ019 .,'-\\$`{~\0\t\n\r\x7f\x85\xa0²½ßİıſΣς\u0307\u2028\ufeff\u212a😀𐐀"),
    st.sampled_from("eé\u0301\u0323\u0338=≠ᄒ\u1161\u11ab한かが\u3099ー字請ไทย\u0e49❤\ufe0f🏽©ﬁ"),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.text(CHARACTERS, max_size=40)

# Texts whose words a vocabulary may hold.
KNOWN = ["straße", "σίσυφος", "café", "請", "請求", "ไท", "❤", "한국", "i", "ẹ"]


@cache
def choices(marks: str) -> tuple[Recipe, dict[int, str], Composition]:
    """Return the recipe by choice, for Turkish, and its tables."""
    chosen = compile_recipe(SHIPPED, {"sizes": [2], "scripts": ["Han", "Thai"]}, "tr", marks)
    return chosen, fold_table(chosen), Composition(chosen)


# Patterns of the portable subset, among others that the configuration refuses.
ATOMS = st.sampled_from(["a", "b", "0", "[a-c]", "[^a]", "[^0-9 ]", "\\x5c", "(ab|c)", "(a|b0?)"])
QUANTIFIERS = st.sampled_from(["", "+", "?", "*", "{2}", "{1,2}"])
PIECES = st.tuples(ATOMS, QUANTIFIERS).map("".join)
PATTERNS = st.lists(PIECES, min_size=1, max_size=3).map("".join)


def is_portable(pattern: str) -> bool:
    """Return whether the configuration accepts a pattern."""
    try:
        check_pattern(pattern)
    except PatternError:
        return False
    return True


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """Return the project's own recipe, compiled."""
    return compile_recipe(SHIPPED, GRAMS)


def with_rules(recipe: Recipe, *rules: list[str]) -> Recipe:
    """Return a recipe with the same tables and other rules, each a pattern and a replacement."""
    return {**recipe, "replace": [[*rule, find_needed(rule[0])] for rule in rules]}


@pytest.fixture(scope="module")
def compose(recipe: Recipe) -> Composition:
    """Return what composes texts by the tables."""
    return Composition(recipe)


@pytest.fixture(scope="module")
def table(recipe: Recipe) -> dict[int, str]:
    """Return what the tables make of each code point that they change."""
    return fold_table(recipe)


def split(recipe: Recipe, *texts: str) -> list[list[str]]:
    """Split texts by Arrow."""
    return split_words(recipe, pa.array(texts, pa.string())).to_pylist()


def test_every_code_point(recipe: Recipe, table: dict[int, str], compose: Composition) -> None:
    """Alone between letters, each of Unicode's characters is read as the tables say."""
    codes = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    blocks = [codes[start : start + 256] for start in range(0, len(codes), 256)]
    texts = ["".join(f"x{chr(code)}y " for code in block) for block in blocks]
    differing = [
        f"U+{block[0]:04X} to U+{block[-1]:04X}"
        for block, text, words in zip(blocks, texts, split(recipe, *texts), strict=True)
        if words != split_text(recipe, table, text, compose)
    ]
    assert differing == []
    assert len(codes) == 0x110000 - 0x800


def test_tables_hold_nothing_of_ascii(recipe: Recipe) -> None:
    """A-Z go by rule and the rest of ASCII by the patterns, in both languages."""
    for table in ("separators", "symbols", "ignored"):
        assert recipe[table][0] >= 0x80
    assert min(first for first, *_ in recipe["lower"]) == 0xC0
    assert all(not character.isascii() for character, _ in recipe["fold"])


def test_separators_are_what_is_no_letter_mark_number_or_symbol(recipe: Recipe) -> None:
    """Beyond ASCII, Unicode's categories alone tell; surrogates are no characters."""
    beyond = [code for code in range(0x80, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    kinds = {code: unicodedata.category(chr(code))[0] for code in beyond}
    ignored = {*members(recipe["ignored"])}
    # What stands for what cannot be read is no symbol.
    symbols = {code for code in beyond if kinds[code] == "S"} - ignored - {0xFFFD}
    assert {*members(recipe["symbols"])} == symbols
    assert {*members(recipe["separators"])} == (
        {code for code in beyond if kinds[code] not in "LMN"} - symbols - ignored
    )
    assert ignored == {*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400), *range(0xE0100, 0xE01F0)}


def test_marks_have_unicode_s_classes(recipe: Recipe) -> None:
    """Of all that Python's edition of Unicode knows, but what comes apart."""
    classes = mark_classes(recipe)
    apart = {character for character, _ in recipe["parts"]}
    for code in range(sys.maxunicode + 1):
        if (own := unicodedata.combining(chr(code))) and chr(code) not in apart:
            assert classes[chr(code)] == own, hex(code)
    assert set(classes.values()) <= set(range(1, 255))


def test_scripts_without_spaces(recipe: Recipe) -> None:
    """Their letters, and what kana share; no letter of a script that has spaces."""
    inside = set(map(chr, members(recipe["grams"]["characters"])))
    assert inside >= set("字請かカーｶｰไทยລາວខ្មែរမြန်မာ々〇") - set(mark_classes(recipe))
    assert inside.isdisjoint("aé한Σабअ1。、　😀")


def test_runs_neither_touch_nor_overlap(recipe: Recipe) -> None:
    """The tables are ordered, and no code point stands in them twice."""
    tables = [recipe[name] for name in ("separators", "symbols", "ignored")]
    assert all(min(gaps) > 0 for gaps in (*tables, recipe["grams"]["characters"]))
    codes = [code for gaps in tables for code in members(gaps)]
    assert len(codes) == len(set(codes))
    lowered = [
        code for first, last, step, _ in recipe["lower"] for code in range(first, last + 1, step)
    ]
    assert len(lowered) == len(set(lowered)) > 1300
    folded = {ord(character) for character, _ in recipe["fold"]}
    assert folded.isdisjoint(lowered)
    assert not {*codes} - {*members(recipe["symbols"])} & {*lowered, *folded}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Don't PANIC, 42 or 4.2!",
            ["don", "'", "t", "panic", ",", "42", "or", "4", ".", "2", "!"],
        ),
        (
            "Mail <A.B+c@Some-Host.org>, or a@, @b",
            ["mail", "<", ">", ",", "or", "a", "@", ",", "@", "b"],
        ),
        ("a1b\tc\r\nd\0e\x7ff", ["a1b", "c", "d", "e", "f"]),
        ("ΣΊΣΥΦΟΣ σίσυφος ÀÉ ǅ \U00010400", ["σίσυφοσ"] * 2 + ["àé", "ǆ", "\U00010428"]),
        ("İ I\u0307 ı \u212a ß ẞ SS ﬁ", ["i", "i", "ı", "k", "ss", "ss", "ss", "fi"]),
        ("x²½ ٣ Ⅻ ⓐⒶ", ["x²½", "٣", "ⅻ", "ⓐ", "ⓐ"]),
        ("한국어 \u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165", ["한국어"] * 2),
        ("ΐ \u0399\u0308\u0301 \u03aa\u0301", ["ΐ"] * 3),
        ("が か\u3099", ["が"] * 2),
        ("iPhoneを買う", ["iphone", "を買う"]),
        ("カード", ["カード"]),
        ("บัญชี!", ["บัญชี", "!"]),
        ("❤️❤ 👍🏽👍 ©2024 ≠ =\u0338", ["❤", "❤", "👍", "👍", "©", "2024", "≠", "≠"]),
        ("a\u2028b\x85c\ufeffd\u200de\u3000f—g…h\ufffdi", list("abcdefghi")),
        ("e\u0301 👩‍🚀 नमस्ते", ["é", "👩", "🚀", "नमस्ते"]),
        (" \u2003 \t", []),
        ("", []),
    ],
)
def test_words_of_a_text(recipe: Recipe, text: str, words: list[str]) -> None:
    """Letters, marks and numbers of any script make words, punctuation of ASCII each one."""
    assert split(recipe, text) == [words]


@given(texts=st.lists(TEXTS, max_size=5))
def test_any_texts(
    recipe: Recipe, table: dict[int, str], compose: Composition, texts: list[str]
) -> None:
    """Arrow reads every column of texts as the tables and ``re`` read each text."""
    expected = [split_text(recipe, table, text, compose) for text in texts]
    assert split(recipe, *texts) == expected


@given(
    pattern=PATTERNS.filter(is_portable),
    replacement=st.sampled_from(["", " ", "a", "_$1", None]),
    text=st.text("ab0cX \\é\x80", max_size=12),
)
def test_any_portable_pattern(
    recipe: Recipe,
    table: dict[int, str],
    compose: Composition,
    pattern: str,
    replacement: str | None,
    text: str,
) -> None:
    """RE2 and ``re`` agree on the patterns that the configuration accepts."""
    ruled = with_rules(recipe, [pattern, replacement])
    assert split(ruled, text) == [split_text(ruled, table, text, compose)]


@pytest.mark.parametrize("literal", ["\\1", "\\0", "\\\\", "$1", "$&", "\\n", "\\g<0>", "{}"])
def test_replacements_are_literal(recipe: Recipe, literal: str) -> None:
    """No character of a replacement has a meaning, such as a group's."""
    assert split(with_rules(recipe, ["(b)", literal]), "abc") == [[f"a{literal}c"]]


def test_each_separator_is_a_space(recipe: Recipe) -> None:
    """A rule sees as many characters as there were, as it does in the browser."""
    assert split(with_rules(recipe, ["[^a]", "x"]), "a\x80\u2028\u201cba") == [["axxxxa"]]


def test_turkish() -> None:
    """By choice, the dotless i has capitals of its own; ASCII alone is read so as well."""
    turkish = compile_recipe(SHIPPED, GRAMS, language="tr")
    table = fold_table(turkish)
    texts = ["ILIK ISI", "İSTANBUL I\u0307Z", "ılık istanbul", "Iß"]
    expected = [["ılık", "ısı"], ["istanbul", "iz"], ["ılık", "istanbul"], ["ıss"]]
    assert split(turkish, *texts) == expected
    assert [split_text(turkish, table, text) for text in texts] == expected


def test_without_marks() -> None:
    """By choice, accents are no matter, however typed; marks that are letters stay."""
    plain = compile_recipe(SHIPPED, GRAMS, marks="remove")
    table = fold_table(plain)
    texts = ["Ωδή ωδη ΩΔΗ", "cafe\u0301 Ệ ấ", "नमस्ते がか\u3099", "كَتَبَ", "한국", "ΐ ᾳ ß"]
    expected = [
        ["ωδη"] * 3, ["cafe", "e", "a"], ["नमस्ते", "がが"], ["كتب"], ["한국"],
        ["ι", "αι", "ss"],
    ]  # fmt: skip
    assert split(plain, *texts) == expected
    assert [split_text(plain, table, text) for text in texts] == expected


@given(texts=st.lists(TEXTS, max_size=5), marks=st.sampled_from(["keep", "remove"]))
def test_any_texts_by_choice(texts: list[str], marks: str) -> None:
    """The choices change the tables alone."""
    recipe, table, compose = choices(marks)
    expected = [split_text(recipe, table, text, compose) for text in texts]
    assert split(recipe, *texts) == expected


@settings(max_examples=20)
@given(
    words=st.lists(
        st.sampled_from(["straße", "σίσυφος", "café", "請", "請求", "ไท", "❤", "한국", "i", "ẹ"]),
        max_size=4,
    ),
    texts=st.lists(TEXTS, min_size=1, max_size=5),
)
def test_no_more_than_the_words_take(recipe: Recipe, words: list[str], texts: list[str]) -> None:
    """What ships of the tables reads every text as the same known words at the same places."""
    known = {word for text in words for word in split(recipe, text)[0]}
    shipped = for_words(recipe, known)
    table, compose = fold_table(shipped), Composition(shipped)

    def ids(found: list[str]) -> list[str]:
        return [word if word in known else "?" for word in found]

    whole = split(recipe, *texts, *words)
    parts = [split_text(shipped, table, text, compose) for text in (*texts, *words)]
    assert [ids(found) for found in parts] == [ids(found) for found in whole]


def test_capitals_that_lose_a_mark(recipe: Recipe) -> None:
    """What ships for the word i has how its capital with a dot is composed."""
    shipped = for_words(recipe, ["i"])
    assert split_text(shipped, fold_table(shipped), "I\u0307 İ I") == ["i"] * 3


def test_rules_apply_in_order(recipe: Recipe) -> None:
    """Each rule sees what the ones before it left."""
    assert split(with_rules(recipe, ["a", "b"], ["b", "c"]), "ab") == [["cc"]]
    assert split(with_rules(recipe, ["b", "c"], ["a", "b"]), "ab") == [["bc"]]


def test_columns_in_chunks(recipe: Recipe) -> None:
    """A column that Arrow keeps in several chunks, or as a part of another, is read as one."""
    column = pa.chunked_array([["A b"], [], ["c", ""]], pa.string())
    assert split_words(recipe, column).to_pylist() == [["a", "b"], ["c"], []]
    assert split_words(recipe, column.slice(1)).to_pylist() == [["c"], []]
