"""``provender init``: a project in a folder of its own, for a table that was looked at."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from provender import config, files, tool
from provender.errors import UserError
from provender.projects.look import Column, Found
from provender.running import graph
from provender.sources import tables
from provender.versioning import dvc_lock, dvc_yaml, tool_lock

# Where a link to a table lies that is elsewhere, so that no file names a place of this machine.
INPUT = "input"

# Letters of an npm package's name, and a name where nothing of these is left.
NO_LETTERS = re.compile(r"[^a-z0-9]+")
NAME = "texts"

# The settings of Snakemake, one for all projects.
PROFILE = "profiles/default/config.yaml"

SNAKEFILE = """\
from provender import tool


module provender:
    snakefile:
        tool.snakefile()


use rule * from provender
"""

# What DVC keeps, what is linked, and what tools make.
IGNORED = ("/data/", "/dist/", "/logs/", f"/{tool.LINKS}/", f"/{INPUT}/", "/.snakemake/")

README = """\
# {title}

A text classifier for browsers, built by provender from the table that config/config.yaml names.

    provender build     # builds all: data/, dist/bundle/ (the page) and dist/npm/ (the package)
    provender serve     # shows the page, on http://localhost:5000/
    provender record    # records the build in dvc.lock; commit that, and dvc push keeps the data

After new rows, provender update builds, compares with the last model, and records; after any
other change, provender refresh builds and records.
"""

# What git, DVC, Snakemake and the links to the tool add.
MADE_BY_TOOLS = (".git", ".dvc", ".dvcignore", ".snakemake", tool.LINKS)

# How wide a terminal is at least, and where what is said of a column begins.
WIDTH, MARGIN = 80, " " * 10

# Labels that are named; the rest is counted.
SHOWN_LABELS = 8


def begin(folder: Path, found: Found, name: str = "") -> list[str]:
    """Write a project for what was found in a table, and return lines that tell of it.

    ``name``: what the classifier is called; by the folder where empty. Raises UserError, with
    nothing written, where a file would be overwritten.
    """
    name = name or name_of(folder)
    path = found.path.resolve()
    inside = path.is_relative_to(folder.resolve())
    place = path.relative_to(folder.resolve()) if inside else Path(INPUT, found.path.name)
    texts = {
        config.DEFAULT: _configuration(found, name, place.as_posix()),
        "Snakefile": SNAKEFILE,
        PROFILE: tool.place(PROFILE).read_text(encoding="utf-8"),
    }
    there = [*texts, str(dvc_yaml.FILE), str(dvc_lock.FILE), str(tool_lock.FILE)]
    if not inside:
        there.append(place.as_posix())
    if taken := [each for each in there if os.path.lexists(folder / each)]:
        raise UserError(
            f"{folder} has {', '.join(taken)} already, and nothing is overwritten: name another "
            "folder"
        )
    if not (folder / "README.md").exists():
        texts["README.md"] = README.format(title=_title(found))
    with _undone_on_failure(folder, {*texts, *there, *MADE_BY_TOOLS}):
        for each, text in texts.items():
            files.write_text(folder / each, text)
        if not inside:
            (folder / INPUT).mkdir(exist_ok=True)
            (folder / place).symlink_to(path)
        _ignore(folder / ".gitignore")
        with contextlib.chdir(folder):
            tool.link()
            config.read(config.DEFAULT)
            _initialize()
            dvc_yaml.write(graph.read(), [])
    return _tell(folder, found, place, inside)


def name_of(folder: Path) -> str:
    """Return the name of a classifier by that of its folder."""
    name = NO_LETTERS.sub("-", folder.resolve().name.lower()).strip("-")
    return name if re.match("[a-z]", name) else f"{NAME}-{name}".rstrip("-")


@contextlib.contextmanager
def _undone_on_failure(folder: Path, names: Iterable[str]) -> Iterator[None]:
    """Remove what was written, by name below the folder, where the rest can't be."""
    paths = [folder / name for name in sorted(names)]
    new = [path for path in paths if not os.path.lexists(path)]
    # Folders around these, the innermost first, and the one of the project.
    around = {each for path in new for each in path.parents if each.is_relative_to(folder)}
    new_around = sorted((each for each in around if not each.exists()), reverse=True)
    ignored = folder / ".gitignore"
    old = ignored.read_text(encoding="utf-8") if ignored.exists() else None
    try:
        yield
    except BaseException:
        for path in new:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        if old is not None:
            files.write_text(ignored, old)
        else:
            ignored.unlink(missing_ok=True)
        for each in new_around:
            if each.exists():
                each.rmdir()
        raise


