"""pack_npm: the package that a front-end developer installs."""

import json
import os
import shutil
import statistics
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
from provender.bundle import node, package_readme
from provender.text.grams import encode, read_units

MODULES = ["core", "index", "model", "worker"]
NAMES = [
    "README.md", "classifier.js", "kernel.js", "manifest.json", "package.json",
    "esm/kernel.js", "esm/node.js", "esm/package.json",
    *(f"{folder}{name}.{kind}" for folder in ("", "esm/") for name in MODULES
      for kind in ("js", "d.ts")),
]  # fmt: skip

# What the newsgroups' archive may have at most, and how long it may take Node to import it.
MOST_BYTES = 200_000
MOST_MILLISECONDS = 10
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
        assert sorted(tar.getnames()) == sorted(f"package/{name}" for name in NAMES)
        assert {member.mode for member in tar} == {0o644}
    shutil.unpack_archive(packed, tmp_path)
    package = tmp_path / "package"
    described = files.read_json(package / "package.json")
    assert described["name"] == "small-classifier"
    assert described["version"] == "0.1.0"
    assert described["description"] == f"Offline text classifier: {SMALL_CONFIG['title']}"
    assert "dependencies" not in described
    assert described["engines"] == {"node": ">=20.16"}
    assert described["keywords"] == [
        "text-classification", "classifier", "offline", "browser", "bread", "chess", "tides",
    ]  # fmt: skip
    assert not described.keys() & {"license", "repository", "homepage"}
    for file in (described["main"], described["module"], described["types"], described["unpkg"]):
        assert (package / file).is_file()
    manifest = (small_bundle / "manifest.json").read_bytes()
    assert (package / "manifest.json").read_bytes() == manifest
    readme = (package / "README.md").read_text(encoding="utf-8")
    recall = files.read_json(small_bundle / "about.json")["metrics"]["test"]["recall@1"]
    assert f"{100 * recall:.1f} % have their label\nranked first" in readme
    figures = files.read_json(small_bundle / "about.json")["metrics"]["test"]["labels"]
    for label, of in figures.items():
        assert (
            f"| `{label}` | {of['posts']} | {100 * of['recall@1']:.1f} % | "
            f"{100 * of['precision']:.1f} % |\n"
        ) in readme
    assert f"`{files.sha256(small_bundle / 'manifest.json')}`" in readme
    assert "No license is stated" in readme


def test_package_predicts(
    run_script: RunScript, small_build: Project, packed: Path, tmp_path: Path
) -> None:
    """Installed, it answers at once by import and by require, as the trained weights say."""
    bundle = small_build.folder / "dist" / "bundle"
    run_script("pack_npm", "--bundle", bundle, "--output", packed)
    installed = tmp_path / "node_modules"
    shutil.unpack_archive(packed, installed)
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
    ways = ["bundler", "node10", "node16-cjs", "node16-esm"]
    subpaths = [".", "./package.json", *(f"./{name}" for name in MODULES if name != "index")]
    assert found == {"publint": [], "types": [], "resolutions": dict.fromkeys(subpaths, ways)}


def test_what_the_publisher_says(
    run_script: RunScript, small_bundle: Path, packed: Path, tmp_path: Path
) -> None:
    """Licence, repository, homepage and keywords are those given; a file becomes LICENSE."""
    terms = tmp_path / "terms.txt"
    terms.write_bytes(b"Do\r\nas you like.\n")
    address = "https://localhost/project.git"
    given = ("--license", "EUPL-1.2", "--repository", address, "--keywords", "a", "b c")
    described, package = pack(run_script, small_bundle, packed, tmp_path / "a", *given)
    assert described["license"] == "EUPL-1.2"
    assert described["repository"] == {"type": "git", "url": f"git+{address}"}
    assert described["homepage"] == "https://localhost/project"
    assert described["keywords"] == ["a", "b c"]
    text = (package / "LICENSE").read_text()
    assert text.startswith("SPDX-License-Identifier: EUPL-1.2\n")
    assert "<https://spdx.org/licenses/EUPL-1.2.html>" in text
    assert "License: EUPL-1.2, see LICENSE." in (package / "README.md").read_text()

    given = ("--license-file", str(terms), "--homepage", "https://localhost/page")
    described, package = pack(run_script, small_bundle, packed, tmp_path / "b", *given)
    assert described["license"] == "SEE LICENSE IN LICENSE"
    assert described["homepage"] == "https://localhost/page"
    assert (package / "LICENSE").read_bytes() == terms.read_bytes()


