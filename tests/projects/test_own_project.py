"""A project in a folder of its own, built by a tool that lies elsewhere, from init to audit."""

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from conftest import GIT_IDENTITY, Project, make_once, make_posts, open_project

from provender import tool
from provender.reproduction.clone import copy_tree

ROOT = tool.home()

MODEL = "model:\n  seed: 1\n  budget_kb: 20\nvocabulary:\n  min_count: 1\n"

ARCHIVE = "dist/releases/own-0.1.0.tar.gz"


# What takes long is run where one of these has changed.
PROVES = (
    "src/provender/tool.py", "src/provender/projects/*.py", "src/provender/prediction/*.py",
    "src/provender/versioning/*.py", "src/provender/audit/*.py", "workflow/Snakefile",
)  # fmt: skip


class OwnProject(Project):
    """A project of which a copy of the tool, beside it, is another repository."""

    def __init__(self, folder: Path, home: Path) -> None:
        """Take the project in ``folder`` and the tool in ``home``."""
        self.folder, self.home = folder, home

    def environment(self) -> dict[str, str]:
        """Return the environment of a command there: the tool's code."""
        return {**super().environment(), "PYTHONPATH": str(self.home / "src"), **GIT_IDENTITY}


def write_table(path: Path, count: int = 400) -> None:
    """Write the small corpus as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["message", "team", "year"])
        # No CSV file has a zero in it.
        writer.writerows((text.replace("\0", ""), *rest) for text, *rest in make_posts(count))


@pytest.fixture(scope="session")
def own_record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a tool, a table, and a project that is built, recorded and pushed."""

    def make(folder: Path) -> None:
        home = open_project(copy_tree(ROOT, folder / "tool"))
        home.git("init", "--quiet")
        home.commit("tool")
        write_table(folder / "posts.csv")
        outside = OwnProject(folder, folder / "tool")
        outside.run("provender", "init", "own", "--from", "posts.csv")
        own = OwnProject(folder / "own", folder / "tool")
        with (own.folder / "config" / "config.yaml").open("a") as file:
            file.write(MODEL)
        own.run("provender", "refresh", "--cores", "2")
        own.run("dvc", "remote", "add", "--default", "there", "../remote")
        own.commit("first")
        own.run("dvc", "push")

    return make_once(tmp_path_factory, "own", make)


@pytest.fixture
def own(own_record: Path, tmp_path: Path) -> OwnProject:
    """Return a copy of that project, with its tool and remote, for a test to change."""
    for name in ("tool", "own", "remote", "posts.csv"):
        source = own_record / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, symlinks=True)
        else:
            shutil.copy2(source, tmp_path / name)
    link = tmp_path / "own" / "input" / "posts.csv"
    link.unlink()
    link.symlink_to(tmp_path / "posts.csv")
    return OwnProject(tmp_path / "own", tmp_path / "tool")


def release(own: OwnProject) -> None:
    """Release the project as it is, whose links are those of another tool."""
    own.run("provender", "release", "0.1.0")


def test_what_git_has_names_no_place(own: OwnProject) -> None:
    """Few files, and none with a path of this machine or of the tool."""
    tracked = own.git("ls-files").split()
    assert {name for name in tracked if not name.startswith(".dvc")} == {
        ".gitignore", "README.md", "Snakefile", "config/config.yaml", "dvc.lock", "dvc.yaml",
        "profiles/default/config.yaml", "provender.lock",
    }  # fmt: skip
    text = "".join((own.folder / name).read_text(encoding="utf-8") for name in tracked)
    assert str(own.folder.parent) not in text
    assert "/site-packages" not in text and f"{tool.LINKS}/s" not in text
    assert own.git("status", "--porcelain") == ""


