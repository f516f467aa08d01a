"""How many texts have each feature, of more features than fit in memory.

Counts of batches are added up by Arrow's hash aggregation. Where there are too many different names
they go to partitions on disk, by a hash of the name, each of which is added up for itself. DuckDB,
which would do that by itself, took 360 MB under a limit of 200 for 12 million names.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provender.text import loops
from provender.text.words import buffers_of

SCHEMA = pa.schema({"name": pa.string(), "count": pa.int64()})

# Names held in memory, of which some are the same; and, where so many different ones are among
# them, none: some 100 MB.
MOST_HELD = 1_000_000
MOST_DIFFERENT = 600_000

# Each is added up in memory: 32 do for some 30 million different names and more.
PARTITIONS = 32

# Which names go to which partition: a hash of their first bytes, each times an odd number.
HASHED_BYTES = 64
FACTORS = np.random.default_rng(1).integers(0, 1 << 63, HASHED_BYTES, np.uint64) * 2 + 1

# What CRC-32 makes of each byte, by its polynomial with the bits in reverse.
CRC_OF_BYTES = np.arange(256, dtype=np.int64)
for _ in range(8):
    CRC_OF_BYTES = CRC_OF_BYTES >> 1 ^ np.where(CRC_OF_BYTES & 1, 0xEDB88320, 0)


class Counter:
    """Adds up counts by name; ``folder`` is there for what does not fit in memory."""

    def __init__(self, folder: Path) -> None:
        """Begin with nothing."""
        self._folder = folder
        self._held: list[pa.Table] = []
        self._rows = 0
        self._writers: list[pa.ipc.RecordBatchStreamWriter] = []

    def add(self, names: pa.StringArray, counts: np.ndarray) -> None:
        """Add counts, int64 [names], which may be negative."""
        self._held.append(pa.table([names, pa.array(counts)], SCHEMA))
        self._rows += len(names)
        if self._rows > MOST_HELD:
            table = _add_up(self._held)
            if self._writers or len(table) > MOST_DIFFERENT:
                self._spill(table)
                table = SCHEMA.empty_table()
            self._held, self._rows = [table], len(table)

    def tables(self) -> Iterator[pa.Table]:
        """Yield all names, each once with the sum of its counts; then nothing is held any more."""
        table = _add_up(self._held)
        self._held = []
        if not self._writers:
            yield table
            return
        self._spill(table)
        for writer in self._writers:
            writer.close()
        for partition in range(PARTITIONS):
            with pa.ipc.open_stream(self._path(partition)) as reader:
                yield _add_up([reader.read_all()])

    def _spill(self, table: pa.Table) -> None:
        if not self._writers:
            self._folder.mkdir(parents=True, exist_ok=True)
            options = pa.ipc.IpcWriteOptions(compression="zstd")
            self._writers = [
                pa.ipc.new_stream(self._path(partition), SCHEMA, options=options)
                for partition in range(PARTITIONS)
            ]
        names = table["name"].combine_chunks()
        partition = (hash_names(names) >> np.uint64(32)) % PARTITIONS
        order = np.argsort(partition, kind="stable")
        bounds = np.searchsorted(partition[order], np.arange(PARTITIONS + 1))
        for place, writer in enumerate(self._writers):
            rows = order[bounds[place] : bounds[place + 1]]
            writer.write_table(table.take(pa.array(rows)))

    def _path(self, partition: int) -> str:
        return str(self._folder / f"{partition}.arrow")


def hash_names(names: pa.StringArray) -> np.ndarray:
    """Return a hash of each name, the same wherever it is: uint64 [names]."""
    # What take returns begins at 0.
    _, offsets, data = names.take(pa.array(np.arange(len(names)))).buffers()
    bounds = np.frombuffer(offsets, np.int32)[: len(names) + 1].astype(np.int64)
    lengths = np.diff(bounds)
    found = lengths.astype(np.uint64)
    characters = np.frombuffer(data or b"", np.uint8)
    for place in range(min(HASHED_BYTES, int(lengths.max(initial=0)))):
        rows = np.flatnonzero(lengths > place)
        found[rows] += characters[bounds[rows] + place] * FACTORS[place]
    return found


def keep_most(table: pa.Table, size: int) -> pa.Table:
    """Return the ``size`` names of the highest counts.

    Which of equal ones are among them is drawn, so that no script and no letter is left out.
    """
    if len(table) <= size:
        return table
    counts = table["count"].to_numpy()
    least = int(np.partition(counts, len(counts) - size)[len(counts) - size])
    above = table.filter(pc.greater(table["count"], least))
    equal = table["name"].filter(pc.equal(table["count"], least)).combine_chunks()
    room = size - len(above)
    sums = checksum(equal)
    bound = np.partition(sums, room - 1)[room - 1]
    # Of those of the last checksum, the first by code point.
    last = equal.filter(pa.array(sums == bound))
    last = last.take(pc.array_sort_indices(last)).slice(0, room - int((sums < bound).sum()))
    drawn = pa.concat_arrays([equal.filter(pa.array(sums < bound)), last])
    rest = pa.table([drawn, np.full(room, least)], SCHEMA)
    return pa.concat_tables([above, rest])


def checksum(names: pa.StringArray) -> np.ndarray:
    """Return the CRC-32 of each name, as zlib has it: uint32 [names]."""
    sums = np.empty(len(names), np.uint32)
    loops.checksum(*buffers_of(names), CRC_OF_BYTES, sums)
    return sums


def _add_up(tables: list[pa.Table]) -> pa.Table:
    table = pa.concat_tables([SCHEMA.empty_table(), *tables])
    added = pa.TableGroupBy(table, "name", use_threads=False).aggregate([("count", "sum")])
    return added.rename_columns({"count_sum": "count"}).select(SCHEMA.names).cast(SCHEMA)
