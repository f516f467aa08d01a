"""A release's model made again in Node.js: what it confirms, and what no rebuild would see."""

import base64
import json
import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from recorded import edit, objects
from releases import Release, publish

from provender import files

BY_NODE = ("--rebuild", "--by", "node", "--environment", ROOT)

# What is the same where nobody has lied.
PARTS = {
    "bundle/constants.json", "bundle/tfjs/layers/group1-shard1of1.bin",
    *(f"{kind}/{split}" for kind in ("splits", "features")
      for split in ("train", "validation", "test", "augmented")),
    "model/choice.json", "model/history.csv", "reports/sizes.csv",
    "tfjs/layers/group1-shard1of1.bin",
    *(f"vocabulary/{name}.json" for name in ("text", "candidates", "labels", "vocabulary")),
}  # fmt: skip

# What tells of a lie that a rebuild would repeat: the audit, and the trainer of other code.
PROVES = ("src/provender/audit/*.py", "web/train/*.js", "web/src/text.js", "web/package-lock.json")


def test_an_honest_release(release: Release, tmp_path: Path) -> None:
    """Each part is confirmed, and the summary and the report say by what."""
    key = release.other_key("auditor.pem")
    said = release.audit(
        *("--key", release.public_key, *BY_NODE, "--json", tmp_path / "found.json"),
        *("--html", tmp_path / "found.html", "--vsa", tmp_path / "vsa.json", "--sign", key),
        code=0,
    )
    named = said.split("of the recorded database: ")[1].split(" ✓")[0]
    assert set(named.split(", ")) == PARTS
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert found["parts"]["node"] == "confirmed"
    assert "Made again in Node.js" in (tmp_path / "found.html").read_text(encoding="utf-8")
    summary = json.loads(base64.b64decode(files.read_json(tmp_path / "vsa.json")["payload"]))
    assert summary["predicate"]["policy"]["uri"].endswith("/files+trace+node")
    # Not each file was built again.
    assert summary["predicate"]["verifiedLevels"] == ["SLSA_BUILD_LEVEL_1"]


@pytest.mark.proof(*PROVES)
@pytest.mark.ci
def test_code_that_lies_the_same_each_time(release: Release) -> None:
    """A build by code that was tampered with is confirmed by that code, and refuted by Node."""
    project = release.project
    edit(
        project,
        "src/provender/text/recipe.py",
        '        "replace": [\n',
        '        "replace": [["king", " ", "k"]]\n        + [\n',
    )
    edit(
        project,
        "src/provender/model/training.py",
        "(share * bayes.bias + (1 - share) * margins.bias).astype(np.float32),",
        "(share * bayes.bias + (1 - share) * margins.bias + np.eye(3)[0]).astype(np.float32),",
    )
    project.run("provender", "dvc")
    project.snakemake()
    project.run("provender", "record")
    project.commit("faster")
    project.run("dvc", "push")
    shutil.rmtree(release.folder)
    publish(project)
    key = ("--key", release.public_key)
    said = release.audit(*key, "--rebuild", "--environment", ROOT, "--cores", "2", code=0)
    assert "✓ confirmed" in said
    said = release.audit(*key, *BY_NODE, code=1)
    for part in ("vocabulary/text.json", "bundle/tfjs/layers/group1-shard1of1.bin"):
        assert f"✗ {part}: Node.js makes another one of the recorded database" in said
    assert "✗ vocabulary/labels.json" not in said


def test_what_cannot_be_made_again(release: Release, tmp_path: Path) -> None:
    """Undecided, and why: no packages, no data, no part of a rebuild."""
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    said = release.audit("--rebuild", "--by", "node", "--environment", nothing, code=2)
    assert f"? node: {nothing} has no web/node_modules: run make setup there" in said
    assert "give --rebuild too" in release.audit("--by", "node", code=2)
    digests = (release.project.folder / "dvc.lock").read_text(encoding="utf-8")
    md5 = digests.split("path: data/features/test.parquet\n")[1].split("md5: ")[1].split()[0]
    objects(release.remote)[md5].unlink()
    said = release.audit(*BY_NODE, code=2)
    assert "? node: the remote or the release lacks data/features/test.parquet" in said
