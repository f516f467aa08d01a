"""assemble_bundle: the site that is published, and its manifest."""

import base64
import hashlib
import html
import json
import re
import shutil
import sqlite3
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
    *("classifier.js", "element.js", "icon-192.png", "icon-512.png", "icon-maskable-512.png"),
    *("icon.svg", "more.js", "no-script.css", "page.js", "style.css", "sw.js"),
    *("update.js", "vendor/tf.min.js", "verify.js", "worker.js"),
]
WRITTEN = [
    *("about.json", "constants.js", "constants.json", "demo.single.html", "index.html"),
    *("manifest.json", "manifest.webmanifest"),
    "model-card.html",
]
MODEL = [
    "tfjs/graph/group1-shard1of1.bin",
    "tfjs/graph/model.json",
    "tfjs/layers/group1-shard1of1.bin",
    "tfjs/layers/model.json",
]
CONFIG = json.dumps(
    {
        "name": "small",
        "version": "1.2.3",
        "title": "Made-up <topics>",
        "source": {"kind": "sqlite", "split": "year"},
        "split": {"threshold": 1990, "test": 0.2},
        "trainer": "python",
        "model": {"max_words": 40, "seed": 1},
    }
)

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
        *("--card", "scripts/model_card.html"),
        *("--choice", data / "model" / "choice.json", "--outside", reports / "outside.json"),
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
        "format": 6,
        "name": "small",
        "labels": ["bread", "chess", "tides"],
        "words": constants.front_code(words),
        "max_words": 40,
        "text": for_words(files.read_json(data / "vocabulary" / "text.json"), words),
        "unsure_below": files.read_json(data / "model" / "choice.json")["unsure_below"],
        "other": files.read_json(data / "reports" / "outside.json")["other"],
        "digest": json.loads(found["constants.json"])["digest"],
    }
    assert constants.check_seal(found["constants.json"], data / "tfjs" / "layers")
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
        "confusion": {
            "pairs": mistakes(metrics["test"]["confusion"]),
            "counts": metrics["test"]["confusion"],
        },
    }
    assert sorted(metrics["test"]["intervals"]) == ["macro_f1", "recall@1"]
    size = sum(map(len, found.values())) - len(found["manifest.json"])
    assert done.stderr == f"assemble_bundle: 26 files, {size:,} bytes\n"
    assert names_in(tmp_path) == ["bundle"]


def test_model_card(run_script: RunScript, data: Path, tmp_path: Path) -> None:
    """It says what the build knows, and needs no other file, which its policy forbids."""
    output = tmp_path / "bundle"
    run_script("assemble_bundle", *arguments(data, output))
    page = (output / "model-card.html").read_text(encoding="utf-8")
    about = files.read_json(output / "about.json")
    test, posts = about["metrics"]["test"], about["corpus"]["posts"]
    assert "<title>Model card: Made-up &lt;topics&gt;</title>" in page
    assert "<h1>Made-up &lt;topics&gt;: small 1.2.3</h1>" in page
    headings = ["Use", "What it is for", "Data", "How it was made", "How good it is", "Limits"]
    assert re.findall("<h2>(.*?)</h2>", page) == [*headings, "Check it"]
    assert "The test split holds\nthe rows whose split value is at least 1990." in page
    assert "No license" not in page and "Commit" not in page
    rows = re.findall("<tr>(.*?)</tr>", page, re.DOTALL)
    cells = [re.findall("<td>(.*?)</td>", row) for row in rows]
    counts = files.read_json(data / "reports" / "validation.json")["splits"]
    for label, values in test["labels"].items():
        splits = ("train", "validation", "test")
        assert [label, *(str(counts[name]["labels"][label]) for name in splits)] in cells
        figures = [f"{values[name]:.3f}" for name in ("precision", "recall@1", "f1")]
        assert [label, str(values["posts"]), *figures] in cells
    assert ["all", *(f"{posts[name]:,}" for name in ("train", "validation", "test"))] in cells
    low, high = test["intervals"]["recall@1"]
    assert ["recall@1", f"{test['recall@1']:.4f}", f"{low:.3f} to {high:.3f}"] in cells
    [style] = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = re.findall(r'http-equiv="Content-Security-Policy"\s+content="([^"]*)"', page)
    assert html.unescape(policy) == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    # A style of an element's own would be refused.
    assert "style=" not in page
    assert re.findall('(?:src|href)="', page) == []
    page_of = (output / "index.html").read_text(encoding="utf-8")
    assert page_of.count('<a href="model-card.html">') == 1


def mistakes(counts: list[list[int]]) -> list[list[str | int]]:
    """Return each pair of labels that was confused, and how often, the most frequent first."""
    labels = ["bread", "chess", "tides"]
    found = [
        [labels[row], labels[column], count]
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
        if row != column and count
    ]
    assert found
    return sorted(found, key=lambda pair: (-pair[2], pair[0], pair[1]))


def test_an_example_that_quotes_a_text_is_refused(
    run_script: RunScript, data: Path, tmp_path: Path
) -> None:
    """Unless the configuration allows to show texts; words of one's own are no quotation."""
    database = sqlite3.connect(data / "source" / "news.sqlite")
    [(text,)] = database.execute("SELECT Data FROM news LIMIT 1").fetchall()
    database.close()
    quoted = " ".join(text.split()[2:12])
    own = "An example of our own, which nobody else has written"
    page = json.dumps({"examples": [own, quoted]})
    output = tmp_path / "bundle"
    done = run_script("assemble_bundle", *arguments(data, output), "--page", page, code=1)
    assert done.stderr == (
        f"assemble_bundle: error: page.examples quotes a text of the table: {quoted[:40]}… Write "
        "one of your own, or allow quotations: set report.show_text to true\n"
    )
    assert names_in(tmp_path) == []
    run_script("assemble_bundle", *arguments(data, output), "--page", page, "--quotes")
    assert quoted in (output / "index.html").read_text(encoding="utf-8")


def test_page_in_the_language_of_the_texts(
    run_script: RunScript, data: Path, tmp_path: Path
) -> None:
    """Page, scripts and web manifest speak it; of another language the page speaks English."""
    output = tmp_path / "bundle"
    cases = (("fr", "fr", "Très probablement"), ("nl", "en", "Most likely"))
    for language, spoken, answer in cases:
        run_script("assemble_bundle", *arguments(data, output), "--language", language)
        found = contents(output)
        assert f'<html lang="{spoken}">'.encode() in found["index.html"]
        assert f' lang="{language}" placeholder'.encode() in found["index.html"]
        assert json.loads(found["manifest.webmanifest"])["lang"] == spoken
        for name in ("page.js", "element.js"):
            script = found[name].decode()
            assert json.dumps(answer)[1:-1].replace("\\u00e8", "\\xe8") in script


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
