"""Measure what a page with the classifier costs, beside TensorFlow.js and fastText, in Chromium.

In: a build of the project, and the packages of benchmarks/browser, which are installed when they
are not there. All figures are of one run; of its rounds, in which the engines take turns, the best
counts, since other work on the machine only ever makes it slower. Prints a table: after a peer's
figure stands how many times Provender's it is. --document puts it into a Markdown file as well.
"""

import argparse
import datetime
import json
import os
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import project
import pyarrow.parquet as pq
from figures import Figure, replace_table

from provender import console, files
from provender.errors import UserError
from provender.running import step

PART = "browser"

HERE = Path(__file__).resolve().parent
PEERS = HERE / "browser"
PACKAGES = project.ROOT / ".venv" / "bench-packages"
DOCUMENT = project.ROOT / "docs" / "benchmarks.md"
TABLE = "browser"

# The engines, the first being what is measured; TensorFlow.js runs the same model.
NAMES = {"provender": "Provender", "cpu": "TF.js cpu", "wasm": "TF.js wasm", "fasttext": "fastText"}
OURS, *THEIRS = NAMES
TENSORFLOW = ("cpu", "wasm")

COLUMNS = 80

# Of a text of middling length, and as many as tell a hundredth.
WORDS = 300
POSTS = 200

# Provender's answers are so short that a round has many of them.
CALLS = 5

ROUNDS = 9

# Rounds of the whole test split, of which each takes seconds.
BATCHES = 3

# Texts while memory is measured.
MANY = 10**6


@dataclass(frozen=True)
class Row:
    """One figure of each engine: its name with the unit, the key in what browser_pages.mjs prints.

    ``unit`` is figures.py's; ``scale`` of what is measured make one. ``most`` and ``least`` bound
    Provender's figure.
    """

    name: str
    key: str
    unit: str = "ms"
    scale: float = 1
    most: float | None = None
    least: float | None = None

    def meets(self, value: float) -> bool:
        """Tell whether a value is within the bounds."""
        return (self.most is None or value <= self.most) and (
            self.least is None or value >= self.least
        )

    @property
    def wanted(self) -> str:
        """The bound, for people."""
        if self.most is not None:
            return f"≤ {self.most:,g}"
        return "" if self.least is None else f"≥ {self.least:,g}"


ROWS = (
    Row("scripts, gzip, kB", "kernel", "kB", 1e3, most=5),
    Row("all, brotli, kB", "offline", "kB", 1e3, most=120),
    Row("npm tarball, kB", "package", "kB", 1e3, most=200),
    Row("opening, main thread, ms", "create", most=15),
    Row("its longest task, ms", "task", most=10),
    Row("import in Node, ms", "import", most=10),
    Row("300 words, p50, ms", "p50", most=0.15),
    Row("300 words, p99, ms", "p99", most=0.5),
    Row("TF.js' best p50 / ours", "lead", "1", least=8),
    Row("posts a second, a worker", "batch", "/s", least=8000),
    Row("recall@1 of these posts", "recall", "1"),
    Row("first answer, cold, ms", "cold", most=80),
    Row("the same, CPU at a quarter", "slow", most=500),
    Row("the page's, cold, ms", "page", most=80),
    Row("its CPU at a quarter", "slowPage", most=500),
    Row("memory grows by, MB", "memory", "MB", 1e6, most=5),
)


@dataclass(frozen=True)
class Measured:
    """What a run has found.

    ``figures`` by engine and key, in ms, bytes, texts a second and shares; ``problems`` of engines
    that have none; ``texts`` that were answered in the worker, ``many`` while memory was measured.
    """

    figures: dict[str, dict[str, float]]
    problems: dict[str, str]
    chromium: str
    texts: int
    many: int

    def value(self, engine: str, row: Row) -> float | None:
        """Return a figure in its row's unit, or None where there is none."""
        found = self.figures.get(engine, {}).get(row.key)
        return None if found is None else found / row.scale


def measure(
    build: Path, packages: Path, peers: Path = PEERS, rounds: int = ROUNDS, many: int = MANY
) -> Measured:
    """Measure in Chromium what ``build`` has in its ``dist`` folder.

    fastText, which trains the peer, is in the folder ``packages``; npm's are installed in
    ``peers``. Raises UserError where the build or Chromium is not there. A peer that cannot be
    installed or used is among the problems.
    """
    tarballs = list((build / "dist/npm").glob("*.tgz"))
    if len(tarballs) != 1 or not (build / "dist/bundle/manifest.json").is_file():
        raise UserError(f"{build} has no bundle with its npm package: run make first")
    problems = install(peers)
    posts = pq.read_table(build / "data/splits/test.parquet", columns=["text", "label"])
    texts = posts["text"].to_pylist()
    with tempfile.TemporaryDirectory(prefix="provender-browser-") as folder:
        work = Path(folder)
        if problem := train_fasttext(build, packages, work / "fasttext.ftz"):
            problems.setdefault("fasttext", problem)
        options = {
            "bundle": str(build / "dist/bundle"),
            "peers": str(peers / "node_modules"),
            "work": folder,
            "packed": unpack(tarballs[0], work),
            "posts": cut_posts(texts),
            "texts": texts,
            "labels": posts["label"].to_pylist(),
            "without": list(problems),
            "rounds": rounds,
            "batches": min(rounds, BATCHES),
            "calls": CALLS,
            "many": many,
        }
        files.write_json(work / "options.json", options)
        command = ["node", str(HERE / "browser_pages.mjs"), str(work / "options.json")]
        found = json.loads(project.run(build, command))
    found["figures"][OURS]["package"] = tarballs[0].stat().st_size
    return gather(found, problems, len(texts), many)


