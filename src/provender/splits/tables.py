"""The table of a source as it is read, and splits as they are written: some posts at once.

The source is read twice: for what the rules need to know of each row, and for the texts. The former
is kept in memory, some 250 bytes of a row at the most: 10^7 rows are 2.5 GB. Texts are the same by
a digest.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from provender import files, threads
from provender.splits.strip import strip_post
from provender.text.recipe import Recipe
from provender.text.words import join_words, without_punctuation

SCHEMA = pa.schema(
    {"rowid": pa.int64(), "text": pa.string(), "label": pa.string(), "year": pa.float64()}
)

# Rows read at once.
BATCH = 512

# Why a row is not used, in the order in which that is looked for.
REASONS = (
    "null_label", "blank_label", "null_split", "null_text", "blank_text", "blank_after_strip",
)  # fmt: skip

# Bytes of a digest: of 10^12 texts, two different ones have the same with a chance of 10^-15.
DIGEST = 16

# What a row's digest is a number of that has none.
NO_TEXT = -1


# What is known of each row, as it is held while rows are read; a label is a number.
COLUMNS = {
    "rowid": np.int64, "label": np.int32, "year": np.float64, "reason": np.int8,
    "drawn": np.float64,
}  # fmt: skip


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


class Judged(NamedTuple):
    """Some rows, without their texts, and what was found of these.

    ``reasons``: places in ``REASONS``, or their number for a row that is used; ``drawn``: numbers
    from 0 to 1; ``digests``: bytes [rows that are used].
    """

    rows: list[Row]
    reasons: list[int]
    drawn: list[float]
    digests: np.ndarray


# What a shard leaves of each row; its place in time is in that one of three columns that fits.
SHARD_SCHEMA = pa.schema(
    {
        "rowid": pa.int64(),
        "label": pa.string(),
        "year": pa.float64(),
        "whole": pa.int64(),
        "number": pa.float64(),
        "written": pa.string(),
        "reason": pa.int8(),
        "drawn": pa.float64(),
        "digest": pa.binary(),
    }
)


def read_rows(path: Path, choose: Callable[[int], range] | None = None) -> Iterator[list[Row]]:
    """Yield the rows of table ``news`` by their ids, ``BATCH`` at once.

    ``choose`` says, given how many ids there are from the first to the last, which ones.
    """
    database = sqlite3.connect(f"{path.resolve(strict=True).as_uri()}?mode=ro", uri=True)
    try:
        query, values = "SELECT * FROM news ORDER BY id", list[int]()
        if choose:
            first, last = database.execute("SELECT min(id), max(id) FROM news").fetchone()
            ids = range(0) if first is None else range(first, last + 1)
            chosen = choose(len(ids))
            query = "SELECT * FROM news WHERE id >= ? AND id < ? ORDER BY id"
            values = [ids.start + chosen.start, ids.start + chosen.stop]
        cursor = database.execute(query, values)
        has_position = len(cursor.description) == len(Row._fields)
        while rows := cursor.fetchmany(BATCH):
            yield [Row._make(row if has_position else (*row, row[0])) for row in rows]
    finally:
        database.close()


def judge_rows(
    path: Path, recipe: Recipe, strip: list[str], choose: Callable[[int], range] | None = None
) -> Iterator[Judged]:
    """Read table ``news``, or the rows that ``choose`` says, as :func:`read_rows` does."""

    def judge(rows: list[Row]) -> Judged:
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
        return Judged([row._replace(text=None) for row in rows], reasons, drawn, found)

    return threads.in_order(judge, read_rows(path, choose))


def write_shard(path: Path, found: Iterable[Judged]) -> None:
    """Write what :func:`read_shards` reads."""

    def to_shard(judged: Judged) -> pa.Table:
        rows = judged.rows
        places: list[object] = [row.position for row in rows]
        own = iter(judged.digests.tolist())
        columns = [
            [row.rowid for row in rows],
            [row.label for row in rows],
            [None if row.year is None else float(row.year) for row in rows],
            [each if isinstance(each, int) else None for each in places],
            [each if isinstance(each, float) else None for each in places],
            [each if isinstance(each, str) else None for each in places],
            judged.reasons,
            judged.drawn,
            [next(own) if reason == len(REASONS) else None for reason in judged.reasons],
        ]
        arrays = [
            pa.array(each, kind) for each, kind in zip(columns, SHARD_SCHEMA.types, strict=True)
        ]
        return pa.table(arrays, SHARD_SCHEMA)

    files.write_batches(path, SHARD_SCHEMA, ((to_shard(judged), {}) for judged in found))


def read_shards(paths: Sequence[Path]) -> Iterator[Judged]:
    """Yield what shards have found, one after another."""
    for table, _ in files.read_batches(paths):
        found = {name: table[name].to_pylist() for name in table.column_names}
        rows = [
            Row(rowid, None, label, year, next((p for p in place if p is not None), None))
            for rowid, label, year, *place in zip(
                *(found[name] for name in SHARD_SCHEMA.names[:6]), strict=True
            )
        ]
        digests = [each for each in found["digest"] if each is not None]
        yield Judged(rows, found["reason"], found["drawn"], np.array(digests, f"S{DIGEST}"))


def read_keys(path: Path, recipe: Recipe, strip: list[str]) -> Keys:
    """Read what the rules need to know of table ``news``."""
    return join_keys(judge_rows(path, recipe, strip))


def join_keys(judged: Iterable[Judged]) -> Keys:
    """Join what was found of all rows, in their order."""
    # One string for each label, not for each row; and columns that grow in one piece.
    labels: dict[str | None, int] = {}
    columns = {name: bytearray() for name in (*COLUMNS, "digest")}
    positions: list[np.ndarray] = []
    for rows, reasons, drawn, found in judged:
        values = (
            [row.rowid for row in rows],
            [labels.setdefault(row.label, len(labels)) for row in rows],
            [np.nan if row.year is None else row.year for row in rows],
            reasons,
            drawn,
        )
        for (name, kind), own in zip(COLUMNS.items(), values, strict=True):
            columns[name] += np.array(own, kind).tobytes()
        columns["digest"] += found.tobytes()
        positions.append(_compact([row.position for row in rows]))
    kept, places = np.unique(
        np.frombuffer(columns.pop("digest"), f"S{DIGEST}"), return_inverse=True
    )
    rowids, label, years, reason, drawn_of = (
        np.frombuffer(columns[name], kind) for name, kind in COLUMNS.items()
    )
    read = np.full(len(rowids), NO_TEXT)
    read[reason == len(REASONS)] = places
    del places
    names = np.array([*labels, None], object)[:-1][label]
    posts = pd.DataFrame(
        {
            "rowid": rowids,
            "label": pd.Series(names, dtype="object"),
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
    # Most rows are used, and need not be asked for each.
    if (
        row.year is not None
        and (row.label and not row.label.isspace())
        and (row.text and not row.text.isspace())
        and (stripped and not stripped.isspace())
    ):
        return len(REASONS)
    faults = (
        row.label is None,
        is_blank(row.label),
        row.year is None,
        row.text is None,
        is_blank(row.text),
        is_blank(stripped),
        True,
    )
    return faults.index(True)


def is_blank(value: str | None) -> bool:
    """Tell whether a text is there and has nothing but white space."""
    return value is not None and not value.strip()


def read_as(recipe: Recipe, texts: Sequence[str]) -> list[bytes]:
    """Return what the recipe leaves of each text: its words, but for punctuation, in UTF-8.

    Texts of which that is the same are one to the model. Of a text without words, itself.
    """
    words = join_words(recipe, pa.array(texts, pa.string()))
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
