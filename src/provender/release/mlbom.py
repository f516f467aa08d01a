"""mlbom.cdx.json: the model and what it was made with, as CycloneDX 1.6 lists materials."""

import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from provender import config as configuration
from provender import files, tool
from provender.model.model_card import SCORES
from provender.release import evidence, statement
from provender.release.model_card import TASK
from provender.release.ready import Facts
from provender.running import code_files

Component = dict[str, Any]

SPEC = "1.6"

# The one package whose file is in the bundle as it came, to be loaded on demand.
COPIED = "@tensorflow/tfjs"

PACKAGE = "web/package.json"
SOURCES = "web/src"

NAMESPACE = uuid.UUID(statement.NAMESPACE)


def build(facts: Facts) -> dict[str, Any]:
    """Return the bill of materials."""
    model = _model(facts)
    database = _database(facts)
    libraries = [*_python_packages(), *_node_packages()]
    data = [database, *_vectors(facts)]
    used = [each["bom-ref"] for each in (*data, *libraries)]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        # The same for the same model: no random number, and no date but the commit's.
        "serialNumber": uuid.uuid5(NAMESPACE, facts.sha256["bundle/manifest.json"]).urn,
        "version": 1,
        "metadata": {
            "timestamp": facts.ready.date,
            "tools": {
                "components": [
                    {"type": "application", "name": name, "version": version}
                    for name, version in evidence.versions().items()
                ]
            },
            "component": model,
        },
        "components": [*data, *libraries],
        "dependencies": [
            {"ref": model["bom-ref"], "dependsOn": sorted(used)},
            *({"ref": ref} for ref in sorted(used)),
        ],
    }


def _model(facts: Facts) -> Component:
    config, choice = facts.ready.config, facts.choice
    name = f"{config['name']}-classifier"
    license = config.get("license")
    repository = config.get("repository")
    properties = {
        "provender:commit": facts.ready.commit,
        "provender:seed": config["model"]["seed"],
        "provender:words": choice["words"],
        "provender:compressed-bytes": choice["bytes"],
    }
    found: Component = {
        "type": "machine-learning-model",
        "bom-ref": f"model:{name}@{config['version']}",
        "name": name,
        "version": config["version"],
        "description": f"Text classifier for browsers, trained on: {config['title']}",
        "modelCard": _model_card(facts),
        "components": [
            {
                "type": "file",
                "bom-ref": f"file:{path}",
                "name": path,
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
            for path, digest in sorted(facts.sha256.items())
        ],
        "properties": [{"name": key, "value": str(value)} for key, value in properties.items()],
    }
    if license:
        found["licenses"] = [{"expression": license}]
    if repository:
        found["externalReferences"] = [{"type": "vcs", "url": repository}]
    return found


def _model_card(facts: Facts) -> dict[str, Any]:
    config, metrics, posts = facts.ready.config, facts.metrics, facts.about["corpus"]["posts"]
    overall = [(title, metrics[key]) for title, key in SCORES if key in metrics]
    by_label = [
        (f"{title} of {label}", values[key])
        for label, values in sorted(metrics["labels"].items())
        for title, key in (("precision", "precision"), ("recall", "recall@1"), ("F1", "f1"))
    ]
    return {
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": TASK,
            "architectureFamily": "bag of words",
            "modelArchitecture": "weighted sum of rows of a table, dense softmax layer",
            "datasets": [{"ref": _database_ref()}],
            "inputs": [{"format": "text"}],
            "outputs": [{"format": f"probabilities of {len(metrics['labels'])} labels"}],
        },
        "quantitativeAnalysis": {
            "performanceMetrics": [
                {"type": title, "value": f"{value:.6g}", "slice": f"test, {posts['test']} posts"}
                for title, value in (*overall, *by_label)
            ]
        },
        "considerations": {
            "users": ["Developers of pages and tools that sort texts without a server"],
            "useCases": [
                f"To sort texts like those it has learnt from: {facts.ready.config['title']}"
            ],
            "technicalLimitations": [
                "It gives every text one of its labels, also a text about anything else",
                f"It reads the first {config['model']['max_words']} words of a text, "
                "at most in pairs",
            ],
        },
    }


def _database_ref() -> str:
    return f"data:{evidence.DATABASE}"


def _database(facts: Facts) -> Component:
    posts = facts.about["corpus"]["posts"]
    counts = [{"name": f"provender:posts:{name}", "value": str(n)} for name, n in posts.items()]
    return {
        "type": "data",
        "bom-ref": _database_ref(),
        "name": evidence.DATABASE,
        "description": facts.ready.config["title"],
        "hashes": [{"alg": "SHA-256", "content": files.sha256(evidence.DATABASE)}],
        "data": [{"type": "dataset", "name": facts.ready.config["title"]}],
        "properties": counts,
    }


def _vectors(facts: Facts) -> list[Component]:
    """Return the word vectors, where the model has learnt from any: by their digest and license."""
    named = facts.ready.config.get("vectors")
    if not named:
        return []
    name = evidence.public_name(configuration.vectors_file(named))
    found: Component = {
        "type": "data",
        "bom-ref": f"data:{name}",
        "name": name,
        "description": "Word vectors, of which none is part of the model",
        "hashes": [{"alg": "SHA-256", "content": named["sha256"]}],
        "data": [{"type": "dataset", "name": "Word vectors"}],
    }
    if "package" in named:
        version, _ = configuration.vectors_package(named)
        found |= {"version": version, "purl": _npm_place(named["package"], version)}
    if "license" in named:
        found["licenses"] = [{"expression": named["license"]}]
    return [found]


def _python_packages() -> list[Component]:
    """Return what requirements.lock pins: it made the model, and is no part of it."""
    pinned = code_files.pinned(Path(tool.path(code_files.PYTHON_LOCK)).read_text(encoding="utf-8"))
    # As package addresses write names: see the purl specification, type pypi.
    found = {
        name.split("[")[0].lower().replace("_", "-"): version for name, version in pinned.items()
    }
    return [
        _library(name, version, f"pkg:pypi/{name}@{version}", "excluded")
        for name, version in sorted(found.items())
    ]


def _node_packages() -> list[Component]:
    """Return the npm packages that the browser's side names or takes in, as locked."""
    locked = files.read_json(tool.path(code_files.NODE_LOCK))["packages"]
    package = files.read_json(tool.path(PACKAGE))
    named = package.get("dependencies", {}) | package.get("devDependencies", {})
    bundled = _bundled(locked, named.keys())
    found = []
    for name in sorted(named.keys() | bundled):
        version = locked[f"node_modules/{name}"]["version"]
        place = _npm_place(name, version)
        scope = "required" if name in bundled else "optional" if name == COPIED else "excluded"
        found.append(_library(name, version, place, scope))
    return found


def _npm_place(name: str, version: str) -> str:
    return f"pkg:npm/{name.replace('@', '%40')}@{version}"


def _bundled(locked: dict[str, Any], named: Iterable[str]) -> set[str]:
    """Return the packages that the bundle's scripts import, with those that these import."""
    texts = [
        path.read_text(encoding="utf-8") for path in sorted(Path(tool.path(SOURCES)).glob("*.js"))
    ]
    waiting = [name for name in named if any(f'from "{name}"' in text for text in texts)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += locked[f"node_modules/{name}"].get("dependencies", {})
    return found


def _library(name: str, version: str, place: str, scope: str) -> Component:
    return {
        "type": "library",
        "bom-ref": place,
        "name": name,
        "version": version,
        "scope": scope,
        "purl": place,
    }
