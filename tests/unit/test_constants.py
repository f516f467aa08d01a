"""The vocabulary as it is shipped; web/test and tests/parity read it in JavaScript."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from provender.constants import front_code

# Characters that marks are taken from, and of one and two UTF-16 code units.
WORDS = st.text("abABCXYZ[\\]é\U00010428\U0001e922", min_size=1, max_size=40)


def test_by_hand() -> None:
    """A mark gives the number of units that are shared: A none, B one, and so on."""
    packed = front_code(["a", "apple", "apply", "apply", "b", "\U00010428a", "\U00010428b"])
    marks = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    coded = "AaBppleEyFAbA\U00010428aCb"
    assert packed == {"count": 7, "marks": marks, "coded": coded}


def test_long_beginnings() -> None:
    """No more units are shared than there are marks for, and a character stays whole."""
    letters, pairs = "x" * 30, "\U00010428" * 13
    assert front_code([letters, letters])["coded"] == f"A{letters}Zxxxxx"
    assert front_code([pairs, pairs])["coded"] == f"A{pairs}Y\U00010428"


def test_marks_stand_in_no_word() -> None:
    """Where words hold capitals, other characters are marks."""
    assert front_code(["A[", "Z"]) == {
        "count": 2,
        "marks": "BCDEFGHIJKLMNOPQRSTUVWXY]^",
        "coded": "BA[BZ",
    }


@given(words=st.lists(WORDS, max_size=8))
def test_any_words(words: list[str]) -> None:
    """Read as it says, the packed vocabulary holds the words, and it is valid UTF-8."""
    packed = front_code(words)
    coded = packed["coded"]
    starts = [place for place, character in enumerate(coded) if character in packed["marks"]]
    found = [b""]
    for start, end in itertools.pairwise([*starts, len(coded)]):
        shared = packed["marks"].index(coded[start])
        found.append(found[-1][: 2 * shared] + coded[start + 1 : end].encode("utf-16-le"))
    assert [word.decode("utf-16-le") for word in found[1:]] == words
    assert packed["count"] == len(words)
    assert len(set(packed["marks"])) == 26
