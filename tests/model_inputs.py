"""Features and weights, written and read as the steps around the model do."""

import math
import shutil
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from conftest import SMALL_CONFIG, Project

from provender import files


def write_features(path: Path, labels: list[int], ids: list[list[int]], first_row: int = 1) -> Path:
    """Write texts as encode_posts does, with row ids from ``first_row`` on."""
    flat = pa.array([word for text in ids for word in text], pa.int32())
    table = {
        "rowid": pa.array(range(first_row, first_row + len(ids)), pa.int64()),
        "label": pa.array(labels, pa.int32()),
        "ids": pa.FixedSizeListArray.from_arrays(flat, len(ids[0])),
    }
    pq.write_table(pa.table(table), path)
    return path


def read_ids(path: Path) -> list[list[int]]:
    """Return the word ids that encode_posts has written."""
    return pq.read_table(path)["ids"].to_pylist()


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an HDF5 model: embeddings, kernel and bias."""
    found = {}

    def keep(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            found[name.rpartition("/")[2].removesuffix(":0")] = item[:]

    with h5py.File(path) as file:
        file["model_weights"].visititems(keep)
    return found


def read_shard(folder: Path) -> list[np.ndarray]:
    """Return a model's weights as its model.json lays them out in the one shard.

    What is stored in fewer bytes is restored as TensorFlow.js does it.
    """
    (group,) = files.read_json(folder / "model.json")["weightsManifest"]
    (shard,) = group["paths"]
    content = (folder / shard).read_bytes()
    arrays = []
    for weight in group["weights"]:
        how = weight.get("quantization", {"dtype": weight["dtype"]})
        size = math.prod(weight["shape"]) * np.dtype(how["dtype"]).itemsize
        values, content = content[:size], content[size:]
        array = np.frombuffer(values, how["dtype"]).reshape(weight["shape"])
        if "scale" in how:
            array = array * how["scale"] + how["min"]
        if "quantization" in weight:
            array = array.astype(np.float32)
        arrays.append(array)
    assert content == b""
    return arrays


def assert_same_weights(folder: Path, hdf5: Path, table: type = np.float32) -> None:
    """Assert that a folder holds the weights of an HDF5 model, bit for bit, among constants.

    The table's are those that type ``table`` has nearest to them.
    """
    found = [array for array in read_shard(folder) if array.dtype == np.float32]
    for name, weights in read_weights(hdf5).items():
        if name == "embeddings":
            weights = weights.astype(table).astype(np.float32)
        same = [array for array in found if np.array_equal(array, weights)]
        assert len(same) == 1, name


def copy_unverified(build: Project, folder: Path) -> Path:
    """Copy a build's data without the parity report, for a test to change; return ``folder``."""
    shutil.copytree(build.folder / "data", folder)
    (folder / "reports" / "parity.json").unlink()
    return folder


def verify_arguments(data: Path) -> list[str | Path]:
    """Return verify_parity's command line for a small build's data."""
    vocabulary = data / "vocabulary"
    return [
        *("--test", data / "splits" / "test.parquet"),
        *("--features", data / "features" / "test.parquet"),
        *("--predictions", data / "reports" / "predictions.parquet"),
        *("--layers", data / "tfjs" / "layers", "--graph", data / "tfjs" / "graph"),
        *("--name", "small", "--max-words", str(SMALL_CONFIG["model"]["max_words"])),
        *("--candidates", vocabulary / "candidates.json"),
        *("--choice", data / "model" / "choice.json"),
        *("--vocabulary", vocabulary / "vocabulary.json", "--labels", vocabulary / "labels.json"),
        *("--text", vocabulary / "text.json", "--output", data / "reports" / "parity.json"),
    ]
