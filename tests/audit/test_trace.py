"""Each check of the trace alone refutes the lie that it is for: one lie, one contradiction."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from forgery import digests, md5, sha256
from tiny import CODE, DATABASE, LOCK, NOTES, PAGE, SETTINGS, VECTORS, Tiny

from provender.audit.findings import Outcome
from provender.release import statement


def test_the_truth(tmp_path: Path) -> None:
    """Without a lie everything is confirmed, each step too."""
    findings, traced = Tiny().trace(tmp_path)
    assert {finding.outcome for finding in findings.found} == {Outcome.CONFIRMED}
    assert traced.order == ["fetch_source", "read_vectors", "assemble_bundle"]
    assert {outcome for outcome, _ in traced.states.values()} == {Outcome.CONFIRMED}


def other_tree(tiny: Tiny) -> None:
    """Name the commit with another tree."""
    tiny.source["gitTree"] = "0" * 40


def other_lock_file(tiny: Tiny) -> None:
    """Name another lock file than the commit's."""
    tiny.dependency(LOCK)["sha256"] = "0" * 64


def unnamed_lock_file(tiny: Tiny) -> None:
    """Leave the lock file out."""
    found = tiny.statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    found[:] = [item for item in found if item["name"] != LOCK]


def other_vectors(tiny: Tiny) -> None:
    """Name another file of word vectors than the commit's configuration."""
    tiny.dependency(VECTORS)["sha256"] = "0" * 64


def unrecorded_vectors(tiny: Tiny) -> None:
    """Name word vectors by another md5 than dvc.lock."""
    tiny.dependency(VECTORS)["md5"] = "0" * 32


def other_settings(tiny: Tiny) -> None:
    """Name another seed than the commit's configuration."""
    parameters = tiny.statement["predicate"]["buildDefinition"]["externalParameters"]
    parameters["settings"]["model"]["seed"] = 2


def other_version(tiny: Tiny) -> None:
    """Call it another version than the commit's configuration."""
    tiny.statement["predicate"]["buildDefinition"]["externalParameters"]["version"] = "2.0.0"


def other_byproduct(tiny: Tiny) -> None:
    """Name another by-product than dvc.lock."""
    tiny.byproduct(NOTES)["md5"] = "0" * 32


def invented_byproduct(tiny: Tiny) -> None:
    """Name a by-product that no step has written."""
    found = tiny.statement["predicate"]["runDetails"]["byproducts"]
    found.append({"name": "data/reports/better.json", "digest": digests(b"")})


def invented_tool(tiny: Tiny) -> None:
    """Name another repository as that of the tool, which the project holds itself."""
    found = tiny.statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    found.append({"name": statement.TOOL, "digest": {"gitCommit": "0" * 40}})


def other_page(tiny: Tiny) -> None:
    """Ship another page than was recorded."""
    tiny.built[PAGE] = b"// another page"


def edited_code(tiny: Tiny) -> None:
    """Commit other code than the step has read."""
    tiny.git[CODE] = b"# assembles otherwise\n"
    tiny.receipts["assemble_bundle"]["inputs"][CODE] = sha256(tiny.git[CODE])
    tiny.record("assemble_bundle")


def lost_code(tiny: Tiny) -> None:
    """Commit without code that the step has read."""
    del tiny.git[CODE]
    del tiny.receipts["assemble_bundle"]["inputs"][CODE]
    tiny.record("assemble_bundle")


def edited_settings(tiny: Tiny) -> None:
    """Commit another configuration than the step was recorded with."""
    settings = {**SETTINGS, "model": {"seed": 2}}
    tiny.git["config/config.yaml"] = yaml.safe_dump(settings).encode()
    tiny.dependency("config/config.yaml").update(digests(tiny.git["config/config.yaml"]))
    parameters = tiny.statement["predicate"]["buildDefinition"]["externalParameters"]
    parameters["settings"]["model"] = settings["model"]


def swapped_object(tiny: Tiny) -> None:
    """Keep other content under the digest of the database."""
    tiny.objects[md5(b"rows")] = b"rowz"


def same_md5(tiny: Tiny) -> None:
    """Name the sha256 digest of another database that has, as can be made, the same md5."""
    tiny.dependency(DATABASE)["sha256"] = "0" * 64


def other_inputs(tiny: Tiny) -> None:
    """Have a receipt tell of another database than its own step wrote."""
    tiny.receipts["assemble_bundle"]["inputs"][DATABASE] = "0" * 64
    tiny.record("assemble_bundle")


