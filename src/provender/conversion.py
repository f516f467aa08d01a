"""The TensorFlow.js converter, importable without the packages that it does not need.

``tensorflowjs`` imports decision forests and jax whether or not they are used, and both
bring conflicts (see pyproject.toml); empty modules stand in for them here and nowhere
else. Import this module instead of ``tensorflowjs``.
"""

import importlib.machinery
import shutil
import sys
import tempfile
import types
import warnings
from collections.abc import Callable
from pathlib import Path

from provender import determinism, files

UNUSED = ("tensorflow_decision_forests", "jax", "jax.experimental", "jax.experimental.jax2tf")

# One shard whatever the size: the workflow names each file that is written.
SHARD_BYTES = 1 << 40
MODEL = "model.json"
SHARD = "group1-shard1of1.bin"


def _register_unused() -> None:
    for name in UNUSED:
        module = types.ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


_register_unused()
with determinism.quiet_start(), warnings.catch_warnings():
    # tensorflow_hub imports pkg_resources, which says that it is deprecated.
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    import tensorflow as tf
    import tf_keras
    from tensorflowjs.converters import save_keras_model
    from tensorflowjs.converters.tf_saved_model_conversion_v2 import convert_tf_saved_model


def convert_layers(hdf5: Path, output: Path) -> None:
    """Write a tf-keras HDF5 model to folder ``output`` in the layers format."""
    # The model is only saved again, so what it was compiled with does not matter.
    model = tf_keras.models.load_model(hdf5, compile=False)
    # Saving warns that metrics are not built, which a model that was not compiled has none of.
    tf.get_logger().setLevel("ERROR")
    _convert(
        output, lambda folder: save_keras_model(model, folder, weight_shard_size_bytes=SHARD_BYTES)
    )


def convert_graph(saved_model: Path, output: Path) -> None:
    """Write a SavedModel to folder ``output`` in the graph format."""
    _convert(
        output,
        lambda folder: convert_tf_saved_model(
            str(saved_model), folder, weight_shard_size_bytes=SHARD_BYTES
        ),
    )


def _convert(output: Path, write: Callable[[str], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(folder)
        written = sorted(path.name for path in Path(folder).iterdir())
        if written != [SHARD, MODEL]:
            raise RuntimeError(
                f"the converter wrote other files than the workflow names: {written}"
            )
        with files.replacing(output / SHARD) as part:
            shutil.copyfile(Path(folder) / SHARD, part)
        # The converter orders some keys at random.
        files.write_json(output / MODEL, files.read_json(Path(folder) / MODEL))
