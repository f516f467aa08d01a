"""pack_npm: the package that a front-end developer installs."""

import json
import os
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import references
from conftest import ROOT, SMALL_CONFIG, Project
from model_inputs import read_weights
from step_runs import RunScript, names_in

from provender import files
from provender.text.grams import encode, read_units

NAMES = [
    "README.md", "data.js", "index.cjs", "index.d.cts", "index.d.mts", "index.mjs",
    "manifest.json", "package.json",
]  # fmt: skip
TEXT = "The MOON, ebb & flood"
SHOW = f"console.log(JSON.stringify([labels, predict({json.dumps(TEXT)}, 2)]))"


@pytest.fixture(scope="module")
def packed(small_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the package of the small bundle is written."""
    return tmp_path_factory.mktemp("npm") / "dist" / "small-classifier-0.1.0.tgz"


def run_node(folder: Path, *arguments: str) -> object:
    """Return what a script prints in Node, parsed."""
    command = ["node", *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def expected_scores(build: Path, text: str) -> list[float]:
    """Return what the trained weights give a text, by plain loops."""
    constants = files.read_json(build / "dist" / "bundle" / "constants.json")
    words = files.read_json(build / "data" / "vocabulary" / "vocabulary.json")
    units = read_units(constants["text"], pa.chunked_array([[text]]), constants["max_words"])
    found = encode(constants["text"], units, words)
    ids = np.repeat(found.ids + references.FIRST_WORD, found.counts).tolist()
    weights = read_weights(build / "data" / "model" / "model.h5")
    pieces = {place for place, word in enumerate(words, 2) if word.startswith(" ")}
    arrays = (weights["table"], weights["kernel"], weights["bias"])
    return references.predict(ids, *arrays, pieces)


def test_package(run_script: RunScript, small_bundle: Path, packed: Path, tmp_path: Path) -> None:
    """The archive's files are readable by all, and say what they were made from."""
    done = run_script("pack_npm", "--bundle", small_bundle, "--output", packed)
    assert done.stderr == f"pack_npm: {packed}, {packed.stat().st_size:,} bytes\n"
    assert names_in(packed.parent) == [packed.name]
    with tarfile.open(packed) as tar:
        assert sorted(tar.getnames()) == [f"package/{name}" for name in NAMES]
        assert {member.mode for member in tar} == {0o644}
        tar.extractall(tmp_path, filter="data")
    package = tmp_path / "package"
    described = files.read_json(package / "package.json")
    assert described["name"] == "small-classifier"
    assert described["version"] == "0.1.0"
    assert described["description"] == f"Offline text classifier: {SMALL_CONFIG['title']}"
    assert "dependencies" not in described
    assert described["engines"] == {"node": ">=18"}
    manifest = (small_bundle / "manifest.json").read_bytes()
    assert (package / "manifest.json").read_bytes() == manifest
    readme = (package / "README.md").read_text(encoding="utf-8")
    recall = files.read_json(small_bundle / "about.json")["metrics"]["test"]["recall@1"]
    assert f"{100 * recall:.1f} % have their label ranked first" in readme
    assert "`bread`, `chess`, `tides`." in readme
    assert f"`{files.sha256(small_bundle / 'manifest.json')}`" in readme


def test_package_predicts(
    run_script: RunScript, small_build: Project, packed: Path, tmp_path: Path
) -> None:
    """Installed, it answers at once by import and by require, as the trained weights say."""
    bundle = small_build.folder / "dist" / "bundle"
    run_script("pack_npm", "--bundle", bundle, "--output", packed)
    installed = tmp_path / "node_modules"
    with tarfile.open(packed) as tar:
        tar.extractall(installed, filter="data")
    (installed / "package").rename(installed / "small-classifier")
    load = 'const { labels, predict } = require("small-classifier");'
    labels, answers = run_node(tmp_path, "--eval", load + SHOW)
    load = 'import { labels, predict } from "small-classifier";'
    assert run_node(tmp_path, "--input-type=module", "--eval", load + SHOW) == [labels, answers]

    assert labels == ["bread", "chess", "tides"]
    scores = expected_scores(small_build.folder, TEXT)
    assert [answer["label"] for answer in answers] == [
        labels[place] for place in references.ranking(scores)[:2]
    ]
    expected = sorted(scores, reverse=True)[:2]
    assert [answer["score"] for answer in answers] == pytest.approx(expected, abs=1e-6)


def test_package_is_fit_for_all_who_import_it(
    run_script: RunScript, small_bundle: Path, packed: Path
) -> None:
    """Publint and Are The Types Wrong find nothing, by whatever way TypeScript resolves it."""
    run_script("pack_npm", "--bundle", small_bundle, "--output", packed)
    found = run_node(ROOT, "web/test/package_problems.js", str(packed))
    resolutions = ["bundler", "node10", "node16-cjs", "node16-esm"]
    assert {**found, "resolutions": sorted(found["resolutions"])} == {
        "publint": [], "types": [], "resolutions": resolutions,
    }  # fmt: skip


def test_same_bytes_whatever_the_umask(
    run_script: RunScript, small_bundle: Path, tmp_path: Path
) -> None:
    """The archive depends on the bundle alone."""
    first, second = tmp_path / "first.tgz", tmp_path / "second.tgz"
    run_script("pack_npm", "--bundle", small_bundle, "--output", first)
    umask = os.umask(0o077)
    try:
        run_script("pack_npm", "--bundle", small_bundle, "--output", second)
    finally:
        os.umask(umask)
    assert first.read_bytes() == second.read_bytes()


def test_bundle_without_its_model(
    run_script: RunScript, small_bundle: Path, tmp_path: Path
) -> None:
    """What is missing of a bundle is named, and no package is written."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    for name in ("manifest.json", "about.json"):
        (bundle / name).write_bytes((small_bundle / name).read_bytes())
    output = tmp_path / "dist" / "small.tgz"
    done = run_script("pack_npm", "--bundle", bundle, "--output", output, code=1)
    missing = f"open '{bundle}/tfjs/layers/group1-shard1of1.bin'"
    assert f"build.js: ENOENT: no such file or directory, {missing}" in done.stderr
    assert "error: web/build.js ended with exit code 1; its message stands above" in done.stderr
    assert names_in(tmp_path) == ["bundle"]


def test_missing_bundle(run_script: RunScript, tmp_path: Path) -> None:
    """A bundle that is not there is named."""
    options = ("--bundle", tmp_path / "bundle", "--output", tmp_path / "small.tgz")
    done = run_script("pack_npm", *options, code=1)
    assert f"No such file or directory: '{tmp_path}/bundle/manifest.json'" in done.stderr
    assert names_in(tmp_path) == []
