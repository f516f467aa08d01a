"""Third part of an audit: the commit built again, from its source data and nothing else.

In a private folder: a clone at the commit, an environment made from its own lock files, and
of the remote's data only what the first step made. Snakemake runs every other step.
"""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from provender import console, determinism, files
from provender.audit import objects, stages
from provender.audit.findings import Findings
from provender.audit.repository import Repository
from provender.audit.traced import SOURCE_RULE, SOURCE_RULES, Traced
from provender.errors import Unavailable, UserError
from provender.running import code_files
from provender.versioning import dvc_lock

# What makes the source data, which are taken as they are.
NOT_RUN = (*SOURCE_RULES, "fetch_archive")

# Where a project's environment has the packages of Node.
NODE_PACKAGES = "web/node_modules"

# What builds everything; no stage of DVC's.
TARGET = "all"

# Lines of a failed command's output that are shown, and characters of each.
SHOWN_LINES = 8

# Seconds that an interrupted command has to end by itself.
GRACE_SECONDS = 10

# Variables by which another environment or another folder would reach the build.
LEFT_OUT = ("PYTHON", "VIRTUAL_ENV", "CONDA", "SNAKEMAKE", "DVC", "GIT_", "MAKE", "MFLAGS")

INSTALLED = (
    "import importlib.metadata as m, json;"
    "print(json.dumps({d.metadata['Name'].lower().replace('_', '-'): d.version "
    "for d in m.distributions()}))"
)


@dataclass(frozen=True)
class Rebuilt:
    """A build of the commit, in a folder that lasts as long as the audit looks at it."""

    folder: Path
    # Seconds for the environment, None where one was given, and for the build.
    setup_seconds: float | None
    build_seconds: float
    # Versions of the packages that built.
    packages: dict[str, str]


@contextlib.contextmanager
def rebuild(
    traced: Traced,
    remote_name: str | None,
    environment: Path | None,
    cores: int,
    findings: Findings,
) -> Iterator[Rebuilt | None]:
    """Give the commit's build, made anew; None, and the reason in ``findings``, where it fails.

    ``environment`` is a project's folder whose environment is used instead of one made from
    the lock. Everything that is made here is removed at the end, also on Ctrl-C.
    """
    findings.part = "rebuild"
    with interruptible(), tempfile.TemporaryDirectory(prefix="provender-rebuild-") as work:
        try:
            folder, home = clone(traced, remote_name, Path(work))
            packages, setup_seconds = _make_environment(home, environment, findings)
            console.log.info("building the commit again")
            started = time.monotonic()
            run(_snakemake(traced, cores), folder, home)
            rebuilt = Rebuilt(folder, setup_seconds, time.monotonic() - started, packages)
        except (Unavailable, UserError) as error:
            findings.leave_open("rebuild", str(error))
            yield None
            return
        how = "in the environment given" if environment else "in an environment of its own"
        findings.confirm(
            "rebuild",
            f"a clone at {traced.commit[:9]} built from its source data, {how}: "
            + (f"{setup_seconds:.0f} s to set up, " if setup_seconds is not None else "")
            + f"{rebuilt.build_seconds:.0f} s to build",
        )
        yield rebuilt


def clone(traced: Traced, remote_name: str | None, work: Path) -> tuple[Path, Path]:
    """Clone the commit with its source data below ``work``; return its folder and the tool's.

    The tool is in the project, or beside it at a commit of its own.
    """
    folder = home = work / "project"
    _clone(traced.repository, traced.commit, folder)
    if traced.tool:
        home = work / "tool"
        _clone(traced.tool.repository, traced.tool.commit, home)
    _bring_source(traced, remote_name, folder)
    return folder, home


def _clone(source: Repository, commit: str, folder: Path) -> None:
    # What is copied is read and checked by git, unlike files that are linked.
    done = source.git("clone", "--quiet", "--no-local", "--no-checkout", ".", str(folder))
    if done.returncode == 0:
        done = source.git("-C", str(folder), "checkout", "--quiet", "--detach", commit)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise UserError(f"{source.place} cannot be cloned at {commit}: {said}")


