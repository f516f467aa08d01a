"""The npm package as its users have it: by bundlers, without one, in Node, and by TypeScript."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, Project
from node_runner import WEB, run_node_tests

# Where tests/install-bundlers puts them.
BUNDLERS = ROOT / ".venv" / "bundlers"

# What a package is made of, and what it is tried with.
PROVEN = (
    "tests/bundlers/*",
    "scripts/pack_npm.py",
    "src/provender/bundle/package_readme.py",
    "web/build*.js",
    "web/minify.js",
    "web/src/*.js",
    "web/src/package/*.js",
    "web/test/browser/*.js",
    "web/test/package/*",
)


@pytest.fixture(scope="module")
def package(small_build: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the small build's package, unpacked."""
    [archive] = (small_build.folder / "dist" / "npm").glob("*.tgz")
    folder = tmp_path_factory.mktemp("package")
    shutil.unpack_archive(archive, folder)
    return folder / "package"


def run(name: str, package: Path, build: Project) -> None:
    """Run a file of web/test/package with the package and the bundle that it is of."""
    bundle = build.folder / "dist" / "bundle"
    run_node_tests(
        f"test/package/{name}.test.js",
        PACKAGE=str(package), BUNDLE=str(bundle), BUNDLERS=str(BUNDLERS),
    )  # fmt: skip


@pytest.mark.proof(*PROVEN)
def test_bundlers(package: Path, small_build: Project) -> None:
    """Vite, webpack and esbuild build it; pages, workers and Node take it as it is."""
    run("bundlers", package, small_build)


@pytest.mark.proof(*PROVEN)
def test_next(package: Path, small_build: Project) -> None:
    """Next.js builds it with both of its bundlers, for the server, the page and a worker."""
    run("next", package, small_build)


@pytest.mark.proof(*PROVEN)
def test_readme(package: Path, small_build: Project) -> None:
    """Every block of code in its README runs."""
    run("readme", package, small_build)


def test_types(package: Path) -> None:
    """TypeScript takes what a user may write, and refuses what is wrong, by each way to resolve."""
    command = ["node", "test/package/types.js", str(package)]
    done = subprocess.run(command, cwd=WEB, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == {
        "in Node": "", "in a bundler": "", "without a browser's types": "",
    }  # fmt: skip
