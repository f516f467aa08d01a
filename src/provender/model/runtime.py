"""TensorFlow, imported without noise, seeded, and with deterministic kernels only."""

import gc
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provender.determinism import pin_environment

# TensorFlow.js reads HDF5, so that Keras calls it a legacy format is no news.
warnings.filterwarnings("ignore", message="You are saving your model as an HDF5 file")


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
