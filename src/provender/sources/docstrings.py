"""Docstrings of installed packages, each labelled with its package."""

import argparse
import ast
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from provender import console
from provender.errors import UserError
from provender.sources.posts import Post, draw, draw_year

# Of the docstrings, the share that counts as the test part.
DOCSTRING_TEST_SHARE = 0.4

# A docstring below this many words says little about its package.
DOCSTRING_MIN_WORDS = 8

# At most this many docstrings a package, so that none dwarfs the others.
DOCSTRINGS_PER_PACKAGE = 800


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this kind of source."""
    parser.add_argument("--packages", nargs="+", required=True)


def read(options: argparse.Namespace) -> list[Post]:
    """Return the docstrings that the options ask for."""
    return read_docstrings(options.packages)


def read_docstrings(packages: list[str]) -> list[Post]:
    """Read docstrings of installed packages, each labelled with its package.

    Packages are parsed, never imported. Docstrings come in the order of a hash of their
    text; a text that occurs twice is taken once.
    """
    rows: list[tuple[float, str, str]] = []
    for package in console.progress(packages, "reading docstrings", len(packages)):
        try:
            recorded = metadata.files(package) or []
        except metadata.PackageNotFoundError as error:
            raise UserError(
                f"source.packages names {package}, which is not installed. Installed packages "
                "are those of requirements.lock"
            ) from error
        sources = [p for p in recorded if p.suffix == ".py" and "test" not in str(p).lower()]
        texts = {text for path in sources for text in _docstrings(Path(path.locate()))}
        # Draws of their own: the lowest of one draw would be the lowest of the next again.
        chosen = sorted(texts, key=lambda text: draw("choose", text))[:DOCSTRINGS_PER_PACKAGE]
        rows += [(draw("place", text), package, text) for text in chosen]
    return [
        Post(rowid, text, package, draw_year(text, draw("part", text) < DOCSTRING_TEST_SHARE))
        for rowid, (_, package, text) in enumerate(sorted(rows), 1)
    ]


def _docstrings(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        # Packages also hold templates and code for other Pythons, by the same ending.
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text and len(text.split()) >= DOCSTRING_MIN_WORDS:
                yield text
