"""The model trained in Node.js, as part of the workflow: beside Python's, or in its place."""

import json

import pytest
import yaml
from conftest import ROOT, Project, open_project
from node_runner import run_node_tests

SHARD = "tfjs/layers/group1-shard1of1.bin"

NODE = ("snakemake", "--cores", "2", "node", "--configfile", "small.yaml")


def test_a_second_training(built_project: Project) -> None:
    """Snakemake node trains in Node.js and finds that each part is the same."""
    done = built_project.run(*NODE)
    assert "16 of 16 parts are the same" in done.stdout + done.stderr
    found = json.loads((built_project.folder / "data/reports/trainers.json").read_text())
    assert [part for part, same in found["parts"].items() if not same] == []
    assert found["scores"]["same_best_label"] == 1
    assert found["scores"]["max_difference"] == 0
    made, its = (
        json.loads((built_project.folder / "data" / name / "metrics.json").read_text())
        for name in ("node", "reports")
    )
    for split, measured in made.items():
        assert measured == {name: its[split][name] for name in measured}
        assert {"recall@1", "macro_f1", "intervals", "labels", "calibration"} <= measured.keys()
    receipt = json.loads((built_project.folder / "data/receipts/train_in_node.json").read_text())
    read = {"web/train/train.js", "web/src/text.js", "data/source/news.sqlite"}
    assert read <= receipt["inputs"].keys()
    assert not [path for path in receipt["inputs"] if path.startswith("data/splits")]
    # A build as such has no part of it.
    assert "Nothing to be done" in built_project.snakemake().stderr


def test_what_is_not_the_same_ends_it(built_project: Project) -> None:
    """The part is named, and nothing says that they are the same."""
    folder = built_project.folder
    script = folder / "web" / "train" / "hinge.js"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("const MEANS = 16;", "const MEANS = 15;"), encoding="utf-8")
    assert script.read_text(encoding="utf-8") != text
    done = built_project.run(*NODE, code=1)
    said = done.stdout + done.stderr
    assert f"{SHARD} is not the same" in said
    assert "vocabulary/candidates.json is not the same" not in said
    assert not (folder / "data/reports/trainers.json").exists()


@pytest.mark.ci
def test_a_model_of_node(small_project: Project, small_build: Project) -> None:
    """It ships with the bytes of Python's, without TensorFlow and without the graph format."""
    small_project.configure(trainer="node")
    # Whatever asks for them fails.
    for name in ("tensorflow", "tf_keras", "tensorflowjs"):
        (small_project.folder / "src" / f"{name}.py").write_text(f"raise RuntimeError('{name}')\n")
    small_project.snakemake()
    bundle, other = (each.folder / "dist" / "bundle" for each in (small_project, small_build))
    for name in ("constants.json", SHARD):
        assert (bundle / name).read_bytes() == (other / name).read_bytes(), name
    assert sorted(path.name for path in (bundle / "tfjs").iterdir()) == ["layers"]
    assert not (small_project.folder / "data" / "model" / "saved_model").exists()
    about, its = (json.loads((each / "about.json").read_text()) for each in (bundle, other))
    assert (about.pop("formats"), its.pop("formats")) == (["layers"], ["layers", "graph"])
    assert about == its
    parity = json.loads((small_project.folder / "data/reports/parity.json").read_text())
    assert sorted(parity["max_difference"]) == ["kernel", "layers"]
    report = (small_project.folder / "data/reports/report.html").read_text(encoding="utf-8")
    assert "there is no SavedModel" in report
    trainers = json.loads((small_project.folder / "data/reports/trainers.json").read_text())
    # Of what Python did not train nothing is claimed.
    assert not [part for part in trainers["parts"] if part.startswith(("model", "tfjs"))]
    run_node_tests("test/browser/page.test.js", BUNDLE=str(bundle))
    asked = ("provender", "predict", "yeast flour dough", "--model", bundle)
    assert "bread" in small_project.run(*asked).stdout


def test_stages_of_both(small_project: Project) -> None:
    """Where it is part of the build, DVC has it as stages, and the report reads what it found."""
    small_project.configure(trainer="both")
    small_project.run("provender", "dvc", "--config", "small.yaml")
    stages = yaml.safe_load((small_project.folder / "dvc.yaml").read_text())["stages"]
    assert {"train_model", "convert_graph", "train_in_node", "compare_trainers"} <= stages.keys()
    settings = stages["train_in_node"]["params"]
    named = {key for each in settings for keys in each.values() for key in keys}
    assert {"split.threshold", "model.epochs"} <= named
    assert not {"title", "properties.version.default"} & named
    assert "data/reports/trainers.json" in stages["render_report"]["deps"]


@pytest.mark.newsgroups
def test_the_newsgroups_in_node() -> None:
    """On the real corpus, too, each part is the same, and so is each score of each test post."""
    build = open_project(ROOT)
    build.run("snakemake", "--cores", "2", "node")
    found = json.loads((ROOT / "data" / "reports" / "trainers.json").read_text(encoding="utf-8"))
    assert len(found["parts"]) == 16 and all(found["parts"].values())
    assert found["scores"] == {"posts": 3041, "same_best_label": 1.0, "max_difference": 0.0}
