"""read_vectors: words with their vectors, from each format, and what is wrong with a file."""

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from step_runs import RunScript, names_in

from provender import files
from provender.text.recipe import compile_recipe

RECIPE = {
    "max_characters": 1000,
    "replace": [{"pattern": "[!-/:-@\\[-`{-~]", "apart": True}],
}
GRAMS = {"sizes": [1, 2], "scripts": ["Han"], "words": [], "pairs": False}

# Names of what is left out stand behind; "The" comes second, é is e and an accent, 月 is a run.
ENTRIES = [
    ("the", [1, 2.5, -3]),
    ("The", [9, 9, 9]),
    ("cafe\u0301", [0.125, 0, 1e-3]),
    ("well-known", [9, 9, 9]),
    ("月", [9, 9, 9]),
    ("nothing", [0, 0, 0]),
    ("ÄPFEL", [4, 5, 6]),
    ('quo"te\\d', [9, 9, 9]),
]
KEPT = {"the": [1, 2.5, -3], "café": [0.125, 0, 1e-3], "äpfel": [4, 5, 6]}
LEFT_OUT = {"again": 1, "in_pieces": 1, "no_text": 0, "several_words": 2, "zeros": 1}


def as_text(entries: list[tuple[str, list[float]]]) -> bytes:
    """Return what GloVe writes."""
    lines = (" ".join([word, *map(str, vector)]) for word, vector in entries)
    return "".join(f"{line}\n" for line in lines).encode()


def as_fasttext(entries: list[tuple[str, list[float]]]) -> bytes:
    """Return what fastText writes: a first line of counts, and blanks at the ends of lines."""
    return f"{len(entries)} 3\n".encode() + as_text(entries).replace(b"\n", b" \n")


def as_word2vec(entries: list[tuple[str, list[float]]]) -> bytes:
    """Return what word2vec writes, with line breaks."""
    parts = (word.encode() + b" " + struct.pack("<3f", *vector) for word, vector in entries)
    return f"{len(entries)} 3\n".encode() + b"".join(part + b"\n" for part in parts)


def as_wink(entries: list[tuple[str, list[float]]]) -> bytes:
    """Return what the npm package holds; to each vector its length and its place are added."""
    vectors = {word: [*vector, 1.5, n] for n, (word, vector) in enumerate(entries)}
    about = {"precision": 8, "l2NormIndex": 3, "wordIndex": 4, "size": len(entries)}
    value = {**about, "dimensions": 3, "words": [*vectors], "vectors": vectors, "unkVector": [0, 1]}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


WRITERS = {
    "text": ("text", as_text),
    "fasttext": ("text", as_fasttext),
    "word2vec": ("word2vec", as_word2vec),
    "wink": ("wink", as_wink),
}


def arguments(folder: Path, form: str, content: bytes) -> list[str | Path]:
    """Write a file of vectors; return the command line that reads it."""
    (folder / "vectors.bin").write_bytes(content)
    files.write_json(folder / "text.json", compile_recipe(RECIPE, GRAMS))
    (folder / "out").mkdir(exist_ok=True)
    return [
        *("--path", folder / "vectors.bin", "--format", form, "--text", folder / "text.json"),
        *("--sha256", hashlib.sha256(content).hexdigest()),
        *("--output", folder / "out" / "vectors.parquet", "--report", folder / "out" / "r.json"),
    ]


@pytest.mark.parametrize("name", WRITERS)
def test_words_that_texts_can_have(run_script: RunScript, tmp_path: Path, name: str) -> None:
    """As the recipe reads them, the first of each, in the file's order; the others are counted."""
    form, write = WRITERS[name]
    done = run_script("read_vectors", *arguments(tmp_path, form, write(ENTRIES)))
    table = pq.read_table(tmp_path / "out" / "vectors.parquet").to_pylist()
    assert [row["word"] for row in table] == list(KEPT)
    found = np.array([row["vector"] for row in table], np.float32)
    assert np.array_equal(found, np.array([*KEPT.values()], np.float32))
    report = files.read_json(tmp_path / "out" / "r.json")
    assert (report["words"], report["dimensions"]) == (3, 3)
    assert report["left_out"] == LEFT_OUT
    assert "read_vectors: 3 words have a vector of 3 numbers\n" in done.stderr
    assert "left out: 2 that are several words to the recipe, or none\n" in done.stderr