def test_every_engine_takes_the_build_as_done(own: OwnProject) -> None:
    """Snakemake here or from the tool's folder, DVC, and the tool itself."""
    done = own.run("snakemake", "--cores", "1")
    assert "Nothing to be done" in done.stdout + done.stderr
    away = OwnProject(own.home, own.home)
    done = away.run(
        "snakemake", "-s", own.home / "Snakefile", "--directory", own.folder, "--cores", "1"
    )
    assert "Nothing to be done" in done.stdout + done.stderr
    assert "Data and pipelines are up to date" in own.run("dvc", "status").stdout
    assert "didn't change, skipping" in own.run("dvc", "repro", "render_report").stdout
    own.run("provender", "record", "--check")


@pytest.mark.proof(*PROVES)
def test_the_bytes_are_those_of_a_build_in_the_tool_s_folder(own: OwnProject) -> None:
    """The manifest too, which has a digest of all code: where a project lies is no input."""
    inside = OwnProject(own.home, own.home)
    shutil.copytree(own.folder / "input", own.home / "input", symlinks=True)
    shutil.copy(own.folder / "config" / "config.yaml", own.home / "config" / "own.yaml")
    inside.run("snakemake", "--cores", "2", "--configfile", "config/own.yaml")
    paths = [path for path in sorted((own.folder / "dist").rglob("*")) if path.is_file()]
    assert len(paths) > 15
    for path in paths:
        there = own.home / path.relative_to(own.folder)
        assert path.read_bytes() == there.read_bytes(), path.name


def test_a_fresh_clone_and_another_place(own: OwnProject) -> None:
    """A clone brings the build back; a folder that has moved goes on as before."""
    own.git("clone", "--quiet", ".", "../clone")
    clone = OwnProject(own.folder.parent / "clone", own.home)
    clone.run("provender", "sync")
    done = clone.run("snakemake", "--cores", "1")
    assert "Nothing to be done" in done.stdout + done.stderr
    own.folder.rename(own.folder.with_name("moved"))
    moved = OwnProject(own.folder.with_name("moved"), own.home)
    done = moved.run("provender", "build", "--cores", "1")
    assert "Nothing to be done" in done.stdout + done.stderr


def test_an_edit_of_the_tool_runs_the_rules_that_it_is_of(own: OwnProject) -> None:
    """DVC is told by provender.lock; without a refresh nothing is recorded."""
    script = own.home / "scripts" / "pack_npm.py"
    script.write_text(script.read_text() + "# edited\n")
    done = own.run("provender", "record", code=1)
    assert "provender.lock names provender" in done.stderr
    assert "and this is provender 0.1.0 (changed since " in done.stderr
    done = own.run("provender", "refresh", "--cores", "1")
    # Of pack_npm, and of assemble_bundle, whose manifest tells of all code.
    ran = [line.split()[-1][:-1] for line in done.stderr.splitlines() if "Finished jobid" in line]
    assert {"pack_npm", "assemble_bundle", "all"} <= set(ran)
    assert "train_model" not in ran
    own.commit("other tool")
    own.run("dvc", "push")
    done = own.run("provender", "release", "0.1.0", code=1)
    assert "provender has changes in" in done.stderr
    assert not (own.folder / "dist" / "releases").exists()


@pytest.mark.proof(*PROVES)
def test_experiments(own: OwnProject) -> None:
    """DVC's own experiments vary a key, here and in a queue of its own folders."""
    own.run("dvc", "exp", "run", "-S", "config/config.yaml:model.seed=3")
    own.git("checkout", "--quiet", ".")
    queue = ["--queue", "--copy-paths", "input", "-S", "config/config.yaml:model.budget_kb=15"]
    own.run("dvc", "exp", "run", *queue)
    own.run("dvc", "exp", "run", "--run-all")
    shown = json.loads(own.run("dvc", "exp", "show", "--json").stdout)
    experiments = [
        each["revs"][0]["data"]["params"]["config/config.yaml"]["data"]["model"]
        for state in shown
        for each in state["experiments"] or []
    ]
    assert {(each["seed"], each["budget_kb"]) for each in experiments} == {(3, 20), (1, 15)}


