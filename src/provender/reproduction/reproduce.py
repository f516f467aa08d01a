"""Build twice in different surroundings and compare every file: make reproduce."""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from provender import config as configuration
from provender import console, determinism
from provender.errors import UserError
from provender.reproduction import differences
from provender.reproduction.clone import copy_tree
from provender.running import graph

ROOT = Path(__file__).resolve().parents[3]
SHUFFLED = Path(__file__).with_name("shuffled")

# Lines of a failed build's output that are shown.
SHOWN_LINES = 30

INSTALL = "tests/install-variations"

# A year ahead; the files' own times and the clock that only counts up stay true, or
# Snakemake would wait for a year.
FAKETIME = {"FAKETIME": "+365d", "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
FAKETIME_LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")

LOCALE = "tr_TR.UTF-8"

# What a process may tell libraries of the CPU: to use no code for AVX2 and above.
OLD_CPU = {
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA",
    "ARROW_USER_SIMD_LEVEL": "SSE4_2",
    "OPENBLAS_CORETYPE": "Nehalem",
}

# CPUs that are emulated. TensorFlow needs AVX.
EMULATED = {
    "without AVX2": "Broadwell,-avx2,-fma",
    "with AVX2 and FMA": "Haswell",
}

# What the emulator says at each start of features that no program here looks for.
EMULATOR_NOTE = "qemu-x86_64: warning: TCG doesn't support requested feature"

# qemu 7.2 gets a gather of AVX2 wrong, by which NumPy sorts indices in another order.
NO_AVX2_IN_NUMPY = {"NPY_DISABLE_CPU_FEATURES": "X86_V3"}


@dataclass(frozen=True)
class Surroundings:
    """Where and how a build runs: whatever its outputs may not depend on.

    ``folder``: what the build's folder is called. ``cores``: the CPUs that it may use, by
    number; None for all. ``cpu``: the CPU that qemu emulates; None for this machine's.
    """

    name: str
    folder: str = "build"
    environment: dict[str, str] = field(default_factory=dict)
    cores: frozenset[int] | None = None
    umask: int = 0o022
    cpu: str | None = None


@contextmanager
def other_surroundings() -> Iterator[Surroundings]:
    """Give surroundings in which everything is another than usual."""
    if not FAKETIME_LIBRARY.exists():
        raise UserError(f"there is no {FAKETIME_LIBRARY}: run {INSTALL}")
    with tempfile.TemporaryDirectory() as locales:
        # Compiled for this user alone: the system's locales stay as they are.
        command = ["localedef", "-i", "tr_TR", "-f", "UTF-8", f"{locales}/{LOCALE}"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise UserError(f"localedef: {done.stderr.strip()}: run {INSTALL}")
        yield Surroundings(
            "long path, one core, tr_TR, hash seed 1, umask 077, shuffled folders, next year",
            folder="a folder whose name is longer, with spaces, ünd not in ASCII",
            environment={
                **OLD_CPU,
                **FAKETIME,
                "LD_PRELOAD": str(FAKETIME_LIBRARY),
                "LC_ALL": LOCALE,
                "LOCPATH": locales,
                "TZ": "Pacific/Kiritimati",
                "PYTHONHASHSEED": "1",
                "PYTHONPATH": str(SHUFFLED),
                "NODE_OPTIONS": f'--require="{SHUFFLED / "preload.cjs"}"',
                "SOURCE_DATE_EPOCH": "1",
            },
            cores=frozenset([min(os.sched_getaffinity(0))]),
            umask=0o077,
        )


def build(
    folder: Path, surroundings: Surroundings, overlays: Sequence[Path], targets: Sequence[str] = ()
) -> None:
    """Run Snakemake in ``folder``, a copy of the project. Raises UserError where it fails."""
    cores = surroundings.cores or os.sched_getaffinity(0)
    command = ["taskset", "--cpu-list", ",".join(map(str, sorted(cores)))]
    command += [sys.executable, "-m", "snakemake", "--cores", str(len(cores)), *targets]
    if overlays:
        command += ["--configfile", *map(str, overlays)]
    with tempfile.TemporaryDirectory() as programs:
        done = subprocess.run(
            command,
            cwd=folder,
            env=_environment(folder, surroundings, Path(programs)),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            umask=surroundings.umask,
        )
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if not line.startswith(EMULATOR_NOTE)]
        said = "\n".join(lines[-SHOWN_LINES:])
        raise UserError(f"{surroundings.name}: {shlex.join(command)} failed:\n{said}")


def _environment(folder: Path, surroundings: Surroundings, programs: Path) -> dict[str, str]:
    """Return the environment of a build, without what this process pinned for itself."""
    kept = {k: v for k, v in os.environ.items() if k not in determinism.ENVIRONMENT}
    given = {**kept, **surroundings.environment}
    modules = [str(folder / "src"), *filter(None, [surroundings.environment.get("PYTHONPATH")])]
    path = [str(Path(sys.executable).parent), os.environ["PATH"]]
    if surroundings.cpu:
        # The steps' programs, run by the emulator; Snakemake itself runs as always.
        path.insert(0, str(programs))
        for name, program in (("python", sys.executable), ("node", _node())):
            emulated = ["qemu-x86_64", "-cpu", surroundings.cpu, program]
            script = programs / name
            script.write_text(f'#!/bin/sh\nexec {shlex.join(emulated)} "$@"\n')
            script.chmod(0o700)
    return {**given, "PATH": os.pathsep.join(path), "PYTHONPATH": os.pathsep.join(modules)}


def reproduce(overlays: Sequence[Path], given: Path | None, on_cpus: bool) -> int:
    """Build in several surroundings, compare, and return the number of files, all equal.

    Raises UserError, with what differs inside each file, where builds differ.
    """
    usual = Surroundings("as usual")
    archive = find_archive(overlays, given)
    with tempfile.TemporaryDirectory(prefix="provender-") as work, contextlib.ExitStack() as stack:
        if on_cpus:
            # They run at once: each with its own cores, on which the others' threads do not wait.
            cores = sorted(os.sched_getaffinity(0))
            others = [
                Surroundings(
                    f"an emulated CPU {name}",
                    environment=NO_AVX2_IN_NUMPY,
                    cores=frozenset(cores[number :: len(EMULATED)] or cores),
                    cpu=cpu,
                )
                for number, (name, cpu) in enumerate(EMULATED.items())
            ]
        else:
            others = [stack.enter_context(other_surroundings())]
        # All builds are of one moment, whatever is edited meanwhile.
        source = copy_tree(ROOT, Path(work, "source"))
        if archive:
            place, file = archive
            (source / place).parent.mkdir(parents=True, exist_ok=True)
            (source / place).symlink_to(file)
        folders = [
            Path(shutil.copytree(source, Path(work, str(number), each.folder), symlinks=True))
            for number, each in enumerate([usual, *others])
        ]
        console.log.info("building %s", usual.name)
        build(folders[0], usual, overlays)
        for surroundings in others:
            console.log.info("building with %s", surroundings.name)
        pairs = list(zip(folders[1:], others, strict=True))
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda pair: build(pair[0], pair[1], overlays), pairs))
        for folder, surroundings in pairs:
            raise_for_differences(folders[0], folder, surroundings, overlays)
        return len(differences.digests(folders[0]))