def test_many_words_in_parts(run_script: RunScript, tmp_path: Path) -> None:
    """More than are read at once, in each format the same bytes."""
    entries = [(f"w{n}x", [n, -n / 3, 1]) for n in range(20_000)]
    written = set()
    for form, write in WRITERS.values():
        run_script("read_vectors", *arguments(tmp_path, form, write(entries)))
        written.add((tmp_path / "out" / "vectors.parquet").read_bytes())
    assert len(written) == 1
    table = pq.read_table(tmp_path / "out" / "vectors.parquet")
    assert table["word"].to_pylist() == [word for word, _ in entries]
    assert table["vector"][19_999].as_py() == [19_999, float(np.float32(-19_999 / 3)), 1]


def test_bytes_that_are_no_text(run_script: RunScript, tmp_path: Path) -> None:
    """Such a word is left out, and words with blanks are, whose last parts are the vector."""
    content = b"a 1 2 3\n\xff\xfe 4 5 6\n. . x 7 8 9\n"
    run_script("read_vectors", *arguments(tmp_path, "text", content))
    left_out = files.read_json(tmp_path / "out" / "r.json")["left_out"]
    assert (left_out["no_text"], left_out["several_words"]) == (1, 1)


TEXT, WORD2VEC, WINK = as_text(ENTRIES), as_word2vec(ENTRIES), as_wink(ENTRIES)


@pytest.mark.parametrize(
    ("form", "content", "said"),
    [
        ("text", TEXT + b"late 1 2\n", "line 9: it has 2 numbers, and others have 3. It is"),
        ("text", TEXT + b"late 1 2 3 4\n", "line 9: it has 4 numbers, and others have 3"),
        ("text", b"1 3\n" + b"a 1 2 3 4\n", "line 2: it has 4 numbers, and others have 3"),
        ("text", b"2 3\na 1 2 3\n", "is cut short: its first line tells of 2 words, and it has 1"),
        ("text", b"1 3\na 1 2 3\nb 1 2 3\n", "first line tells of 1 words, and it has 2. It is"),
        ("text", b"a 1 2 3\nb 1 x 3\n", "line 2: could not convert"),
        ("text", WORD2VEC, "It is damaged, or vectors.format is word2vec or wink"),
        ("text", b"a 1 2 3\nb 1 nan 3\n", "the vector of 'b' has a number that is not finite"),
        ("text", b"a 1 2 3\nb 1 inf 3\n", "the vector of 'b' has a number that is not finite"),
        ("text", b"a 1 2 3\nb 1 1e99 3\n", "the vector of 'b' has a number that is not finite"),
        ("text", b"a-b 1 2\nc-d 3 4\n", "no word of vectors.path is one that texts can have"),
        ("text", b"", "no word of vectors.path is one that texts can have"),
        ("word2vec", WORD2VEC[:-20], "tells of 8 words, and it has 7. Bring it anew"),
        ("word2vec", b"7" + WORD2VEC[1:], "its first line tells of 7 words, and it has more"),
        ("word2vec", TEXT, "its first line is no number of words and of dimensions"),
        ("wink", WINK[: len(WINK) // 2], "is cut short: it tells of 8 words, and has "),
        ("wink", WINK.replace(b'"size":8', b'"size":7'), '"size" is 7, and "vectors" has another'),
        ("wink", WINK.replace(b'"size":8', b'"size":9'), '"size" is 9, and "vectors" has another'),
        ("wink", TEXT, 'is no file of the format wink: it has no "vectors"'),
        ("wink", b'{"a":1,"vectors":{"a":[1]}}', 'it has no "size" and "dimensions"'),
        ("wink", WINK.replace(b"4,5,6,1.5,6", b"4,5"), "'ÄPFEL' has 2 numbers, and others have 3"),
    ],
)  # fmt: skip
def test_damaged_files(
    run_script: RunScript, tmp_path: Path, form: str, content: bytes, said: str
) -> None:
    """One message says what is wrong and what to do; nothing is written."""
    options = arguments(tmp_path, form, content)
    messages = run_script("read_vectors", *options, code=1).stderr
    assert messages.count("error:") == 1
    assert said in messages
    assert names_in(tmp_path / "out") == []


def test_another_file(run_script: RunScript, tmp_path: Path) -> None:
    """Its digest is not the one that the configuration has: both are named."""
    options = arguments(tmp_path, "text", TEXT)
    (tmp_path / "vectors.bin").write_bytes(TEXT + b"more 1 2 3\n")
    messages = run_script("read_vectors", *options, code=1).stderr
    other = hashlib.sha256(TEXT + b"more 1 2 3\n").hexdigest()
    assert f"vectors.bin (vectors.path) has the sha256 digest {other}, but vectors.sha" in messages
    assert names_in(tmp_path / "out") == []
