"""Make the table of docs/reproducibility.md: what was varied, and what was equal.

Each row is a build of the small corpus of ``make reproduce-cpus`` in which one thing is
another than in the build that it is compared with. For another TensorFlow release only the
training is run, and its weights are compared: its files hold the release's number.
"""

import argparse
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import project
from figures import replace_table

from provender import console, files
from provender.reproduction import clone, differences, reproduce
from provender.reproduction.reproduce import (
    EMULATED,
    LOCALE,
    NO_AVX2_IN_NUMPY,
    OLD_CPU,
    Surroundings,
)
from provender.running import step

DOCUMENT = project.ROOT / "docs" / "reproducibility.md"
CONFIG = project.ROOT / "config" / "cpus.yaml"

TABLE = "table"

WEIGHTS = "data/model/model.h5"

# Releases besides the one in requirements.lock, with what they need.
RELEASES = ("2.19.1", "2.20.0")


@dataclass(frozen=True)
class Row:
    """One build: what is varied, its value, where it runs, and what of it is made."""

    what: str
    value: str
    surroundings: Surroundings
    targets: tuple[str, ...] = ()


def rows(work: Path, releases: bool) -> Iterator[Row]:
    """Yield what is varied, one thing at a time."""

    def vary(what: str, value: str, **environment: str) -> Row:
        return Row(what, value, Surroundings(f"{what} {value}", environment=environment))

    for count in ("1", "2", "7"):
        threads = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), count)
        yield vary("threads", count, **threads)
    yield vary("CPU", "this one, without code for AVX2 and above", **OLD_CPU)
    for name, cpu in EMULATED.items():
        surroundings = Surroundings(name, environment=NO_AVX2_IN_NUMPY, cpu=cpu)
        yield Row("CPU", f"emulated, {name}: `{cpu}`", surroundings)
    for seed in ("0", "1", "4711"):
        yield vary("hash seed", seed, PYTHONHASHSEED=seed)
    yield vary("locale", "C", LC_ALL="C")
    with reproduce.other_surroundings() as other:
        yield vary("locale", LOCALE, LC_ALL=LOCALE, LOCPATH=other.environment["LOCPATH"])
        yield Row("all but the CPU", other.name, other)
    if releases:
        for release in RELEASES:
            packages = install(release, work / release)
            surroundings = Surroundings(release, environment={"PYTHONPATH": str(packages)})
            yield Row("TensorFlow", release, surroundings, (WEIGHTS,))


def install(release: str, target: Path) -> Path:
    """Install a TensorFlow release and its tf-keras beside the environment; return where."""
    minor = release.rpartition(".")[0]
    command = ["uv", "pip", "install", "--quiet", "--target", str(target)]
    project.run(project.ROOT, [*command, f"tensorflow=={release}", f"tf-keras~={minor}.0"])
    return target


def compare(usual: Path, folder: Path, only_weights: bool) -> tuple[str, str]:
    """Return how many files, and which weights, are equal, as cells of the table."""
    if only_weights:
        lines = differences.explain(usual / WEIGHTS, folder / WEIGHTS)
        return "", _cell(not any(line.startswith("tensor") for line in lines))
    count = len(differences.digests(usual))
    found = differences.compare(usual, folder)
    return f"{count - len(found)} of {count}", _cell(WEIGHTS not in found)


def _cell(equal: bool) -> str:
    return "equal" if equal else "**differ**"


def describe_cpu() -> str:
    """Return this machine's CPU by the most that it can do."""
    flags = Path("/proc/cpuinfo").read_text().split("flags", 1)[1].split("\n", 1)[0].split()
    names = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX"}
    return next(name for flag, name in names.items() if flag in flags)


def make_table(work: Path, releases: bool) -> str:
    """Build all rows below ``work`` and return the table as Markdown."""
    # All rows are of one moment, whatever is edited meanwhile.
    source = clone.copy_tree(project.ROOT, work / "source")
    usual = Path(shutil.copytree(source, work / "usual", symlinks=True))
    reproduce.build(usual, Surroundings("as usual"), [CONFIG])
    lines = [
        f"Compared with a build on {platform.machine()} with {describe_cpu()}, TensorFlow "
        f"{metadata.version('tensorflow')}:",
        "",
        "| varied | value | files equal | weights |",
        "|---|---|---|---|",
    ]
    for number, row in enumerate(rows(work, releases)):
        console.log.info("%s: %s", row.what, row.value)
        place = work / str(number) / row.surroundings.folder
        folder = Path(shutil.copytree(source, place, symlinks=True))
        reproduce.build(folder, row.surroundings, [CONFIG], row.targets)
        cells = compare(usual, folder, only_weights=bool(row.targets))
        lines.append(f"| {' | '.join((row.what, row.value, *cells))} |")
    return "\n".join(lines)


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="Markdown file to change")
    parser.add_argument(
        "--no-releases", action="store_true", help="leave out other releases of TensorFlow"
    )
    return parser


def main(options: argparse.Namespace) -> None:
    """Make the table and put it in its place in the document."""
    text = options.document.read_text(encoding="utf-8")
    replace_table(text, TABLE, [])
    with tempfile.TemporaryDirectory(prefix="provender-") as work:
        table = make_table(Path(work), not options.no_releases)
    files.write_text(options.document, replace_table(text, TABLE, [table]))
    print(table)


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
