"""Which patterns a text recipe may use, and what is said of the others."""

from pathlib import Path

import pytest

from provender.config import read_recipe
from provender.errors import UserError
from provender.text.pattern import PatternError, check_pattern, find_needed

# Each with the column, counted from 1, and the start of what to do instead.
REFUSED = [
    ("x*", 1, "it matches the empty text, at every place: use +"),
    ("a|", 3, "there is nothing to match: use ?"),
    ("(ab", 1, "the group is not closed"),
    ("ab)", 3, "there is no group to close: write \\)"),
    ("a[b", 2, "the class is not closed"),
    ("[]", 1, "the class is empty"),
    ("[z-a]", 2, "the range runs backwards"),
    ("[a-c-e]", 5, "write \\- for a hyphen"),
    ("[!--]", 3, "write \\- for a hyphen at the end of a range"),
    ("[[a]", 2, "write \\[ for a bracket"),
    ("a.b", 2, "languages differ in what a line is: write [^\\n] or \\."),
    ("^a", 1, "anchors are not portable"),
    ("a$", 2, "anchors are not portable"),
    ("a\\w", 2, "\\w is not portable: it differs between languages: write [0-9a-z_]"),
    ("\\bx", 1, "\\b is not portable"),
    ("\\p{L}", 1, "\\p is not portable"),
    ("(a)\\1", 4, "\\1: references to groups are not in RE2"),
    ("\\x80", 1, "write \\x and two digits, from 00 to 7f"),
    ("aé", 2, "'é' is not ASCII"),
    ("aB", 2, "the text is in lower case by then: write b"),
    ("a\\", 2, "\\ is not portable: write \\\\"),
    ("a*?", 3, "a repeat of a repeat, lazy or possessive, is not portable"),
    ("a++", 3, "a repeat of a repeat"),
    ("a{2,1}", 2, "the second number must be at least the first"),
    ("a{,3}", 2, "write {m} or {m,n} with numbers"),
    ("*a", 1, "there is nothing to repeat: write \\*"),
    ("(a?){2}", 1, "what is repeated may be empty"),
    ("b(?=c)", 2, "(?= is not portable: look-ahead is not in RE2"),
    ("(?i)a", 1, "(? is not portable: flags differ"),
    ("(?P<n>a)", 1, "(?P is not portable: named groups differ"),
    ("(a+)+", 2, "'a' could go on in two ways here"),
    ("ab|ac", 4, "'a' could go on in two ways here"),
    ("[^x]*[a-z]", 6, "'a' could go on in two ways here"),
    ("[a-z]+@", 1, "what may repeat without end is followed by something required"),
    ("a{1,70}b", 1, "from here it may read more than 64 characters without a match"),
    ("a{600}", 1, "from here it may read more than 64 characters without a match"),
    ("a{600}b{600}", 7, "with its repeats it is longer than 1000 characters"),
]


@pytest.mark.parametrize(("pattern", "column", "problem"), REFUSED)
def test_refused(pattern: str, column: int, problem: str) -> None:
    """The message has the pattern, the column and the problem."""
    with pytest.raises(PatternError) as caught:
        check_pattern(pattern)
    assert str(caught.value).startswith(f"column {column} of `{pattern}`: {problem}")


def test_deep_nesting_is_refused() -> None:
    """A pattern that no person writes does not end in a stack trace."""
    with pytest.raises(PatternError, match="groups are nested too deeply here"):
        check_pattern("(" * 5000 + "a" + ")" * 5000)


@pytest.mark.parametrize(
    "pattern",
    ["'", "[0-9]+", "[\\x00-/:-`{-\\x7f]+", "a(b|c)d?", "(?:ab){2,3}", "[^a-z]", "[a-z]{1,60}@",
     "\\.\\(\\)\\[\\]\\{\\}\\/\\|\\^\\$", "[-a]", "[a\\-z]", "[!-~]", "a{64}", "(ab*)+"],
)  # fmt: skip
def test_accepted(pattern: str) -> None:
    """These are within the subset; tests/parity shows that languages agree on it."""
    assert check_pattern(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [("[a-z]{1,60}@[a-z]+", "@"), ("a|b", ""), ("xa|bx", "x"), ("a{2}b?", "a"),
     ("(ab|b)c?", "b"), ("[^x]", ""), ("a(b|c)*d", "a"), ("\\x41+", "A")],
)  # fmt: skip
def test_needed(pattern: str, needed: str) -> None:
    """A character that each match holds, or none."""
    assert find_needed(pattern) == needed


def test_recipe_is_read(tmp_path: Path) -> None:
    """A recipe without faults is returned as it stands."""
    path = tmp_path / "text.yaml"
    path.write_text("max_characters: 9\nreplace: [{pattern: a, with: b}]\n", encoding="utf-8")
    assert read_recipe(path) == {"max_characters": 9, "replace": [{"pattern": "a", "with": "b"}]}


@pytest.mark.parametrize(
    ("recipe", "faults"),
    [
        ("- a\n- b\n", ["text.yaml holds no keys with values: see config/text.yaml"]),
        ("max_characters: 9\n", ["replace is missing"]),
        (
            "max_characters: 9\nreplace: [{pattern: a}]",
            ["replacement 1: it needs either with, what to put"],
        ),
        ("max_characters: 0\nreplace: []", ["max_characters: 0 is less than the minimum of 1"]),
        ("max_characters: 100001\nreplace: []", ["100001 is greater than the maximum of 100000"]),
        (
            "max_characters: 9\nreplace: [{pattern: x*, with: ''}, {pattern: ^a, with: ''}]",
            ["replacement 1, column 1 of `x*`: ", "replacement 2, column 1 of `^a`: "],
        ),
    ],
)
def test_faulty_recipe(tmp_path: Path, recipe: str, faults: list[str]) -> None:
    """Every fault is named at once, with the recipe's path."""
    path = tmp_path / "text.yaml"
    path.write_text(recipe, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_recipe(path)
    assert str(caught.value).startswith(str(path))
    assert [fault for fault in faults if fault not in str(caught.value)] == []


def test_missing_recipe(tmp_path: Path) -> None:
    """A recipe that is not there is named."""
    with pytest.raises(UserError, match=r"missing\.yaml"):
        read_recipe(tmp_path / "missing.yaml")
