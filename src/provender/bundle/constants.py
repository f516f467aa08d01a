"""The bundle's constants: all that the browser's preprocessing needs, as JSON and as a script."""

import argparse
import decimal
import hashlib
import json
import string
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from provender import files
from provender.text.recipe import for_words

FORMAT = 6

# The global that the script sets.
GLOBAL = "ProvenderConstants"

# Each stands for the number of units, its place here, that a word shares with the one before.
LETTERS = string.ascii_uppercase

# Of two UTF-16 code units are the characters beyond it.
LAST_OF_ONE_UNIT = 0xFFFF


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that :func:`build` reads."""
    parser.add_argument("--name", required=True, help="name of the classifier")
    parser.add_argument("--vocabulary", type=Path, required=True, help="words, JSON")
    parser.add_argument("--labels", type=Path, required=True, help="labels, JSON")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--max-words", type=int, required=True, help="words read of a text")
    parser.add_argument("--choice", type=Path, required=True, help="what was chosen, JSON")
    parser.add_argument("--outside", type=Path, required=True, help="what tells others, JSON")
    parser.add_argument("--layers", type=Path, required=True, help="folder of the layers format")


def build(options: argparse.Namespace) -> bytes:
    """Return constants.json: the same bytes for verify_parity and assemble_bundle."""
    choice = files.read_json(options.choice)
    packed = pack(
        options.name,
        files.read_json(options.labels),
        files.read_json(options.vocabulary),
        options.max_words,
        files.read_json(options.text),
        choice["unsure_below"],
        files.read_json(options.outside)["other"],
        choice.get("by_vector", ()),
    )
    return seal(packed, options.layers)


def pack(
    name: str,
    labels: Sequence[str],
    words: Sequence[str],
    max_words: int,
    text: dict[str, Any],
    unsure_below: float,
    other: Sequence[float] = (),
    by_vector: Collection[str] = (),
) -> bytes:
    """Return constants.json of these values, without what binds it to the weights.

    ``other``: by what web/src/predict.js says how likely a text has none of the labels.
    ``by_vector``: which words are known by their vectors alone.
    """
    value = {
        "format": FORMAT,
        "name": name,
        "labels": labels,
        "words": front_code(words, by_vector),
        "max_words": max_words,
        "text": for_words(text, words),
        "unsure_below": unsure_below,
        **({"other": list(other)} if other else {}),
    }
    return f"{to_script_json(value)}\n".encode()


def seal(constants: bytes, layers: Path) -> bytes:
    """Return ``constants``, as :func:`pack` gives them, with the digest of what a classifier reads.

    That is sha256 of the constants without it, of how the weights in the folder ``layers`` are
    stored, and of their bytes: web/src/seal.js computes it of what it is given.
    """
    body = constants.rstrip(b"\n")
    return body[:-1] + f',"digest":"{digest(body, layers)}"}}\n'.encode()


def check_seal(constants: bytes, layers: Path) -> bool:
    """Return whether ``constants`` and the model in ``layers`` are of one build, and whole."""
    value = json.loads(constants)
    sealed = value.pop("digest", None)
    return bool(sealed == digest(to_script_json(value).encode(), layers))


def digest(body: bytes, layers: Path) -> str:
    """Return sha256 of constants without digest, and of the weights that are to go with them."""
    groups = files.read_json(layers / "model.json")["weightsManifest"]
    specs = [spec for group in groups for spec in group["weights"]]
    sealed = hashlib.sha256(body + to_script_json(specs).encode())
    for path in (path for group in groups for path in group["paths"]):
        sealed.update((layers / path).read_bytes())
    return sealed.hexdigest()


def to_script_json(value: Any) -> str:
    """Return a value as JavaScript's ``JSON.stringify`` does."""
    if isinstance(value, dict):
        items = (f"{to_script_json(key)}:{to_script_json(each)}" for key, each in value.items())
        return f"{{{','.join(items)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(to_script_json, value))}]"
    if isinstance(value, float):
        return _to_script_number(value)
    return json.dumps(value, ensure_ascii=False)


def _to_script_number(value: float) -> str:
    """Return a finite number as ECMAScript writes it: Number::toString."""
    digits, _, exponent = repr(value).partition("e")
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        written = f"{decimal.Decimal(repr(abs(value))):f}".removesuffix(".0")
        return f"-{written}" if value < 0 else written
    return f"{digits.removesuffix('.0')}e{int(exponent):+d}"


def to_script(constants: bytes) -> str:
    """Return the classic script that sets :data:`GLOBAL` to these constants, in ASCII."""
    return f"var {GLOBAL} = {to_literal(json.loads(constants))};\n"


def to_literal(value: Any) -> str:
    """Return a value as JSON that is an expression of JavaScript, too, and may stand in HTML.

    Escaped are what ES2017 takes for the end of a line (U+2028, U+2029), with all else beyond
    ASCII, since a page may declare no charset; and ``<``, which could end a script element.
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def front_code(words: Sequence[str], by_vector: Collection[str] = ()) -> dict[str, str]:
    """Pack words, in any order and best in that of code points, for web/src/vocabulary.js.

    Returns ``shared``, a letter for each word: A where it shares nothing with the word
    before, B for one UTF-16 code unit, and so on; and ``rests``, what follows in each
    word, joined by ends of lines (front coding). No word holds one, at which texts are split.
    The letters of words ``by_vector`` are small.
    """
    lengths = np.array([len(word) for word in words], np.int64)
    # A beginning is at most so many characters, of one or two units each.
    codes = np.array([word[: len(LETTERS) - 1] for word in ["", *words]], f"U{len(LETTERS) - 1}")
    codes = codes.view(np.uint32).reshape(len(words) + 1, -1)
    units = np.cumsum(1 + (codes[1:] > LAST_OF_ONE_UNIT), axis=1)
    places = np.arange(codes.shape[1])
    # What is beyond the end of a word is filled up with zeros.
    there = places < np.minimum(lengths, np.concatenate([[0], lengths[:-1]]))[:, np.newaxis]
    alike = (codes[1:] == codes[:-1]) & there & (units < len(LETTERS))
    characters = np.logical_and.accumulate(alike, axis=1).sum(axis=1)
    ends = np.where(characters > 0, units[np.arange(len(words)), characters - 1], 0)
    rests = [word[begin:] for word, begin in zip(words, characters.tolist(), strict=True)]
    letters = (LETTERS[end] for end in ends.tolist())
    shared = (
        letter.lower() if word in by_vector else letter
        for word, letter in zip(words, letters, strict=True)
    )
    return {"shared": "".join(shared), "rests": "\n".join(rests)}


def front_decode(packed: dict[str, str]) -> list[str]:
    """Return the words that :func:`front_code` packed."""
    words: list[str] = []
    before = b""
    rests = packed["rests"].split("\n") if packed["shared"] else []
    for letter, rest in zip(packed["shared"], rests, strict=True):
        before = before[: 2 * LETTERS.index(letter.upper())] + rest.encode("utf-16-le")
        words.append(before.decode("utf-16-le"))
    return words
