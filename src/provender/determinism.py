"""What makes a step give the same bytes everywhere: environment, seeds, canonical files.

Python's hash seed is not here, since Python reads it before any of this: no output may
depend on it, nor on the number of threads, which ``make reproduce`` proves by varying both.
"""

import gc
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from pathlib import Path
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

# TensorFlow.js reads HDF5, so that Keras calls it a legacy format is no news either.
warnings.filterwarnings("ignore", message="You are saving your model as an HDF5 file")


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


@contextmanager
def quiet_start(keras: bool = False) -> Iterator[None]:
    """Import TensorFlow within this: without what its libraries print, in half the time.

    They write to file descriptor 2 before any setting could stop them; where the import
    fails, what was held back is shown. pandas and, unless ``keras``, tf-keras are not
    imported, which TensorFlow does where they are there and does without where not. Nor is
    garbage looked for, of which an import leaves next to none.
    """
    pin_environment()
    sys.stderr.flush()
    # None in a module's place makes its import fail as if it was not installed.
    absent = {"pandas", *(() if keras else ("tf_keras",))} - sys.modules.keys()
    sys.modules.update(dict.fromkeys(absent))
    gc.disable()
    with tempfile.TemporaryFile() as held:
        stderr = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            for name in absent:
                del sys.modules[name]
            # What was imported stays, so it is never looked through later on.
            gc.freeze()
            gc.enable()


def seed(value: int) -> None:
    """Seed Python, NumPy and TensorFlow, and allow deterministic kernels only."""
    with quiet_start(keras=True):
        import tensorflow as tf
        import tf_keras

    # It warns that a model is saved uncompiled, which is all that a shipped one needs to be.
    tf.get_logger().setLevel("ERROR")
    tf_keras.utils.set_random_seed(value)
    tf.config.experimental.enable_op_determinism()


def clear_fingerprint_uuid(path: Path) -> None:
    """Drop the random identifier from a SavedModel's ``fingerprint.pb``."""
    from tensorflow.core.protobuf import fingerprint_pb2

    fingerprint = fingerprint_pb2.FingerprintDef.FromString(path.read_bytes())
    fingerprint.ClearField("uuid")
    path.write_bytes(fingerprint.SerializeToString(deterministic=True))
