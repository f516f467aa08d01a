"""The environment in which a step gives the same bytes everywhere.

Python's hash seed is not here, since Python reads it before any of this: no output may
depend on it, nor on the number of threads, which ``make reproduce`` proves by varying both.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from typing import Any

ENVIRONMENT = {
    # Eigen's contractions run oneDNN code that is picked by the CPU at run time; pinned to
    # SSE4.1, which every x86-64 that TensorFlow supports has, all pick the same.
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    # Models are tf-keras (Keras 2), the format that TensorFlow.js loads.
    "TF_USE_LEGACY_KERAS": "1",
    # There is no GPU to look for, and TensorFlow's start-up notes are no news.
    "CUDA_VISIBLE_DEVICES": "",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # For what a step calls: libraries that format dates, numbers and lists, and Node.
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    # A library that must write a date writes this one: the epoch's first day that zip can hold.
    "SOURCE_DATE_EPOCH": "315532800",
}


def pin_environment() -> None:
    """Set ``ENVIRONMENT`` for this process and those that it starts."""
    os.environ.update(ENVIRONMENT)
    time.tzset()


@contextmanager
def without_pandas() -> Iterator[None]:
    """Within this, pandas is as if it was not installed, unless it is already imported.

    Arrow imports it wherever it is, in longer than most steps take to do their work, and does
    without where it is not.
    """
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _NoPandas(MetaPathFinder):
    # None in the module's place, as below, would do for Python's imports, but not for Cython's.
    def find_spec(self, name: str, *_: Any) -> None:
        """Fail for pandas, and leave all else to others."""
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
