"""What a release tells people and other tools: model card, bill of materials, run crate."""

import hashlib
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import SMALL_CONFIG, Project
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from releases import NAME, VERSION, Release
from rocrate.rocrate import ROCrate

from provender.release import statement
from provender.release.statement import STATEMENT

PUBLICATION = {
    "repository": "https://localhost/project.git",
    "license": "EUPL-1.2",
}


def card_of(folder: Path) -> tuple[dict[str, Any], str]:
    """Return a model card's metadata and text."""
    _, metadata, text = (folder / "MODEL_CARD.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(metadata), text


def metrics_of(released: Release) -> dict[str, Any]:
    """Return the metrics of the test split."""
    path = released.project.folder / "data" / "reports" / "metrics.json"
    return json.loads(path.read_text())["test"]


@pytest.mark.ci
def test_model_card_for_the_hub(released: Release) -> None:
    """The hub's block has the model's task, library and results; what is not known is left out."""
    metadata, _ = card_of(released.folder)
    metrics = metrics_of(released)
    [entry] = metadata.pop("model-index")
    [result] = entry["results"]
    assert entry["name"] == NAME
    assert result["task"]["type"] == "text-classification"
    assert result["dataset"] == {"name": SMALL_CONFIG["title"], "type": "small", "split": "test"}
    assert {metric["type"]: metric["value"] for metric in result["metrics"]} == {
        "accuracy": metrics["recall@1"],
        "f1": metrics["macro_f1"],
    }
    assert metadata == {
        "language": ["en"],
        "pipeline_tag": "text-classification",
        "library_name": "tf-keras",
        "tags": [
            "text-classification",
            "tensorflow.js",
            "tf-keras",
            "in-browser",
            "offline",
            "reproducible",
        ],
        "metrics": ["accuracy", "f1"],
    }


def test_model_card_for_people(released: Release) -> None:
    """Its figures are the build's, and a title with marks of its own shows as it is."""
    _, text = card_of(released.folder)
    metrics = metrics_of(released)
    assert '# Three made-up topics: \\{a\\} \\$\\{b\\} "\\$HOME" 100 % \\<i\\>it\'s' in text
    low, high = metrics["intervals"]["recall@1"]
    assert f"| recall@1 | {metrics['recall@1']:.4f} | {low:.3f} to {high:.3f} |" in text
    assert f"| macro-F1 | {metrics['macro_f1']:.4f} |" in text
    for label, scores in metrics["labels"].items():
        row = f"| {label} | {scores['posts']} | {scores['precision']:.3f} | "
        assert row + f"{scores['recall@1']:.3f} | {scores['f1']:.3f} |" in text
    validation = released.project.folder / "data" / "reports" / "validation.json"
    splits = json.loads(validation.read_text())["splits"]
    counts = " | ".join(str(splits[name]["posts"]) for name in ("train", "validation", "test"))
    assert f"| all | {counts} |" in text
    size = (released.folder / "bundle" / "page.js").stat().st_size
    assert f"| `bundle/page.js` | {size:,} |" in text
    assert released.project.git("rev-parse", "HEAD").strip() in text
    assert "level 1 of SLSA's build\ntrack" in text
    assert "No license is stated" in text
    assert f"provender audit {NAME}.tar.gz --key publisher.pub" in text


def test_bill_of_materials(released: Release) -> None:
    """It is valid by the official schema, and names model, data and packages by digest."""
    text = (released.folder / "mlbom.cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    model = bill["metadata"]["component"]
    assert (model["type"], model["version"]) == ("machine-learning-model", VERSION)
    for file in model["components"]:
        data = (released.folder / file["name"]).read_bytes()
        assert file["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}]
    card = model["modelCard"]
    found = {
        metric["type"]: float(metric["value"])
        for metric in card["quantitativeAnalysis"]["performanceMetrics"]
    }
    assert found["recall@1"] == pytest.approx(metrics_of(released)["recall@1"], abs=1e-6)
    components = {component["bom-ref"]: component for component in bill["components"]}
    [reference] = card["modelParameters"]["datasets"]
    database = released.project.folder / "data" / "source" / "news.sqlite"
    digest = hashlib.sha256(database.read_bytes()).hexdigest()
    assert components[reference["ref"]]["hashes"][0]["content"] == digest
    shipped = [c["name"] for c in components.values() if c.get("scope") == "optional"]
    assert shipped == ["@tensorflow/tfjs"]
    assert components["pkg:pypi/tensorflow@2.21.0"]["scope"] == "excluded"
    assert "pkg:npm/%40tensorflow/tfjs@4.22.0" in components
    [mine, *_] = bill["dependencies"]
    assert set(mine["dependsOn"]) == set(components)


def test_run_crate(released: Release) -> None:
    """It is a Workflow Run Crate whose files are there, run by the commit's own workflow."""
    text = (released.folder / "ro-crate-metadata.json").read_text(encoding="utf-8")
    crate = ROCrate(released.folder)
    root = crate.root_dataset
    assert {profile.id for profile in root["conformsTo"]} == {
        "https://w3id.org/ro/wfrun/process/0.5",
        "https://w3id.org/ro/wfrun/workflow/0.5",
        "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
    }
    published = datetime.fromisoformat(root["datePublished"]).timestamp()
    assert f"{published:.0f}\n" == released.project.git("show", "-s", "--format=%ct", "HEAD")
    assert crate.mainEntity.id == "Snakefile"
    assert set(crate.mainEntity.type) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert crate.mainEntity["programmingLanguage"]["name"] == "Snakemake"
    action = root["mentions"]
    assert action.type == "CreateAction"
    assert action["instrument"] is crate.mainEntity
    results = {entity.id for entity in action["result"]}
    assert {f"bundle/{name}" for name in ("index.html", "manifest.json")} <= results
    assert not any(name.startswith("workflow/") for name in results)
    for entity in crate.data_entities:
        data = (released.folder / entity.id).read_bytes()
        if "sha256" in entity:
            assert entity["sha256"] == hashlib.sha256(data).hexdigest()
    source = (released.project.folder / "data/source/news.sqlite").read_bytes()
    inputs = {entity["name"]: entity["sha256"] for entity in action["object"]}
    assert inputs["data/source/news.sqlite"] == hashlib.sha256(source).hexdigest()
    # Every id that is named is described.
    graph = json.loads(text)["@graph"]
    described = {entity["@id"] for entity in graph}
    assert {id for entity in graph for id in _references(entity)} - described == {
        "https://w3id.org/ro/crate/1.1",
        # The workflow language's identifier and page.
        "https://doi.org/10.1093/bioinformatics/bts480",
        "https://snakemake.readthedocs.io",
    }


def _references(value: Any) -> set[str]:
    if isinstance(value, list):
        return {id for item in value for id in _references(item)}
    if isinstance(value, dict):
        below = {id for item in value.values() for id in _references(item)}
        return below | ({value["@id"]} if value.keys() == {"@id"} else set())
    return set()


@pytest.mark.ci
def test_what_only_a_release_says(recorded: Project) -> None:
    """Repository and license stand in the documents, and change the npm package alone."""
    before = {
        path: path.read_bytes() for path in (recorded.folder / "dist").rglob("*") if path.is_file()
    }
    recorded.configure(**PUBLICATION)
    planned = recorded.snakemake("--dry-run", "--quiet", "rules").stdout
    rules = set(re.findall(r"^(\w+) +\d+$", planned, re.MULTILINE))
    assert rules == {"all", "pack_npm", "total"}
    recorded.snakemake()
    recorded.run("provender", "dvc")
    recorded.run("provender", "record")
    stages = yaml.safe_load((recorded.folder / "dvc.yaml").read_text())["stages"]
    assert [name for name, stage in stages.items() if "repository" in str(stage)] == ["pack_npm"]
    recorded.commit("address")
    recorded.run("dvc", "push")
    assert "licence" not in recorded.run("provender", "release", VERSION).stderr
    changed = {path.name for path in before if path.read_bytes() != before[path]}
    assert changed == {"small-classifier-0.1.0.tgz"}

    folder = recorded.folder / "dist" / "releases" / NAME
    stated = statement.parse((folder / STATEMENT).read_bytes())
    commit = recorded.git("rev-parse", "HEAD").strip()
    source = statement.dependencies(stated)["source"]
    assert source["uri"] == f"git+https://localhost/project.git@{commit}"
    assert not PUBLICATION.keys() & statement.parameters(stated)["settings"].keys()
    metadata, text = card_of(folder)
    assert metadata["license"] == "other" and metadata["license_name"] == "eupl-1.2"
    assert metadata["language"] == ["en"]
    assert "License: EUPL-1.2." in text and "<https://localhost/project.git>" in text
    bill = (folder / "mlbom.cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    model = json.loads(bill)["metadata"]["component"]
    assert model["licenses"] == [{"expression": "EUPL-1.2"}]
    assert model["externalReferences"] == [{"type": "vcs", "url": PUBLICATION["repository"]}]
    crate = ROCrate(folder)
    assert crate.root_dataset["license"].id == "https://spdx.org/licenses/EUPL-1.2"
    assert crate.root_dataset["isBasedOn"]["version"] == commit