def _bring_source(traced: Traced, remote_name: str | None, folder: Path) -> None:
    """Fetch what was made of the sources, each object checked by both of its digests."""
    wanted: dict[str, str] = {}
    for rule in SOURCE_RULES:
        wanted |= dvc_lock.digests(traced.locked.get(rule, {}), "outs")
    if stages.DATABASE not in wanted:
        raise UserError(f"the commit's {dvc_lock.FILE} has no {stages.DATABASE} of {SOURCE_RULE}")
    with objects.open_store(traced.repository, traced.commit, remote_name) as store:
        for path, md5 in wanted.items():
            try:
                data = objects.fetch(store, md5)
            except FileNotFoundError as error:
                raise UserError(f"the remote lacks {path}, of which all is made") from error
            target = folder / path
            if not target.resolve().is_relative_to(folder.resolve()):
                raise UserError(f"{dvc_lock.FILE} names a file outside of the project: {path}")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            if files.sha256(target) != traced.sha256.get(path):
                raise UserError(f"{path} changed in the remote while it was read")


def _make_environment(
    folder: Path, given: Path | None, findings: Findings
) -> tuple[dict[str, str], float | None]:
    """Make the environment, or link the given one; return its packages and the seconds."""
    seconds = None
    if given is None:
        console.log.info("making the environment from the commit's lock files")
        started = time.monotonic()
        # The interpreter that this environment was made with, if it has one.
        python = Path(sys.base_prefix, "bin", "python3.11")
        run(["make", "setup", *([f"PYTHON={python}"] if python.exists() else [])], folder, folder)
        seconds = time.monotonic() - started
    else:
        for name in (".venv", NODE_PACKAGES):
            link(folder, given, name)
        findings.note(
            "environment", f"that of {given} was used; it was not made from the lock for this"
        )
    output = run([str(folder / ".venv/bin/python"), "-c", INSTALLED], folder, folder)
    packages: dict[str, str] = json.loads(output.splitlines()[-1])
    pinned = code_files.pinned((folder / code_files.PYTHON_LOCK).read_text(encoding="utf-8"))
    other = [
        f"{name} {packages[plain]}, not {version}"
        for name, version in pinned.items()
        if (plain := name.split("[")[0].lower().replace("_", "-")) in packages
        and packages[plain] != version
    ]
    if other:
        findings.leave_open(
            "environment", f"packages differ from {code_files.PYTHON_LOCK}: {stages.some(other)}"
        )
    return packages, seconds


def _snakemake(traced: Traced, cores: int) -> list[str]:
    rules = sorted({name.split("@")[0] for name in traced.order} - set(NOT_RUN))
    overlays = ["--configfile", *traced.overlays] if traced.overlays else []
    # The database is there and no rule may make it: of whatever kind its source was, the
    # build starts from what was recorded.
    allowed = ["--allowed-rules", TARGET, *rules]
    return ["python", "-m", "snakemake", "--cores", str(cores), *overlays, *allowed]


def link(folder: Path, given: Path, name: str) -> None:
    """Link a part of a given environment into a clone. Raises UserError where it is missing."""
    there = (given / name).resolve()
    if not there.is_dir():
        raise UserError(f"{given} has no {name}: run make setup there")
    (folder / name).symlink_to(there)


def run(command: Sequence[str], folder: Path, home: Path, expected: Sequence[int] = (0,)) -> str:
    """Run a command in a clone, by the environment and code of ``home``; return its output.

    Raises UserError, with the end of the output, where its exit code is another than is
    ``expected``. Where this process is interrupted, the command and all that it has started are
    ended first.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise UserError(f"{command[0]} is not installed here: {error}") from error
    with process:
        try:
            output, _ = process.communicate()
        except BaseException:
            _end(process)
            raise
    if process.returncode not in expected:
        said = "\n".join(output.strip().splitlines()[-SHOWN_LINES:])
        raise UserError(f"{shlex.join(command[:4])} … ended with {process.returncode}:\n{said}")
    return output


def _end(process: "subprocess.Popen[str]") -> None:
    """End a command with all that it has started, which is its own group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)


def _environment(folder: Path) -> dict[str, str]:
    """Return the variables of a command in the clone: of this environment, nothing is left."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(LEFT_OUT) and name not in determinism.ENVIRONMENT
    }
    own = Path(sys.executable).parent
    paths = [p for p in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(p) != own]
    # An environment that is linked has another folder's modules.
    return {
        **kept,
        "PATH": os.pathsep.join([str(folder / ".venv/bin"), *paths]),
        "PYTHONPATH": str(folder / "src"),
        # What an ended command leaves there goes with the rest.
        "TMPDIR": str(folder.parent),
    }


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Take a request to end as Ctrl-C, so that nothing is left behind."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
