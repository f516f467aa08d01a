"""The weights in a file, whatever holds them."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from provender import files
from provender.reproduction import differences

if TYPE_CHECKING:
    import numpy as np

CHECKPOINT = (".index", ".data-00000-of-00001")

# How files end that hold weights.
ENDS = (".h5", ".bin", *CHECKPOINT)


def read(path: Path) -> dict[str, "np.ndarray"] | None:
    """Return the tensors of a model's file by their names; None for any other file.

    Of quantised ones the numbers that they stand for. A TensorFlow.js model.json stands for
    the shards beside it. Raises one of ``differences.UNREADABLE`` where it is damaged.
    """
    if path.suffix == ".h5":
        import h5py

        with h5py.File(path) as file:
            return differences.hdf5_parts(file)[0]
    if path.suffix == ".bin":
        return _of_model(path.with_name("model.json"))
    if path.name == "model.json":
        return _of_model(path)
    if path.name.endswith(CHECKPOINT):
        return differences.checkpoint(path)
    return None


def _of_model(model: Path) -> dict[str, "np.ndarray"]:
    import numpy as np

    groups = files.read_json(model)["weightsManifest"]
    shards = {model.with_name(name) for group in groups for name in group["paths"]}
    stored = {
        name: array
        for shard in sorted(shards)
        for name, array in differences.weights(shard).items()
    }
    found = {}
    for weight in (weight for group in groups for weight in group["weights"]):
        array, form = stored[weight["name"]], weight.get("quantization")
        if form:
            array = array * form.get("scale", 1) + form.get("min", 0)
            array = array.astype(np.dtype(weight["dtype"]))
        found[weight["name"]] = array
    return found


def digest(arrays: dict[str, "np.ndarray"]) -> str:
    """Return a digest of tensors: of names, kinds, shapes and values, in order of names."""
    sha256 = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        sha256.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        sha256.update(array.tobytes())
    return sha256.hexdigest()
