"""Imports of src/provender run downwards, by a room's front, and as the room's docstring says."""

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

# The sentence of a room's docstring that says which other rooms it imports.
IMPORTS = re.compile(r"^Imports\s([^.]+)\.", re.MULTILINE)
NONE = "no other room"


def imported(path: Path) -> Iterator[list[str]]:
    """Give the parts of each dotted name of provender that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # Dots alone would be a name of no package, which the rooms do without.
            module = "." * node.level + (node.module or "")
            names = [f"{module}.{alias.name}" for alias in node.names]
        for parts in (name.split(".") for name in names):
            if parts[0] in ("provender", ""):
                yield parts


def front(room: Path) -> list[str]:
    """Return what a room's __init__.py has as ``__all__``; nothing where it has none."""
    for node in ast.parse((room / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return []


def find_faults(root: Path) -> list[str]:
    """Return where the rooms of the project in ``root`` are not as they should be."""
    package = root / "src" / "provender"
    fronts = {room.parent.name: front(room.parent) for room in package.glob("*/__init__.py")}
    used: dict[str, set[str]] = {room: set() for room in fronts}
    faults = []
    for path in sorted([*package.rglob("*.py"), *root.glob("scripts/*.py")]):
        name = path.relative_to(root).as_posix()
        own = path.relative_to(package).parts[0] if path.is_relative_to(package) else None
        for _, *parts in imported(path):
            if parts[0] not in fronts:
                # A module beside the rooms, or a name without its package.
                faults += [f"{name}: a relative import"] if not parts[0] else []
            elif parts[0] != own:
                used.get(own or "", set()).add(parts[0])
                if parts[1:2] == [] or parts[1] not in fronts[parts[0]]:
                    faults.append(f"{name}: {'.'.join(parts)} is not at the room's front")
    for room, names in sorted(fronts.items()):
        faults += [
            f"{room}: __all__ names {module}, which is no module"
            for module in names
            if not (package / room / f"{module}.py").is_file()
        ]
        faults += contract_faults(room, package / room, used[room])
    return faults


def contract_faults(room: str, folder: Path, used: set[str]) -> list[str]:
    """Return what a room's docstring lacks, or says of its imports that is not so."""
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    lines = said.splitlines()
    faults = [
        f"{room}: no line begins with {mark}"
        for mark in ("In:", "Out:")
        if not any(line.startswith(mark) for line in lines)
    ]
    found = IMPORTS.search(said)
    if found is None:
        return [*faults, f"{room}: no sentence says what it imports"]
    named = re.findall(r"``(\w+)``", found[1])
    if set(named) != used or (not named and found[1] != NONE):
        are = ", ".join(sorted(used)) or NONE
        faults.append(f"{room}: it imports {are}, not {' '.join(found[1].split())}")
    return faults


def test_rooms_are_entered_by_their_front_and_say_what_they_import() -> None:
    """Of another room a module imports what its ``__all__`` names; docstrings are contracts."""
    assert find_faults(ROOT) == []


# A project of two rooms without a fault.
FILES = {
    "src/provender/__init__.py": "",
    "src/provender/files.py": "",
    "src/provender/low/__init__.py": (
        '"""Low.\n\nIn: a.\nOut: b.\nImports no other room.\n"""\n\n__all__ = ["shown"]\n'
    ),
    "src/provender/low/shown.py": "from provender import files\nfrom provender.low import hidden\n",
    "src/provender/low/hidden.py": "",
    "src/provender/high/__init__.py": (
        '"""High.\n\nIn: a.\nOut: b.\nImports\n``low``. And more.\n"""\n\n__all__ = ["top"]\n'
    ),
    "src/provender/high/top.py": "from provender.low.shown import thing\n",
    "scripts/make.py": "import os\nfrom provender.high import top\n",
}

FAULTS = {
    "as it is": ("scripts/make.py", "", "", []),
    "a module past the front": (
        "src/provender/high/top.py",
        "low.shown import thing",
        "low import hidden",
        ["src/provender/high/top.py: low.hidden is not at the room's front"],
    ),
    "a name of a module past the front": (
        "scripts/make.py",
        "provender.high import top",
        "provender.low.hidden import thing",
        ["scripts/make.py: low.hidden.thing is not at the room's front"],
    ),
    "an import within a function": (
        "scripts/make.py",
        "from provender.high import top",
        "def work():\n    import provender.low.hidden",
        ["scripts/make.py: low.hidden is not at the room's front"],
    ),
    "a room as a whole": (
        "scripts/make.py",
        "from provender.high import top",
        "from provender import low",
        ["scripts/make.py: low is not at the room's front"],
    ),
    "a relative import": (
        "src/provender/high/top.py",
        "from provender.low.shown",
        "from ..low.hidden",
        [
            "src/provender/high/top.py: a relative import",
            "high: it imports no other room, not ``low``",
        ],
    ),
    "a room without a front": (
        "src/provender/low/__init__.py",
        '__all__ = ["shown"]',
        "",
        ["src/provender/high/top.py: low.shown.thing is not at the room's front"],
    ),
    "a front of what is not there": (
        "src/provender/high/__init__.py",
        '["top"]',
        '["top", "gone"]',
        ["high: __all__ names gone, which is no module"],
    ),
    "a contract of nothing": (
        "src/provender/low/__init__.py",
        "In: a.\nOut: b.\nImports no other room.",
        "Of its imports it says nothing.",
        [
            "low: no line begins with In:",
            "low: no line begins with Out:",
            "low: no sentence says what it imports",
        ],
    ),
    "a room that is imported unsaid": (
        "src/provender/low/hidden.py",
        "",
        "from provender.high import top",
        ["low: it imports high, not no other room"],
    ),
    "a room that is said, and not imported": (
        "src/provender/high/top.py",
        "from provender.low.shown import thing",
        "",
        ["high: it imports no other room, not ``low``"],
    ),
    "a sentence that names no room": (
        "src/provender/low/__init__.py",
        "no other room",
        "the rooms below it",
        ["low: it imports no other room, not the rooms below it"],
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "faults"), FAULTS.values(), ids=FAULTS)
def test_faults_of_a_made_up_project_are_found(
    tmp_path: Path, file: str, old: str, new: str, faults: list[str]
) -> None:
    """Each is named, and nothing else."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert old in FILES[file]
    (tmp_path / file).write_text(FILES[file].replace(old, new) if old else FILES[file] + new)
    assert find_faults(tmp_path) == faults


# By what is appended to which file of a copy, and what import-linter says of it.
BROKEN = {
    "as it is": ("text/encode.py", "", 0, "1 kept, 0 broken"),
    "upwards": (
        "text/encode.py",
        "\nfrom provender.model import levels\n",
        1,
        "provender.text.encode -> provender.model.levels",
    ),
    "upwards, within a function": (
        "files.py",
        "\ndef late():\n    from provender import config\n",
        1,
        "provender.files -> provender.config",
    ),
    "to a room beside": (
        "versioning/why.py",
        "\nfrom provender.reproduction import clone\n",
        1,
        "provender.versioning.why -> provender.reproduction.clone",
    ),
    "a room without its place": ("attic/__init__.py", "", 1, "provender.attic"),
}


@pytest.mark.parametrize(("file", "more", "code", "said"), BROKEN.values(), ids=BROKEN)
def test_imports_run_downwards(tmp_path: Path, file: str, more: str, code: int, said: str) -> None:
    """The contract in pyproject.toml holds, and is broken by an import that runs upwards."""
    shutil.copytree(ROOT / "src" / "provender", tmp_path / "provender")
    path = tmp_path / "provender" / file
    path.parent.mkdir(exist_ok=True)
    with open(path, "a", encoding="utf-8") as module:
        module.write(more)
    done = subprocess.run(
        ["lint-imports", "--no-logo", "--no-cache", str(ROOT / "pyproject.toml")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert said in " ".join(done.stdout.split())
