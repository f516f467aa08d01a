"""How alike the files of a rebuild are, and why they are not: on copies of the small build."""

import dataclasses
import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import change_constants
from releases import Release

from provender import files
from provender.audit import compare, findings, rebuild, repository
from provender.audit.compare import Level
from provender.audit.findings import Outcome
from provender.audit.traced import Traced, read_commit
from provender.versioning import dvc_yaml

LAYERS = Path("data/tfjs/layers")
SHIPPED = Path("dist/bundle/tfjs/layers")


@dataclasses.dataclass
class Rebuild:
    """A rebuild that a test may change, and what was recorded."""

    release: Release
    traced: Traced
    rebuilt: rebuild.Rebuilt
    work: Path
    run: dict[str, Any]
    findings: findings.Findings

    @property
    def folder(self) -> Path:
        """The folder of the rebuild."""
        return self.rebuilt.folder

    def compare(self) -> compare.Comparison:
        """Compare all files."""
        folder = self.release.project.folder

        def read(path: str) -> bytes:
            return (folder / path).read_bytes()

        return compare.compare(
            self.traced, self.rebuilt, {}, read, self.run, self.work, self.findings
        )

    def levels(self) -> dict[str, Level]:
        """Compare, and return the files that are not the same byte for byte."""
        found = {each.path: each.level for each in self.compare().files}
        return {path: level for path, level in found.items() if level is not Level.BYTES}


@pytest.fixture
def again(released: Release, tmp_path: Path) -> Rebuild:
    """Return the small build as its own rebuild."""
    project = released.project
    folder = tmp_path / "rebuilt"
    for name in ("data", "dist/bundle", "dist/npm"):
        shutil.copytree(project.folder / name, folder / name)
    place = repository.Repository(project.folder, "here", repository.NamedBy.AUDITOR)
    commit = project.git("rev-parse", "HEAD").strip()
    traced = read_commit(place, commit)
    assert traced.overlays == dvc_yaml.parse_overlays((project.folder / "dvc.yaml").read_text())
    for path in sorted((project.folder / "data" / "receipts").rglob("*.json")):
        name = path.relative_to(project.folder / "data/receipts").with_suffix("").as_posix()
        traced.receipts[name.replace("/", "@")] = files.read_json(path)
    run = files.read_json(released.folder / "run.json")
    packages = {name.split("[")[0].lower(): v for name, v in run["packages"].items()}
    (tmp_path / "work").mkdir()
    return Rebuild(
        released,
        traced,
        rebuild.Rebuilt(folder, None, 1.0, packages),
        tmp_path / "work",
        run,
        findings.Findings(),
    )


def test_the_same(again: Rebuild) -> None:
    """All files are the same byte for byte, those of the first step being given."""
    found = again.compare()
    assert {each.level for each in found.files} == {Level.BYTES}
    assert not any(each.stage == "fetch_source" for each in found.files)
    assert (found.first, found.predictions) == (None, None)
    assert again.findings.verdict() is Outcome.CONFIRMED


def reorder_json(folder: Path) -> str:
    """Write a JSON file with its keys in another order."""
    path = "data/reports/metrics.json"
    value = files.read_json(folder / path)
    (folder / path).write_text(json.dumps(dict(reversed(value.items()))))
    return path


def pack_again(folder: Path) -> str:
    """Compress the npm package with another header."""
    (path,) = (folder / "dist/npm").iterdir()
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 1, mtime=7))
    return path.relative_to(folder).as_posix()


def archive_again(folder: Path) -> str:
    """Put the npm package's members in another order, with other dates."""
    (path,) = (folder / "dist/npm").iterdir()
    with tarfile.open(path) as old:
        members = [(member.name, old.extractfile(member).read()) for member in old]
    with tarfile.open(path, "w:gz") as new:
        for name, data in reversed(members):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return path.relative_to(folder).as_posix()


def compress_again(folder: Path) -> str:
    """Write a table with another compression."""
    path = "data/splits/test.parquet"
    pq.write_table(pq.read_table(folder / path), folder / path, compression="gzip")
    return path


def end_lines(folder: Path) -> str:
    """End the lines of a table as Windows does."""
    path = "data/reports/recall.csv"
    (folder / path).write_bytes((folder / path).read_bytes().replace(b"\n", b"\r\n"))
    return path


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (reorder_json, "JSON, whatever the order of its keys"),
        (pack_again, "gzip, whatever its header"),
        (archive_again, "tar, whatever dates"),
        (compress_again, "Parquet, whatever its compression"),
        (end_lines, "text, whatever ends its lines"),
    ],
)
def test_canonical(again: Rebuild, change: Callable[[Path], str], how: str) -> None:
    """The same content in another form is confirmed, and the normalisation named."""
    path = change(again.folder)
    found = {each.path: each for each in again.compare().files}
    assert found[path].level is Level.CANONICAL
    assert found[path].text.startswith(how)
    assert again.findings.verdict() is Outcome.CONFIRMED


