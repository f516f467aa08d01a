"""What differs between two builds: which files, and what inside them.

A file is compared by its bytes. Where they differ, it is opened as what it is, so that the
answer is a key, a column, a tensor, a row or an archive member instead of an offset.
"""

import itertools
import sqlite3
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from provender import files
from provender.model import runtime

# What a build writes, and what lies there without being built.
OUTPUTS = ("data", "dist")
NOT_BUILT = ("data/archive/", "dist/releases/")

# Lines shown of a file; the first ones say where to look.
SHOWN = 10

# Characters shown of a value.
VALUE_WIDTH = 60

# What a tar archive says of a member besides its content.
TAR_RECORD = ("mtime", "mode", "uid", "gid", "uname", "gname", "type", "linkname")

# What a reader raises where a file is damaged or of another format.
UNREADABLE: tuple[type[Exception], ...] = (
    ValueError,
    OSError,
    EOFError,
    sqlite3.DatabaseError,
    tarfile.TarError,
    zipfile.BadZipFile,
    DecodeError,
)

# A value that one side lacks.
ABSENT = object()

Lines = Iterator[str]


def digests(folder: Path) -> dict[str, str]:
    """Return the sha256 digest of each file that was built in ``folder``, by its path."""
    found = sorted(path for top in OUTPUTS for path in (folder / top).rglob("*"))
    names = ((path.relative_to(folder).as_posix(), path) for path in found if path.is_file())
    return {name: files.sha256(path) for name, path in names if not name.startswith(NOT_BUILT)}


def compare(one: Path, other: Path) -> dict[str, list[str]]:
    """Return each file that differs between two builds, with what differs inside."""
    left, right = digests(one), digests(other)
    return {
        name: [f"only in {one if name in left else other}"]
        if name not in left or name not in right
        else explain(one / name, other / name)
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name)
    }


def explain(one: Path, other: Path) -> list[str]:
    """Return what differs inside two files of one format, in at most ``SHOWN`` lines and one.

    The format is told by the name of ``one``.
    """
    reader = next((r for ends, r in READERS.items() if one.name.endswith(ends)), _bytes)
    try:
        lines = list(itertools.islice(reader(one, other), SHOWN + 1))
    except UNREADABLE as error:
        return [f"cannot be opened as what it is called ({error})", *_bytes(one, other)]
    if len(lines) > SHOWN:
        return [*lines[:SHOWN], "and more"]
    # The same values in another form: where its bytes part is all that can be said.
    return lines or [f"the same content, but {line}" for line in _bytes(one, other)]


def _json(one: Path, other: Path) -> Lines:
    return _values("$", files.read_json(one), files.read_json(other))


def _values(place: str, left: Any, right: Any) -> Lines:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys()):
            yield from _values(f"{place}.{key}", left.get(key, ABSENT), right.get(key, ABSENT))
        if list(left) != list(right) and left.keys() == right.keys():
            yield f"{place}: keys in another order"
    elif isinstance(left, list) and isinstance(right, list):
        for number, (a, b) in enumerate(itertools.zip_longest(left, right, fillvalue=ABSENT)):
            yield from _values(f"{place}[{number}]", a, b)
    elif left != right or type(left) is not type(right):
        yield f"{place}: {_shown(left)} | {_shown(right)}"


def _parquet(one: Path, other: Path) -> Lines:
    import pyarrow.parquet as pq

    left, right = files.read_parquet(one), files.read_parquet(other)
    yield from _values("metadata", left.schema.metadata, right.schema.metadata)
    yield from _values("created by", *(pq.read_metadata(path).created_by for path in (one, other)))
    for name in dict.fromkeys([*left.column_names, *right.column_names]):
        columns = [table[name] for table in (left, right) if name in table.column_names]
        if len(columns) < 2:
            yield f"column {name}: only in {one if name in left.column_names else other}"
            continue
        types, lengths = [str(c.type) for c in columns], [str(len(c)) for c in columns]
        if types[0] != types[1] or lengths[0] != lengths[1]:
            yield f"column {name}: {lengths[0]} {types[0]} | {lengths[1]} {types[1]}"
            continue
        pairs = zip(*(column.to_pylist() for column in columns), strict=True)
        rows = [(row, pair) for row, pair in enumerate(pairs) if pair[0] != pair[1]]
        if rows:
            row, pair = rows[0]
            most = _largest_difference([a for _, (a, _) in rows], [b for _, (_, b) in rows])
            yield (
                f"column {name}: {len(rows)} of {lengths[0]} rows{most}; the first, row {row}: "
                f"{_shown(pair[0])} | {_shown(pair[1])}"
            )


