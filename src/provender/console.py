"""What a person sees of a command while it runs: log lines and progress."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

# Seconds between two progress lines where no terminal shows a bar.
PROGRESS_SECONDS = 5

log = logging.getLogger("provender")


def progress(items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
    """Yield ``items`` with a bar in a terminal, or a plain line now and then elsewhere."""
    if sys.stderr.isatty():
        # rich takes a tenth of a second to import, which a log does not need.
        from rich.console import Console
        from rich.progress import track

        yield from track(items, what, total, console=Console(stderr=True), transient=True)
        return
    begun = said = time.monotonic()
    for count, item in enumerate(items, 1):
        yield item
        if time.monotonic() - said > PROGRESS_SECONDS:
            said = time.monotonic()
            left = (said - begun) / count * (total - count)
            still = f", about {in_words(left)} left" if left > 0 else ""
            log.info("%s: %s of %s%s", what, f"{count:,}", f"{total:,}", still)


def in_words(seconds: float) -> str:
    """Return a time in words, no more exact than an estimate is."""
    if seconds < 90:
        return f"{max(5, round(seconds / 5) * 5)} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
