"""How a number of the table is stored, and what people read of it."""

import pytest

from provender import levels


@pytest.mark.parametrize(
    ("values", "stored", "said"),
    [
        (0, "float32", "float32"),
        (65536, "float16", "float16"),
        (256, "uint8", "256 levels"),
        (6, "uint8", "6 levels"),
    ],
)
def test_each_has_a_type_and_a_name(values: int, stored: str, said: str) -> None:
    """The converter's names for types; bytes are told apart by how many values they have."""
    assert levels.stored_as(values) == stored
    assert levels.describe(values) == said


@pytest.mark.parametrize("values", levels.BYTES)
def test_bytes_hold_them_exactly(values: int) -> None:
    """The steps between so many values are whole steps of a byte."""
    assert 255 % (values - 1) == 0
