"""A file of JSON Lines of the user's own: an object in each line."""

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from provender import console
from provender.errors import UserError
from provender.sources import columns
from provender.sources.posts import Post

# So many lines tell which keys there are.
LOOKED_AT = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this kind of source."""
    parser.add_argument("--path", type=Path, required=True, help="file of JSON Lines")
    columns.add_arguments(parser)


def read(options: argparse.Namespace) -> Iterator[Post]:
    """Yield the rows that the options ask for."""
    wanted = columns.read_arguments(options)
    origin = columns.Origin(str(options.path), "line", "Mend or remove those lines")
    return columns.to_posts(read_rows(options.path, wanted.columns()), wanted, origin)


def read_rows(path: Path, named: Mapping[str, str]) -> Iterator[columns.Row]:
    """Yield the keys that are ``named``, of each object by its line; what one lacks is null."""
    columns.check_file(path)
    found = columns.find_columns(named, list(_look_at(path)), f"the first lines of {path} have")
    with path.open("rb") as file:
        total = sum(1 for _ in file)
        file.seek(0)
        yield from console.progress(_read_rows(file, found), f"reading {path.name}", total)


def columns_of(path: Path) -> list[str]:
    """Return the keys of the first lines whose values can be read."""
    columns.check_file(path)
    return [key for key, can_be_read in _look_at(path).items() if can_be_read]


def _look_at(path: Path) -> dict[str, bool]:
    """Return the keys of the first lines, and whether all their values can be read.

    Raises UserError if the lines are no JSON objects.
    """
    keys: dict[str, bool] = {}
    with path.open("rb") as file:
        for number, line in zip(range(LOOKED_AT), file, strict=False):
            value, _ = _parse(line)
            if isinstance(value, dict):
                for key, each in value.items():
                    keys[key] = keys.get(key, True) and not _is_odd(each)
            elif number == 0 and isinstance(value, list):
                raise UserError(f"source.path names {path}, which holds a JSON array: write each "
                                "of its objects in a line of its own")  # fmt: skip
    if not keys:
        raise UserError(f"source.path names {path}, whose first lines hold no JSON objects: name "
                        "a file with one in each line, or set source.kind")  # fmt: skip
    return keys


def _parse(line: bytes) -> tuple[object, str]:
    """Return a line's value, and what is wrong with it if it is no object."""
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None, "not UTF-8"
    except (json.JSONDecodeError, RecursionError):
        return None, "no JSON object"
    return value, "" if isinstance(value, dict) else "no JSON object"


def _read_rows(lines: Iterable[bytes], found: Sequence[str]) -> Iterator[columns.Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        value, fault = _parse(line)
        asked = [value.get(key) for key in found] if isinstance(value, dict) else []
        odd = [key for key, each in zip(found, asked, strict=False) if _is_odd(each)]
        if odd:
            fault = f"neither text nor number in {odd[0]}"
        yield number, fault or asked


def _is_odd(value: object) -> bool:
    # A lone surrogate can be escaped in JSON, and is no text.
    if isinstance(value, str):
        return any("\ud800" <= character <= "\udfff" for character in value)
    return isinstance(value, (bool, dict, list))
