"""The table of a source as it is read, and of a split as it is written."""

import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from provender import files

SCHEMA = pa.schema(
    {"rowid": pa.int64(), "text": pa.string(), "label": pa.string(), "year": pa.float64()}
)


def read_posts(path: Path) -> pd.DataFrame:
    """Read table ``news`` as rowid, text, label, year and position (its place in time)."""
    database = sqlite3.connect(f"{path.resolve(strict=True).as_uri()}?mode=ro", uri=True)
    try:
        cursor = database.execute("SELECT * FROM news ORDER BY id")
        rows = cursor.fetchall()
    finally:
        database.close()
    names = ["rowid", "text", "label", "year", "position"][: len(cursor.description)]
    posts = pd.DataFrame(rows, columns=names)
    # Texts stay Python strings: Arrow's would be copied at every step.
    posts[["text", "label"]] = pd.DataFrame(
        [row[1:3] for row in rows], columns=["text", "label"], dtype="object"
    )
    # A column of nothing but NULL would be one of objects.
    posts["year"] = posts["year"].astype("float64")
    if "position" not in posts:
        posts["position"] = posts["rowid"]
    return posts


def write_split(path: Path, posts: pd.DataFrame) -> dict[str, Any]:
    """Write one split by row id and return its counts."""
    posts = posts.sort_values("rowid", kind="stable")
    columns = {name: pa.array(posts[name], SCHEMA.field(name).type) for name in SCHEMA.names}
    files.write_parquet(path, pa.table(columns, SCHEMA))
    return count_labels(posts)


def count_labels(posts: pd.DataFrame) -> dict[str, Any]:
    """Return how many posts there are, and how many of each label."""
    labels = posts["label"].value_counts().sort_index()
    return {"posts": len(posts), "labels": {name: int(count) for name, count in labels.items()}}
