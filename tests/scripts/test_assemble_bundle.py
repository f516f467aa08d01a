"""assemble_bundle: the site that is published, and its manifest."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Project
from step_runs import RunScript, names_in, run_limited

from provender import files
from provender.bundle import constants
from provender.running import code_files
from provender.text.recipe import for_words

SITE = [
    *("classifier.js", "icon.svg", "index.html", "page.js", "style.css", "sw.js"),
    *("update.js", "vendor/tf.min.js", "verify.js", "worker.js"),
]
WRITTEN = ["about.json", "constants.js", "constants.json", "demo.single.html", "manifest.json"]
MODEL = [
    "tfjs/graph/group1-shard1of1.bin",
    "tfjs/graph/model.json",
    "tfjs/layers/group1-shard1of1.bin",
    "tfjs/layers/model.json",
]
CONFIG = '{"name":"small","seed":1}'

# Below the size of TensorFlow.js, above that of the project's own scripts.
LIMIT_BYTES = 100_000


@pytest.fixture(scope="module")
def data(small_build: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a copy of the small build's data, whose model files tests may change and restore."""
    folder = tmp_path_factory.mktemp("bundle") / "data"
    shutil.copytree(small_build.folder / "data", folder)
    return folder


def arguments(data: Path, output: Path) -> list[str | Path]:
    """Return the command line."""
    vocabulary, reports = data / "vocabulary", data / "reports"
    return [
        *("--name", "small", "--version", "1.2.3", "--title", "Made-up <topics>"),
        *("--kind", "sqlite", "--max-words", "40", "--config", CONFIG),
        *("--vocabulary", vocabulary / "vocabulary.json", "--labels", vocabulary / "labels.json"),
        *("--text", vocabulary / "text.json", "--recipe", "config/text.yaml"),
        *("--choice", data / "model" / "choice.json"),
        *("--layers", data / "tfjs" / "layers", "--graph", data / "tfjs" / "graph"),
        *("--metrics", reports / "metrics.json", "--validation", reports / "validation.json"),
        *("--parity", reports / "parity.json", "--database", data / "source" / "news.sqlite"),
        *("--output", output),
    ]


def contents(folder: Path) -> dict[str, bytes]:
    """Return each file below ``folder``."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_bundle(run_script: RunScript, data: Path, tmp_path: Path) -> None:
    """The bundle holds the site, the model as it was verified, and what the page reads."""
    output = tmp_path / "bundle"
    done = run_script("assemble_bundle", *arguments(data, output))
    found = contents(output)
    assert sorted(found) == sorted([*SITE, *MODEL, *WRITTEN])
    for name in MODEL:
        assert found[name] == (data / name).read_bytes()
    words = files.read_json(data / "vocabulary" / "vocabulary.json")
    assert json.loads(found["constants.json"]) == {
        "format": 4,
        "name": "small",
        "labels": ["bread", "chess", "tides"],
        "words": constants.front_code(words),
        "max_words": 40,
        "text": for_words(files.read_json(data / "vocabulary" / "text.json"), words),
        "unsure_below": files.read_json(data / "model" / "choice.json")["unsure_below"],
    }
    splits = files.read_json(data / "reports" / "validation.json")["splits"]
    metrics = files.read_json(data / "reports" / "metrics.json")
    assert json.loads(found["about.json"]) == {
        "name": "small",
        "corpus": {
            "kind": "sqlite",
            "title": "Made-up <topics>",
            "posts": {name: split["posts"] for name, split in splits.items()},
        },
        "formats": ["layers", "graph"],
        "metrics": {
            split: {
                # Of three labels, recall@3 is always 1.
                **{name: metrics[split][name] for name in ("posts", "recall@1", "macro_f1")},
                "intervals": metrics[split]["intervals"],
                "labels": {
                    label: {name: values[name] for name in ("posts", "precision", "recall@1", "f1")}
                    for label, values in metrics[split]["labels"].items()
                },
            }
            for split in ("validation", "test")
        },
        "remarks": metrics["remarks"],
    }
    assert sorted(metrics["test"]["intervals"]) == ["macro_f1", "recall@1"]
    size = sum(map(len, found.values())) - len(found["manifest.json"])
    assert done.stderr == f"assemble_bundle: 18 files, {size:,} bytes\n"
    assert names_in(tmp_path) == ["bundle"]


def test_manifest(run_script: RunScript, data: Path, tmp_path: Path) -> None:
    """The manifest has each file's size and digest, and the digests of what it was made from."""
    output = tmp_path / "bundle"
    run_script("assemble_bundle", *arguments(data, output))
    found = contents(output)
    manifest = json.loads(found.pop("manifest.json"))
    inputs = manifest.pop("inputs")
    assert manifest == {
        "format": 1,
        "name": "small",
        "version": "1.2.3",
        "files": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in found.items()
        },
    }
    listed = "".join(f"{files.sha256(path)}  {path}\n" for path in code_files.workflow())
    assert inputs == {
        "database": files.sha256(data / "source" / "news.sqlite"),
        "config": hashlib.sha256(CONFIG.encode()).hexdigest(),
        "recipe": files.sha256("config/text.yaml"),
        "requirements": files.sha256("requirements.lock"),
        "packages": files.sha256("web/package-lock.json"),
        "code": hashlib.sha256(listed.encode()).hexdigest(),
    }


@pytest.mark.parametrize("name", [*MODEL, "constants.json"])
def test_ships_nothing_that_was_not_verified(
    run_script: RunScript, data: Path, tmp_path: Path, name: str
) -> None:
    """A model file or constants other than those checked are refused; the old bundle stays."""
    output = tmp_path / "bundle"
    output.mkdir()
    (output / "index.html").write_text("old")
    changed = data / ("vocabulary/vocabulary.json" if name == "constants.json" else name)
    content = changed.read_bytes()
    try:
        changed.write_bytes(content.replace(b"bread", b"breed") + b" ")
        if name == "constants.json":
            files.write_json(changed, [*json.loads(content), "another"])
        done = run_script("assemble_bundle", *arguments(data, output), code=1)
    finally:
        changed.write_bytes(content)
    assert done.stderr == (
        f"assemble_bundle: error: {name} is not the file that verify_parity checked: "
        "run snakemake again\n"
    )
    assert names_in(tmp_path) == ["bundle"]
    assert contents(output) == {"index.html": b"old"}


def test_full_disk_and_the_run_after_it(run_script: RunScript, data: Path, tmp_path: Path) -> None:
    """A site that does not fit leaves nothing; the next run puts it in an old one's place."""
    output = tmp_path / "bundle"
    code, messages = run_limited(LIMIT_BYTES, "assemble_bundle", *arguments(data, output))
    assert code == 1
    assert "assemble_bundle: error: no disk space left (File too large). Free some" in messages
    assert "    at " not in messages
    assert names_in(tmp_path) == []
    run_script("assemble_bundle", *arguments(data, output))
    first = contents(output)
    (output / "stale.js").touch()
    run_script("assemble_bundle", *arguments(data, output))
    assert contents(output) == first
    assert names_in(tmp_path) == ["bundle"]