def gather(found: dict[str, Any], problems: dict[str, str], texts: int, many: int) -> Measured:
    """Return what browser_pages.mjs has found, with the problems that were known before."""
    figures = found["figures"]
    best = [figures[name]["p50"] for name in TENSORFLOW if name in figures]
    if best:
        figures[OURS]["lead"] = min(best) / figures[OURS]["p50"]
    return Measured(figures, problems | found["problems"], found["chromium"], texts, many)


def install(peers: Path) -> dict[str, str]:
    """Install the packages of the lock in ``peers``; return why not, by engine."""
    lock, there = peers / "package-lock.json", peers / "node_modules" / ".package-lock.json"
    try:
        if not there.is_file() or there.stat().st_mtime < lock.stat().st_mtime:
            console.log.info("installing %s", lock)
            project.run(peers, ["npm", "ci"])
    except (UserError, OSError) as error:
        cause = f"not installed: {str(error).strip().splitlines()[-1]}"
        return {"wasm": cause, "fasttext": cause}
    return {}


def train_fasttext(build: Path, packages: Path, path: Path) -> str:
    """Write fastText's model of the build's training posts; return why not, or ""."""
    if not (packages / "fasttext").is_dir():
        return f"not trained: no fastText in {packages}; make bench-browser installs it"
    console.log.info("training fastText")
    script = str(HERE / "fasttext_model.py")
    environment = f"PYTHONPATH={build / 'src'}{os.pathsep}{packages}"
    project.run(build, ["env", environment, sys.executable, script, str(path)])
    return ""


def unpack(tarball: Path, folder: Path) -> str:
    """Install an npm package without dependencies in ``folder``; return its name."""
    shutil.unpack_archive(tarball, folder)
    name = files.read_json(folder / "package" / "package.json")["name"]
    target = folder / "node_modules" / name
    target.parent.mkdir(parents=True)
    shutil.move(folder / "package", target)
    return name


def cut_posts(texts: list[str]) -> list[str]:
    """Return the first WORDS words of each of POSTS posts that have as many; else of all as one."""
    long = [words for words in map(str.split, texts) if len(words) >= WORDS]
    return [" ".join(words[:WORDS]) for words in long[:POSTS] or [" ".join(texts).split()]]


def figures(found: Measured) -> Iterator[Figure]:
    """Yield Provender's figures against what is wanted, and against each peer's."""
    for row in ROWS:
        ours = found.value(OURS, row)
        if ours is None:
            continue
        bound = row.most or row.least
        if bound:
            limits = {"at_most": 1.0} if row.most else {"at_least": 1.0}
            yield Figure(PART, row.name, ours, bound, "limit", row.unit, **limits)
        for name in THEIRS:
            if peer := found.value(name, row):
                yield Figure(PART, row.name, ours, peer, NAMES[name], row.unit)


def rows(found: Measured) -> Iterator[list[str]]:
    """Yield the table's cells: the heading, then each figure of all engines and what is wanted."""
    yield ["", *NAMES.values(), "wanted"]
    for row in ROWS:
        ours = found.value(OURS, row)
        cells = [row.name, "–" if ours is None else number(ours)]
        for name in THEIRS:
            peer = found.value(name, row)
            ratio = f" {peer / ours:,.2g}×" if ours and peer else ""
            cells.append("–" if peer is None else f"{number(peer)}{ratio}")
        missed = bool(row.wanted) and (ours is None or not row.meets(ours))
        yield [*cells, row.wanted + "!" * missed]


def number(value: float) -> str:
    """Return a number with three digits or more."""
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{decimals}f}"


def notes(found: Measured, rounds: int) -> list[str]:
    """Return what the table's reader must know."""
    return [
        f"Measured {datetime.date.today()} on {os.cpu_count()} CPUs, Chromium {found.chromium}; "
        f"the best of {rounds} rounds. !: missed; n×: so many times Provender's. "
        f"{found.texts:,} test posts in a worker; memory over {found.many:,} texts, all different.",
        *(f"{NAMES[name]}: {cause}" for name, cause in found.problems.items()),
    ]


def format_table(found: Measured) -> str:
    """Return the table in 80 columns."""
    widths = (26, 9, 12, 12, 12)
    lines = []
    for first, *others, wanted in rows(found):
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append(f"{first:<{widths[0]}}{''.join(cells)} {wanted}".rstrip())
    return "\n".join(lines)


def format_markdown(found: Measured, rounds: int) -> str:
    """Return notes and table as Markdown."""
    heading, *others = [f"| {' | '.join(cells)} |" for cells in rows(found)]
    rule = f"|{'---|' * heading.count(' | ')}---|"
    return "\n".join(["\n".join(notes(found, rounds)), "", heading, rule, *others])


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--build", type=Path, default=project.ROOT, help="project that is built")
    parser.add_argument("--peers", type=Path, default=PEERS, help="folder of npm's packages")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="(default: %(default)s)")
    parser.add_argument(
        "--many", type=int, default=MANY, help="texts while memory is measured (default: 10⁶)"
    )
    parser.add_argument("--document", type=Path, help="Markdown file whose table is made anew")
    return parser


def main(options: argparse.Namespace) -> None:
    """Measure, print the table, and put it in its place in the document."""
    text = options.document.read_text(encoding="utf-8") if options.document else ""
    if options.document:
        replace_table(text, TABLE, [])
    found = measure(
        options.build.resolve(), PACKAGES, options.peers.resolve(), options.rounds, options.many
    )
    print(format_table(found))
    for note in notes(found, options.rounds):
        print(textwrap.fill(note, COLUMNS))
    if options.document:
        table = format_markdown(found, options.rounds)
        files.write_text(options.document, replace_table(text, TABLE, [table]))


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
