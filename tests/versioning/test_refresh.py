"""One command after a change, which says what changed."""

import copy

import pytest
from conftest import Project
from recorded import edit

from provender.versioning.refresh import changes


def items(**digests: str) -> list[dict[str, str]]:
    """Return files as dvc.lock has them, underscores for the slashes and dots of their paths."""
    return [{"path": path.replace("_", "/"), "md5": md5} for path, md5 in digests.items()]


LOCK = {
    "split": {"cmd": "c", "deps": items(rows="1", code="2"), "outs": items(train="3")},
    "train": {
        "cmd": "c",
        "deps": items(train="3", code="2"),
        "params": {"config.yaml": {"model.seed": 1}},
        "outs": items(model="4", data_receipts_train="5"),
    },
}


AGAIN = "1 stage wrote the same files as before"


@pytest.mark.parametrize(
    ("stage", "part", "value", "said"),
    [
        ("split", "outs", items(train="9"), ["split: other content of train"]),
        ("split", "deps", items(rows="1", code="9"), ["changed: code", AGAIN]),
        ("train", "deps", items(train="9", code="2"), [AGAIN]),
        ("train", "outs", items(model="4", data_receipts_train="9"), [AGAIN]),
        ("train", "params", {"config.yaml": {"model.seed": 2}}, ["changed: model.seed", AGAIN]),
    ],
)
def test_each_change(stage: str, part: str, value: object, said: list[str]) -> None:
    """Causes are code, inputs and settings, not what stages hand on; receipts are no content."""
    after = copy.deepcopy(LOCK)
    after[stage][part] = value
    assert changes(LOCK, after) == said


def test_stages_that_come_and_go() -> None:
    """A stage that is new, and one that is gone, are named; what is the same is not."""
    assert changes(LOCK, LOCK) == []
    assert changes({"split": LOCK["split"]}, LOCK) == [
        "changed: code, model.seed",
        "train: a new stage",
    ]
    assert changes(LOCK, {"split": LOCK["split"]}) == ["train: there is no such stage any more"]


def test_long_lists_are_counted() -> None:
    """Six files are named, the rest is counted."""
    before = {"a": {"outs": items(**dict.fromkeys("abcdefgh", "1"))}}
    after = {"a": {"outs": items(**dict.fromkeys("abcdefgh", "2"))}}
    assert changes(before, after) == ["a: other content of a, b, c, d, e, f and 2 more"]


@pytest.mark.ci
def test_refresh(recorded: Project) -> None:
    """After an edit it builds, records and says what changed; the second time, nothing did."""
    edit(recorded, "small.yaml", "Three made-up topics", "Another title")
    said = recorded.run("provender", "refresh", "--cores", "2").stdout
    assert "\ndvc.yaml: as it was\ndvc.lock: written anew\n  changed: title\n" in said
    assert "\n  assemble_bundle: other content of dist/bundle/about.json, " in said
    recorded.run("provender", "record", "--check")
    said = recorded.run("provender", "refresh").stdout
    assert said.endswith("\ndvc.yaml: as it was\ndvc.lock: as it was\n")


@pytest.mark.ci
def test_refresh_after_a_rule_changed(recorded: Project) -> None:
    """A stage depends on the file of its rule: here a comment in it, which changes no file."""
    edit(recorded, "workflow/rules/splits.smk", "# The usable posts", "# The posts of use")
    said = recorded.run("provender", "refresh", "--cores", "2").stdout
    assert "\n  changed: workflow/rules/splits.smk\n" in said
    assert "split_posts" not in said.partition("changed:")[2]


def test_a_build_by_another_configuration(recorded: Project) -> None:
    """Recording it needs no second build, least of all one that replaces it."""
    text = (recorded.folder / "small.yaml").read_text(encoding="utf-8")
    other = text.replace("epochs: 2", "epochs: 3")
    assert other != text
    (recorded.folder / "other.yaml").write_text(other, encoding="utf-8")
    recorded.snakemake(config="other.yaml")
    built = (recorded.folder / "data/model/model.h5").read_bytes()
    done = recorded.run("provender", "record", code=1)
    assert (
        "If you built by another configuration than config/config.yaml and small.yaml, run "
        "provender refresh --config FILE, which records that build. Else build (snakemake --cores "
        "4 --configfile small.yaml)" in done.stderr
    )
    recorded.run("provender", "refresh", "--config", "other.yaml")
    assert (recorded.folder / "data/model/model.h5").read_bytes() == built
    recorded.run("provender", "record", "--check")


def test_nothing_is_recorded_of_another_corpus(recorded: Project) -> None:
    """Where the newsgroups cannot be had, no build of another corpus takes their place."""
    (recorded.folder / "nowhere.yaml").write_text(
        "source: {archives: [none.tar.gz], url: 'http://localhost:1/none.tar.gz'}\n"
    )
    done = recorded.run("provender", "refresh", "--config", "nowhere.yaml", code=1)
    assert "name the archive by make refresh ARCHIVE=path" in done.stderr
    recorded.run("provender", "record", "--check")