def _node() -> str:
    """Return Node's own program: what the environment calls node is a script that runs it."""
    command = [str(Path(sys.executable).with_name("node")), "-p", "process.execPath"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def find_archive(overlays: Sequence[Path], given: Path | None) -> tuple[str, Path] | None:
    """Return where a build wants the newsgroups archive, and where it is; None if nowhere."""
    source = configuration.read(ROOT / configuration.DEFAULT, *overlays)["source"]
    if source["kind"] != "newsgroups":
        return None
    places = [ROOT / place for place in source["archives"]]
    found = given or next((place for place in places if place.is_file()), None)
    if found is None or not found.is_file():
        raise UserError(
            f"{found or ' and '.join(source['archives'])} is no file: name the newsgroups "
            "archive by ARCHIVE=path"
        )
    return source["archives"][0], found.resolve()


def raise_for_differences(
    one: Path, other: Path, surroundings: Surroundings, overlays: Sequence[Path]
) -> None:
    """Raise UserError, naming each file in running order, where two builds differ."""
    found = differences.compare(one, other)
    if not found:
        return
    with contextlib.chdir(one):
        jobs = graph.read([str(path) for path in overlays])
    made_by = {path: job.rule for job in jobs for path in job.outputs}
    lines = [f"{len(found)} files differ in a build with {surroundings.name}; in running order:"]
    for name in sorted(found, key=[*made_by, *found].index):
        lines += [f"  {made_by.get(name, 'no step')}: {name}", *(f"    {x}" for x in found[name])]
    raise UserError("\n".join(lines))
