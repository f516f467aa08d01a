"""Which files a step's result depends on besides its data, so that an edit reruns it."""

import ast
import posixpath
import re
from functools import cache
from pathlib import Path

IMPORTED_SCRIPT = re.compile(r"""^(?:import|export)[^"';]*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)

PYTHON_LOCK = "requirements.lock"
NODE_LOCK = "web/package-lock.json"

PINNED = re.compile(r"^([\w.\[\]-]+)==([^\s\\;]+)", re.MULTILINE)

# Runs whichever module of the package is imported.
PACKAGE = Path("src/provender/__init__.py")


def python(step: str) -> list[str]:
    """Return a step's script, the ``provender`` modules that it imports and the lock file."""
    found: set[Path] = set()
    waiting = [Path(f"scripts/{step}.py")]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported_modules(path)
    return [*sorted(map(str, found)), PYTHON_LOCK]


def javascript(*entries: str) -> list[str]:
    """Return scripts of ``web/``, the scripts that they import and the lock file."""
    found: set[str] = set()
    waiting = [f"web/{entry}" for entry in entries]
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
    return [*sorted(found), NODE_LOCK]


def pinned(text: str) -> dict[str, str]:
    """Return the version of each package that the text of a requirements.lock pins."""
    return dict(PINNED.findall(text))


def workflow() -> list[str]:
    """Return every file of code and template that a build can depend on."""
    patterns = (
        "Snakefile",
        "workflow/rules/*",
        "scripts/*.html",
        "scripts/*.py",
        "src/provender/*.py",
        "web/*.js",
        "web/src/*",
    )
    return sorted(
        str(path) for pattern in patterns for path in Path().glob(pattern) if path.is_file()
    )


@cache
def _imported_modules(path: Path) -> list[Path]:
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    modules = [Path("src", *name.split(".")) for name in names if name.startswith("provender.")]
    files = [module.with_suffix(".py") for module in modules]
    return [file for file in [*files, PACKAGE] if file.is_file()]
