"""Many texts at once, as both languages take them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

# What stands for a lone surrogate where a text cannot hold one, as in every decoder of Unicode.
REPLACEMENT = 0xFFFD


@dataclass(frozen=True)
class Texts:
    """Texts of JavaScript, lone surrogates included.

    ``units``: uint16, the UTF-16 code units of all texts, one after the other.
    ``lengths``: int32 [n], the units of each.
    """

    units: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Texts":
        """Take strings, which may hold lone surrogates."""
        encoded = [text.encode("utf-16-le", "surrogatepass") for text in texts]
        lengths = np.array([len(text) // 2 for text in encoded], np.int32)
        return cls(np.frombuffer(b"".join(encoded), "<u2"), lengths)

    @classmethod
    def joined(cls, pool: "Texts", segments: np.ndarray, counts: np.ndarray) -> "Texts":
        """Join segments to texts: ``segments`` are (start, length) in ``pool``'s units.

        ``counts``: how many of them make up each text.
        """
        starts, lengths = segments.T
        ends = np.cumsum(lengths)
        places = np.repeat(starts - ends + lengths, lengths) + np.arange(ends[-1])
        bounds = np.concatenate([[0], ends])[np.concatenate([[0], np.cumsum(counts)])]
        return cls(pool.units[places], np.diff(bounds).astype(np.int32))

    @cached_property
    def column(self) -> pa.StringArray:
        """The texts as Python has them, with U+FFFD for each lone surrogate."""
        units = self.units.astype(np.uint16)
        ends = np.cumsum(self.lengths)
        # A text's last unit pairs with none; that of all texts is compared with a 0.
        high = units & 0xFC00 == 0xD800
        high[ends[self.lengths > 0] - 1] = False
        paired = high & np.append(units[1:] & 0xFC00 == 0xDC00, False)
        paired[1:] |= paired[:-1].copy()
        surrogate = units & 0xF800 == 0xD800
        units[surrogate & ~paired] = REPLACEMENT
        sizes = np.select([units < 0x80, units < 0x800, surrogate & paired], [1, 2, 2], 3)
        bounds = np.concatenate([[0], np.cumsum(sizes)])[np.concatenate([[0], ends])]
        encoded = units.tobytes().decode("utf-16-le").encode()
        assert len(encoded) == bounds[-1] < 2**31
        buffers = [pa.py_buffer(bounds.astype(np.int32)), pa.py_buffer(encoded)]
        return pa.StringArray.from_buffers(len(ends), *buffers)

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.lengths)

    def write(self, folder: Path, name: str) -> None:
        """Write what read_texts.js reads."""
        self.units.astype("<u2").tofile(folder / f"{name}.units")
        self.lengths.astype("<i4").tofile(folder / f"{name}.lengths")
