"""What two or more steps of the workflow share, and the ``provender`` command."""

import sys
from types import TracebackType

from provender import errors

INTERRUPTED = "interrupted: nothing was half-written; run the same command again to go on"


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Tell of an interrupt and of memory as :func:`provender.running.step.run` does.

    All else as Python does.
    """
    if issubclass(kind, KeyboardInterrupt):
        print(INTERRUPTED, file=sys.stderr)
    elif errors.lack_of_memory(error):
        print(f"error: {errors.no_memory(error)}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


# Libraries take a second to import, in which a user may press Ctrl-C, or memory may not suffice,
# before a step has begun.
sys.excepthook = _tell
