"""docs/architecture.md names what is there."""

import re

from conftest import ROOT

from provender.running import graph

DOCUMENT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

# What only a build writes.
BUILT = ("data/", "dist/")


def test_every_file_that_it_names_is_there() -> None:
    """Files and folders in code font, with a slash or as a name of the top level."""
    named = set(re.findall(r"`([\w./-]+(?:/|\.\w+))`", DOCUMENT)) - {"__init__.py"}
    paths = {name for name in named if not name.startswith(BUILT)}
    assert len(paths) > 40
    assert {name for name in paths if not (ROOT / name).exists()} == set()


def test_every_room_and_step_is_on_the_map() -> None:
    """A new room or step is told of."""
    rooms = {path.parent.name for path in ROOT.glob("src/provender/*/__init__.py")}
    assert rooms == set(re.findall(r"^\| `src/provender/(\w+)/` \|", DOCUMENT, re.MULTILINE))
    rules = "".join(path.read_text() for path in ROOT.glob("workflow/rules/*.smk"))
    flow = DOCUMENT[DOCUMENT.index("## The flow") : DOCUMENT.index("## Where to change")]
    # A search is no part of a build, and a target no step.
    others = {"search", "search_model", "node"}
    steps = set(re.findall(r"^ *rule (\w+):", rules, re.MULTILINE)) - others
    assert {step for step in steps if f"`{step}`" not in flow} == set()


def test_the_flow_is_that_of_the_snakefile() -> None:
    """To draw it anew: provender graph."""
    # Of the newsgroups, which dvc.yaml may not be for.
    drawn = graph.mermaid(graph.read())
    assert f"```mermaid\n{drawn}```" in DOCUMENT, "docs/architecture.md: run provender graph"


def test_no_change_touches_many_files() -> None:
    """Each kind of change names at most five files."""
    drills = re.split(r"^\*\*", DOCUMENT, flags=re.MULTILINE)[1:]
    assert len(drills) == 11
    for drill in drills:
        files = set(re.findall(r"`((?:src|web|workflow|scripts|config)/[\w./]+\.\w+)`", drill))
        assert len(files) <= 5, drill
