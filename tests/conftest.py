"""A small corpus, and the whole workflow run on it once a session."""

import fcntl
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import settings

from provender import files
from provender.bundle import constants
from provender.reproduction.clone import copy_tree

ROOT = Path(__file__).resolve().parents[1]

# Fixtures of releases, for the tests of several folders; and which expensive tests run.
pytest_plugins = ["releases", "proofs"]

# The same examples on each run and machine, and none failed for a slow one.
settings.register_profile("provender", derandomize=True, deadline=None, database=None)
settings.load_profile("provender")

# Words by which a small corpus' labels can be told apart, and words that all share.
TOPICS = {
    "bread": "flour yeast oven crust dough loaf knead rise bake crumb rye sourdough",
    "chess": "king queen rook pawn bishop check opening gambit castle endgame mate board",
    "tides": "moon sea ebb flood shore harbour spring neap current water gauge coast",
}
COMMON = (
    "the a of and to in is it that for on with as was at by this from or an are not but "
    "have had they you which one all we there when their more will would about what so"
)
YEARS = range(1980, 2000)

SMALL_CONFIG = {
    "name": "small",
    # What Snakemake, DVC, the shell or HTML could read as theirs.
    "title": 'Three made-up topics: {a} ${b} "$HOME" 100 % <i>it\'s</i>',
    "language": "en",
    "page": {"examples": ["Bread rises in the oven", "O'Neil's \"$HOME\" {a} <b>\n& $(b) – 日本"]},
    "source": {
        "kind": "sqlite",
        "path": "small.sqlite",
        "table": "posts",
        "text": "body",
        "label": "topic",
        "split": "year",
    },
    "split": {"threshold": 1995},
    "text": {"strip": [], "augment": []},
    "vocabulary": {"size": 500, "min_count": 1},
    "model": {"max_words": 40, "epochs": 2},
}


# A test's commits need an author, which a machine may not have set.
GIT_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Test"), ("EMAIL", "test@localhost"))
}

# The remote that .dvc/config names: a folder beside the project.
REMOTE = "provender-remote"


def make_posts(count: int = 400, seed: int = 7) -> list[tuple[str, str, int]]:
    """Return ``count`` made-up posts as (body, topic, year), the same for the same seed."""
    chance = random.Random(seed)
    posts = []
    for _ in range(count):
        topic = chance.choice(sorted(TOPICS))
        # Few words of a topic, and now and then of another: errors must be possible.
        about = topic if chance.random() < 0.9 else chance.choice(sorted(TOPICS))
        words = chance.choices(TOPICS[about].split(), k=2) + chance.choices(COMMON.split(), k=14)
        chance.shuffle(words)
        words[0] = words[0].capitalize()
        posts.append((" ".join(words) + chance.choice(".!?…"), topic, chance.choice(YEARS)))
    # What drifts between languages, where the test split holds it too.
    for year in (1981, 1996):
        posts += [
            (f"İstanbul ΣΊΣΥΦΟΣ straße \u212a don't {year},5 \U0001d400 👩‍🚀 tide", "tides", year),
            (f"dough\u2028oven\x85crust\ufeffrye\x00loaf{year}", "bread", year),
        ]
    return posts


def write_database(path: Path, posts: list[tuple], columns: str = "body, topic, year") -> None:
    """Write ``posts`` as table ``posts`` of a new SQLite file."""
    database = sqlite3.connect(path)
    with database:
        database.execute(f"CREATE TABLE posts ({columns})")
        marks = ", ".join("?" * (columns.count(",") + 1))
        database.executemany(f"INSERT INTO posts VALUES ({marks})", posts)
    database.close()


