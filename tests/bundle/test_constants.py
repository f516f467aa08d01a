"""The vocabulary as it is shipped; web/test and tests/parity read it in JavaScript."""

import hashlib
import json
import random
import shutil
import struct
import subprocess
from pathlib import Path

from conftest import Project
from hypothesis import given
from hypothesis import strategies as st

from provender import files
from provender.bundle.constants import (
    check_seal,
    front_code,
    front_decode,
    seal,
    to_script,
    to_script_json,
)

# Letters of one and two UTF-16 code units; some pairs share their first unit.
WORDS = st.text("abé\U00010428\U00010429", min_size=1, max_size=40)


def test_by_hand() -> None:
    """A letter gives the number of units that are shared: A none, B one, and so on."""
    packed = front_code(["a", "apple", "apply", "apply", "b", "\U00010428a", "\U00010428b"])
    assert packed == {"shared": "ABEFAAC", "rests": "a\npple\ny\n\nb\n\U00010428a\nb"}


def test_small_letters_are_of_words_known_by_vectors() -> None:
    """All else stays, and who reads the words finds the same ones."""
    words = ["a", "apple", "apply", "b"]
    packed = front_code(words, {"apple", "b"})
    assert packed == {"shared": "AbEa", "rests": "a\npple\ny\nb"}
    assert front_decode(packed) == words


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


def test_script_json() -> None:
    """Values are written as JSON.stringify writes them, to the last digit."""
    chance = random.Random(5)
    numbers = [
        0.0,
        -0.0,
        1.0,
        -2.0,
        0.1,
        1e-6,
        1e-7,
        1.5e-7,
        123456789.25,
        1e20,
        1e21,
        2.5e22,
        1e300,
    ]
    numbers += [2.0**power for power in range(-60, 80)]
    drawn = (struct.unpack("<d", chance.randbytes(8))[0] for _ in range(5000))
    numbers += [number for number in drawn if abs(number) < 1e308]
    value = {
        "numbers": numbers,
        "text": ['\u2028 é 𐐨 \x00\x1f\x7f"\\ </', ""],
        "none": [None, True, 7, {}],
    }
    script = "process.stdout.write(JSON.stringify(JSON.parse(fs.readFileSync(0, 'utf8'))))"
    done = subprocess.run(
        ["node", "-e", script], input=json.dumps(value), capture_output=True, text=True, check=True
    )
    assert to_script_json(value) == done.stdout


def test_seal(tmp_path: Path, small_build: Project) -> None:
    """The digest is of constants, storage and weights; another of either is found."""
    layers = tmp_path / "layers"
    shutil.copytree(small_build.folder / "data" / "tfjs" / "layers", layers)
    sealed = seal(b'{"format":6,"labels":["\xc3\xa9"]}\n', layers)
    model = files.read_json(layers / "model.json")
    specs = to_script_json(model["weightsManifest"][0]["weights"])
    (shard,) = layers.glob("*.bin")
    whole = '{"format":6,"labels":["é"]}' + specs
    digest = hashlib.sha256(whole.encode() + shard.read_bytes()).hexdigest()
    assert json.loads(sealed) == {"format": 6, "labels": ["é"], "digest": digest}
    assert check_seal(sealed, layers)
    assert not check_seal(sealed.replace("é".encode(), b"e"), layers)
    assert not check_seal(b'{"format":6,"labels":["\xc3\xa9"]}', layers)
    weights = bytearray(shard.read_bytes())
    weights[7] ^= 1
    shard.write_bytes(weights)
    assert not check_seal(sealed, layers)
