"""The table of a source as it is read, and splits as they are written: some posts at once.

The source is read twice: for what the rules need to know of each row, and for the texts. The former
is kept in memory, some 300 bytes of a row at the most: 10^7 rows are 3 GB. Texts are the same by a
digest.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from provender import files, threads
from provender.splits.strip import strip_post
from provender.text.recipe import Recipe, split_in_batches, without_punctuation

SCHEMA = pa.schema(
    {"rowid": pa.int64(), "text": pa.string(), "label": pa.string(), "year": pa.float64()}
)

# Rows read at once.
BATCH = 2048

# Why a row is not used, in the order in which that is looked for.
REASONS = (
    "null_label", "blank_label", "null_split", "null_text", "blank_text", "blank_after_strip",
)  # fmt: skip

# Bytes of a digest: of 10^12 texts, two different ones have the same with a chance of 10^-15.
DIGEST = 16

# What a row's digest is a number of that has none.
NO_TEXT = -1


class Row(NamedTuple):
    """A row of table ``news``."""

    rowid: int
    text: str | None
    label: str | None
    year: float | None
    position: float | str | None


class Keys(NamedTuple):
    """What the rules know of the rows.

    ``posts``: rowid, label, year, position (its place in time), ``reason`` (a place in ``REASONS``,
    or their number), ``read``, and ``drawn``, a number from 0 to 1. ``digests``: bytes [texts],
    ascending and different; ``read`` is a place there, the same for texts that the model reads
    alike.
    """

    posts: pd.DataFrame
    digests: np.ndarray


def read_rows(path: Path) -> Iterator[list[Row]]:
    """Yield the rows of table ``news`` by their ids, ``BATCH`` at once."""
    database = sqlite3.connect(f"{path.resolve(strict=True).as_uri()}?mode=ro", uri=True)
    try:
        cursor = database.execute("SELECT * FROM news ORDER BY id")
        has_position = len(cursor.description) == len(Row._fields)
        while rows := cursor.fetchmany(BATCH):
            yield [Row._make(row if has_position else (*row, row[0])) for row in rows]
    finally:
        database.close()


def read_keys(path: Path, recipe: Recipe, strip: list[str]) -> Keys:
    """Read what the rules need to know of table ``news``."""

    def judge(rows: list[Row]) -> tuple[list[Row], list[int], list[float], np.ndarray]:
        texts = [None if row.text is None else strip_post(row.text, strip) for row in rows]
        reasons = [find_reason(row, text) for row, text in zip(rows, texts, strict=True)]
        used = [reason == len(REASONS) for reason in reasons]
        read = read_as(
            recipe, [text or "" for text, is_used in zip(texts, used, strict=True) if is_used]
        )
        own = iter(read)
        # Without a text there is nothing to draw by but the row.
        drawn = [
            draw(next(own) if is_used else b"%d" % row.rowid)
            for row, is_used in zip(rows, used, strict=True)
        ]
        found = np.array([digest(each) for each in read], f"S{DIGEST}")
        return [row._replace(text=None) for row in rows], reasons, drawn, found

    labels: dict[str | None, str | None] = {}
    parts: list[tuple[np.ndarray, ...]] = []
    names, positions, digests = [], [], [np.zeros(0, f"S{DIGEST}")]
    for rows, reasons, drawn, found in threads.in_order(judge, read_rows(path)):
        # One string for each label, not for each row.
        names.append(np.array([labels.setdefault(row.label, row.label) for row in rows], object))
        positions.append(_compact([row.position for row in rows]))
        digests.append(found)
        parts.append(
            (
                np.array([row.rowid for row in rows], np.int64),
                np.array([np.nan if row.year is None else row.year for row in rows], np.float64),
                np.array(reasons, np.int8),
                np.array(drawn, np.float64),
            )
        )
    kinds = (np.int64, np.float64, np.int8, np.float64)
    empty = tuple(np.zeros(0, kind) for kind in kinds)
    rowids, years, reason, drawn_of = (
        np.concatenate(column) for column in zip(empty, *parts, strict=True)
    )
    kept, places = np.unique(np.concatenate(digests), return_inverse=True)
    read = np.full(len(rowids), NO_TEXT)
    read[reason == len(REASONS)] = places
    posts = pd.DataFrame(
        {
            "rowid": rowids,
            "label": pd.Series(np.concatenate([np.zeros(0, object), *names]), dtype="object"),
            "year": years,
            "position": _join(positions) if positions else rowids,
            "reason": reason,
            "read": read,
            "drawn": drawn_of,
        },
        copy=False,
    )
    return Keys(posts, kept)


def _compact(values: Sequence[float | str | None]) -> np.ndarray:
    """Return numbers as such, if all are."""
    kinds = set(map(type, values))
    if kinds <= {int}:
        return np.array(values, np.int64)
    if kinds <= {int, float, type(None)}:
        return np.array([np.nan if value is None else value for value in values], np.float64)
    return np.array([*values, None], object)[:-1]


def _join(parts: list[np.ndarray]) -> np.ndarray:
    """Join columns of numbers, NaN where there is none, and of values, None where there is none."""
    if any(part.dtype == object for part in parts):
        parts = [part.astype(object) for part in parts]
        for part in parts:
            part[part != part] = None
    return np.concatenate(parts)


def find_reason(row: Row, stripped: str | None) -> int:
    """Return the first of ``REASONS`` for which a row is not used, or their number."""
    return next(
        place
        for place, is_so in enumerate(
            (
                row.label is None,
                is_blank(row.label),
                row.year is None,
                row.text is None,
                is_blank(row.text),
                is_blank(stripped),
                True,
            )
        )
        if is_so
    )


def is_blank(value: str | None) -> bool:
    """Tell whether a text is there and has nothing but white space."""
    return value is not None and not value.strip()


def read_as(recipe: Recipe, texts: Sequence[str]) -> list[bytes]:
    """Return what the recipe leaves of each text: its words, but for punctuation, in UTF-8.

    Texts of which that is the same are one to the model. Of a text without words, itself.
    """
    words = split_in_batches(recipe, pa.chunked_array([pa.array(texts, pa.string())]))
    read = without_punctuation(words).cast(pa.binary()).to_pylist()
    return [each or text.encode() for each, text in zip(read, texts, strict=True)]


def digest(read: bytes) -> bytes:
    """Return what stands for a text as it is read: bytes [DIGEST]."""
    return hashlib.sha256(read).digest()[:DIGEST]


def draw(read: bytes) -> float:
    """Return a number from 0 to 1 that depends on a text as it is read alone."""
    return int.from_bytes(hashlib.sha256(b"test " + read).digest()[:6]) / 2**48


class Writers(NamedTuple):
    """What the second pass writes: files by the names of splits, and how texts are stripped.

    ``tested``: bytes [texts], the digests of what the test part has, in ascending order.
    """

    paths: Mapping[str, Path]
    strip: list[str]
    augmentations: list[list[str]]
    recipe: Recipe
    tested: np.ndarray


AUGMENTED = "augmented"


def write_splits(
    source: Path, splits: Mapping[str, pd.DataFrame], writers: Writers
) -> dict[str, Any]:
    """Write splits by row id (rowid, label and year of each), and return their counts.

    And, as ``AUGMENTED``, those but the test split again, once an augmentation, which is what to
    strip of the texts then; without those that strip the same, and texts that are blank or in the
    test part.
    """
    chosen = {
        name: split[["rowid", "label", "year"]].sort_values("rowid")
        for name, split in splits.items()
    }
    places = {name: split["rowid"].to_numpy() for name, split in chosen.items()}

    def cut(rows: list[Row]) -> dict[str, pa.Table]:
        rowids = np.array([row.rowid for row in rows])
        found = {}
        again = []
        for name, split in chosen.items():
            first, last = np.searchsorted(places[name], [rowids[0], rowids[-1] + 1])
            part = split.iloc[first:last]
            raw = [rows[place].text or "" for place in np.searchsorted(rowids, part["rowid"])]
            found[name] = to_table(part, [strip_post(text, writers.strip) for text in raw])
            if name != "test":
                again += augment(part, raw, writers)
        table = pa.concat_tables([SCHEMA.empty_table(), *again])
        order = np.argsort(table["rowid"].to_numpy(), kind="stable")
        found[AUGMENTED] = table.take(pa.array(order))
        return found

    labels: dict[str, int] = {}
    with contextlib.ExitStack() as opened:
        written = {
            name: opened.enter_context(files.writing_parquet(path, SCHEMA))
            for name, path in writers.paths.items()
        }
        for tables in threads.in_order(cut, read_rows(source)):
            for name, table in tables.items():
                written[name].write(table)
            for label in tables[AUGMENTED]["label"].to_pylist():
                labels[label] = labels.get(label, 0) + 1
        # Before any of them gets its name: all are there, or none.
        for groups in written.values():
            groups.close()
    counts = {name: count_labels(split["label"]) for name, split in splits.items()}
    counts[AUGMENTED] = {"posts": sum(labels.values()), "labels": dict(sorted(labels.items()))}
    return counts


def augment(posts: pd.DataFrame, raw: Sequence[str], writers: Writers) -> list[pa.Table]:
    """Return a table of posts an augmentation; ``raw``: their texts as they were."""
    found = []
    for parts in writers.augmentations:
        if set(parts) == set(writers.strip):
            continue
        texts = [strip_post(text, parts) for text in raw]
        kept = np.array([not is_blank(text) for text in texts], bool)
        table = to_table(posts, texts).filter(pa.array(kept))
        read = read_as(writers.recipe, table["text"].to_pylist())
        own = np.array([digest(each) for each in read], f"S{DIGEST}")
        found.append(table.filter(pa.array(~np.isin(own, writers.tested))))
    return found


def to_table(posts: pd.DataFrame, texts: Sequence[str]) -> pa.Table:
    """Return posts as a split has them."""
    columns = {**{name: posts[name] for name in ("rowid", "label", "year")}, "text": texts}
    arrays = [pa.array(columns[name], SCHEMA.field(name).type) for name in SCHEMA.names]
    return pa.table(arrays, SCHEMA)


def count_labels(labels: pd.Series) -> dict[str, Any]:
    """Return how many posts there are, and how many of each label."""
    counted = labels.value_counts().sort_index()
    return {"posts": len(labels), "labels": {name: int(count) for name, count in counted.items()}}