def _ignore(path: Path) -> None:
    """Have git ignore what is not its own, behind what it ignores already."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    new = [line for line in IGNORED if line not in lines]
    if new:
        files.write_text(path, "\n".join([*lines, *new, ""]))


def _initialize() -> None:
    """Make the folder a project of git, unless it lies within another one's, and of DVC."""
    within = _run("git", "rev-parse", "--show-toplevel")
    top = within.stdout.strip()
    if within.returncode or Path(top) == tool.home():
        _must("git", "init", "--quiet")
        top = str(Path.cwd())
    if Path(".dvc").exists():
        return
    dvc = str(Path(sys.executable).with_name("dvc"))
    below = [] if Path(top) == Path.cwd() else ["--subdir"]
    _must(dvc, "init", "--quiet", *below)
    _must(dvc, "config", "--quiet", "core.analytics", "false")
    # A link would let an edit of a file in data/ damage the cache.
    _must(dvc, "config", "--quiet", "cache.type", "reflink,copy")


def _must(*command: str) -> None:
    done = _run(*command)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise UserError(f"{Path(command[0]).name} {command[1]} failed: {said}")


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise UserError(
            f"{command[0]} is not installed here: install it, then run again"
        ) from error


def _configuration(found: Found, name: str, place: str) -> str:
    """Return config.yaml: what this table needs, each line with what it is for."""
    text, label, split = found.text, found.label, found.split
    source: list[tuple[str, Any, str]] = [
        ("kind", found.kind, "what the file is"),
        ("path", place, "it is only read"),
        ("text", text.name, f"the texts, of {text.mean:.0f} characters on average"),
        ("label", label.name, f"the labels, {_count(label)}"),
    ]
    if found.table:
        source.insert(2, ("table", found.table, "of the database"))
    if found.given:
        source.insert(2, ("columns", list(found.given), "the file has no line of names"))
    if found.separator:
        source.append(("label_separator", found.separator, "some texts have several labels"))
    if split.column:
        source.append(("split", split.column, split.why or "what the test part is told by"))
    lines = [
        f"# What this classifier is made from. {tool.LINKS}/{config.SCHEMA}",
        "# has all other keys, with their meaning, limits and defaults.",
        _line("name", name, f"the npm package is {name}-classifier"),
        _line("title", _title(found), "shown on the page"),
        "source:",
        *(_line(f"  {key}", value, why) for key, value, why in source),
    ]
    if split.threshold is not None:
        lines += ["split:", _line("  threshold", split.threshold, "rows from it on are tested on")]
    return "\n".join([*lines, ""])


def _line(key: str, value: Any, why: str) -> str:
    # A date in quotes: DVC can't record a date of YAML's own.
    written = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, width=1 << 20, default_style=None
    )
    return f"{key}: {written.removesuffix('...' + chr(10)).strip()}  # {why}"


def _title(found: Found) -> str:
    return f"{found.path.name}: {found.text.name} by {found.label.name}"


def _count(label: Column) -> str:
    return f"{len(label.values or ())} different"


def _tell(folder: Path, found: Found, place: Path, inside: bool) -> list[str]:
    text, label, split = found.text, found.label, found.split
    lines = [f"{found.path}: {found.rows:,} rows"]
    if found.given:
        lines.append(f"  its first line is no line of names: columns are {', '.join(found.given)}")
    lines.append(
        f"  texts:  {text.name}: {text.share:.0%} are different, {text.mean:.0f} characters on "
        f"average{_or(found.other_texts)}"
    )
    lines.append(f"  labels: {label.name}: {_labels(label)}{_or(found.other_labels)}")
    if found.separator:
        lines.append(f"{MARGIN}several in a row, {found.separator} between: recall@1 can't be 1")
    if split.threshold is not None:
        lines.append(f"  test:   from {split.column} {split.threshold} on: {split.why}")
    elif split.column:
        lines.append(f"  test:   by {split.column}: {split.why}")
    else:
        lines.append("  test:   a fifth of the texts, by a hash of each; no column tells the time")
    # Names alone are not broken: they may hold what a terminal would lose.
    lines = [textwrap.fill(line, WIDTH, subsequent_indent=MARGIN, break_long_words=False,
                           break_on_hyphens=False) for line in lines]  # fmt: skip
    if not inside:
        lines.append(f"{folder / place} is a link to it, which no repository has")
    return [*lines, f"{folder / config.DEFAULT} says so; mend it where it is wrong"]


def _labels(label: Column) -> str:
    counted = (label.values or {}).items()
    ordered = sorted(counted, key=lambda each: (-each[1], each[0]))
    shown = ", ".join(f"{name} ({count:,})" for name, count in ordered[:SHOWN_LABELS])
    rest = len(ordered) - SHOWN_LABELS
    return shown + (f" and {rest} more" if rest > 0 else "")


def _or(others: Sequence[str]) -> str:
    return f"; not taken: {', '.join(others)}" if others else ""


def candidates(folder: Path) -> list[Path]:
    """Return the files of a folder that may hold a table, by their names."""
    if not folder.is_dir():
        return []
    return sorted(
        Path(os.path.relpath(each)) for each in folder.iterdir()
        if each.is_file() and each.suffix.lower() in tables.ENDINGS
    )  # fmt: skip