class Project:
    """A copy of the project in which a test may run and break anything."""

    def __init__(self, folder: Path) -> None:
        """Copy the project into ``folder``."""
        self.folder = copy_tree(ROOT, folder)

    def environment(self) -> dict[str, str]:
        """Return the environment of a command there: this Python's, with that folder's code."""
        # A make under test is not part of the make that runs the tests.
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
        kept.pop("MFLAGS", None)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**kept, "PATH": path, "PYTHONPATH": str(self.folder / "src")}

    def run(
        self, *command: str | Path, code: int | None = 0, **environment: str
    ) -> subprocess.CompletedProcess:
        """Run a command there; unless ``code`` is None, assert that it ends with it."""
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env={**self.environment(), **environment},
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
        )
        if code is not None:
            assert done.returncode == code, done.stdout + done.stderr
        return done

    def git(self, *arguments: str) -> str:
        """Run git there and return what it prints."""
        return self.run("git", *arguments, **GIT_IDENTITY).stdout

    def commit(self, message: str) -> None:
        """Commit everything that git does not ignore."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def snakemake(
        self, *arguments: str, config: str = "small.yaml", code: int | None = 0
    ) -> subprocess.CompletedProcess:
        """Run Snakemake with the small configuration."""
        return self.run("snakemake", "--cores", "2", "--configfile", config, *arguments, code=code)

    def configure(self, **changes: dict | str) -> None:
        """Write small.yaml: the small configuration with ``changes`` laid over it."""
        config = {**SMALL_CONFIG}
        for key, value in changes.items():
            old = config.get(key)
            config[key] = {**old, **value} if isinstance(old, dict) else value
        (self.folder / "small.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


def open_project(folder: Path) -> Project:
    """Return the project in a folder that is a copy of it already."""
    project = Project.__new__(Project)
    project.folder = folder
    return project


def make_small_project(folder: Path) -> Project:
    """Copy the project and add the small corpus and its configuration."""
    project = Project(folder)
    write_database(folder / "small.sqlite", make_posts())
    project.configure()
    return project


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that ``make`` has filled, once for all processes of this run of the tests."""
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, part = root / name, root / f"{name}.part"
    with open(root / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.rmtree(part, ignore_errors=True)
            make(part)
            part.rename(folder)
    return folder


def copy_record(project: Project, folder: Path) -> Project:
    """Copy a project and its remote into ``folder``."""
    for name in (project.folder.name, REMOTE):
        shutil.copytree(project.folder.parent / name, folder / name, symlinks=True)
    return open_project(folder / project.folder.name)


@pytest.fixture(scope="session")
def small_build(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with the small corpus built; tests may only read it."""

    def build(folder: Path) -> None:
        make_small_project(folder / "project").snakemake()

    return open_project(make_once(tmp_path_factory, "small", build) / "project")


@pytest.fixture(scope="session")
def small_bundle(small_build: Project) -> Path:
    """Return the small build's bundle; tests may only read it."""
    return small_build.folder / "dist" / "bundle"


def change_constants(bundle: Path, **changes: object) -> None:
    """Change keys of a bundle's constants.json, and bind them to its weights anew."""
    path = bundle / "constants.json"
    value = files.read_json(path) | changes
    del value["digest"]
    packed = constants.to_script_json(value).encode()
    path.write_bytes(constants.seal(packed, bundle / "tfjs" / "layers"))


@pytest.fixture
def small_project(tmp_path: Path) -> Project:
    """Return a project of the test's own with the small corpus, not yet built."""
    return make_small_project(tmp_path / "project")


@pytest.fixture
def built_project(small_build: Project, tmp_path: Path) -> Project:
    """Return a copy of the small build, Snakemake's records included, for a test to change."""
    folder = tmp_path / "project"
    shutil.copytree(small_build.folder, folder, symlinks=True)
    return open_project(folder)


@pytest.fixture(scope="session")
def small_record(small_build: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the small build recorded, committed and pushed; tests may only read it."""

    def record(folder: Path) -> None:
        shutil.copytree(small_build.folder, folder / "project", symlinks=True)
        project = open_project(folder / "project")
        project.git("init", "--quiet")
        project.run("provender", "dvc", "--config", "small.yaml")
        project.run("provender", "record")
        project.commit("first")
        project.run("dvc", "push")

    return open_project(make_once(tmp_path_factory, "record", record) / "project")


@pytest.fixture
def recorded(small_record: Project, tmp_path: Path) -> Project:
    """Return a copy of the recorded build and its remote, for a test to change."""
    return copy_record(small_record, tmp_path)


@pytest.fixture
def run_script(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess]:
    """Return a function that runs a step's script as a rule does, in this tree."""

    def run(
        script: str, *arguments: str | Path, code: int | None = 0, **environment: str
    ) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [sys.executable, f"scripts/{script}.py", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **environment},
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if code is not None:
            assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what takes longest first, so that the processes that share the tests end together."""
    items.sort(key=lambda item: not item.path.is_relative_to(ROOT / "tests/workflow"))
    items.sort(key=lambda item: item.get_closest_marker("ci") is None)
    items.sort(key=lambda item: item.path.name != "test_cpus.py")
    # Each process begins with a part of the list, and takes of the others' when it has done its.
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = [item for first in range(processes) for item in items[first::processes]]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the parity tests have compared."""
    compared = [
        value
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "compared"
    ]
    if compared:
        terminalreporter.section("compared in Arrow, re, Node and Chromium")
        for line in compared:
            terminalreporter.line(line)