def _largest_difference(left: Any, right: Any) -> str:
    """Return ", max |Δ| …" for numbers, also nested ones, and nothing for anything else."""
    try:
        difference = np.abs(np.asarray(left, np.float64) - np.asarray(right, np.float64))
    except (ValueError, TypeError):
        return ""
    return f", max |Δ| {difference.max():.3g}" if difference.size else ""


def _tensors(left: dict[str, Any], right: dict[str, Any]) -> Lines:
    for name in dict.fromkeys([*left, *right]):
        if name not in left or name not in right:
            yield f"tensor {name}: only {'left' if name in left else 'right'}"
            continue
        a, b = np.asarray(left[name]), np.asarray(right[name])
        if a.dtype != b.dtype or a.shape != b.shape:
            yield f"tensor {name}: {a.dtype}{list(a.shape)} | {b.dtype}{list(b.shape)}"
        elif a.tobytes() != b.tobytes():
            yield f"tensor {name}: {np.sum(a != b)} of {a.size} values{_largest_difference(a, b)}"


def _hdf5(one: Path, other: Path) -> Lines:
    import h5py

    with h5py.File(one) as left, h5py.File(other) as right:
        tensors, attributes = zip(hdf5_parts(left), hdf5_parts(right), strict=True)
        yield from _values("attribute", *attributes)
        yield from _tensors(*tensors)


