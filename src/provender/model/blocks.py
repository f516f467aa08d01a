"""Posts that are learnt from in blocks, since all together they are larger than memory.

As Yu, Hsieh, Chang and Lin (2010) train linear classifiers: the posts lie on disk, one block after
the other is read and learnt from. Posts are dealt to the blocks in turn, so that each block is like
all of them, in whatever order they stand.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import overload

import numpy as np

from provender.model import features
from provender.model.features import Features, count_posts

# Features of posts that are in memory at once, 200 MB: some 500,000 short texts, or 5,000 long ones
# with all their pieces of words. Of tables with fewer, all is learnt from at once.
MOST_FEATURES = 1 << 24

# To validate, at most half as many features are read as to learn from.
VALIDATION_PART = 2

# Features that are read before they are dealt: fewer would be many small writes.
DEALT = 1 << 22

# Posts, all at once or in blocks.
Posts = Features | Sequence[Features]

# What files hold of a block.
FIELDS = {name: own for name, own in features.TYPES.items() if name != "counts"}


def count_features(paths: Iterable[Path]) -> int:
    """Return how many features posts in Parquet files have; posts without any count as with one.

    By what the files say of themselves, which is read in no time.
    """
    import pyarrow.parquet as pq

    total = 0
    for path in paths:
        with pq.ParquetFile(path) as file:
            found = file.metadata
        for group in range(found.num_row_groups):
            columns = (found.row_group(group).column(i) for i in range(found.num_columns))
            total += sum(each.num_values for each in columns if each.path_in_schema[:4] == "ids.")
    return total


def count_blocks(features: int) -> int:
    """Return in how many blocks posts of so many features are learnt from."""
    return max(1, math.ceil(features / MOST_FEATURES))


def part_to_validate(validation: Path) -> int:
    """Return of how many posts of a file of features one validates: of few, each does."""
    return count_blocks(VALIDATION_PART * count_features([validation]))


def are_blocks(learnt: int, validation: Path) -> bool:
    """Return whether posts of so many features are learnt from in blocks, these being asked."""
    return count_blocks(learnt + VALIDATION_PART * count_features([validation])) > 1


def as_blocks(posts: Posts) -> Sequence[Features]:
    """Return the blocks of posts: of those that are in memory at once, it is one."""
    return [posts] if isinstance(posts, Features) else posts


def count_all(posts: Posts) -> np.ndarray:
    """Return how many posts have each id, in whatever blocks: int [ids]."""
    first, *others = map(count_posts, as_blocks(posts))
    return np.sum([first, *others], axis=0) if others else first


class MadeBlocks(Sequence[Features]):
    """Blocks of posts; each is made, by its number, when it is asked for."""

    def __init__(self, count: int, make: Callable[[int], Features]) -> None:
        """Take what makes so many blocks."""
        self._count, self._make = count, make

    def __len__(self) -> int:
        """Return the number of blocks."""
        return self._count

    @overload
    def __getitem__(self, block: int) -> Features: ...

    @overload
    def __getitem__(self, block: slice) -> Sequence[Features]: ...

    def __getitem__(self, block: int | slice) -> Features | Sequence[Features]:
        """Make a block, or several."""
        if isinstance(block, slice):
            return [self[place] for place in range(self._count)[block]]
        if not 0 <= block < self._count:
            raise IndexError(block)
        return self._make(block)


class Blocks(MadeBlocks):
    """Blocks of posts in a folder; each is read when it is asked for.

    Their features have no counts, which nothing that learns from them needs: these are 0.
    """

    def __init__(self, folder: Path, count: int, kinds: np.ndarray) -> None:
        """Begin with no posts in any of so many blocks."""
        super().__init__(count, self._read_block)
        self._folder, self._kinds = folder, kinds
        self._rows = 0

    def _read_block(self, block: int) -> Features:
        arrays = {name: self._read(block, name) for name in FIELDS}
        starts = np.concatenate([[0], np.cumsum(arrays.pop("starts"))])
        counts = np.broadcast_to(np.int32(0), len(arrays["ids"]))
        return Features(starts=starts, counts=counts, kinds=self._kinds, **arrays)

    def begin(self) -> None:
        """Make the files of all blocks, also of those that get no posts."""
        for block in range(self._count):
            for name in FIELDS:
                self._path(block, name).touch()

    def deal(self, posts: Features) -> None:
        """Add posts, the next of them to the block whose turn it is."""
        count = len(posts.labels)
        for turn in range(min(self._count, count)):
            block = (self._rows + turn) % self._count
            own = features.rows_at(posts, np.arange(turn, count, self._count))
            for name in FIELDS:
                values = np.diff(own.starts) if name == "starts" else getattr(own, name)
                with self._path(block, name).open("ab") as file:
                    file.write(np.ascontiguousarray(values, FIELDS[name]).data)
        self._rows += count

    def _read(self, block: int, name: str) -> np.ndarray:
        # Mapped, not read: no copy is made of what the system holds in memory anyway.
        path = self._path(block, name)
        if not path.stat().st_size:
            return np.zeros(0, FIELDS[name])
        return np.asarray(np.memmap(path, FIELDS[name], "r"))

    def _path(self, block: int, name: str) -> Path:
        return self._folder / f"{block}.{name}"


def deal(parts: Iterable[Features], folder: Path, count: int, kinds: np.ndarray) -> Blocks:
    """Write posts to ``count`` blocks in a new folder; ``kinds``: uint8 [ids]."""
    folder.mkdir(parents=True)
    blocks = Blocks(folder, count, kinds)
    blocks.begin()
    for some in gather(parts):
        blocks.deal(some)
    return blocks


def gather(parts: Iterable[Features]) -> Iterator[Features]:
    """Yield posts in larger parts."""
    held: list[Features] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part.ids)
        if size >= DEALT:
            yield features.join(*held)
            held, size = [], 0
    if held:
        yield features.join(*held)
