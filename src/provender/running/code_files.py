"""Which files a step's result depends on besides its data, so that an edit reruns it."""

import ast
import posixpath
import re
from functools import cache
from pathlib import Path

from provender import tool

IMPORTED_SCRIPT = re.compile(
    r"""^(?:import|export|await import\()[^"';]*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE
)

PYTHON_LOCK = "requirements.lock"
NODE_LOCK = "web/package-lock.json"
LOCKS = (PYTHON_LOCK, NODE_LOCK)

# What a person reads is made of.
TEMPLATES = ("scripts/*.html", "src/provender/model/*.jinja")

# What the bundle, the npm package and the trainer in Node.js are made of.
SCRIPTS = ("*.js", "src/*", "src/icons/*", "src/languages/*", "src/package/*", "train/*")

PINNED = re.compile(r"^([\w.\[\]-]+)==([^\s\\;]+)", re.MULTILINE)

# What a rule file imports: it is no Python that could be parsed.
RULE_IMPORT = re.compile(r"^\s*(from provender\S* import (?:\([^)]*\)|.+))$", re.MULTILINE)


def command(step: str) -> str:
    """Return the words that start a step, for a shell; its options follow."""
    return f"python {tool.path(f'scripts/{step}.py')}"


def option(name: str, value: str | list[str] | None) -> list[str]:
    """Return the words of a step's option; none where it has no value."""
    words = [value] if isinstance(value, str) else value
    return [name, *words] if words else []


def python(step: str) -> list[str]:
    """Return a step's script, the ``provender`` modules that it imports and the lock file."""
    script = Path(tool.path(f"scripts/{step}.py"))
    return [
        *map(str, sorted({script, *_imported(script.read_text(encoding="utf-8"))})),
        tool.path(PYTHON_LOCK),
    ]


def javascript(*entries: str) -> list[str]:
    """Return scripts of ``web/``, the scripts that they import and the lock file."""
    found: set[str] = set()
    waiting = [tool.path(f"web/{entry}") for entry in entries]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            text = Path(path).read_text(encoding="utf-8")
            folder = posixpath.dirname(path)
            # One name a file, or scripts that import each other would never end.
            waiting += [
                posixpath.normpath(f"{folder}/{name}") for name in IMPORTED_SCRIPT.findall(text)
            ]
    return [*sorted(found), tool.path(NODE_LOCK)]


def locks() -> list[str]:
    """Return the lock files, which name every package of a build."""
    return [tool.path(lock) for lock in LOCKS]


def pinned(text: str) -> dict[str, str]:
    """Return the version of each package that the text of a requirements.lock pins."""
    return dict(PINNED.findall(text))


def workflow() -> list[str]:
    """Return every file of code and template that a build can depend on."""
    home = Path(tool.path(""))
    rules = [home / "Snakefile", home / "workflow/Snakefile", *(home / "workflow/rules").iterdir()]
    scripts = list((home / "scripts").glob("*.py"))
    texts = [path.read_text(encoding="utf-8") for path in scripts]
    texts += ["\n".join(RULE_IMPORT.findall(path.read_text(encoding="utf-8"))) for path in rules]
    modules = {module for text in texts for module in _imported(text)}
    others = (
        path
        for pattern in (*TEMPLATES, *(f"web/{names}" for names in SCRIPTS))
        for path in home.glob(pattern)
    )
    return sorted(map(str, {*rules, *scripts, *modules, *filter(Path.is_file, others)}))


def _imported(text: str) -> set[Path]:
    """Return the files of the ``provender`` modules that a Python text imports, by any way."""
    found: set[Path] = set()
    waiting = [text]
    while waiting:
        new = {path for part in _imports(waiting.pop()) for path in _files(part)} - found
        found |= new
        waiting += [path.read_text(encoding="utf-8") for path in new]
    return found


@cache
def _imports(text: str) -> frozenset[str]:
    """Return the dotted names of what may be modules of ``provender`` that a text imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(name for name in names if name.split(".")[0] == tool.PACKAGE.name)


def _files(name: str) -> list[Path]:
    """Return the files that run where a name is imported: a module and the packages around it."""
    package = Path(tool.path(tool.MODULES))
    path = Path(package.parent, *name.split("."))
    packages = [
        each / "__init__.py" for each in (path, *path.parents) if each.is_relative_to(package)
    ]
    return [file for file in (path.with_suffix(".py"), *packages) if file.is_file()]
