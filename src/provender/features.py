"""Read what encode_posts wrote, as the arrays that the model takes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from provender import files
from provender.encode import pooling_weights


@dataclass(frozen=True)
class Features:
    """The encoded posts of one split, row for row.

    ``rowids`` int64 [n]; ``labels`` int32 [n]; ``ids`` int32 [n, max_words];
    ``weights`` float32 [n, max_words].
    """

    rowids: np.ndarray
    labels: np.ndarray
    ids: np.ndarray
    weights: np.ndarray


def read_features(path: Path) -> Features:
    """Read one Parquet file of features and derive the pooling weights."""
    table = files.read_parquet(path)
    ids = table["ids"].combine_chunks()
    ids = ids.values.to_numpy().reshape(len(table), ids.type.list_size)
    return Features(table["rowid"].to_numpy(), table["label"].to_numpy(), ids, pooling_weights(ids))
