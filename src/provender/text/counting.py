"""How many texts have each feature, of more features than fit in memory.

Counts of batches are added up by Arrow's hash aggregation. Where there are too many different names
they go to partitions on disk, by a checksum of the name, each of which is added up for itself.
DuckDB, which would do that by itself, took 360 MB under a limit of 200 for 12 million names.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provender.text import loops
from provender.text.words import buffers_of

SCHEMA = pa.schema({"name": pa.string(), "count": pa.int64()})

# Names held in memory, of which some are the same; and, where so many different ones are among
# them, none: some 50 MB, and twice that while they are added up.
MOST_HELD = 500_000
MOST_DIFFERENT = 300_000

# Each is added up in memory: 32 do for some 30 million different names and more.
PARTITIONS = 32

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
        table = pa.table([names, pa.array(counts)], SCHEMA)
        # Once there are too many, adding up a few first would take longer than writing them all.
        if self._writers:
            self._spill(table)
            return
        self._held.append(table)
        self._rows += len(names)
        if self._rows > MOST_HELD:
            table = _add_up(self._held)
            if len(table) > MOST_DIFFERENT:
                self._spill(table)
                table = SCHEMA.empty_table()
            self._held, self._rows = [table], len(table)

    def tables(self) -> Iterator[pa.Table]:
        """Yield all names, each once with the sum of its counts; then nothing is held any more."""
        if not self._writers:
            held, self._held = self._held, []
            yield _add_up(held)
            return
        for writer in self._writers:
            writer.close()
        for partition in range(PARTITIONS):
            with pa.ipc.open_stream(self._path(partition)) as reader:
                yield _add_up(pa.Table.from_batches([batch]) for batch in reader)

    def _spill(self, table: pa.Table) -> None:
        if not self._writers:
            self._folder.mkdir(parents=True, exist_ok=True)
            options = pa.ipc.IpcWriteOptions(compression="zstd")
            self._writers = [
                pa.ipc.new_stream(self._path(partition), SCHEMA, options=options)
                for partition in range(PARTITIONS)
            ]
        names = table["name"].combine_chunks()
        # Of one byte each, which NumPy sorts without comparing.
        partition = (checksum(names) % PARTITIONS).astype(np.uint8)
        order = np.argsort(partition, kind="stable")
        bounds = np.searchsorted(partition[order], np.arange(PARTITIONS + 1))
        for place, writer in enumerate(self._writers):
            rows = order[bounds[place] : bounds[place + 1]]
            writer.write_table(table.take(pa.array(rows)))

    def _path(self, partition: int) -> str:
        return str(self._folder / f"{partition}.arrow")


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


def _add_up(tables: Iterable[pa.Table]) -> pa.Table:
    """Add up as tables come: hardly more rows are held than are different, or ``MOST_HELD``."""
    held, rows, most = [SCHEMA.empty_table()], 0, MOST_HELD
    for table in tables:
        held.append(table)
        rows += len(table)
        if rows > most:
            held = [_add_up_held(held)]
            rows = len(held[0])
            most = max(MOST_HELD, 2 * rows)
    return _add_up_held(held)


def _add_up_held(tables: Sequence[pa.Table]) -> pa.Table:
    grouped = pa.TableGroupBy(pa.concat_tables(tables), "name", use_threads=False)
    added = grouped.aggregate([("count", "sum")])
    return added.rename_columns({"count_sum": "count"}).select(SCHEMA.names).cast(SCHEMA)
