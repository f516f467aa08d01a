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
    said = time.monotonic()
    for count, item in enumerate(items, 1):
        yield item
        if time.monotonic() - said > PROGRESS_SECONDS:
            said = time.monotonic()
            log.info("%s: %s of %s", what, f"{count:,}", f"{total:,}")
