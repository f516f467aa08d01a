"""How a number of the table is stored, and what people read of it."""

import pytest

from provender.model import levels


@pytest.mark.parametrize(
    ("values", "stored", "said"),
    [
        (0, "float32", "float32"),
        (65536, "float16", "float16"),
        (256, "uint8", "256 levels"),
        (8, "uint8", "8 levels"),
    ],
)
def test_each_has_a_type_and_a_name(values: int, stored: str, said: str) -> None:
    """The converter's names for types; bytes are told apart by how many values they have."""
    assert levels.stored_as(values) == stored
    assert levels.describe(values) == said


@pytest.mark.parametrize("values", levels.BYTES)
def test_a_byte_holds_them(values: int) -> None:
    """There are no more of them than a byte has, and no two alike."""
    assert 2 < values <= 256
    assert levels.BYTES.count(values) == 1
