"""The wheel and the sdist: what an index would take, with every file that a build reads."""

import email
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from conftest import GIT_IDENTITY, ROOT

from provender import files, tool
from provender.reproduction.clone import copy_tree

OWN_DATA = ROOT / "docs" / "own-data.md"

# A licence is known by its first line.
LICENSE = "MIT License\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the sdist of a copy of the project, and of the wheel made from it."""
    folder = copy_tree(ROOT, tmp_path_factory.mktemp("packaging") / "project")
    for arguments in ("init --quiet", "add --all", "commit --quiet --message tool"):
        command = ["git", *arguments.split()]
        subprocess.run(command, cwd=folder, check=True, env={**os.environ, **GIT_IDENTITY})
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
        within = {name for name in inside if name.startswith(f"provender/{tool.WITHIN}/")}
        assert inside - within == names
        [about] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(about))
        [licence] = [name for name in archive.namelist() if name.endswith("/LICENSE")]
        assert archive.read(licence).decode().startswith(LICENSE)
    assert metadata["License-Expression"] == "MIT"
    with tarfile.open(sdist) as archive:
        top = sdist.name.removesuffix(".tar.gz")
        inside = {name.removeprefix(f"{top}/") for name in archive.getnames()}
    assert {f"src/{name}" for name in names} | {"LICENSE", "README.md", "pyproject.toml"} <= inside


def test_the_wheel_has_all_that_a_build_reads(built: Path, tmp_path: Path) -> None:
    """Every part of the tool as in the repository, by its bytes, and the commit that it is of."""
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    listed = subprocess.run(
        ["git", "ls-files", "--", *tool.PARTS], cwd=ROOT, check=True, capture_output=True, text=True
    )
    # No build reads the browser's tests, or how scripts are checked.
    left_out = ("web/test/", "scripts/ruff.toml")
    names = [name for name in listed.stdout.split() if not name.startswith(left_out)]
    assert len(names) > 100
    for name in names:
        inside = name.removeprefix(f"{tool.MODULES}/")
        within = "provender" if inside != name else f"provender/{tool.WITHIN}"
        assert (tmp_path / within / inside).read_bytes() == (ROOT / name).read_bytes(), name
    top = tmp_path / "provender" / tool.WITHIN
    others = {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file()}
    assert others - set(names) == {tool.BUILT_FROM}
    noted = json.loads((tmp_path / "provender" / tool.WITHIN / tool.BUILT_FROM).read_text())
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=built.parent / "project", check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    assert noted == {"commit": head.stdout.strip()}


@pytest.mark.proof(
    "pyproject.toml", "setup.py", "requirements.lock", "web/package-lock.json",
    "src/provender/tool.py", "src/provender/projects/*.py", "src/provender/versioning/tool_lock.py",
)  # fmt: skip
def test_a_wheel_in_an_empty_environment(built: Path, tmp_path: Path) -> None:
    """Pip, then init and build of the tickets example: by the tool of a commit, without a clone."""
    [wheel] = built.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "env"], cwd=tmp_path, check=True)
    install = [tmp_path / "env/bin/pip", "install", "--quiet", wheel]
    subprocess.run(install, check=True, stderr=subprocess.PIPE)
    [example, *_] = re.findall(r"```python\n(.*?)```", OWN_DATA.read_text("utf-8"), re.DOTALL)
    subprocess.run([sys.executable, "-c", example], cwd=tmp_path, check=True)
    # Nothing of this environment: neither its programs nor its modules.
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if ".venv" not in p)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL"))}

    def run(folder: str, *arguments: str) -> str:
        done = subprocess.run(
            [tmp_path / "env/bin/provender", *arguments], cwd=tmp_path / folder, check=False,
            env={**kept, **GIT_IDENTITY, "PATH": path}, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    said = run(".", "init", "tickets", "--from", "tickets.sqlite")
    assert "this runs provender setup, once" in said
    assert "labels: team: " in said
    run("tickets", "build")
    assert "provender setup" not in run("tickets", "build")
    assert run("tickets", "predict", "my parcel is late").startswith("shipping")
    lock = yaml.safe_load((tmp_path / "tickets" / "provender.lock").read_text())
    receipts = [json.loads(p.read_text()) for p in (tmp_path / "tickets/data").rglob("receipts/*")
                if p.is_file()]  # fmt: skip
    read = {path: digest for each in receipts for path, digest in each["inputs"].items()}
    linked = {tool.name(path): digest for path, digest in read.items() if tool.is_linked(path)}
    assert len(linked) > 50
    # The very files of the commit, so that whoever has it can tell what built this.
    for name, digest in linked.items():
        assert files.sha256(built.parent / "project" / name) == digest, name
    assert tool.CHANGED not in lock["tool"]["commit"]
