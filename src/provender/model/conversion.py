"""The TensorFlow.js converters, without the packages that they do not need.

``tensorflowjs`` imports all that it could ever convert from: decision forests and jax, which
bring conflicts (see pyproject.toml), the hub, Keras, and TensorFlow itself for HDF5. Here,
and nowhere else, its modules are imported one by one and others stand in for those packages.
Import this module instead of ``tensorflowjs``.
"""

import importlib
import importlib.util
import shutil
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from provender import files
from provender.errors import UserError
from provender.model import runtime

# One shard whatever the size: the workflow names each file that is written.
SHARD_BYTES = 1 << 40
MODEL = "model.json"
SHARD = "group1-shard1of1.bin"

# What the converters call the table of words.
LAYERS_TABLE = "table/kernel"
GRAPH_TABLE = "*/table/*"


def convert_layers(hdf5: Path, output: Path, stored: str) -> None:
    """Write a tf-keras HDF5 model to folder ``output`` in the layers format.

    Its table is stored as type ``stored``, see provender.model.levels.
    """
    converter = _hdf5_converter()
    topology, weights = converter.h5_merged_saved_model_to_tfjs_format(str(hdf5))

    def write(folder: str) -> None:
        converter.write_artifacts(
            topology,
            weights,
            folder,
            quantization_dtype_map=_quantise(stored, LAYERS_TABLE),
            weight_shard_size_bytes=SHARD_BYTES,
        )

    _convert(output, write, stored)


def convert_graph(saved_model: Path, output: Path, stored: str) -> None:
    """Write a SavedModel to folder ``output`` in the graph format; ``stored``: as above."""
    converter = _graph_converter()

    def write(folder: str) -> None:
        converter.convert_tf_saved_model(
            str(saved_model),
            folder,
            quantization_dtype_map=_quantise(stored, GRAPH_TABLE),
            weight_shard_size_bytes=SHARD_BYTES,
        )

    _convert(output, write, stored)


def _quantise(stored: str, table: str) -> dict[str, str]:
    """Return what the converters are told: the types of weights, by which of them."""
    return {} if stored == "float32" else {stored: table}


def _hdf5_converter() -> types.ModuleType:
    """Import the converter of HDF5, for which TensorFlow only opens files."""
    tensorflow = types.ModuleType("tensorflow")
    # A stand-in has what it is given.
    tensorflow.io = types.SimpleNamespace(gfile=types.SimpleNamespace(GFile=open))  # type: ignore[attr-defined]
    with _standing_in(tensorflow):
        return importlib.import_module("tensorflowjs.converters.keras_h5_conversion")


def _graph_converter() -> types.ModuleType:
    """Import the converter of SavedModels."""
    unused = ("tensorflow_decision_forests", "tensorflow_hub")
    with runtime.quiet_start(), _standing_in(*map(types.ModuleType, unused)):
        return importlib.import_module("tensorflowjs.converters.tf_saved_model_conversion_v2")


@contextmanager
def _standing_in(*modules: types.ModuleType) -> Iterator[None]:
    """Let ``modules`` stand in for those of their names, and empty packages for tensorflowjs'.

    Afterwards neither they nor what was imported of tensorflowjs can be imported any more.
    """
    found = importlib.util.find_spec("tensorflowjs")
    if found is None or found.origin is None:
        raise UserError("tensorflowjs is not in this Python's environment: run make setup")
    folder = Path(found.origin).parents[1]
    packages = [types.ModuleType(name) for name in ("tensorflowjs", "tensorflowjs.converters")]
    for package in packages:
        package.__path__ = [str(folder.joinpath(*package.__name__.split(".")))]
    standing_in = {module.__name__: module for module in (*packages, *modules)}
    kept = {name: sys.modules[name] for name in standing_in if name in sys.modules}
    sys.modules.update(standing_in)
    try:
        yield
    finally:
        for name in [n for n in sys.modules if n in standing_in or n.startswith("tensorflowjs.")]:
            del sys.modules[name]
        sys.modules.update(kept)


def _convert(output: Path, write: Callable[[str], None], stored: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(folder)
        written = sorted(path.name for path in Path(folder).iterdir())
        if written != [SHARD, MODEL]:
            raise RuntimeError(
                f"the converter wrote other files than the workflow names: {written}"
            )
        model = files.read_json(Path(folder) / MODEL)
        weights = [weight for group in model["weightsManifest"] for weight in group["weights"]]
        quantised = [
            weight["quantization"]["dtype"] for weight in weights if "quantization" in weight
        ]
        if quantised != list(_quantise(stored, "")):
            raise RuntimeError("the converter names the table otherwise than is expected here")
        with files.replacing(output / SHARD) as part:
            shutil.copyfile(Path(folder) / SHARD, part)
        # The converter orders some keys at random.
        files.write_json(output / MODEL, model)