def audit(own: OwnProject, *options: str | Path, code: int) -> str:
    """Audit the release from beside both repositories and return what is said."""
    beside = OwnProject(own.folder.parent, own.home)
    done = beside.run(
        "provender", "audit", own.folder / ARCHIVE, "--repository", own.folder, *options, code=code
    )
    return " ".join(done.stdout.split())


@pytest.mark.proof(*PROVES)
def test_a_release_names_both_repositories(own: OwnProject) -> None:
    """An audit finds each by its commit, rebuilds, and says which one it misses."""
    release(own)
    commits = [
        OwnProject(f, own.home).git("rev-parse", "HEAD").strip() for f in (own.folder, own.home)
    ]
    stated = json.loads((own.folder / "dist/releases/own-0.1.0/provenance.intoto.json").read_text())
    found = {
        item["name"]: item
        for item in stated["predicate"]["buildDefinition"]["resolvedDependencies"]
    }
    assert [found[name]["digest"]["gitCommit"] for name in ("source", "tool")] == commits
    assert {"requirements.lock", "web/package-lock.json", "config/text.yaml", "provender.lock"} < (
        found.keys()
    )
    (own.home / ".venv").symlink_to(ROOT / ".venv")
    said = audit(own, "--rebuild", "--environment", own.home, "--cores", "2", code=0)
    assert f"tool: provender 0.1.0 ({commits[1]}) is in {own.home}" in said
    assert "files: bit for bit" in said
    other = own.folder.with_name("other")
    OwnProject(own.home, own.home).git("init", "--quiet", str(other))
    said = audit(own, "--tool", other, code=2)
    assert f"? tool: the project is built by provender 0.1.0 ({commits[1]}), which is not" in said
    assert "name it by --tool" in said
    shutil.rmtree(own.home / ".git")
    assert "which is not here: clone provender's repository" in audit(own, code=2)


def edit_lock(own: OwnProject) -> None:
    """Claim other code for a rule, in provender.lock and dvc.lock alike."""
    lock = (own.folder / "provender.lock").read_text()
    digest = next(line.split()[1] for line in lock.splitlines() if "train_model:" in line)
    for name in ("provender.lock", "dvc.lock"):
        path = own.folder / name
        path.write_text(path.read_text().replace(digest, "f" * 64))


def edit_dvc_lock(own: OwnProject) -> None:
    """Claim other code for a rule in dvc.lock alone."""
    lock = (own.folder / "provender.lock").read_text()
    digest = next(line.split()[1] for line in lock.splitlines() if "train_model:" in line)
    path = own.folder / "dvc.lock"
    path.write_text(path.read_text().replace(digest, "f" * 64))


def edit_tool(own: OwnProject) -> None:
    """Name a commit of the tool that has another script than the one that ran."""
    home = OwnProject(own.home, own.home)
    before = home.git("rev-parse", "HEAD").strip()
    script = own.home / "scripts" / "train_model.py"
    script.write_text(script.read_text() + "# other\n")
    home.commit("other")
    path = own.folder / "provender.lock"
    path.write_text(path.read_text().replace(before, home.git("rev-parse", "HEAD").strip()))


ATTACKS = {
    edit_lock: "receipts: the first step that differs is train_model: its receipt tells of other "
    "code than provender.lock says",
    edit_dvc_lock: "it was recorded with other code than provender.lock says",
    edit_tool: "its receipt tells of other content of .provender/scripts/train_model.py",
}


@pytest.mark.parametrize(
    ("attack", "said"), ATTACKS.items(), ids=[each.__name__ for each in ATTACKS]
)
def test_a_lock_that_tells_of_another_tool(own: OwnProject, attack: object, said: str) -> None:
    """Whatever the project's commit says of the tool is held to the tool's own commit."""
    attack(own)
    # The bundle alone is given: the audit searches the commit that recorded it, and finds this.
    own.git("commit", "--quiet", "--all", "--amend", "--message", "false")
    beside = OwnProject(own.folder.parent, own.home)
    done = beside.run(
        "provender", "audit", own.folder / "dist/bundle", "--repository", own.folder, code=1
    )
    assert said in " ".join(done.stdout.split())


