"""How far training is, on disk, so that a run that was killed is gone on with by the next."""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from provender import files
from provender.errors import UserError

# So long may be lost. What takes less time leaves nothing on the disk.
SECONDS = 30.0

KEY = "key"


class Checkpoints:
    """Named arrays in a folder, each name's whole or not at all.

    They are of one ``key``, a digest of all that they follow from: those of another are removed.
    It is asked for where there are some, or are to be.
    """

    def __init__(self, folder: Path, key: Callable[[], str], seconds: float | None = None) -> None:
        """Begin, with what an earlier run has left if it is of the same key."""
        self._folder, self._key = folder, key
        self._seconds = SECONDS if seconds is None else seconds
        self._written = time.monotonic()
        if folder.exists() and self._kept_key() != key():
            shutil.rmtree(folder)

    def read(self, name: str) -> dict[str, np.ndarray] | None:
        """Return the arrays that were last written under a name, None if there are none."""
        path = self._path(name)
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            return dict(file)

    def require(self, name: str) -> dict[str, np.ndarray]:
        """Return the same; raise UserError where nothing is there."""
        found = self.read(name)
        if found is None:
            raise UserError(f"{self._path(name)} is gone: remove {self._folder}, and begin anew")
        return found

    def is_due(self) -> bool:
        """Return whether it is time to write how far it is."""
        return time.monotonic() - self._written >= self._seconds

    @property
    def is_begun(self) -> bool:
        """Return whether anything was written."""
        return self._folder.exists()

    def write(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write arrays in place of those of the same name."""
        if not self._folder.exists():
            self._folder.mkdir(parents=True)
            files.write_text(self._folder / KEY, self._key())
        with files.replacing(self._path(name)) as part, part.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())

    def written(self) -> None:
        """Say that all is written by which one can go on; the next is not due for a while."""
        self._written = time.monotonic()

    def remove(self, names: Iterable[str]) -> None:
        """Remove what is not needed any more; a name may have nothing."""
        for name in names:
            self._path(name).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all: nothing is left to go on with."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _kept_key(self) -> str:
        path = self._folder / KEY
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.npz"
