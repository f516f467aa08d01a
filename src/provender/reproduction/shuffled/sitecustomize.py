"""Lists every folder in a random order; Python runs this at its start if it is on its path."""

import os
import random
from collections.abc import Iterator
from typing import Any

_listdir, _scandir = os.listdir, os.scandir


class _Entries:
    """A folder's entries, as scandir gives them: an iterator that can be closed."""

    def __init__(self, entries: list[Any]) -> None:
        self._entries = iter(entries)

    def __iter__(self) -> Iterator[Any]:
        return self._entries

    def __next__(self) -> Any:
        return next(self._entries)

    def __enter__(self) -> "_Entries":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._entries = iter(())


def _shuffled(entries: list[Any]) -> list[Any]:
    # The system's generator: Python's own is one that a step may have seeded.
    return random.SystemRandom().sample(entries, len(entries))


def _shuffled_listdir(path: Any = ".") -> list[Any]:
    return _shuffled(_listdir(path))


def _shuffled_scandir(path: Any = ".") -> _Entries:
    with _scandir(path) as entries:
        return _Entries(_shuffled(list(entries)))


os.listdir = _shuffled_listdir
os.scandir = _shuffled_scandir  # type: ignore[assignment]