@pytest.mark.proof(*PROVES)
def test_two_projects_at_once(own: OwnProject) -> None:
    """From one installation, side by side; two builds of one project are told apart."""
    second = own.folder.with_name("second")
    shutil.copytree(own.folder, second, symlinks=True)
    folders = [own.folder, second]
    for folder in folders:
        shutil.rmtree(folder / "data" / "model")
    builds = [
        subprocess.Popen(
            ["provender", "build", "--cores", "1"],
            cwd=folder,
            env=own.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for folder in folders
    ]
    assert [build.wait() for build in builds] == [0, 0]
    for folder in folders:
        OwnProject(folder, own.home).run("provender", "record", "--check")


def test_an_older_tool_is_read_at_its_commit(own: OwnProject) -> None:
    """A tool that has gone on since holds that commit still, and an audit looks there."""
    release(own)
    home = OwnProject(own.home, own.home)
    script = own.home / "scripts" / "train_model.py"
    script.write_text(script.read_text() + "# newer\n")
    home.commit("newer")
    audit(own, code=0)


def test_as_a_module(own: OwnProject) -> None:
    """As snakedeploy writes it: a Snakefile that hands the workflow its values."""
    folder = own.folder.with_name("deployed")
    (folder / "workflow").mkdir(parents=True)
    shutil.copytree(own.folder / "config", folder / "config")
    (folder / "input").mkdir()
    shutil.copy(own.folder.parent / "posts.csv", folder / "input")
    (folder / "workflow" / "Snakefile").write_text(
        'configfile: "config/config.yaml"\n\nmodule provender:\n    snakefile:\n'
        f'        "{own.home}/workflow/Snakefile"\n    config:\n        config\n\n'
        "use rule * from provender\n"
    )
    deployed = OwnProject(folder, own.home)
    deployed.run("snakemake", "--cores", "2", "data/splits/train.parquet")
    read = json.loads((folder / "data/receipts/split_posts.json").read_text())
    assert ".provender/scripts/split_posts.py" in read["inputs"]


def append(own: OwnProject, rows: Iterable[tuple]) -> None:
    """Add rows to the table."""
    with (own.folder.parent / "posts.csv").open("a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def plain_posts(count: int, seed: int) -> list[tuple]:
    """Return posts as a CSV file can have them."""
    return [(text.replace("\0", ""), *rest) for text, *rest in make_posts(count, seed)]


def test_a_month_later(own: OwnProject) -> None:
    """New rows: built, compared on the same texts, recorded, committed; the report shows it."""
    before = own.git("rev-parse", "HEAD").strip()
    done = own.run("provender", "update", "--cores", "1", "--commit")
    assert "the model is the one recorded last" in done.stdout
    assert own.git("rev-parse", "HEAD").strip() == before
    append(own, plain_posts(100, 11))
    done = own.run("provender", "update", "--cores", "1", "--commit")
    assert "A: the model recorded last\nB: this one\n" in done.stdout
    assert "changed: config/compared/own.json, input/posts.csv" in done.stdout
    assert own.git("status", "--porcelain") == ""
    assert own.git("log", "--format=%s", "-1").startswith("own 0.1.0: recall@1 0.")
    own.run("provender", "record", "--check")
    report = own.folder / "data" / "reports" / "report.html"
    compared, none = (
        "Both answered the same",
        "Nothing is kept that says how this model does beside",
    )
    page = report.read_text(encoding="utf-8")
    assert compared in page and none not in page
    told = json.loads((own.folder / "config" / "compared" / "own.json").read_text())
    posts = json.loads((own.folder / "dist/bundle/about.json").read_text())["corpus"]["posts"]
    assert told["all"]["texts"] == posts["test"]
    # Of another model the comparison is not shown.
    config = own.folder / "config" / "config.yaml"
    config.write_text(config.read_text().replace("seed: 1", "seed: 2"))
    own.run("snakemake", "--cores", "1")
    page = report.read_text(encoding="utf-8")
    assert compared not in page and none in page


def test_a_table_that_is_gone(own: OwnProject) -> None:
    """As where a disk is not mounted: a month's update ends with an error, and records nothing."""
    (own.folder.parent / "posts.csv").unlink()
    for command in ("update", "refresh", "dvc"):
        done = own.run("provender", command, code=1)
        assert "source.path names input/posts.csv, which is not there: mend it" in done.stderr
    assert own.git("status", "--porcelain") == ""


@pytest.mark.proof(*PROVES)
def test_a_worse_model_is_not_recorded(own: OwnProject) -> None:
    """Where the configuration forbids it: exit code 1, and the record is the one before."""
    with (own.folder / "config" / "config.yaml").open("a") as file:
        file.write("publish:\n  not_worse: 2\n")
    own.run("provender", "update", "--cores", "1", "--commit")
    locked = (own.folder / "dvc.lock").read_bytes()
    wrong = {"bread": "chess", "chess": "tides", "tides": "bread"}
    rows = [(text, wrong[label], 1975) for text, label, _ in plain_posts(1500, 13)]
    append(own, rows)
    done = own.run("provender", "update", "--cores", "1", "--commit", code=1)
    assert re.search(r"this model is \d+\.\d points worse than the last on \d+ texts", done.stderr)
    assert "publish.not_worse allows 2: it is not recorded" in done.stderr
    assert (own.folder / "dvc.lock").read_bytes() == locked
    # What to do, as the message has it.
    manifest = own.folder / "dist" / "bundle" / "manifest.json"
    assert hashlib.md5(manifest.read_bytes()).hexdigest() not in locked.decode()
    own.run("dvc", "checkout", "--force")
    assert hashlib.md5(manifest.read_bytes()).hexdigest() in locked.decode()


@pytest.mark.proof(*PROVES)
def test_an_update_beside_another_model(own: OwnProject) -> None:
    """A bundle that is named; one that can't be read is told before anything is built."""
    shutil.copytree(own.folder / "dist" / "bundle", own.folder.parent / "other")
    append(own, plain_posts(40, 17))
    done = own.run("provender", "update", "--cores", "1", "--against", "../other")
    assert "A: other\n" in done.stdout
    done = own.run("provender", "update", "--against", "../none", code=1)
    assert "there is no bundle ../none" in done.stderr
    assert "snakemake" not in done.stdout


@pytest.mark.parametrize("name", ["config/config.yaml", "dvc.yaml", "Snakefile"])
def test_init_overwrites_nothing(own: OwnProject, name: str) -> None:
    """Where a file of a project is there, nothing is written."""
    folder = own.folder.with_name("taken")
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text("mine")
    beside = OwnProject(own.folder.parent, own.home)
    done = beside.run("provender", "init", "taken", "--from", "posts.csv", code=1)
    assert f"taken has {name} already, and nothing is overwritten" in done.stderr
    assert [p for p in folder.rglob("*") if p.is_file()] == [folder / name]
    assert (folder / name).read_text() == "mine"


def test_init_in_a_folder_with_things_of_its_own(own: OwnProject) -> None:
    """What git ignores there is added to; a README stays; a table within is named as it is."""
    folder = own.folder.with_name("mine")
    folder.mkdir()
    (folder / ".gitignore").write_text("*.log\n/data/\n")
    (folder / "README.md").write_text("mine\n")
    shutil.copy(own.folder.parent / "posts.csv", folder)
    mine = OwnProject(folder, own.home)
    mine.run("git", "init", "--quiet")
    done = mine.run("provender", "init", "--from", "posts.csv", "--name", "teams")
    assert "Next: provender build && provender serve" in done.stdout
    ignored = (folder / ".gitignore").read_text().splitlines()
    assert ignored[:2] == ["*.log", "/data/"] and len(ignored) == len(set(ignored)) == 7
    assert (folder / "README.md").read_text() == "mine\n"
    text = (folder / "config/config.yaml").read_text()
    assert "name: teams " in text and "path: posts.csv " in text
    mine.run("snakemake", "-n")


def test_init_that_fails_leaves_nothing(own: OwnProject) -> None:
    """As where git can't be run: the folder is as it was."""
    beside = OwnProject(own.folder.parent, own.home)
    (own.folder.parent / "bin").mkdir()
    git = own.folder.parent / "bin" / "git"
    git.write_text("#!/bin/sh\nexit 1\n")
    git.chmod(0o755)
    path = f"{git.parent}{os.pathsep}{own.environment()['PATH']}"
    command = ["provender", "init", "new", "--from", "posts.csv"]
    done = beside.run(*command, code=1, PATH=path)
    assert "git init failed" in done.stderr
    assert not (own.folder.parent / "new").exists()
    # In a folder that was there, what was there stays, and nothing else.
    here = own.folder.parent / "here"
    (here / "config").mkdir(parents=True)
    (here / "config" / "mine.yaml").write_text("mine")
    (here / ".gitignore").write_text("mine\n")
    beside.run("provender", "init", "here", "--from", "posts.csv", code=1, PATH=path)
    left = {path.relative_to(here).as_posix() for path in here.rglob("*")}
    assert left == {"config", "config/mine.yaml", ".gitignore"}
    assert (here / ".gitignore").read_text() == "mine\n"


def test_init_within_a_repository(own: OwnProject) -> None:
    """Within another one's a project is a part of it; within the tool's it has one of its own."""
    outer = own.folder.with_name("outer")
    outer.mkdir()
    OwnProject(outer, own.home).git("init", "--quiet")
    for home, is_own in ((outer, False), (own.home, True)):
        around = OwnProject(home, own.home)
        around.run("provender", "init", "part", "--from", own.folder.parent / "posts.csv")
        assert (home / "part" / ".git").exists() == is_own
        part = OwnProject(home / "part", own.home)
        assert part.run("dvc", "root").stdout.strip() == "."
        assert "Nothing" not in part.run("snakemake", "-n").stdout
    assert "go there. A project" in part.run("provender", "reproduce", code=1).stderr


def test_init_asks(own: OwnProject) -> None:
    """On a terminal, with what was found as the answer to a plain return."""
    folder = own.folder.with_name("asked")
    folder.mkdir()
    shutil.copy(own.folder.parent / "posts.csv", folder)
    command = ["script", "--quiet", "--return", "--command", "provender init", "/dev/null"]
    done = subprocess.run(
        command, cwd=folder, env=own.environment(), input="\n\n\n", capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "the file with your texts is [posts.csv]:" in done.stdout
    assert "the labels are in [team]:" in done.stdout
    assert (folder / "config" / "config.yaml").exists()
    shutil.rmtree(folder)
    folder.mkdir()
    nobody = OwnProject(folder, own.home).run("provender", "init", code=1)
    assert "name the file that has your texts: provender init FOLDER --from FILE" in nobody.stderr


def test_commands_outside_of_a_project(own: OwnProject) -> None:
    """What is missing is said, and nothing is written."""
    folder = own.folder.with_name("empty")
    folder.mkdir()
    empty = OwnProject(folder, own.home)
    for command in ("build", "record", "sync", "graph", "refresh"):
        done = empty.run("provender", command, code=1)
        assert "this folder is no project. Enter one, or begin one by provender init" in done.stderr
    assert list(folder.iterdir()) == []
