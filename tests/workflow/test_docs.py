"""Every command and example of the README and the docs does what they say."""

import csv
import io
import json
import os
import re
import shlex
import sqlite3
import subprocess
import tarfile
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from conftest import GIT_IDENTITY, ROOT, Project, make_posts, open_project, write_database
from recorded import clone as git_clone
from recorded import edit
from releases import Release

from provender import config
from provender.command import EXAMPLES
from provender.release import statement

README = (ROOT / "README.md").read_text(encoding="utf-8")
OWN_DATA = (ROOT / "docs" / "own-data.md").read_text(encoding="utf-8")
VERSIONS = (ROOT / "docs" / "versioning.md").read_text(encoding="utf-8")
REPRODUCIBLE = (ROOT / "docs" / "reproducibility.md").read_text(encoding="utf-8")
AUDIT = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
NODE = (ROOT / "docs" / "node.md").read_text(encoding="utf-8")
RELEASES = (ROOT / "docs" / "release.md").read_text(encoding="utf-8")
BUILD_TYPE = (ROOT / "docs" / "build-type.md").read_text(encoding="utf-8")
CONTAINERS = (ROOT / "docs" / "container.md").read_text(encoding="utf-8")
HOSTING = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
SCALE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

# What the main job printed, where .ci/run has kept it.
MAKE_OUTPUT = ROOT / "logs" / "make.txt"

# Seconds until a server that was just started must answer.
SERVER_SECONDS = 20


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a document in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def console(command: str) -> list[str]:
    """Return the lines that the README shows as the output of ``command``, up to the gaps."""
    shown = next(b for b in blocks(README, "console") if b.startswith(f"$ {command}\n"))
    return [line.removesuffix("…") for line in shown.splitlines()[1:] if line != "…"]


def assert_in_order(lines: list[str], output: str) -> None:
    """Assert that ``output`` holds each of ``lines``, in their order."""
    place = 0
    for line in lines:
        assert line in output[place:], f"{line!r} is not in (the rest of) the output:\n{output}"
        place = output.index(line, place) + len(line)


