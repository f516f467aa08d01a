"""Which script a text is in."""

import pyarrow as pa
import pytest

from provender.text.recipe import compile_recipe
from provender.text.scripts import not_parted, scripts_of

RULES = {"max_characters": 99, "replace": []}


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Straße 42!", "Latin"),
        ("привет hi", "Cyrillic"),
        ("請求書をカード", "Han and kana"),
        ("ไทย ok", "Thai"),
        ("한국어", "Hangul"),
        ("ꆈꌠ", "Yi"),
        ("42 — 😀", "other"),
        ("", "other"),
        # As many of both.
        ("ab γδ", "Latin"),
    ],
)
def test_most_of_a_text(text: str, script: str) -> None:
    """The script of most characters counts."""
    assert scripts_of(pa.array([text])).tolist() == [script]


def test_what_is_not_parted() -> None:
    """Of scripts without spaces, those that the recipe does not read in pieces."""
    texts = pa.array(["ไทย", "请求", "hello", "លេខ", "ไท", "한국어", "ꆈꌠ"])
    plain = compile_recipe(RULES)
    assert not_parted(plain, texts) == {"Han and kana": 1, "Thai": 2, "Khmer": 1, "Yi": 1}
    some = compile_recipe(RULES, {"sizes": [1, 2], "scripts": ["Han", "Thai", "Yi"]})
    assert not_parted(some, texts) == {"Khmer": 1}
