"""Work of one step that several jobs share out: which part is whose, and what each of them leaves.

A step whose work is long has the options of :func:`add_arguments`. With ``--shard`` it does one
part of it and leaves files of :data:`FOLDER`; with ``--parts`` it takes what all have left instead
of doing it. Neither is part of what was made: those files are gone once they are gathered, and
receipts are as if one job had done everything.
"""

import argparse
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

# Where parts lie, and the receipts of those who leave them.
FOLDER = Path("data/shards")
RECEIPTS = Path("data/receipts/shards")

# A shard's number and how many there are: 3-of-7.
NAME = re.compile(r"([1-9]\d*)-of-([1-9]\d*)")

# The setting by which the table's size decides.
AUTO = "auto"

# Of the user's files, for one shard: minutes of work, in which the seconds do not count that each
# job takes to start.
BYTES = 1 << 28

# Shards at most, where their number is not set.
MOST = 256


class Shard(NamedTuple):
    """One of ``total`` shards, by its number from 1."""

    number: int
    total: int

    def of(self, count: int) -> range:
        """Return which of ``count`` things in a row are this shard's."""
        return range(count * (self.number - 1) // self.total, count * self.number // self.total)


def parse(name: str) -> Shard:
    """Read a shard's name. Raises ArgumentTypeError where it is none."""
    found = NAME.fullmatch(name)
    if not found or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError(f"{name!r} is no shard, such as 3-of-7")
    return Shard(int(found[1]), int(found[2]))


def names(total: int) -> list[str]:
    """Return the shards' names in their order; none where one job does everything."""
    return [f"{number}-of-{total}" for number in range(1, total + 1)] if total > 1 else []


def left(shards: Iterable[str], *patterns: str) -> list[str]:
    """Return what shards leave, one after another: patterns in which ``{shard}`` is their name."""
    return [pattern.replace("{shard}", shard) for shard in shards for pattern in patterns]


def count(asked: int | str, sources: Iterable[str]) -> int:
    """Return how many shards there are; ``asked``: their number, or by the size of ``sources``."""
    if asked != AUTO:
        return int(asked)
    return of_bytes(sum(path.stat().st_size for path in map(Path, sources) if path.is_file()))


def of_bytes(size: int) -> int:
    """Return how many shards a table of so many bytes has where their number is not set."""
    return max(1, min(MOST, math.ceil(size / BYTES)))


def forget_others(total: int) -> None:
    """Remove what builds by another number of shards, that did not end, have left."""
    for folder in (FOLDER, RECEIPTS):
        for path in folder.rglob("*-of-*"):
            if path.is_file() and not path.name.partition("-of-")[2].startswith(f"{total}."):
                path.unlink()


class _OneShard(argparse.Action):
    """Takes a shard's name; what only the whole needs is then not asked for."""

    of_whole: Sequence[argparse.Action] = ()

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Note the shard."""
        setattr(namespace, self.dest, values)
        for other in self.of_whole:
            other.required = False


def add_arguments(parser: argparse.ArgumentParser, of_whole: Sequence[argparse.Action]) -> None:
    """Add the options of shards; ``of_whole`` are those that one shard does not need."""
    shard = parser.add_argument(
        "--shard", type=parse, action=_OneShard, help="do this part of the work, such as 3-of-7"
    )
    shard.of_whole = of_whole  # type: ignore[attr-defined]
    parser.add_argument("--part", type=Path, nargs="+", metavar="FILE", help="and write it here")
    parser.add_argument(
        "--parts", type=Path, nargs="*", default=[], metavar="FILE",
        help="take the work from what all shards wrote, in their order",
    )  # fmt: skip


def is_part(path: str) -> bool:
    """Tell whether a file is what a shard has left, or its receipt."""
    return any(Path(path).is_relative_to(folder) for folder in (FOLDER, RECEIPTS))


def of_whole(paths: Iterable[str], command: Sequence[str]) -> list[str]:
    """Return the words or paths of a command as if one job did everything.

    Those of a shard's own command as they are.
    """
    return [path for path in paths if "--shard" in command or not is_part(path)]
