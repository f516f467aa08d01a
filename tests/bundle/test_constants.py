"""The vocabulary as it is shipped; web/test and tests/parity read it in JavaScript."""

import json

from hypothesis import given
from hypothesis import strategies as st

from provender.bundle.constants import front_code, to_script

# Letters of one and two UTF-16 code units; some pairs share their first unit.
WORDS = st.text("abé\U00010428\U00010429", min_size=1, max_size=40)


def test_by_hand() -> None:
    """A letter gives the number of units that are shared: A none, B one, and so on."""
    packed = front_code(["a", "apple", "apply", "apply", "b", "\U00010428a", "\U00010428b"])
    assert packed == {"shared": "ABEFAAC", "rests": "a\npple\ny\n\nb\n\U00010428a\nb"}


def test_long_beginnings() -> None:
    """No more units are shared than there are letters for, and a character stays whole."""
    letters, pairs = "x" * 30, "\U00010428" * 13
    assert front_code([letters, letters]) == {"shared": "AZ", "rests": f"{letters}\nxxxxx"}
    assert front_code([pairs, pairs]) == {"shared": "AY", "rests": f"{pairs}\n\U00010428"}


@given(words=st.lists(WORDS, min_size=1, max_size=8))
def test_any_words(words: list[str]) -> None:
    """Read as it says, the packed vocabulary holds the words, and it is valid UTF-8."""
    packed = front_code(words)
    found = [b""]
    for letter, rest in zip(packed["shared"], packed["rests"].split("\n"), strict=True):
        units = ord(letter) - ord("A")
        found.append(found[-1][: 2 * units] + rest.encode("utf-16-le"))
    assert [word.decode("utf-16-le") for word in found[1:]] == words


def test_script_by_hand() -> None:
    """Old browsers read U+2028 as a line's end, a page any charset, and HTML ends at a tag."""
    constants = '{"rests":"\u2028 é 𐐨 </script>"}'.encode()
    script = to_script(constants)
    assert script == (
        'var ProvenderConstants = {"rests":"\\u2028 \\u00e9 \\ud801\\udc28 \\u003c/script>"};\n'
    )
    value = script.removeprefix("var ProvenderConstants = ").removesuffix(";\n")
    assert json.loads(value) == json.loads(constants)
