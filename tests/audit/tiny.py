"""A release of two made-up steps, with repository and remote, made in no time, for lies."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml
from conftest import GIT_IDENTITY
from forgery import digests, md5, sha256

from provender import config
from provender.audit.findings import Findings
from provender.audit.given import open_given
from provender.audit.repository import NamedBy, Repository
from provender.audit.trace import trace
from provender.audit.traced import Traced
from provender.release import statement

SETTINGS = {
    "name": "tiny",
    "version": "1.0.0",
    "title": "Tiny",
    "source": {"kind": "docstrings", "packages": ["numpy"]},
    "text": {"recipe": "config/text.yaml"},
    "model": {"seed": 1},
    "vectors": {"path": "vectors.txt", "sha256": sha256(b"moon 1"), "format": "text"},
}
VECTORS, WORDS = "vectors.txt", "data/vectors/vectors.parquet"
DATABASE = "data/source/news.sqlite"
NOTES = "data/reports/notes.json"
PAGE = "dist/bundle/page.js"
MANIFEST = "dist/bundle/manifest.json"
PACKAGE = "dist/npm/tiny-1.0.0.tgz"
CODE = "scripts/assemble_bundle.py"
LOCK = "requirements.lock"


class Tiny:
    """Everything about the release; it fits together until a test changes a part of it."""

    def __init__(self) -> None:
        """Make the parts, each from the ones before."""
        self.git = {
            "config/config.yaml": yaml.safe_dump(SETTINGS).encode(),
            "config/text.yaml": b"replace: []\n",
            config.SCHEMA: b"{}\n",
            "dvc.yaml": b"vars:\n- overlays: []\nstages: {}\n",
            LOCK: b"numpy==2.0\n",
            "web/package-lock.json": b"{}\n",
            "scripts/fetch_source.py": b"# fetches\n",
            "scripts/read_vectors.py": b"# reads\n",
            CODE: b"# assembles\n",
            ".dvc/config": b"[core]\n    remote = x\n['remote \"x\"']\n    url = ../../remote\n",
        }
        # What no commit has.
        self.given = {VECTORS: b"moon 1"}
        self.built = {
            DATABASE: b"rows",
            WORDS: b"moon",
            NOTES: b"{}",
            PAGE: b"// page",
            MANIFEST: b"{}",
            PACKAGE: b"package",
        }
        self.receipts = {
            "fetch_source": self._receipt("fetch_source", ["scripts/fetch_source.py"], [DATABASE]),
            "read_vectors": self._receipt(
                "read_vectors", [VECTORS, "scripts/read_vectors.py"], [WORDS]
            ),
            "assemble_bundle": self._receipt(
                "assemble_bundle", [DATABASE, WORDS, CODE, LOCK], [NOTES, PAGE, MANIFEST, PACKAGE]
            ),
        }
        for name, receipt in self.receipts.items():
            self.built[f"data/receipts/{name}.json"] = json.dumps(receipt).encode()
        self.objects = {md5(data): data for data in self.built.values()}
        self.locked = {name: self._stage(name) for name in self.receipts}
        self.locked["assemble_bundle"]["params"] = {"config/config.yaml": {"model.seed": 1}}
        self.statement = self._statement()
        # Where the statement names another commit or tree than its own.
        self.source: dict[str, str] = {}

    def _receipt(self, name: str, inputs: list[str], outputs: list[str]) -> dict[str, Any]:
        known = self.git | self.built | self.given
        return {
            "command": ["python", f"scripts/{name}.py"],
            "inputs": {path: sha256(known[path]) for path in inputs},
            "outputs": {path: sha256(known[path]) for path in outputs},
        }

    def _stage(self, name: str) -> dict[str, Any]:
        receipt = self.receipts[name]
        known = self.git | self.built | self.given
        outputs = [*receipt["outputs"], f"data/receipts/{name}.json"]

        def items(paths: list[str]) -> list[dict[str, Any]]:
            return [
                {"path": path, "hash": "md5", "md5": md5(known[path]), "size": len(known[path])}
                for path in paths
            ]

        return {
            "cmd": f"provender run {name}",
            "deps": items([*receipt["inputs"]]),
            "outs": items(outputs),
        }

    def _statement(self) -> dict[str, Any]:
        known = self.git | self.built | self.given
        named = [DATABASE, LOCK, "web/package-lock.json", "config/text.yaml", "dvc.yaml"]
        named += ["config/config.yaml", VECTORS]
        written = [p for p in self.built if p.startswith("data/") and p != DATABASE]
        return {
            "subject": [
                {"name": name, "digest": {"sha256": sha256(known[path])}}
                for name, path in (
                    ("bundle/manifest.json", MANIFEST),
                    ("bundle/page.js", PAGE),
                    ("npm/tiny-1.0.0.tgz", PACKAGE),
                )
            ],
            "predicate": {
                "buildDefinition": {
                    "externalParameters": {
                        "name": "tiny",
                        "version": "1.0.0",
                        "configuration": ["config/config.yaml"],
                        "settings": json.loads(config.identity(SETTINGS)),
                    },
                    "resolvedDependencies": [
                        {"name": path, "digest": digests(known[path])} for path in named
                    ],
                },
                "runDetails": {
                    "byproducts": [
                        {"name": path, "digest": digests(known[path])} for path in written
                    ]
                },
            },
        }

    def dependency(self, name: str) -> dict[str, str]:
        """Return the digests of a dependency of the statement, to be changed."""
        found = self.statement["predicate"]["buildDefinition"]["resolvedDependencies"]
        return next(item["digest"] for item in found if item["name"] == name)

    def byproduct(self, name: str) -> dict[str, str]:
        """Return the digests of a by-product of the statement, to be changed."""
        found = self.statement["predicate"]["runDetails"]["byproducts"]
        return next(item["digest"] for item in found if item["name"] == name)

    def record(self, name: str) -> None:
        """Make a step's record name its receipt as it has become, and keep that."""
        path = f"data/receipts/{name}.json"
        data = json.dumps(self.receipts[name]).encode()
        self.built[path] = data
        self.objects[md5(data)] = data
        out = next(item for item in self.locked[name]["outs"] if item["path"] == path)
        out.update(md5=md5(data), size=len(data))
        self.byproduct(path).update(digests(data))

    def trace(self, folder: Path) -> tuple[Findings, Traced | None]:
        """Write everything below ``folder`` and look into it; return what is found."""
        project = folder / "project"
        lock = yaml.safe_dump({"schema": "2.0", "stages": self.locked}).encode()
        for name, data in {**self.git, "dvc.lock": lock}.items():
            _write(project / name, data)
        for digest, data in self.objects.items():
            _write(folder / "remote" / "files" / "md5" / digest[:2] / digest[2:], data)
        _git(project, "init", "--quiet")
        _git(project, "add", "--all")
        _git(project, "commit", "--quiet", "--message", "tiny")
        source = {
            "gitCommit": _git(project, "rev-parse", "HEAD"),
            "gitTree": _git(project, "rev-parse", "HEAD^{tree}"),
            **self.source,
        }
        dependencies = self.statement["predicate"]["buildDefinition"]["resolvedDependencies"]
        dependencies += [
            {"name": statement.SOURCE, "digest": source},
            {"name": "dvc.lock", "digest": digests(lock)},
        ]
        release = folder / "tiny-1.0.0"
        for path, name in ((MANIFEST, "bundle/manifest.json"), (PAGE, "bundle/page.js")):
            _write(release / name, self.built[path])
        _write(release / "npm" / "tiny-1.0.0.tgz", self.built[PACKAGE])
        _write(release / statement.STATEMENT, json.dumps(self.statement).encode())
        findings = Findings()
        with open_given(str(release)) as given:
            place = Repository(project, "here", NamedBy.AUDITOR)
            traced = trace(given, self.statement, place, None, findings)
        return findings, traced


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **GIT_IDENTITY},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()