def hdf5_parts(file: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the tensors of an open HDF5 file by name, and the texts of its attributes."""
    import h5py

    tensors: dict[str, Any] = {}
    attributes = {f"/@{key}": str(value) for key, value in file.attrs.items()}

    def visit(name: str, part: Any) -> None:
        attributes.update({f"{name}@{key}": str(value) for key, value in part.attrs.items()})
        if isinstance(part, h5py.Dataset):
            tensors[name] = part[()]

    file.visititems(visit)
    return tensors, attributes


def _checkpoint(one: Path, other: Path) -> Lines:
    yield from _tensors(*map(checkpoint, (one, other)))


def checkpoint(path: Path) -> dict[str, Any]:
    """Return the tensors of a TensorFlow checkpoint, of which ``path`` is a file, by name."""
    with runtime.quiet_start():
        import tensorflow as tf

    reader = tf.train.load_checkpoint(str(path.with_suffix("")))
    return {name: reader.get_tensor(name) for name in sorted(reader.get_variable_to_shape_map())}


def _protobuf(one: Path, other: Path) -> Lines:

    with runtime.quiet_start():
        from google.protobuf import text_format
        from tensorflow.core.protobuf import fingerprint_pb2, saved_model_pb2
        from tensorflow.python.keras.protobuf import saved_metadata_pb2

    message = {
        "fingerprint.pb": fingerprint_pb2.FingerprintDef,
        "keras_metadata.pb": saved_metadata_pb2.SavedMetadata,
        "saved_model.pb": saved_model_pb2.SavedModel,
    }.get(one.name)
    if message is None:
        return _bytes(one, other)
    sides = [message.FromString(path.read_bytes()) for path in (one, other)]
    return _lines(*(text_format.MessageToString(side).splitlines() for side in sides))


def _shard(one: Path, other: Path) -> Lines:
    """Compare shards of a TensorFlow.js model by the weights that model.json lists."""
    return _tensors(*map(weights, (one, other)))


def weights(shard: Path) -> dict[str, Any]:
    """Return the weights in a shard of a TensorFlow.js model by name, as they are stored."""
    content, start = shard.read_bytes(), 0
    found = {}
    for group in files.read_json(shard.with_name("model.json"))["weightsManifest"]:
        if shard.name in group["paths"]:
            for weight in group["weights"]:
                kind = np.dtype(weight.get("quantization", weight)["dtype"])
                count = int(np.prod(weight["shape"]))
                values = np.frombuffer(content, kind, count, start)
                found[weight["name"]] = values.reshape(weight["shape"])
                start += values.nbytes
    return found


def _text(one: Path, other: Path) -> Lines:
    return _lines(*(path.read_text("utf-8").splitlines() for path in (one, other)))


def _lines(left: Iterable[str], right: Iterable[str]) -> Lines:
    for number, (a, b) in enumerate(itertools.zip_longest(left, right, fillvalue=ABSENT), 1):
        if a != b:
            yield f"line {number}: {_shown(a, b)} | {_shown(b, a)}"


def _sqlite(one: Path, other: Path) -> Lines:
    with (
        closing(sqlite3.connect(f"{one.resolve().as_uri()}?mode=ro", uri=True)) as left,
        closing(sqlite3.connect(f"{other.resolve().as_uri()}?mode=ro", uri=True)) as right,
    ):
        sides = (left, right)
        schema = "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name"
        tables = [dict(side.execute(schema)) for side in sides]
        yield from _values("table", *tables)
        for table in sorted(tables[0].keys() & tables[1].keys()):
            name = table.replace('"', '""')
            rows = [side.execute(f'SELECT * FROM "{name}"') for side in sides]
            for number, (a, b) in enumerate(itertools.zip_longest(*rows, fillvalue=ABSENT), 1):
                if a != b:
                    yield from _values(f"table {table}, row {number}, column", *map(_cells, (a, b)))


def _cells(row: Any) -> Any:
    return row if row is ABSENT else dict(enumerate(row, 1))


def _archive(one: Path, other: Path) -> Lines:
    """Compare archives: members in their order, what is recorded of each, then contents."""
    with tempfile.TemporaryDirectory() as folder:
        unpacked = [Path(folder, side) for side in ("left", "right")]
        left, right = map(_unpack, (one, other), unpacked)
        yield from _values("members", list(left), list(right))
        for name in sorted(left.keys() & right.keys()):
            yield from _values(f"member {name}", left[name], right[name])
            paths = [side / name for side in unpacked]
            if all(path.is_file() for path in paths) and files.sha256(paths[0]) != files.sha256(
                paths[1]
            ):
                yield from (f"member {name}, {line}" for line in explain(*paths))


def _unpack(archive: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """Unpack a tar or zip archive and return what it records of each member."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder)
            return {
                member.filename: {"time": member.date_time, "attributes": member.external_attr}
                for member in file.infolist()
            }
    top = folder.resolve()
    with tarfile.open(archive) as file:
        # Without tarfile's own filters, which Debian 12's Python does not have.
        inside = [
            member
            for member in file
            if member.isfile() and (top / member.name).resolve().is_relative_to(top)
        ]
        file.extractall(top, inside)
        return {member.name: {key: getattr(member, key) for key in TAR_RECORD} for member in file}


def _bytes(one: Path, other: Path) -> Lines:
    left, right = one.read_bytes(), other.read_bytes()
    place = next(
        (n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b),
        min(len(left), len(right)),
    )
    if left != right:
        yield f"bytes differ from offset {place}; {len(left):,} | {len(right):,} bytes"


def _shown(value: Any, beside: Any = None) -> str:
    """Return a value for a message, from shortly before where it parts from ``beside``."""
    if value is ABSENT:
        return "absent"
    text = value if isinstance(value, str) else repr(value)
    if isinstance(value, str) and isinstance(beside, str):
        parted = next((n for n, (a, b) in enumerate(zip(value, beside, strict=False)) if a != b), 0)
        if parted > VALUE_WIDTH // 2:
            text = "…" + text[parted - VALUE_WIDTH // 2 :]
    return text if len(text) <= VALUE_WIDTH else text[: VALUE_WIDTH - 1] + "…"


# By the end of a file's name; the first that fits is taken.
READERS: dict[tuple[str, ...], Callable[[Path, Path], Lines]] = {
    (".json",): _json,
    (".parquet",): _parquet,
    (".h5",): _hdf5,
    (".index", ".data-00000-of-00001"): _checkpoint,
    (".pb",): _protobuf,
    (".bin",): _shard,
    (".csv", ".txt", ".html", ".js", ".mjs", ".cjs", ".ts", ".css", ".svg", ".md"): _text,
    (".sqlite",): _sqlite,
    (".tgz", ".tar.gz", ".tar", ".zip"): _archive,
}