def pack(
    run_script: RunScript, bundle: Path, packed: Path, folder: Path, *options: str
) -> tuple[dict, Path]:
    """Pack, and return what package.json says and the folder of the unpacked package."""
    run_script("pack_npm", "--bundle", bundle, "--output", packed, *options)
    shutil.unpack_archive(packed, folder)
    return files.read_json(folder / "package" / "package.json"), folder / "package"


def test_readme_of_many_labels() -> None:
    """Of more labels than a table should have, the README says where the figures are."""
    labels = [f"label|{number}" for number in range(60)]
    metrics = {"posts": 1234, "recall@1": 0.5, "precision": 0.25}
    values = {
        "name": "many-classifier", "version": "1.0.0", "engines": ">=20", "license": None,
        "global": "manyClassifier", "title": "Many", "labels": labels, "tells_other": False,
        "of": dict.fromkeys(labels, metrics), "test": metrics, "interval": [0.4, 0.6],
        "remarks": ["it is small"], "unsure_below": 0.5, "max_characters": 10, "max_words": 5,
        "sizes": [], "digest": "0" * 64,
    }  # fmt: skip
    text = package_readme.render(values)
    assert (
        "The figures of each label are in `info().metrics.labels`.\n\n- it is small\n\n## What"
        in text
    )
    assert "label|0" not in text
    assert "says null" in text and "`trust`" in text
    few = package_readme.render({**values, "labels": labels[:1]})
    assert "| `label\\|0` | 1,234 | 50.0 % | 25.0 % |\n" in few


@pytest.mark.newsgroups
def test_newsgroups_package_is_small_and_imported_at_once(tmp_path: Path) -> None:
    """The archive is small, and importing it takes Node no longer than it may."""
    [archive] = (ROOT / "dist" / "npm").glob("newsgroups-classifier-*.tgz")
    assert archive.stat().st_size <= MOST_BYTES
    shutil.unpack_archive(archive, tmp_path)
    packages = tmp_path / "node_modules"
    packages.mkdir()
    (tmp_path / "package").rename(packages / "package")
    (packages / "empty").mkdir()
    (packages / "empty" / "index.js").touch()
    for say in ("import '{}'", "require('{}')"):
        taken = {"package": [], "empty": []}
        for _ in range(10):
            for name, times in taken.items():
                times.append(processor_time(tmp_path, say.format(name)))
        medians = {name: statistics.median(times) for name, times in taken.items()}
        assert medians["package"] - medians["empty"] <= MOST_MILLISECONDS


def processor_time(folder: Path, code: str) -> float:
    """Return how many milliseconds of the processor's time a new Node takes for some code."""
    kind = "module" if code.startswith("import") else "commonjs"
    command = [node.program(), f"--input-type={kind}", "--eval", code]
    with subprocess.Popen(command, cwd=folder) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return 1000 * (used.ru_utime + used.ru_stime)


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
    missing = f"open '{bundle}/constants.json'"
    assert f"build.js: ENOENT: no such file or directory, {missing}" in done.stderr
    assert "error: web/build.js ended with exit code 1; its message stands above" in done.stderr
    assert names_in(tmp_path) == ["bundle"]


def test_missing_bundle(run_script: RunScript, tmp_path: Path) -> None:
    """A bundle that is not there is named."""
    options = ("--bundle", tmp_path / "bundle", "--output", tmp_path / "small.tgz")
    done = run_script("pack_npm", *options, code=1)
    assert f"No such file or directory: '{tmp_path}/bundle/manifest.json'" in done.stderr
    assert names_in(tmp_path) == []
