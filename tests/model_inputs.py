"""Features and weights, written and read as the steps around the model do."""

import math
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from conftest import SMALL_CONFIG, Project

from provender import files
from provender.model import features
from provender.model.features import Features
from provender.text.encode import Kind


def counts_of(texts: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where each text's ids begin, the ids, each once a text, and their counts.

    Ids below 2 are left out: they stand for words that are not known.
    """
    counted = [sorted(Counter(word for word in ids if word >= 2).items()) for ids in texts]
    starts = np.cumsum([0, *map(len, counted)])
    flat = np.array([pair for pairs in counted for pair in pairs], np.int32).reshape(-1, 2)
    return starts, flat[:, 0], flat[:, 1]


def make_features(
    texts: Sequence[Sequence[int]],
    truth: Sequence[int],
    words: int,
    rowids: Sequence[int] | None = None,
    pieces: Sequence[int] = (),
) -> Features:
    """Return texts of ids below ``words`` as a split's features; ``pieces``: which are pieces."""
    kinds = np.where(np.isin(np.arange(words), pieces), Kind.PIECE, Kind.WORD).astype(np.uint8)
    rows = np.arange(len(texts)) if rowids is None else np.array(rowids)
    return features.make_features(rows, np.array(truth, np.int32), *counts_of(texts), kinds)


def write_features(path: Path, labels: list[int], ids: list[list[int]], first_row: int = 1) -> Path:
    """Write texts as encode_posts does, with row ids from ``first_row`` on."""
    starts, words, counts = counts_of(ids)
    offsets = pa.array(starts, pa.int32())
    table = {
        "rowid": pa.array(range(first_row, first_row + len(ids)), pa.int64()),
        "label": pa.array(labels, pa.int32()),
        "ids": pa.ListArray.from_arrays(offsets, pa.array(words)),
        "counts": pa.ListArray.from_arrays(offsets, pa.array(counts)),
    }
    pq.write_table(pa.table(table), path)
    return path


def read_ids(path: Path) -> list[list[int]]:
    """Return each text's ids as encode_posts has written them, each as often as it occurs."""
    table = pq.read_table(path, columns=["ids", "counts"]).to_pylist()
    return [
        [word for word, count in zip(row["ids"], row["counts"], strict=True) for _ in range(count)]
        for row in table
    ]


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an HDF5 model: table, kernel and bias."""
    found = {}

    def keep(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            layer, _, weight = name.removesuffix(":0").rpartition("/")
            found["table" if layer.endswith("table") else weight] = item[:]

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
        if name == "table":
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
        *("--outside", data / "reports" / "outside.json"),
        *("--candidates", vocabulary / "candidates.json"),
        *("--choice", data / "model" / "choice.json"),
        *("--vocabulary", vocabulary / "vocabulary.json", "--labels", vocabulary / "labels.json"),
        *("--text", vocabulary / "text.json", "--output", data / "reports" / "parity.json"),
    ]


def write_vectors(path: Path, words: Sequence[str], values: Sequence[Sequence[float]]) -> None:
    """Write words' vectors as read_vectors does."""
    numbers = np.array(values, np.float32)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(numbers.ravel()), numbers.shape[1])
    pq.write_table(pa.table({"word": list(words), "vector": vectors}), path)
