"""The wheel and the sdist: what an index would take, with every file that the code reads."""

import email
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

from provender.reproduction.clone import copy_tree

# A licence is known by its first line.
LICENSE = "MIT License\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the sdist of a copy of the project, and of the wheel made from it."""
    folder = copy_tree(ROOT, tmp_path_factory.mktemp("packaging") / "project")
    output = folder.parent / "built"
    command = ["uv", "build", "--quiet", "--offline", "--no-build-isolation"]
    command += ["--python", sys.executable, "--out-dir", str(output), str(folder)]
    subprocess.run(command, check=True)
    return output


def test_twine_takes_both(built: Path) -> None:
    """Names, metadata and the README as an index would show it, without a warning."""
    archives = sorted(map(str, built.glob("provender-*")))
    assert [Path(each).suffix for each in archives] == [".whl", ".gz"]
    command = [sys.executable, "-m", "twine", "check", "--strict", *archives]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_both_hold_every_file_of_the_package_and_the_licence(built: Path) -> None:
    """Templates and scripts that the code reads beside itself too, and nothing made by tools."""
    package = ROOT / "src" / "provender"
    paths = [p for p in package.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    names = {path.relative_to(ROOT / "src").as_posix() for path in paths}
    assert {Path(name).suffix for name in names} == {".py", ".html", ".jinja", ".mjs", ".cjs"}
    [wheel], [sdist] = built.glob("*.whl"), built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert inside == names
        [about] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(about))
        [licence] = [name for name in archive.namelist() if name.endswith("/LICENSE")]
        assert archive.read(licence).decode().startswith(LICENSE)
    assert metadata["License-Expression"] == "MIT"
    with tarfile.open(sdist) as archive:
        top = sdist.name.removesuffix(".tar.gz")
        inside = {name.removeprefix(f"{top}/") for name in archive.getnames()}
    assert {f"src/{name}" for name in names} | {"LICENSE", "README.md", "pyproject.toml"} <= inside
