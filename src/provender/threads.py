"""Work on batches side by side, with the same result whatever the number of threads."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# Each thread holds a batch: bounds the memory of a step on a machine of many cores.
MOST_THREADS = 4


def count() -> int:
    """Return how many threads work side by side."""
    return min(MOST_THREADS, len(os.sched_getaffinity(0)))


def in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield what ``work`` makes of each item, in their order, made by as many threads as cores.

    Threads gain where the work is Arrow's or NumPy's, which let go of Python's lock. ``items`` are
    asked for in the caller's thread, and not many more at once than there are threads.
    """
    most = count()
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(most) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