def other_outputs(tiny: Tiny) -> None:
    """Have a receipt tell of other notes than are recorded."""
    tiny.receipts["assemble_bundle"]["outputs"][NOTES] = "0" * 64
    tiny.record("assemble_bundle")


def other_command(tiny: Tiny) -> None:
    """Have a receipt tell of another command than is recorded."""
    tiny.receipts["assemble_bundle"]["command"].append("--seed=2")
    tiny.record("assemble_bundle")


def other_script(tiny: Tiny) -> None:
    """Have a receipt tell of another step's script."""
    tiny.receipts["assemble_bundle"]["command"][1] = "scripts/fetch_source.py"
    tiny.record("assemble_bundle")


def other_value(tiny: Tiny) -> None:
    """Have a receipt tell of another value than the setting's."""
    tiny.receipts["assemble_bundle"]["command"] += ["--seed", "1", "--seed", "2"]
    tiny.record("assemble_bundle")


def other_stage(tiny: Tiny) -> None:
    """Have dvc.lock tell that a stage ran another rule."""
    tiny.locked["assemble_bundle"]["cmd"] = "provender run fetch_source"


def no_receipt_of_a_file(tiny: Tiny) -> None:
    """Have a receipt tell nothing of a file that is recorded as written."""
    del tiny.receipts["assemble_bundle"]["outputs"][NOTES]
    tiny.record("assemble_bundle")


LIES = [
    (other_tree, "commit", "holds the tree"),
    (other_lock_file, "source files", "requirements.lock is another file in the commit"),
    (unnamed_lock_file, "source files", "requirements.lock is not among the dependencies"),
    (other_settings, "settings", "model.seed: 1 → 2"),
    (other_version, "settings", "version: '1.0.0' → '2.0.0'"),
    (other_byproduct, "dvc.lock", f"{NOTES} is recorded with the md5"),
    (other_vectors, "dvc.lock", f"{VECTORS} has another sha256 than vectors.sha256 of the commit"),
    (unrecorded_vectors, "dvc.lock", f"{VECTORS} is recorded as the source, by another digest"),
    (invented_byproduct, "dvc.lock", "data/reports/better.json is recorded by no stage"),
    (invented_tool, "tool", "the statement names one, and the commit no provender.lock"),
    (other_page, "shipped files", "bundle/page.js is not what assemble_bundle recorded"),
    (edited_code, "dvc.lock", f"assemble_bundle: it was recorded with other content of {CODE}"),
    (lost_code, "dvc.lock", f"assemble_bundle: it was recorded with {CODE}, which the commit"),
    (edited_settings, "dvc.lock", "other settings: model.seed: 2 → 1 (config)"),
    (swapped_object, "remote", f"other content than was recorded: {DATABASE}"),
    (same_md5, "remote", f"other content than the statement says, by sha256: {DATABASE}"),
    (
        other_inputs,
        "receipts",
        f"assemble_bundle: its receipt tells of other content of {DATABASE}",
    ),
    (other_outputs, "receipts", f"other content of what it wrote: {NOTES}"),
    (other_command, "receipts", "another command (config)"),
    (other_script, "receipts", "another command (config)"),
    (other_value, "receipts", "another command (config)"),
    (other_stage, "receipts", "another command (config)"),
    (no_receipt_of_a_file, "receipts", f"no {NOTES} among what it wrote"),
]


@pytest.mark.parametrize(("lie", "about", "text"), LIES, ids=[lie[0].__name__ for lie in LIES])
def test_lies(tmp_path: Path, lie: Callable[[Tiny], None], about: str, text: str) -> None:
    """The lie is refuted, and by that check alone."""
    tiny = Tiny()
    lie(tiny)
    findings, _ = tiny.trace(tmp_path)
    refuted = [finding for finding in findings.found if finding.outcome is Outcome.REFUTED]
    assert [finding.about for finding in refuted] == [about], findings.found
    assert text in refuted[0].text


def test_what_cannot_be_had(tmp_path: Path) -> None:
    """What the remote lacks leaves it undecided, and the step that wrote it."""
    tiny = Tiny()
    del tiny.objects[md5(b"rows")]
    findings, traced = tiny.trace(tmp_path)
    assert findings.verdict() is Outcome.UNDECIDED
    assert traced.states["fetch_source"][0] is Outcome.UNDECIDED
    assert f"it lacks what was recorded: {DATABASE}" in " ".join(f.text for f in findings.found)
