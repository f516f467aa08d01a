"""dvc.yaml from jobs: one stage a rule, every setting from the file that decides it."""

from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from provender import config
from provender.errors import UserError
from provender.running import graph
from provender.running.graph import Job
from provender.versioning import dvc_yaml


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project of two configurations and no rule, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    for name in ("config", "workflow/rules", "src/provender"):
        Path(name).mkdir(parents=True)
    Path("Snakefile").touch()
    Path("config/config.yaml").write_text(
        "name: n\nmodel: {epochs: 2, seed: 1}\nsource: {kind: k, url: u}\n"
    )
    Path("own.yaml").write_text("model: {epochs: 3}\n")
    return tmp_path


def job(rule: str = "make_thing", **changes: object) -> Job:
    """Return a job, with what differs from one that reads a and writes b."""
    fields = {
        "rule_file": "rules.smk", "wildcards": {}, "inputs": ["a"], "outputs": ["b"],
        "command": "make", "settings": [], "reports": {},
    }  # fmt: skip
    return Job(**{"rule": rule, **fields, **changes})


def stages(*jobs: Job) -> dict:
    """Return the stages of the jobs' dvc.yaml, with own.yaml laid over."""
    return yaml.safe_load(dvc_yaml.generate(jobs, ["own.yaml"]))["stages"]


def shard(text: str, **changes: object) -> Job:
    """Return the job of one shard."""
    fields = {"inputs": [f"in/{text}"], "outputs": [f"out/{text}"], "command": f"make in/{text}"}
    return job(wildcards={"shard": text}, **{**fields, **changes})


def test_settings_stand_in_the_file_that_has_the_last_word(folder: Path) -> None:
    """A group of settings is listed by its values, each once; all settings without locations.

    What no file sets has its default in the schema.
    """
    places = [("model", "epochs"), ("model", "seed"), ("report",)]
    assert stages(job(settings=[*places, ("model", "seed")]))["make_thing"]["params"] == [
        {"config/config.yaml": ["model.seed"]},
        {"own.yaml": ["model.epochs"]},
        {config.SCHEMA: ["properties.report.properties.show_text.default"]},
    ]
    params = stages(job(settings=[()]))["make_thing"]["params"]
    assert params[:2] == [
        {"config/config.yaml": ["model.seed", "name", "source.kind"]},
        {"own.yaml": ["model.epochs"]},
    ]
    defaults = params[2][config.SCHEMA]
    assert "properties.model.properties.max_words.default" in defaults
    assert "properties.model.properties.epochs.default" not in defaults
    assert (
        dvc_yaml.recorded_settings({"params": {config.SCHEMA: dict.fromkeys(defaults, 1)}})[
            "model.max_words"
        ]
        == 1
    )


def test_settings_of_another_kind_of_source(folder: Path) -> None:
    """A configuration that names another kind of source is not laid over the one below."""
    Path("own.yaml").write_text("source: {kind: other}\n")
    assert stages(job(settings=[("model", "seed")]))["make_thing"]["params"] == [
        {config.SCHEMA: ["properties.model.properties.seed.default"]}
    ]


def test_no_value_stands_in_a_stage(folder: Path) -> None:
    """The command names the rule; the rule's file is a dependency, once, but of a source."""
    stage = stages(job(command="make --seed 1", inputs=["a", "rules.smk"]))["make_thing"]
    assert (stage["cmd"], stage["deps"]) == ("provender run make_thing", ["a", "rules.smk"])
    assert "deps" not in stages(job(inputs=[]))["make_thing"]


def test_metrics_and_plots(folder: Path) -> None:
    """Outputs that a rule marks are metrics and plots."""
    labels = {"title": "Curve", "x": "epoch", "y": "loss val_loss"}
    marked = job(outputs=["b", "m", "p"], reports={"m": ("metrics", {}), "p": ("tables", labels)})
    document = yaml.safe_load(dvc_yaml.generate([marked]))
    stage = document["stages"]["make_thing"]
    assert (stage["outs"], stage["metrics"]) == (["b", "p"], ["m"])
    assert document["plots"] == [
        {"Curve": {"x": "epoch", "y": {"p": ["loss", "val_loss"]}, "title": "Curve"}}
    ]


def test_shards_are_one_stage(folder: Path) -> None:
    """Each shard's text is the pattern filled in, also where its name occurs elsewhere."""
    stage = stages(shard("in"), shard("seven"))["make_thing"]
    assert stage == {
        "foreach": {"in": {"shard": "in"}, "seven": {"shard": "seven"}},
        "do": {
            "cmd": "provender run make_thing shard=${item.shard}",
            "deps": ["in/${item.shard}", "rules.smk"],
            "outs": ["out/${item.shard}"],
        },
    }


def test_shards_that_no_pattern_fits(folder: Path) -> None:
    """Jobs that differ otherwise are refused, by the rule's name."""
    with pytest.raises(UserError, match="rule make_thing: its jobs differ in more than"):
        stages(shard("one"), shard("two", inputs=["other"]))


def test_this_project_s_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    """dvc.yaml is what the Snakefile says."""
    monkeypatch.chdir(ROOT)
    dvc_yaml.check(graph.read(), [])


def test_another_pipeline(folder: Path) -> None:
    """Where it differs, the message says how to refresh it; overlays are remembered."""
    with pytest.raises(UserError, match=r"there is no dvc.yaml: run make refresh"):
        dvc_yaml.overlays()
    dvc_yaml.write([job()], ["own.yaml"])
    dvc_yaml.check([job()], ["own.yaml"])
    assert dvc_yaml.overlays() == ["own.yaml"]
    with pytest.raises(UserError, match=r"dvc.yaml differs from the Snakefile: run make refresh"):
        dvc_yaml.check([job(inputs=["other"])], ["own.yaml"])
    with pytest.raises(UserError, match="not as it was generated"):
        dvc_yaml.parse_overlays("stages: {}")
