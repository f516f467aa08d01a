"""The bench in Chromium, of a small build: a round measures every engine and makes the table."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Project

BENCH = ROOT / "benchmarks" / "browser.py"
PEERS = ROOT / "benchmarks" / "browser"

PROVES = (
    "benchmarks/browser*", "benchmarks/browser/*", "benchmarks/fasttext_model.py",
    "benchmarks/figures.py", "benchmarks/peers.py", "web/src/*.js", "web/test/browser/chromium.js",
)  # fmt: skip
DOCUMENT = "Before.\n\n<!-- browser -->\nold\n<!-- end of browser -->\n\nAfter.\n"

# Rows without a peer's figure.
OURS_ALONE = {
    "npm tarball, kB", "TF.js' best p50 / ours", "the page's, cold, ms", "its CPU at a quarter",
    "memory grows by, MB",
}  # fmt: skip
IMPORT = "import in Node, ms"
ENGINES = ["Provender", "TF.js cpu", "TF.js wasm", "fastText"]


def run_bench(build: Project, *options: str | Path) -> subprocess.CompletedProcess:
    """Run one round of the bench on a build."""
    command = [sys.executable, BENCH, "--build", build.folder, "--rounds", "1", "--many", "50"]
    return subprocess.run(
        [*command, *options], cwd=ROOT, env=build.environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def read_table(document: str) -> dict[str, dict[str, str]]:
    """Return the cells of a table in Markdown, by row and column."""
    lines = [line for line in document.splitlines() if line.startswith("| ")]
    heading, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return {name: dict(zip(heading[1:], cells, strict=True)) for name, *cells in rows}


@pytest.mark.proof(*PROVES)
def test_each_engine_is_measured(small_build: Project, tmp_path: Path) -> None:
    """TensorFlow.js gives the kernel's answers; the table has 80 columns and goes to its place."""
    document = tmp_path / "benchmarks.md"
    document.write_text(DOCUMENT)
    done = run_bench(small_build, "--document", document)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) == 80
    assert not re.search(r"^(TF|fast).*: ", done.stdout, re.MULTILINE)
    text = document.read_text()
    assert text.startswith("Before.\n\n<!-- browser -->\nMeasured 20")
    assert text.endswith("\n<!-- end of browser -->\n\nAfter.\n")
    table = read_table(text)
    assert table.keys() > OURS_ALONE
    for name, cells in table.items():
        assert list(cells) == [*ENGINES, "wanted"]
        measured = [engine for engine in ENGINES if re.match(r"\d", cells[engine])]
        # The backend for WebAssembly is a script for pages alone.
        without = ENGINES[1:] if name in OURS_ALONE else ENGINES[2:3] * (name == IMPORT)
        assert measured == [engine for engine in ENGINES if engine not in without], name
    metrics = json.loads((small_build.folder / "data/reports/metrics.json").read_text())
    recall = table["recall@1 of these posts"]
    assert float(recall["Provender"]) == pytest.approx(metrics["test"]["recall@1"], abs=0.001)
    assert recall["TF.js cpu"] == recall["TF.js wasm"] == f"{recall['Provender']} 1×"
    (tarball,) = (small_build.folder / "dist/npm").glob("*.tgz")
    size = float(table["npm tarball, kB"]["Provender"])
    assert size == pytest.approx(tarball.stat().st_size / 1e3, rel=0.01)


@pytest.mark.proof(*PROVES)
def test_what_cannot_be_used_is_told_of(small_build: Project, tmp_path: Path) -> None:
    """Packages that cannot be installed, and one that does not run: the others are measured."""
    done = run_bench(small_build, "--peers", tmp_path)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "TF.js wasm: not installed: " in said and "fastText: not installed: " in said
    peers = tmp_path / "peers"
    shutil.copytree(PEERS, peers, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--prefer-offline"], cwd=peers, check=True)
    (peers / "node_modules/fasttext.wasm/dist/core/fasttext.wasm").write_bytes(b"no wasm")
    done = run_bench(small_build, "--peers", peers)
    assert done.returncode == 0, done.stderr
    assert re.search(r"fastText: .*WebAssembly", done.stdout)
    assert "TF.js wasm: " not in done.stdout


# What a peer lacks is known before Chromium starts, or found there.
GATHERED = """
import browser
figures = {"provender": {"p50": 2.0}, "cpu": {"p50": 8.0}, "wasm": {"p50": 6.0}}
found = {"figures": figures, "problems": {"fasttext": "no wasm"}, "chromium": "1"}
measured = browser.gather(found, {"cpu": "not installed"}, 1, 1)
print(measured.figures["provender"]["lead"], *browser.notes(measured, 1)[1:], sep="\\n")
"""


def test_every_problem_is_told_of() -> None:
    """A peer without figures has a reason below the table; the best backend is what counts."""
    done = subprocess.run(
        [sys.executable, "-c", GATHERED], cwd=BENCH.parent, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["3.0", "TF.js cpu: not installed", "fastText: no wasm"]


def test_what_is_not_built(tmp_path: Path) -> None:
    """It says what to run first; and where a document has no place for the table."""
    command = [sys.executable, BENCH, "--build", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "run make first" in done.stderr) == (1, True)
    (tmp_path / "none.md").write_text("no table")
    done = subprocess.run(
        [*command, "--document", tmp_path / "none.md"], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1 and "has no lines <!-- browser -->" in done.stderr
