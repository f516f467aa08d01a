"""ro-crate-metadata.json: the release as a Workflow Run RO-Crate.

The profiles are those of the Workflow Run RO-Crate group, version 0.5, over RO-Crate 1.1.
"""

import mimetypes
from pathlib import Path
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.model.file import File
from rocrate.rocrate import ROCrate

from provender import tool
from provender.release import evidence, statement
from provender.release.ready import Facts
from provender.running import code_files
from provender.versioning import cache

NAME = "ro-crate-metadata.json"

VERSION = "1.1"

WORKFLOW = "Snakefile"

# Where the words for digests come from.
TERMS = "https://w3id.org/ro/terms/workflow-run/context"

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}

# What is in the folder of a release besides the build, and has no digest in the crate: the
# crate's own is in the statement.
DOCUMENTS = {
    statement.STATEMENT: ("What the release was made from", "application/vnd.in-toto+json"),
    "MODEL_CARD.md": ("What the model is", "text/markdown"),
    "mlbom.cdx.json": ("Bill of materials", "application/vnd.cyclonedx+json"),
}

# Types of files that not every system knows.
TYPES = {
    ".bin": "application/octet-stream",
    ".js": "text/javascript",
    ".smk": "text/plain",
    ".tgz": "application/gzip",
}


def build(facts: Facts) -> dict[str, Any]:
    """Return the crate's metadata, the same for the same build and commit."""
    crate = ROCrate(version=VERSION)
    crate.metadata.extra_contexts.append(TERMS)
    _describe_root(crate, facts)
    snakefile = crate.add_workflow(
        dest_path=WORKFLOW,
        main=True,
        lang="snakemake",
        lang_version=evidence.versions()["snakemake"],
        properties={
            "name": "Provender's workflow",
            "version": facts.ready.commit,
            "encodingFormat": "text/plain",
            **_size(facts, WORKFLOW),
        },
    )
    released = [_add_file(crate, facts, name) for name in facts.sizes if name != WORKFLOW]
    for name, (title, kind) in DOCUMENTS.items():
        crate.add(File(crate, None, name, properties={"name": title, "encodingFormat": kind}))
    made = [entity for entity in released if not entity.id.startswith("workflow/")]
    action = crate.add(
        ContextEntity(
            crate,
            f"#build-{facts.sha256['bundle/manifest.json'][:16]}",
            properties={
                "@type": "CreateAction",
                "name": f"Build of {facts.ready.name}",
                "description": f"snakemake, configuration: {' '.join(facts.ready.paths)}",
            },
        )
    )
    if repository := facts.ready.config.get("repository"):
        snakefile["url"] = repository
    action["instrument"] = snakefile
    action["object"] = _add_inputs(crate, facts)
    action["result"] = made
    action["actionStatus"] = "http://schema.org/CompletedActionStatus"
    crate.root_dataset["mentions"] = action
    # In the order of ids: the library's own follows the order in which they were added.
    metadata: dict[str, Any] = crate.metadata.generate()
    metadata["@graph"].sort(key=lambda entity: entity["@id"])
    return metadata


def _describe_root(crate: ROCrate, facts: Facts) -> None:
    config, root = facts.ready.config, crate.root_dataset
    root["name"] = facts.ready.name
    root["description"] = f"Text classifier for browsers, trained on: {config['title']}"
    root["version"] = config["version"]
    # Not the day on which this ran: a release made again is the same.
    root["datePublished"] = facts.ready.date
    root["license"] = _license(crate, config.get("license"))
    profiles = [
        crate.add(
            ContextEntity(
                crate,
                address,
                properties={"@type": "CreativeWork", "name": name, "version": version},
            )
        )
        for address, (name, version) in PROFILES.items()
    ]
    root["conformsTo"] = profiles
    if config.get("repository"):
        root["isBasedOn"] = crate.add(
            ContextEntity(
                crate,
                config["repository"],
                properties={
                    "@type": "SoftwareSourceCode",
                    "name": "Source code",
                    "version": facts.ready.commit,
                },
            )
        )


def _license(crate: ROCrate, license: str | None) -> ContextEntity | str:
    if license is None:
        return "None is stated: ask the publisher"
    properties = {"@type": "CreativeWork", "name": license}
    address = f"https://spdx.org/licenses/{license}"
    return crate.add(ContextEntity(crate, address, properties=properties))


def _add_file(crate: ROCrate, facts: Facts, name: str) -> File:
    kind = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0]
    properties = {"name": name, **_size(facts, name)}
    if kind:
        properties["encodingFormat"] = kind
    return crate.add(File(crate, None, name, properties=properties))


def _size(facts: Facts, name: str) -> dict[str, str]:
    return {"contentSize": str(facts.sizes[name]), "sha256": facts.sha256[name]}


def _add_inputs(crate: ROCrate, facts: Facts) -> list[ContextEntity]:
    """Add what the build read and the release does not hold: told apart by digest alone."""
    names = [evidence.DATABASE, *facts.ready.paths, *code_files.locks()]
    return [
        crate.add(
            ContextEntity(
                crate,
                f"#{tool.name(name)}",
                properties={
                    "@type": "CreativeWork",
                    "name": tool.name(name),
                    "sha256": cache.digests(name)[0],
                },
            )
        )
        for name in names
    ]
