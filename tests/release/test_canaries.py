"""Canaries: replayed by a bundle's own script, which may be anyone's."""

import math
import shutil
from pathlib import Path

import pytest
from conftest import TOPICS, change_constants

from provender import files
from provender.release import canaries
from provender.release.canaries import CanaryError

LABELS = ["bread", "chess", "tides"]
WORDS = sorted(word for words in TOPICS.values() for word in words.split())


@pytest.fixture
def bundle(small_bundle: Path, tmp_path: Path) -> Path:
    """Return a copy of the small bundle, for a test to change."""
    return Path(shutil.copytree(small_bundle, tmp_path / "bundle"))


def test_replayed(small_bundle: Path) -> None:
    """The same bundle gives the same scores; there is a text of each label, and a hard one."""
    made = canaries.build(small_bundle, WORDS, LABELS)
    assert canaries.replay(small_bundle, made) < 1e-7
    *labelled, mixed, nasty = made
    assert nasty["text"] == f"{canaries.NASTY} {mixed['text']}"
    for label, canary in zip(LABELS, labelled, strict=True):
        assert max(canary["scores"], key=canary["scores"].get) == label
        assert set(canary["text"].split()) <= set(WORDS)
    assert mixed["text"].split() == [canary["text"].split()[0] for canary in labelled]
    for canary in (*labelled, mixed, nasty):
        assert list(canary["scores"]) == sorted(
            canary["scores"], key=lambda x: -canary["scores"][x]
        )
        assert sum(canary["scores"].values()) == pytest.approx(1, abs=1e-6)
    assert "\0" in canaries.NASTY and "👩" in canaries.NASTY


def test_another_weight(small_bundle: Path, bundle: Path) -> None:
    """A weight that is another moves the scores by more than engines do."""
    made = canaries.build(small_bundle, WORDS, LABELS)
    path = bundle / "tfjs/layers/group1-shard1of1.bin"
    data = bytearray(path.read_bytes())
    (group,) = files.read_json(path.with_name("model.json"))["weightsManifest"]
    bias = next(place for place, each in enumerate(group["weights"]) if "bias" in each["name"])
    sizes = [
        math.prod(each["shape"]) * (1 if "quantization" in each else 4)
        for each in group["weights"][:bias]
    ]
    # Of the first label's bias, the exponent.
    data[sum(sizes) + 3] ^= 0x40
    path.write_bytes(data)
    change_constants(bundle)
    assert canaries.replay(bundle, made) > 10 * canaries.TOLERANCE


def test_a_label_renamed(small_bundle: Path, bundle: Path) -> None:
    """Other labels are named."""
    made = canaries.build(small_bundle, WORDS, LABELS)
    change_constants(bundle, labels=["cake", "chess", "tides"])
    with pytest.raises(CanaryError, match="labels are cake, chess, tides, not bread, chess, tides"):
        canaries.replay(bundle, made)


@pytest.fixture
def empty_bundle(tmp_path: Path) -> Path:
    """Return a bundle without a model, for whose script a test writes another."""
    folder = tmp_path / "bundle"
    (folder / "tfjs" / "layers").mkdir(parents=True)
    files.write_json(folder / "constants.json", {})
    files.write_json(folder / "tfjs/layers/model.json", {"weightsManifest": []})
    return folder


ANSWERS = "var Provender = { createClassifier: () => ({ predict: () => ANSWER }) };"
ESCAPES = """
import("node:fs").catch((error) => {
  const process = error.constructor.constructor("return process")();
  process.stdout.write("escaped");
});
var Provender = { createClassifier: () => ({ predict: () => [{ label: "a", score: 1 }] }) };
"""


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("", "Provender is not defined"),
        ("{", "Unexpected end of input"),
        ("while (true);", "timed out"),
        ("var a = []; while (true) a.push(new Array(1e6).fill(a.length));", "cannot be run"),
        ("process.exit(0)", "process is not defined"),
        ("require('fs')", "require is not defined"),
        ("this.constructor.constructor('return process')()", "Code generation from strings"),
        ("throw { get message() { return 7; } }", "it threw something"),
        (ANSWERS.replace("ANSWER", "5"), "is not a function"),
        (ANSWERS.replace("ANSWER", "[]"), "the classifier's labels are , not"),
        ("JSON.stringify = () => ({});" + ANSWERS.replace("ANSWER", "[]"), "answer is none"),
        (
            "JSON.stringify = () => '[[[1, NaN]]]';" + ANSWERS.replace("ANSWER", "[]"),
            "NaN is no number",
        ),
        ("JSON.stringify = () => '[]';" + ANSWERS.replace("ANSWER", "[]"), "answers 0 of 1 texts"),
        (ESCAPES, "the classifier's labels are a, not"),
    ],
)
def test_a_hostile_script(
    empty_bundle: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    """It reaches nothing, ends in time, and what it answers is checked."""
    monkeypatch.setattr(canaries, "SECONDS", 2)
    (empty_bundle / "classifier.js").write_text(script)
    with pytest.raises(CanaryError) as caught:
        canaries.replay(empty_bundle, [{"text": "a", "scores": {"bread": 1}}])
    assert said in str(caught.value)
    assert "escaped" not in str(caught.value)


def test_the_largest_difference_counts(empty_bundle: Path) -> None:
    """Of all labels and texts."""
    script = ANSWERS.replace("ANSWER", "[{label: 'a', score: 0.5}, {label: 'b', score: 0.5}]")
    (empty_bundle / "classifier.js").write_text(script)
    made = [
        {"text": "", "scores": {"a": 0.5, "b": 0.25}},
        {"text": "", "scores": {"a": 0.5, "b": 0.5}},
    ]
    assert canaries.replay(empty_bundle, made) == 0.25


def test_files_outside_of_the_bundle(empty_bundle: Path, tmp_path: Path) -> None:
    """A model that names a file elsewhere does not get it."""
    (tmp_path / "secret").write_bytes(b"secret")
    (empty_bundle / "classifier.js").write_text(ANSWERS.replace("ANSWER", "[]"))
    manifest = [{"paths": ["../../../secret"]}]
    files.write_json(empty_bundle / "tfjs/layers/model.json", {"weightsManifest": manifest})
    with pytest.raises(CanaryError, match="Access to this API has been restricted"):
        canaries.score(empty_bundle, ["a"], 1)
