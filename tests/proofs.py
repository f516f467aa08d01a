"""Expensive proofs run when what they prove has changed: a plugin of pytest.

A test marked ``proof`` names the files of which it proves something. For each one that passed,
tests/proven.json has a digest of these files and of the test's own. As long as the digest is the
same, the test is left out, and the end of the output says how many were. ``make prove``, which is
pytest --prove=all, runs all of them and records those that pass; --prove=changed runs those that
are due and records them. A test that is named on the command line runs anyway.
"""

import ast
import hashlib
import json
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from provender import files

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
PROVEN = TESTS / "proven.json"

STANDING = pytest.StashKey[list[str]]()
BEGUN = pytest.StashKey[float]()
COLLECTED = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that runs all proofs."""
    told = f"run all proofs, or those due, and record what passes in {PROVEN.relative_to(ROOT)}"
    parser.addoption("--prove", choices=("all", "changed"), help=told)
    told = (
        "leave proofs for another run that would begin later than so many minutes after the first"
    )
    parser.addoption("--proofs-within", type=float, metavar="MINUTES", help=told)


@cache
def _sha256(path: Path) -> str:
    return files.sha256(path)


@cache
def with_imports(path: Path) -> frozenset[Path]:
    """Return a file of tests/ and the modules in its folder and tests/ that it imports."""
    if path.suffix != ".py" or not path.is_relative_to(TESTS):
        return frozenset([path])
    found = {path}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            modules = [folder / f"{name}.py" for folder in (path.parent, TESTS)]
            # Nearly all import something of conftest.py, and nothing that they prove.
            if name != "conftest" and (module := next(filter(Path.is_file, modules), None)):
                found |= with_imports(module) - {path}
    return frozenset(found)


def _proven_files(item: pytest.Item) -> Iterator[Path]:
    for mark in item.iter_markers("proof"):
        if "text" not in mark.kwargs:
            yield from with_imports(item.path)
        for pattern in mark.args:
            paths = [path for path in ROOT.glob(pattern) if path.is_file()]
            if not paths:
                raise pytest.UsageError(f"{item.nodeid} proves {pattern}, which is no file")
            for path in paths:
                yield from with_imports(path)


def digest(item: pytest.Item) -> str:
    """Return a digest of all that a proof names."""
    paths = sorted({path.relative_to(ROOT) for path in _proven_files(item)})
    told = [[str(path), _sha256(ROOT / path)] for path in paths]
    texts = [mark.kwargs.get("text") for mark in item.iter_markers("proof")]
    return hashlib.sha256(json.dumps([told, texts]).encode()).hexdigest()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out a proof for which there is no time."""
    minutes = item.config.getoption("--proofs-within")
    if minutes is None or not item.get_closest_marker("proof"):
        return
    if time.monotonic() - item.config.stash[BEGUN] > 60 * minutes:
        pytest.skip(f"{minutes:g} minutes are over: make prove PROVE=changed")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the proofs that stand."""
    all_run = config.getoption("--prove") == "all" or any(
        "::" in argument for argument in config.args
    )
    proven = files.read_json(PROVEN) if PROVEN.exists() else {}
    standing = []
    proofs = [item for item in items if item.get_closest_marker("proof")]
    for item in proofs:
        item.user_properties.append(("proof", digest(item)))
        if not all_run and proven.get(item.nodeid) == item.user_properties[-1][1]:
            standing.append(item)
    items[:] = [item for item in items if item not in standing]
    config.stash[BEGUN] = time.monotonic()
    config.stash[STANDING] = [item.nodeid for item in standing]
    config.stash[COLLECTED] = [item.nodeid for item in proofs]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that shares out the tests, if there is one, what stands."""
    if hasattr(session.config, "workeroutput"):
        for key, name in ((STANDING, "standing"), (COLLECTED, "proofs")):
            session.config.workeroutput[name] = session.config.stash.get(key, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take what a process told."""
    for key, name in ((STANDING, "standing"), (COLLECTED, "proofs")):
        node.config.stash[key] = getattr(node, "workeroutput", {}).get(name, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Record what passed, if that is asked for, and say how many proofs were left out."""
    if standing := config.stash.get(STANDING, []):
        terminalreporter.section("proofs")
        terminalreporter.line(
            f"{len(standing)} were left out: what they prove is as it was when they passed "
            "(tests/proven.json). make prove runs them all."
        )
    late = [
        r for r in terminalreporter.getreports("skipped") if "minutes are over" in str(r.longrepr)
    ]
    if late:
        terminalreporter.section("proofs")
        terminalreporter.line(
            f"{len(late)} that are due were NOT run, for want of time. make prove PROVE=changed "
            "runs them."
        )
    if config.getoption("--prove"):
        old = files.read_json(PROVEN) if PROVEN.exists() else {}
        passed, failed, errors = (
            {r.nodeid: dict(r.user_properties).get("proof") for r in reports}
            for reports in map(terminalreporter.getreports, ("passed", "failed", "error"))
        )
        seen = set(config.stash.get(COLLECTED, []))
        # What is gone from a file that was read is forgotten.
        read = {name.partition("::")[0] for name in seen}
        kept = {
            name: digest
            for name, digest in old.items()
            if name in seen or name.partition("::")[0] not in read
        }
        new = {name: digest for name, digest in passed.items() if digest}
        for name in failed.keys() | errors.keys():
            new.pop(name, None)
            kept.pop(name, None)
        files.write_json(PROVEN, {**kept, **new})
