"""dvc.yaml from jobs: one stage a rule, every setting from the file that decides it."""

from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from provender.errors import UserError
from provender.running import graph
from provender.running.graph import Job
from provender.versioning import dvc_yaml


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project of two configurations and no rule, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    for name in ("config", "workflow/rules"):
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
        "wildcards": {}, "inputs": ["a"], "outputs": ["b"], "command": "make",
        "settings": [], "reports": {},
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
    """A group of settings is listed by its values, each once; all settings without locations."""
    assert stages(job(settings=[("model",), ("model", "seed")]))["make_thing"]["params"] == [
        {"config/config.yaml": ["model.seed"]},
        {"own.yaml": ["model.epochs"]},
    ]
    assert stages(job(settings=[()]))["make_thing"]["params"] == [
        {"config/config.yaml": ["model.seed", "name", "source.kind"]},
        {"own.yaml": ["model.epochs"]},
    ]


def test_a_line_break_in_a_command_is_refused(folder: Path) -> None:
    """DVC runs each line of a stage's command by itself."""
    with pytest.raises(UserError, match="rule make_thing: a setting in its command has a line"):
        stages(job(command="make 'a\nb'"))


def test_metrics_and_plots(folder: Path) -> None:
    """Outputs that a rule marks are metrics and plots."""
    labels = {"title": "Curve", "x": "epoch", "y": "loss val_loss"}
    marked = job(outputs=["b", "m", "p"], reports={"m": ("metrics", {}), "p": ("plots", labels)})
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
            "cmd": "make in/${item.shard}",
            "deps": ["in/${item.shard}"],
            "outs": ["out/${item.shard}"],
        },
    }


def test_shards_that_no_pattern_fits(folder: Path) -> None:
    """Jobs that differ otherwise are refused, by the rule's name."""
    with pytest.raises(UserError, match="rule make_thing: its jobs differ in more than"):
        stages(shard("one"), shard("two", inputs=["other"]))


def test_text_that_dvc_would_fill_in(folder: Path) -> None:
    """A command's own ${…} is not DVC's."""
    assert stages(job(command="echo ${HOME}"))["make_thing"]["cmd"] == "echo \\${HOME}"


def test_this_project_s_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    """dvc.yaml is what the Snakefile says."""
    monkeypatch.chdir(ROOT)
    dvc_yaml.check(graph.read(), [])


def test_another_pipeline(folder: Path) -> None:
    """Where it differs, the message says how to refresh it; overlays are remembered."""
    with pytest.raises(UserError, match=r"there is no dvc.yaml: run provender dvc"):
        dvc_yaml.overlays()
    dvc_yaml.write([job()], ["own.yaml"])
    dvc_yaml.check([job()], ["own.yaml"])
    assert dvc_yaml.overlays() == ["own.yaml"]
    with pytest.raises(UserError, match=r"dvc.yaml differs from the Snakefile: run provender dvc"):
        dvc_yaml.check([job(inputs=["other"])], ["own.yaml"])
    with pytest.raises(UserError, match="not as it was generated"):
        dvc_yaml.parse_overlays("stages: {}")