def predict_in_package(folder: Path, package: Path, source: str) -> list:
    """Install an npm package from its file and return what ``source`` prints as JSON."""
    (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
    # As the README says; without a question to the registry, of which it needs nothing.
    subprocess.run(["npm", "install", "--offline", package], cwd=folder, check=True)
    (folder / "try.mjs").write_text(source, encoding="utf-8")
    done = subprocess.run(
        ["node", "try.mjs"], cwd=folder, check=True, capture_output=True, text=True, timeout=60
    )
    return json.loads(done.stdout)


@pytest.fixture
def clone(tmp_path: Path) -> Project:
    """Return a copy of the project that shares this one's environment."""
    project = Project(tmp_path / "project")
    (project.folder / ".venv").symlink_to(ROOT / ".venv")
    return project


@pytest.mark.newsgroups
def test_make(tmp_path: Path) -> None:
    """``make`` prints what the README shows, and makes the package that it shows."""
    assert MAKE_OUTPUT.exists(), "run make 2>&1 | tee logs/make.txt first, as .ci/run does"
    assert_in_order(console("make"), MAKE_OUTPUT.read_text(encoding="utf-8"))
    readme = blocks(README, "js")[0]
    example, expected = re.search(r"(predict\(.*?\)); // \[\{ label: \"(.*?)\"", readme).groups()
    source = readme.splitlines()[0] + f"\nconsole.log(JSON.stringify({example}));"
    package = ROOT / "dist" / "npm" / "newsgroups-classifier-0.1.0.tgz"
    best = predict_in_package(tmp_path, package, source)
    assert [prediction["label"] for prediction in best] == [expected]


@pytest.mark.proof(
    "Makefile",
    "src/provender/command.py",
    "src/provender/sources/*.py",
    "scripts/fetch_*.py",
    "config/*.yaml",
    "workflow/rules/source.smk",
    "requirements.lock",
)
@pytest.mark.ci
def test_make_without_the_archive(clone: Project) -> None:
    """``make`` then builds the docstrings' model, and says so, and how to get the other."""
    nowhere = {"archives": ["none.tar.gz"], "url": "http://localhost:1/none.tar.gz"}
    (clone.folder / "nowhere.yaml").write_text(yaml.safe_dump({"source": nowhere}))
    done = clone.run("make", "CONFIG=nowhere.yaml")
    assert "builds ANOTHER\nMODEL" in done.stdout
    assert "make ARCHIVE=path/to/20news-bydate.tar.gz" in done.stdout
    about = json.loads((clone.folder / "dist/bundle/about.json").read_text())
    assert about["corpus"]["kind"] == "docstrings"


def test_make_archive(clone: Project, tmp_path: Path) -> None:
    """``make ARCHIVE=…`` says so where the named file is missing or another."""
    wrong = tmp_path / "20news-bydate.tar.gz"
    done = clone.run("make", f"ARCHIVE={wrong}", code=2)
    assert f"ARCHIVE names {wrong}, which is no file" in done.stderr
    wrong.write_bytes(b"not the archive")
    done = clone.run("make", f"ARCHIVE={wrong}", code=2)
    assert "sha256 digest" in done.stderr
    assert not (clone.folder / "data").exists()


@pytest.mark.ci
def test_make_test(clone: Project) -> None:
    """``make test`` runs the linters, which find nothing, and pytest."""
    for target in ("test", "prove", "coverage"):
        planned = clone.run("make", "--dry-run", target).stdout.splitlines()
        assert any(re.search(r"\bpytest --numprocesses", line) for line in planned)
    assert "--upgrade" in clone.run("make", "--dry-run", "lock").stdout
    done = clone.run("sh", "-c", "make lint 2>&1")
    assert_in_order(
        ["All checks passed!", "in a good condition!", "Success: no issues", "0 broken"],
        done.stdout,
    )


def test_make_serve(clone: Project, small_bundle: Path) -> None:
    """``make serve`` shows the bundle at the address that it prints."""
    (clone.folder / "dist").mkdir()
    (clone.folder / "dist" / "bundle").symlink_to(small_bundle)
    with subprocess.Popen(
        ["make", "serve", "PORT=0"],
        cwd=clone.folder,
        env=clone.environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            address = re.match(r"http://localhost:\d+/", server.stdout.readline()).group()
            with urllib.request.urlopen(address, timeout=SERVER_SECONDS) as page:
                assert page.read() == (small_bundle / "index.html").read_bytes()
        finally:
            server.terminate()


def test_make_bench(clone: Project) -> None:
    """``make bench`` runs the benchmarks, which say what is missing before they measure."""
    planned = clone.run("make", "--dry-run", "bench", "ARCHIVE=none.tar.gz").stdout
    command = planned[planned.index("python benchmarks/run.py") :].replace("\\\n", " ").split()
    done = clone.run(*(word.strip("'") for word in command), code=1)
    assert "none.tar.gz is no file: name one with make bench ARCHIVE=path" in done.stderr
    assert "--parts" in clone.run(*command[:2], "--help").stdout


def test_make_vectors(clone: Project) -> None:
    """``make vectors`` brings what a lock file names by digest, to where the docs look for it."""
    assert "npm --prefix vectors ci" in clone.run("make", "--dry-run", "vectors").stdout
    locked = json.loads((clone.folder / "vectors" / "package-lock.json").read_text())["packages"]
    (place,) = locked.keys() - {""}
    assert locked[place]["integrity"].startswith("sha512-")
    assert "resolved" not in locked[place]
    named = yaml.safe_load(next(b for b in blocks(OWN_DATA, "yaml") if b.startswith("vectors:")))
    assert config.vectors_file(named["vectors"]).startswith(f"vectors/{place}/")
    assert named["vectors"]["license"] == locked[place]["license"]
    # The bench reads the same file.
    assert named["vectors"]["sha256"] in (clone.folder / "Makefile").read_text()


def test_make_bench_browser(clone: Project) -> None:
    """``make bench-browser`` runs what puts its table into the document, once there is a build."""
    planned = clone.run("make", "--dry-run", "bench-browser").stdout.splitlines()
    command = planned[-1].split()
    assert command[1:3] == ["benchmarks/browser.py", "--document"]
    assert (
        "has no bundle with its npm package: run make first" in clone.run(*command, code=1).stderr
    )


def test_make_bench_scale(clone: Project) -> None:
    """``make bench-scale`` runs what writes the tables of the page, once there is a build."""
    planned = clone.run("make", "--dry-run", "bench-scale", "MOST=1000000").stdout.splitlines()
    commands = [line.split() for line in planned[-2:]]
    assert commands[0] == ["python", "benchmarks/scale.py", "--most", "1000000"]
    assert commands[1] == ["python", "benchmarks/scale_peers.py"]
    for command in commands:
        said = clone.run(*command, code=1).stderr
        assert "data/source/news.sqlite is no file: run make first, or name one by --source" in said


def test_clusters(clone: Project) -> None:
    """The build on Slurm is run by tests/cluster; a profile that is not there is said to be so."""
    tried = (ROOT / "tests" / "cluster" / "test_slurm.py").read_text(encoding="utf-8")
    [block] = [block for block in blocks(SCALE, "sh") if "--profile" in block]
    assert all(f'"{word}"' in tried for word in block.split())
    profile = re.search(r"`snakemake --profile (\S+)`", SCALE)[1]
    assert f'"{profile}"' in tried and (ROOT / profile / "config.yaml").is_file()
    said = clone.run("provender", "build", "--profile", "slrum", code=1).stderr
    assert "--profile names slrum, which is neither kubernetes nor slurm nor a folder" in said


@pytest.mark.parametrize(
    ("target", "arguments", "message"),
    [
        ("reproduce", ["ARCHIVE=none.tar.gz"], "none.tar.gz is no file: name the newsgroups"),
        ("reproduce-cpus", [], "git does not say which files"),
        ("refresh", ["ARCHIVE=none.tar.gz"], "ARCHIVE names none.tar.gz, which is no file"),
    ],
)
def test_make_reproduce(clone: Project, target: str, arguments: list[str], message: str) -> None:
    """The proof's targets get as far as what a copy without git, archive and build lacks."""
    done = clone.run("make", target, *arguments, code=2)
    assert message in done.stderr


def test_make_reproduce_table(clone: Project) -> None:
    """``make reproduce-table`` runs the command that makes the table of the document."""
    planned = clone.run("make", "--dry-run", "reproduce-table").stdout.splitlines()
    command = planned[-1].split()
    (clone.folder / "no-table.md").write_text("no table\n")
    done = clone.run(*command, "--document", "no-table.md", code=1)
    assert "the document has no lines <!-- table --> and <!-- end of table -->" in done.stderr


def test_make_unicode(clone: Project) -> None:
    """``make unicode`` writes the tables, which are those that the repository has."""
    file = clone.folder / "web" / "train" / "unicode.json"
    before = file.read_bytes()
    file.unlink()
    planned = clone.run("make", "--dry-run", "unicode").stdout.splitlines()
    clone.run(*planned[-1].split())
    assert file.read_bytes() == before


@pytest.fixture
def own_data(clone: Project) -> Project:
    """Return a project with the worked example's database and configuration."""
    (clone.folder / "tickets.py").write_text(blocks(OWN_DATA, "python")[0], encoding="utf-8")
    (clone.folder / "tickets.yaml").write_text(blocks(OWN_DATA, "yaml")[0], encoding="utf-8")
    clone.run("python", "tickets.py")
    return clone


# The commands of the worked example.
BUILD, AGAIN, SEARCH, *_ = (block.split("\n")[0].split() for block in blocks(OWN_DATA, "sh"))
ASK, LABEL = map(shlex.split, blocks(OWN_DATA, "sh")[3].splitlines())
SUGGEST = blocks(OWN_DATA, "sh")[4].split()
UPDATE = blocks(OWN_DATA, "sh")[5].split()
COMPARE = blocks(OWN_DATA, "sh")[7].split()


@pytest.mark.proof(
    "src/provender/projects/*.py",
    "src/provender/tool.py",
    "src/provender/model/*.py",
    "src/provender/command.py",
    "docs/own-data.md",
    "workflow/Snakefile",
)
def test_a_project_of_one_s_own(clone: Project, tmp_path: Path) -> None:
    """What the two commands of the transcript print, and the update of a month later."""
    example = tmp_path / "example.py"
    example.write_text(blocks(OWN_DATA, "python")[0], encoding="utf-8")
    beside = open_project(tmp_path)
    tool = {"PYTHONPATH": str(clone.folder / "src"), **GIT_IDENTITY}
    beside.run("python", example)
    [shown] = blocks(OWN_DATA, "console")
    first, second = (part.splitlines() for part in re.split(r"^\$ ", shown, flags=re.M)[1:])
    done = beside.run(*first[0].split(), **tool)
    assert done.stdout.splitlines() == first[1:]
    enter, _, command = second[0].partition(" && ")
    own = open_project(tmp_path / enter.split()[1])
    done = own.run("sh", "-c", f"{command} 2>&1", **tool)
    assert_in_order([line.removesuffix("…") for line in second[1:] if line != "…"], done.stdout)
    own.run("git", "add", "--all", **tool)
    own.run("git", "commit", "--quiet", "--message", "first", **tool)
    assert "nothing is recorded yet to compare with" in own.run(*UPDATE, **tool).stdout
    assert own.run("git", "status", "--porcelain", **tool).stdout == ""
    told = OWN_DATA[OWN_DATA.index("It writes, and overwrites") :]
    for name in re.findall(r"^\| (`.+?) \|", told[: told.index("The folder is")], re.MULTILINE):
        assert all((own.folder / each).exists() for each in re.findall(r"`(.+?)`", name)), name


def test_experiments() -> None:
    """DVC's experiments are run by a test of projects, with other values and these options."""
    tried = (ROOT / "tests" / "projects" / "test_own_project.py").read_text(encoding="utf-8")
    words = {word for line in blocks(OWN_DATA, "sh")[6].splitlines() for word in line.split()}
    for option in ("-S", "--queue", "--copy-paths"):
        assert option in words and f'"{option}"' in tried


@pytest.mark.ci
def test_own_data(own_data: Project) -> None:
    """The worked example searches, builds by either command, and the report shows the search."""
    before = (own_data.folder / "tickets.sqlite").read_bytes()
    assert "search_model: best: " in own_data.run(*SEARCH).stderr
    # It needs no build.
    assert not (own_data.folder / "dist").exists()
    tried = (own_data.folder / "config/search/tickets.csv").read_text(encoding="utf-8")
    assert [line[-2:] for line in tried.splitlines()].count(",1") == 1
    own_data.run(*BUILD)
    about = json.loads((own_data.folder / "dist/bundle/about.json").read_text())
    assert about["corpus"]["title"] == "Support tickets by team, 2015 to 2024"
    # The example's threshold: 2023 and 2024 of ten years with 60 tickets each.
    assert about["corpus"]["posts"] == {"train": 433, "validation": 47, "test": 120}
    assert sorted(about["metrics"]["test"]["labels"]) == ["billing", "login", "shipping"]
    assert about["metrics"]["test"]["recall@1"] > 0.99
    assert "Nothing to be done" in own_data.run(*AGAIN).stderr
    assert (own_data.folder / "tickets.sqlite").read_bytes() == before
    assert (own_data.folder / "dist/npm/tickets-classifier-0.1.0.tgz").stat().st_size > 0
    report = (own_data.folder / "data/reports/report.html").read_text(encoding="utf-8")
    assert "Values that were tried" in report
    assert own_data.run(*ASK).stdout.startswith("shipping ")


@pytest.mark.ci
def test_own_csv_file(own_data: Project) -> None:
    """The same as CSV, with nothing said of the split; then its rows are labelled."""
    with closing(sqlite3.connect(own_data.folder / "tickets.sqlite")) as database:
        rows = database.execute("SELECT message, team FROM ticket").fetchall()
    with (own_data.folder / "tickets.csv").open("w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=";").writerows([("message", "team"), *rows])
    (own_data.folder / "tickets.yaml").write_text(blocks(OWN_DATA, "yaml")[1])
    own_data.run(*BUILD)
    posts = json.loads((own_data.folder / "dist/bundle/about.json").read_text())["corpus"]["posts"]
    assert sum(posts.values()) == 600
    assert 90 < posts["test"] < 150
    assert "600 texts answered: labels.csv" in own_data.run(*LABEL).stdout
    with (own_data.folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        labelled = list(csv.DictReader(file))
    assert [row["team"] for row in labelled] == [team for _, team in rows]
    with (own_data.folder / "inbox.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["message"], *([message] for message, _ in rows)])
    assert "100 texts to label: label-these.csv" in own_data.run(*SUGGEST).stdout
    assert sum(row["team"] == row["label"] for row in labelled) > 590
    with tarfile.open(own_data.folder / "tickets-0.1.0.tar.gz", "w:gz") as packed:
        packed.add(own_data.folder / "dist" / "bundle", "tickets-0.1.0/bundle")
    assert "A alone is right on 0 texts, B alone on 0" in own_data.run(*COMPARE).stdout


@pytest.mark.ci
def test_versions(recorded: Project, tmp_path: Path) -> None:
    """Record, get and compare builds, as one reads it."""
    _, record, get, repro, ask = (block.splitlines() for block in blocks(VERSIONS, "sh"))
    edit(recorded, "small.yaml", "Three made-up topics", "Another title")
    recorded.run("provender", "dvc", "--config", "small.yaml")
    for command in record:
        words = command.split()
        recorded.run(*words, *(["--configfile", "small.yaml"] if words[0] == "snakemake" else []))
    recorded.commit("second")
    told, verified = (recorded.run(*command.split()) for command in ask)
    assert "Three made-up topics" in told.stdout
    assert "are in the remote, read and right" in verified.stderr
    fresh = git_clone(recorded, tmp_path / "fresh")
    for command in get:
        fresh.run(*command.split())
    assert "Nothing to be done" in fresh.snakemake("--dry-run").stdout
    for command in repro:
        done = fresh.run(*command.split())
    assert "Running stage" not in done.stdout


def test_releases(recorded: Project, tmp_path: Path) -> None:
    """Make a key and a release, which holds what the document says, and nothing else."""
    home = tmp_path / "home"
    for command in blocks(RELEASES, "sh")[0].splitlines():
        recorded.run("sh", "-c", command, HOME=str(home))
    assert (home / ".config" / "provender" / "key.pem.pub").exists()
    [folder] = (path for path in (recorded.folder / "dist/releases").iterdir() if path.is_dir())
    table = RELEASES[RELEASES.index("## What it holds") : RELEASES.index("## What it says")]
    shown = re.findall(r"^\| `(.+?)`", table, re.MULTILINE)
    there = {path.name + "/" * path.is_dir() for path in folder.iterdir()}
    assert there == {*shown, "Snakefile", "workflow/"}


def test_build_type() -> None:
    """The page of the build type has its names, and every parameter of a statement."""
    assert f"`{statement.BUILD_TYPE}`" in BUILD_TYPE
    assert f"`{statement.BUILDER}`" in BUILD_TYPE
    parameters = BUILD_TYPE[BUILD_TYPE.index("## External") : BUILD_TYPE.index("`internalP")]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", parameters, re.MULTILINE)
    named = {name for row in rows[1:] for name in re.findall(r"\w+", row)}
    assert named == set(statement.PARAMETERS)
    assert f"`{statement.METRICS}`" in BUILD_TYPE and f"`{statement.CANARIES}`" in BUILD_TYPE


def test_audits(release: Release) -> None:
    """Audit, collect and trace, as one reads it; the rebuild has a test of its own."""
    (audit,), (witness,), (collect,), traces = (b.splitlines() for b in blocks(AUDIT, "sh"))
    project, folder = release.project, release.key.parent
    places = {
        "newsgroups-0.1.0.tar.gz": str(release.archive),
        "publisher.pub": str(release.public_key),
        "--rebuild": "--files",
    }
    project.run(*(places.get(word, word) for word in audit.split()))
    again = (places.get(word, word) for word in witness.split() if word != "--rebuild")
    done = project.run(*again, "--rebuild", "--environment", ROOT)
    assert "which runs none of the project's Python, makes the" in done.stdout
    assert "It is what it says" in (project.folder / "report.html").read_text(encoding="utf-8")
    for name in ("anna", "ben"):
        release.other_key(name)
        signed = ("--vsa", folder / f"{name}.json", "--sign", folder / name)
        project.run("provender", "audit", release.folder, *signed)
    words = [f"{folder}/{w}" if w.endswith((".json", ".pub")) else w for w in collect.split()]
    assert "2 of 2 independent auditors confirm it" in project.run(*words).stdout
    for line in traces:
        told = project.run(*(places.get(word, word) for word in line.split())).stdout
        assert "fetch_source\n  wrote data/source/news.sqlite (md5 " in told


def test_training_in_node(clone: Project, tmp_path: Path) -> None:
    """What Node alone trains, the package of it, and what snakemake's target would run."""
    (target,), (install, train) = (block.splitlines() for block in blocks(NODE, "sh"))
    planned = clone.run(*target.split(), "--dry-run", "--configfile", "config/cpus.yaml").stdout
    assert "compare_trainers" in planned
    # What is installed elsewhere, from the lock: the same packages, without those of tests.
    web = clone.folder / "web"
    (web / "node_modules").unlink()
    clone.run(*install.split(), "--prefer-offline", "--no-fund", "--no-audit")
    assert not (web / "node_modules" / "esbuild").exists()
    write_database(clone.folder / "posts.sqlite", make_posts())
    places = {"config/config.yaml": "small.yaml"}
    clone.configure()
    words = [places.get(word, word) for word in train.split()]
    done = clone.run(*words)
    assert "chosen: " in done.stderr
    command = re.search(r"`(npx [^`]*)`", NODE)[1].split()
    # npm may have something to say as well.
    assert clone.run(*command, *words[2:]).stderr.endswith(done.stderr)
    (clone.folder / "try.mjs").write_text(
        'import { readFileSync } from "node:fs";\n'
        'import { createClassifier } from "./web/src/classifier.js";\n'
        "const read = (name) => readFileSync(`data/node/${name}`);\n"
        'const constants = JSON.parse(read("constants.json"));\n'
        'const model = JSON.parse(read("tfjs/layers/model.json"));\n'
        'const weights = read("tfjs/layers/group1-shard1of1.bin");\n'
        "const { predict } = createClassifier({ constants, model, weights });\n"
        'console.log(predict("dough", 1)[0].label);\n'
    )
    assert clone.run("node", "try.mjs").stdout == "bread\n"


def test_trainers_side_by_side() -> None:
    """What makes the table of the page says how it is used."""
    [command] = re.findall(r"`(python benchmarks/[^`]*)`", NODE)
    done = subprocess.run(
        [*command.split(), "--help"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert "--seeds" in done.stdout


def test_containers(clone: Project) -> None:
    """What Docker is told is what the images take; tests/containers runs that without Docker."""
    planned = clone.run("make", "--dry-run", "images").stdout.replace("\\\n", " ")
    builds = [line.split() for line in planned.splitlines() if line.startswith("docker build")]
    assert len(builds) == 2
    told = "".join(blocks(README, "sh") + blocks(CONTAINERS, "sh")).splitlines()
    commands = [shlex.split(line) for line in told if "docker" in line]
    assert len(commands) > 6
    folder = clone.folder / "containers"
    services = yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))["services"]
    train = (folder / "train").read_text(encoding="utf-8")
    for command in commands:
        if command[:2] == ["docker", "build"]:
            assert set(command) <= set(builds[0])
        elif command[:2] == ["docker", "run"]:
            image = next(word for word in command if word in ("provender", "provender-serve"))
            asked = command[command.index(image) + 1 :]
            assert image == "provender-serve" or asked[0] in EXAMPLES or f"{asked[0]})" in train
        else:
            words = command[command.index("docker") :]
            assert words[:4] == ["docker", "compose", "--file", "containers/compose.yaml"]
            assert words[4] in ("up", "run")
            assert words[4] == "up" or (words[6] in services and words[7] in train)


def test_github_pages(small_bundle: Path, tmp_path: Path) -> None:
    """The commands push each file of the bundle, byte for byte, and the mark against Jekyll."""
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", remote], check=True)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "bundle").symlink_to(small_bundle)
    address = "git@github.com:OWNER/REPOSITORY.git"
    [script] = blocks(HOSTING, "sh")
    assert script.count(address) == 1
    # As on a machine whose git changes ends of lines, and ignores scripts.
    ignored = tmp_path / "ignored"
    ignored.write_text("*.js\n")
    settings = tmp_path / "settings"
    settings.write_text(f"[core]\nautocrlf = true\nexcludesFile = {ignored}\n")
    told = {**GIT_IDENTITY, "GIT_CONFIG_GLOBAL": str(settings), "TMPDIR": str(tmp_path)}
    subprocess.run(
        ["sh", "-euc", script.replace(address, str(remote))],
        cwd=tmp_path,
        env=os.environ | told,
        check=True,
    )
    pushed = subprocess.run(
        ["git", "-C", remote, "archive", "gh-pages"], check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(pushed)) as archive:
        found = {
            member.name: archive.extractfile(member).read() for member in archive if member.isfile()
        }
    there = {
        path.relative_to(small_bundle).as_posix(): path.read_bytes()
        for path in small_bundle.rglob("*")
        if path.is_file()
    }
    assert found == {".nojekyll": b"", **there}


RUN_BY: dict[str, Callable] = {
    'site="$(mktemp --directory)"': test_github_pages,
    'cp --recursive --dereference dist/bundle/. "$site"': test_github_pages,
    'touch "$site/.nojekyll"': test_github_pages,
    'git -C "$site" init --quiet --initial-branch gh-pages': test_github_pages,
    'git -C "$site" -c core.autocrlf=false add --all --force': test_github_pages,
    'git -C "$site" commit --quiet --message "The page"': test_github_pages,
    'git -C "$site" push --force git@github.com:OWNER/REPOSITORY.git gh-pages': test_github_pages,
    "make unicode": test_make_unicode,
    "snakemake --cores 4 node": test_training_in_node,
    "npm --prefix web ci --omit=dev": test_training_in_node,
    "node web/train/index.js --config config/config.yaml --source posts.sqlite": (
        test_training_in_node
    ),
    "provender audit newsgroups-0.1.0.tar.gz --key publisher.pub --rebuild --by node": test_audits,
    "make": test_make,
    "make ARCHIVE=path/to/20news-bydate.tar.gz": test_make_archive,
    "make test": test_make_test,
    "make serve": test_make_serve,
    "make bench": test_make_bench,
    "make bench-scale": test_make_bench_scale,
    "make bench-scale MOST=1000000": test_make_bench_scale,
    "provender build --profile slurm": test_clusters,
    "make bench ARCHIVE=path": test_make_bench,
    "make reproduce": test_make_reproduce,
    "make reproduce-cpus": test_make_reproduce,
    "make reproduce-table": test_make_reproduce_table,
    "make refresh": test_make_reproduce,
    "make refresh CONFIG=tickets.yaml": test_make_reproduce,
    "make lint": test_make_test,
    "make coverage": test_make_test,
    "make prove": test_make_test,
    "make prove PROVE=changed": test_make_test,
    "make lock": test_make_test,
    (
        "docker build --file containers/Containerfile --target train --tag provender ."
    ): test_containers,
    "docker run --rm --publish 5000:5000 provender demo": test_containers,
    'docker run --rm --volume "$PWD:/project" provender build': test_containers,
    "make images": test_containers,
    (
        'docker run --rm --volume "$PWD:/project" provender '
        "init . --from tickets.csv --name tickets"
    ): test_containers,
    'docker run --rm --publish 5000:5000 --volume "$PWD:/project" provender serve': test_containers,
    (
        "docker run --rm --publish 8080:8080 --read-only --tmpfs /tmp:size=64m "
        '--cap-drop ALL --volume "$PWD/dist/bundle:/bundle:ro" provender-serve'
    ): test_containers,
    "docker compose --file containers/compose.yaml up --build --detach": test_containers,
    (
        'PROJECT="$PWD/tickets" docker compose --file containers/compose.yaml '
        "run --rm train publish"
    ): test_containers,
    "make images DOCKER=podman": test_containers,
    'export STORE_PASSWORD="$(openssl rand -hex 16)"': test_containers,
    "npm install ./dist/npm/newsgroups-classifier-0.1.0.tgz": test_make,
    "make CONFIG=tickets.yaml": test_own_data,
    "make vectors": test_make_vectors,
    "snakemake --cores 4": test_own_data,
    "provender record": test_versions,
    "dvc push": test_versions,
    "provender sync": test_versions,
    "dvc pull --with-deps fetch_source": test_versions,
    "dvc repro": test_versions,
    "provender why HEAD~1 HEAD": test_versions,
    "provender verify-remote HEAD~1..HEAD": test_versions,
    "provender keygen ~/.config/provender/key.pem": test_releases,
    "provender release 0.1.0 --key ~/.config/provender/key.pem": test_releases,
    "provender audit newsgroups-0.1.0.tar.gz --key publisher.pub --rebuild --html report.html": (
        test_audits
    ),
    "provender audit --collect anna.json ben.json --key anna.pub --key ben.pub --need 2": (
        test_audits
    ),
    "provender trace dist/bundle/constants.json": test_audits,
    "provender trace newsgroups-0.1.0.tar.gz --post 17": test_audits,
    "snakemake --cores 4 --configfile tickets.yaml": test_own_data,
    'provender predict "My parcel has not arrived"': test_own_data,
    "provender compare tickets-0.1.0.tar.gz --not-worse 1": test_own_csv_file,
    "provender suggest inbox.csv --column message --count 100 --to label-these.csv": (
        test_own_csv_file
    ),
    "provender predict --from tickets.csv --column message --keep team --to labels.csv": (
        test_own_csv_file
    ),
    "snakemake --cores 4 search --configfile tickets.yaml": test_own_data,
    "provender init tickets --from tickets.sqlite": test_a_project_of_one_s_own,
    "cd tickets && provender build": test_a_project_of_one_s_own,
    "provender update --commit": test_a_project_of_one_s_own,
    # By tests/projects/test_own_project.py, on a table of its own.
    "dvc exp run -S config/config.yaml:model.seed=3": test_experiments,
    "dvc exp run --queue --copy-paths input -S config/config.yaml:model.epochs=1,2": (
        test_experiments
    ),
    "dvc queue start": test_experiments,
    "dvc exp show --only-changed": test_experiments,
}


def test_every_command_is_run() -> None:
    """Each command in the README and the docs stands in the table above."""
    commands = set()
    for document in (
        README,
        OWN_DATA,
        REPRODUCIBLE,
        VERSIONS,
        CONTRIBUTING,
        RELEASES,
        CONTAINERS,
        HOSTING,
        BUILD_TYPE,
        AUDIT,
        NODE,
        SCALE,
    ):
        commands |= {line for block in blocks(document, "sh") for line in block.splitlines()}
        commands |= set(re.findall(r"^\$ (.+)$", document, re.MULTILINE))
        commands |= set(re.findall(r"`((?:make|snakemake --cores)[^`\n]*)`", document))
    assert commands <= set(RUN_BY), commands - set(RUN_BY)


def test_every_setting_is_documented() -> None:
    """The keys that docs/own-data.md names are in the schema, each of a user's source too."""
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    source = schema["properties"]["source"]["properties"]
    of_tables = ("A table:", "sqlite:", "csv:")
    keys = {key for key, value in source.items() if value["description"].startswith(of_tables)}
    assert keys == {
        "path", "table", "text", "label", "split", "labels", "rename_labels", "encoding",
        "delimiter", "quote", "columns", "label_separator", "min_posts",
        "rare_labels",
    }  # fmt: skip
    told = OWN_DATA[OWN_DATA.index("## Other files") : OWN_DATA.index("## What is checked")]
    assert all(f".{key}`" in told or f"`{key}`" in told for key in keys), told


def test_links_lead_somewhere() -> None:
    """Each relative link of the documents names a file."""
    for document in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"
