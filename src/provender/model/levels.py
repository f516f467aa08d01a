"""How many values a number of the table may have, which says how TensorFlow.js stores it."""

# As trained, and the most that two bytes hold.
FLOAT32 = 0
FLOAT16 = 1 << 16

# Bytes of each number of those.
FLOAT_BYTES = {FLOAT32: 4, FLOAT16: 2}

# Of what a byte holds. Columns have scales of their own; few values are a codebook of evenly
# spaced numbers for each column.
BYTES = (256, 96, 48, 24, 8)

LEVELS = (FLOAT32, FLOAT16, *BYTES)


def stored_as(levels: int) -> str:
    """Return the type of a number as TensorFlow.js stores it."""
    return {FLOAT32: "float32", FLOAT16: "float16"}.get(levels, "uint8")


def describe(levels: int) -> str:
    """Return what a person reads of it."""
    return f"{levels} levels" if levels in BYTES else stored_as(levels)
