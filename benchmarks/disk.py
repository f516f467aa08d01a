"""Size on disk of the environment that ``make`` sets up."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import project
from figures import Figure

MOST_MB = 2700.0

FOLDERS = (".venv", "web/node_modules")

# What make test adds.
TESTS = project.ROOT / ".venv" / "remote-packages"


def sizes(folder: Path, without: Sequence[Path]) -> tuple[int, int]:
    """Return the bytes in all files of ``folder`` and the bytes of disk that they take.

    A file with several names counts once; what is below the folders ``without`` does not count.
    """
    seen: set[tuple[int, int]] = set()
    apparent = taken = 0
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if Path(parent, name) not in without]
        for name in [*folders, *names]:
            status = Path(parent, name).lstat()
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                apparent += status.st_size
                # POSIX counts blocks of 512 bytes whatever the file system's own are.
                taken += status.st_blocks * 512
    return apparent, taken


def measure(peers: Path) -> Iterator[Figure]:
    """Yield each folder's size and the sum, without the benchmarks' own packages ``peers``."""
    found = {name: sizes(project.ROOT / name, [peers, TESTS]) for name in FOLDERS}
    for name, (_, taken) in found.items():
        yield Figure("disk", name, taken / 1e6, MOST_MB, "limit", "MB")
    apparent, taken = (sum(column) for column in zip(*found.values(), strict=True))
    yield Figure("disk", "both, bytes in files", apparent / 1e6, MOST_MB, "limit", "MB")
    yield Figure("disk", "both, on disk", taken / 1e6, MOST_MB, "limit", "MB", at_most=1)