def test_weights(again: Rebuild) -> None:
    """The same tensors in another container: with a note in HDF5, in another order of a shard."""
    with h5py.File(again.folder / "data/model/model.h5", "a") as file:
        file.attrs["note"] = "another"
    model = files.read_json(again.folder / LAYERS / "model.json")
    (group,) = model["weightsManifest"]
    shard = (again.folder / LAYERS / group["paths"][0]).read_bytes()
    parts, start = [], 0
    for weight in group["weights"]:
        kind = weight.get("quantization", weight)["dtype"]
        size = int(np.prod(weight["shape"])) * np.dtype(kind).itemsize
        parts.append(shard[start : start + size])
        start += size
    group["weights"].reverse()
    (again.folder / LAYERS / "model.json").write_text(json.dumps(model))
    (again.folder / LAYERS / group["paths"][0]).write_bytes(b"".join(reversed(parts)))
    assert again.levels() == dict.fromkeys(
        ("data/model/model.h5", f"{LAYERS}/group1-shard1of1.bin", f"{LAYERS}/model.json"),
        Level.WEIGHTS,
    )
    assert again.findings.verdict() is Outcome.CONFIRMED


def scale(folder: Path, by: float) -> None:
    """Multiply one weight of the shipped classifier's output layer, and seal the bundle anew."""
    model = files.read_json(folder / SHIPPED / "model.json")
    (group,) = model["weightsManifest"]
    path = folder / SHIPPED / group["paths"][0]
    data, start = bytearray(path.read_bytes()), 0
    for weight in group["weights"]:
        kind = np.dtype(weight.get("quantization", weight)["dtype"])
        count = int(np.prod(weight["shape"]))
        if weight["name"] == "scores/kernel":
            values = np.frombuffer(bytes(data), kind, count, start).copy()
            values[0] = np.nextafter(values[0] * np.float32(by), np.float32(9))
            data[start : start + values.nbytes] = values.tobytes()
        start += count * kind.itemsize
    path.write_bytes(data)
    change_constants(folder / "dist/bundle")


@pytest.mark.parametrize(
    ("by", "level", "outcome"),
    [
        (1.0, Level.PREDICTIONS, Outcome.UNDECIDED),
        (3.0, Level.DIFFERENT, Outcome.REFUTED),
    ],
)
def test_predictions(again: Rebuild, by: float, level: Level, outcome: Outcome) -> None:
    """Other weights are told by what they answer, with figures; alike, they confirm nothing."""
    scale(again.folder, by)
    found = again.compare()
    path = f"{SHIPPED}/group1-shard1of1.bin"
    assert {e.path: e.level for e in found.files if e.level is not Level.BYTES} == {
        path: level, "dist/bundle/constants.json": level,
    }  # fmt: skip
    assert "tensor scores/kernel: 1 of " in next(e.text for e in found.files if e.path == path)
    assert found.first == "assemble_bundle"
    assert found.predictions.posts > 50
    assert found.predictions.alike is (level is Level.PREDICTIONS)
    assert 0 < found.predictions.largest < 1
    said = again.findings.found[0].text
    assert f"on {found.predictions.posts} test posts max |Δ| " in said
    assert "best label the same for " in said and "recall@1 " in said
    assert again.findings.verdict() is outcome
    assert again.traced.states["assemble_bundle"][0] is outcome


def test_scripts_are_not_predictions(again: Rebuild) -> None:
    """A script that is another is different, however the weights answer."""
    scale(again.folder, 1.0)
    path = again.folder / "dist/bundle/page.js"
    path.write_text(path.read_text() + "\n// another")
    assert again.levels()["dist/bundle/page.js"] is Level.DIFFERENT


def test_a_missing_file(again: Rebuild) -> None:
    """What the rebuild does not make is different, and what was not recorded cannot hide it."""
    (again.folder / "data/reports/confusion.csv").unlink()
    assert again.levels() == {"data/reports/confusion.csv": Level.DIFFERENT}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("data/source/news.sqlite", "database rows"),
        ("small.yaml", "config"),
        ("scripts/train_model.py", "code"),
        ("src/provender/model/training.py", "code"),
        ("requirements.lock", "dependency"),
        ("web/package-lock.json", "dependency"),
        ("--seed", "config"),
        ("packages", "dependency"),
        ("cpu", "CPU"),
        ("", "unknown"),
    ],
)
def test_first_step_and_cause(again: Rebuild, path: str, kind: str) -> None:
    """The first step in running order is named, and what it, or its machine, had otherwise."""
    for name in (
        "data/model/history.csv",
        "data/reports/metrics.json",
        "data/vocabulary/vocabulary.json",
    ):
        (again.folder / name).write_text("{}")
    receipt = again.traced.receipts["train_model"]
    if path == "--seed":
        place = receipt["command"].index("--seed") + 1
        receipt["command"][place] = "2"
    elif path == "packages":
        again.run["packages"]["numpy"] = "1.0"
    elif path == "cpu":
        again.run["host"]["cpu"] = "Another CPU"
    elif path:
        receipt["inputs"][path] = "0" * 64
    found = again.compare()
    assert (found.first, found.cause[0]) == ("train_model", kind)
    assert {
        "--seed": "'2' → '1'",
        "packages": "numpy 1.0 → ",
        "cpu": "Another CPU → ",
        "": "inputs, parameters, packages and CPU are the same",
    }.get(path, path) in found.cause[1]
    assert f"the first step that differs is train_model, likely cause {kind}" in (
        again.findings.found[0].text
    )
