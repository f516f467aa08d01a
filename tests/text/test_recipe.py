"""The text recipe: its tables, read naively in pure Python, against Arrow at column speed."""

import itertools
import sys
import unicodedata

import pyarrow as pa
import pytest
import yaml
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from references import fold_table, split_text

from provender.text.pattern import PatternError, check_pattern
from provender.text.recipe import Recipe, compile_recipe, split_words

SHIPPED = yaml.safe_load((ROOT / "config" / "text.yaml").read_text(encoding="utf-8"))

# Characters that the rules and the tables treat in different ways, and any others.
CHARACTERS = st.one_of(
    st.sampled_from("abcAZ019 .,'-\\$`{~\0\t\n\r\x7f\x85\xa0²½ßİıſΣς\u0307\u2028\ufeff\u212a😀𐐀"),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.text(CHARACTERS, max_size=40)

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
    return compile_recipe(SHIPPED)


def with_rules(recipe: Recipe, *rules: list[str]) -> Recipe:
    """Return a recipe with the same tables and other rules."""
    return {**recipe, "replace": list(rules)}


@pytest.fixture(scope="module")
def table(recipe: Recipe) -> dict[int, str]:
    """Return what the tables make of each code point that they change."""
    return fold_table(recipe)


def split(recipe: Recipe, *texts: str) -> list[list[str]]:
    """Split texts by Arrow."""
    return split_words(recipe, pa.array(texts, pa.string())).to_pylist()


def test_every_code_point(recipe: Recipe, table: dict[int, str]) -> None:
    """Alone between letters, each of Unicode's characters is read as the tables say."""
    codes = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    blocks = [codes[start : start + 256] for start in range(0, len(codes), 256)]
    texts = ["".join(f"x{chr(code)}y " for code in block) for block in blocks]
    differing = [
        f"U+{block[0]:04X} to U+{block[-1]:04X}"
        for block, text, words in zip(blocks, texts, split(recipe, *texts), strict=True)
        if words != split_text(recipe, table, text)
    ]
    assert differing == []
    assert len(codes) == 0x110000 - 0x800


def test_tables_hold_nothing_of_ascii(recipe: Recipe) -> None:
    """A-Z go by rule and the rest of ASCII by the patterns, in both languages."""
    assert min(first for first, _ in recipe["separators"]) == 0x80
    assert min(first for first, *_ in recipe["lower"]) == 0xC0


def test_separators_are_what_is_no_letter_mark_or_number(recipe: Recipe) -> None:
    """Beyond ASCII, Unicode's categories alone tell; surrogates are no characters."""
    found = {code for first, last in recipe["separators"] for code in range(first, last + 1)}
    beyond = (code for code in range(0x80, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    assert found == {code for code in beyond if unicodedata.category(chr(code))[0] not in "LMN"}


def test_runs_neither_touch_nor_overlap(recipe: Recipe) -> None:
    """The tables are ordered, and no code point stands in them twice."""
    runs = sorted((run[0], run[1]) for run in recipe["separators"])
    assert runs == [tuple(run) for run in recipe["separators"]]
    assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(runs))
    lowered = [
        code for first, last, step, _ in recipe["lower"] for code in range(first, last + 1, step)
    ]
    assert len(lowered) == len(set(lowered)) > 1300
    assert not any(first <= code <= last for code in lowered for first, last in runs)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't PANIC, 42 or 4.2!", ["don", "t", "panic", "42", "or", "4", "2"]),
        ("Mail <A.B+c@Some-Host.org>, or a@, @b", ["mail", "or", "a", "b"]),
        ("a1b\tc\r\nd\0e\x7ff", ["a1b", "c", "d", "e", "f"]),
        ("ΣΊΣΥΦΟΣ ÀÉ ǅ \U00010400", ["σίσυφοσ", "àé", "ǆ", "\U00010428"]),
        ("İ I\u0307 ı \u212a ß ẞ", ["i", "i\u0307", "ı", "k", "ß", "ß"]),
        ("x²½ ٣ Ⅻ ⓐ", ["x²½", "٣", "ⅻ"]),
        ("a\u2028b\x85c\ufeffd\u200de\u3000f—g…h", list("abcdefgh")),
        ("e\u0301 👩‍🚀 नमस्ते", ["e\u0301", "नमस्ते"]),
        (" \u2003 \t", []),
        ("", []),
    ],
)
def test_words_of_a_text(recipe: Recipe, text: str, words: list[str]) -> None:
    """Letters, marks and numbers of any script make words; all else parts them."""
    assert split(recipe, text) == [words]


@given(texts=st.lists(TEXTS, max_size=5))
def test_any_texts(recipe: Recipe, table: dict[int, str], texts: list[str]) -> None:
    """Arrow reads every column of texts as the tables and ``re`` read each text."""
    assert split(recipe, *texts) == [split_text(recipe, table, text) for text in texts]


@given(
    pattern=PATTERNS.filter(is_portable),
    replacement=st.sampled_from(["", " ", "a", "_$1"]),
    text=st.text("ab0cX \\é\x80", max_size=12),
)
def test_any_portable_pattern(
    recipe: Recipe, table: dict[int, str], pattern: str, replacement: str, text: str
) -> None:
    """RE2 and ``re`` agree on the patterns that the configuration accepts."""
    ruled = with_rules(recipe, [pattern, replacement])
    assert split(ruled, text) == [split_text(ruled, table, text)]


@pytest.mark.parametrize("literal", ["\\1", "\\0", "\\\\", "$1", "$&", "\\n", "\\g<0>", "{}"])
def test_replacements_are_literal(recipe: Recipe, literal: str) -> None:
    """No character of a replacement has a meaning, such as a group's."""
    assert split(with_rules(recipe, ["(b)", literal]), "abc") == [[f"a{literal}c"]]


def test_each_separator_is_a_space(recipe: Recipe) -> None:
    """A rule sees as many characters as there were, as it does in the browser."""
    assert split(with_rules(recipe, ["[^a]", "x"]), "a\x80\u2028\U0001f469ba") == [["axxxxa"]]


def test_rules_apply_in_order(recipe: Recipe) -> None:
    """Each rule sees what the ones before it left."""
    assert split(with_rules(recipe, ["a", "b"], ["b", "c"]), "ab") == [["cc"]]
    assert split(with_rules(recipe, ["b", "c"], ["a", "b"]), "ab") == [["bc"]]


def test_columns_in_chunks(recipe: Recipe) -> None:
    """A column that Arrow keeps in several chunks, or as a part of another, is read as one."""
    column = pa.chunked_array([["A b"], [], ["c", ""]], pa.string())
    assert split_words(recipe, column).to_pylist() == [["a", "b"], ["c"], []]
    assert split_words(recipe, column.slice(1)).to_pylist() == [["c"], []]
