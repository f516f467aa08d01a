"""Archives of releases: written alike each time, read as if an enemy had made them.

Tar (POSIX ustar and pax, GNU's long names; plain or with gzip) and zip (stored or deflated).
Both are read here and not by the library's own readers, which take links, sparse files,
headers of any size and several entries of one name: whatever is no plain file or folder with
a plain relative name is refused, and so is an archive in which two readers could see two
different things.
"""

import gzip
import os
import stat
import struct
import tarfile
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from provender import files
from provender.errors import UserError

# A release of this project has some 30 files and 5 MB.
MAX_FILES = 10_000
MAX_BYTES = 1 << 30

# A pax header, a long name, the padding behind the last entry: what is read as a whole.
MAX_HEADER = 1 << 20

# What an entry of a zip archive's list may take: its name, extra fields and comment.
MAX_LISTED = 4096

# The longest that file systems take.
MAX_PART = 255
MAX_NAME = 1024

CHUNK = 1 << 16

# What a name may not hold on one system or another.
FORBIDDEN = frozenset('\\:*?"<>|')

BLOCK = 512
FILE_TYPES = (b"0", b"\0")
OTHER_TYPES = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a named pipe",
    b"S": "a sparse file",
}

# Signatures and fixed parts of a zip archive.
ZIP_END = struct.Struct("<4s4H2LH")
ZIP_ENTRY = struct.Struct("<4s6H3L5H2L")
ZIP_LOCAL = struct.Struct("<4s5H3L2H")
END_MARK, ENTRY_MARK, LOCAL_MARK = b"PK\5\6", b"PK\1\2", b"PK\3\4"
LARGE_END_MARK, LARGE_END_BYTES = b"PK\6\7", 20
STORED, DEFLATED = 0, 8
ENCRYPTED, UTF8 = 0x1, 0x800

GZIP_MARK = b"\x1f\x8b"


class Readable(Protocol):
    """A file, or what gzip unpacks of one."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes, or all."""


class ArchiveError(UserError):
    """An archive that is not unpacked; the message says why."""


@dataclass(frozen=True)
class Entry:
    """A file, or a folder where ``chunks`` is None, with its size as the archive says."""

    name: str
    size: int
    chunks: Iterator[bytes] | None


def write(path: Path, contents: Mapping[str, Path]) -> None:
    """Write a gzipped tar archive of files by their names within it, sorted.

    Its bytes depend on names and contents alone.
    """
    with (
        files.replacing(path) as part,
        open(part, "wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name in sorted(contents):
            # Its own time, owner and mode are those of nobody: 0, root and 644.
            member = tarfile.TarInfo(name)
            member.size = contents[name].stat().st_size
            with open(contents[name], "rb") as file:
                archive.addfile(member, file)


def unpack(path: Path, folder: Path) -> list[str]:
    """Unpack an archive into the new folder ``folder``; return the names of its files.

    Raises ArchiveError, naming the entry and the reason, for an archive that is damaged, too
    large, or holds anything but plain files and folders. Nothing is written outside ``folder``.
    """
    folder.mkdir()
    try:
        with open(path, "rb") as file:
            start = file.read(len(LOCAL_MARK))
            file.seek(0)
            if start in (LOCAL_MARK, END_MARK):
                return _write(_zip_entries(file), folder)
            if start.startswith(GZIP_MARK):
                # gzip's reader takes a file by parts, whatever it unpacks to.
                with gzip.GzipFile(fileobj=file) as unzipped:
                    return _write(_tar_entries(unzipped), folder)
            return _write(_tar_entries(file), folder)
    except (EOFError, zlib.error, gzip.BadGzipFile, struct.error) as error:
        raise ArchiveError(f"{path.name} is damaged: {error}") from error


def name_fault(name: str) -> str | None:
    """Return why a name is not taken for a file below a folder, or None."""
    parts = name.split("/")
    if name.startswith("/"):
        return "an absolute path"
    if ".." in parts:
        return "a path that leads out of its folder"
    if "" in parts or "." in parts:
        return "a path with an empty part"
    if not name.isprintable() or FORBIDDEN & set(name):
        return "a name with characters that not every system takes"
    if len(os.fsencode(name)) > MAX_NAME or any(len(os.fsencode(p)) > MAX_PART for p in parts):
        return "a name that is too long"
    return None


class Names:
    """The names met so far, of which no two may fall together on any file system."""

    def __init__(self) -> None:
        """Start with none."""
        self.spelt: dict[str, str] = {}
        self.is_file: dict[str, bool] = {}

    def fault(self, name: str, is_file: bool = True) -> str | None:
        """Take a further name; return why it does not go with the others, or None."""
        parts = name.split("/")
        for end in range(1, len(parts) + 1):
            part, whole = "/".join(parts[:end]), end == len(parts)
            folded = unicodedata.normalize("NFC", part).casefold()
            if self.spelt.setdefault(folded, part) != part:
                return f"differs from {self.spelt[folded]!r} in case or form only"
            known = self.is_file.get(part)
            if known is not None and (known or (whole and is_file)):
                return "stands there twice"
            self.is_file[part] = whole and is_file
        return None


def _write(entries: Iterable[Entry], folder: Path) -> list[str]:
    names, written, total = Names(), [], 0
    for number, entry in enumerate(entries, 1):
        if number > MAX_FILES:
            raise ArchiveError(f"the archive has more than {MAX_FILES:,} entries")
        is_file = entry.chunks is not None
        if fault := name_fault(entry.name):
            raise ArchiveError(f"the archive holds {fault}: {entry.name!r:.200}")
        if fault := names.fault(entry.name, is_file):
            raise ArchiveError(f"the archive holds {entry.name!r}, which {fault}")
        total += entry.size
        if total > MAX_BYTES:
            raise ArchiveError(
                f"the archive would unpack to {total:,} bytes or more; {MAX_BYTES:,} are the most"
            )
        place = folder / entry.name
        if entry.chunks is None:
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        with open(place, "xb") as file:
            for chunk in entry.chunks:
                file.write(chunk)
        written.append(entry.name)
    return written


def _tar_entries(file: Readable) -> Iterator[Entry]:
    extra: dict[str, str] = {}
    while any(block := _exactly(file, BLOCK)):
        kind, size = block[156:157], _tar_number(block[124:136])
        if _tar_number(block[148:156]) != sum(block[:148]) + sum(block[156:]) + 8 * ord(" "):
            raise ArchiveError("the archive is damaged: a header's sum is wrong")
        if kind in (b"x", b"g", b"L"):
            data = _tar_header(file, size)
            # Of the global headers no field is used: they may not change a name or a size.
            found = _long_name(data) if kind == b"L" else _pax(data)
            if kind == b"g" and found.keys() & {"path", "size"}:
                raise ArchiveError("the archive gives all its entries one name or size")
            extra |= found if kind != b"g" else {}
            continue
        name = extra.get("path") or _tar_name(block)
        size = _pax_size(extra["size"]) if "size" in extra else size
        extra = {}
        if kind == b"5":
            name = name.rstrip("/").removeprefix("./")
            if name != ".":
                yield Entry(name, 0, None)
            _skip(file, size)
        elif kind in FILE_TYPES:
            chunks = _chunks(file, size)
            yield Entry(name.removeprefix("./"), size, chunks)
            for _ in chunks:
                pass
            _skip(file, -size % BLOCK)
        else:
            what = OTHER_TYPES.get(kind, f"an entry of kind {kind!r}")
            raise ArchiveError(f"the archive holds {what}: {name!r:.200}")
    _check_end(file)


def _tar_header(file: Readable, size: int) -> bytes:
    if size > MAX_HEADER:
        raise ArchiveError(f"the archive has a header of {size:,} bytes")
    data = _exactly(file, size)
    _skip(file, -size % BLOCK)
    return data


def _check_end(file: Readable) -> None:
    """Refuse what is behind the last entry, where another reader could go on."""
    rest = file.read(MAX_HEADER + 1)
    if any(rest):
        raise ArchiveError("the archive goes on behind its end")
    if len(rest) > MAX_HEADER:
        raise ArchiveError(f"the archive has more than {MAX_HEADER:,} zeros behind its end")


def _tar_number(field: bytes) -> int:
    """Read a number: octal digits, or GNU's binary form of large ones."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if digits.translate(None, b"01234567"):
        raise ArchiveError("the archive is damaged: a header has a number that is none")
    return int(digits or b"0", 8)


def _tar_name(block: bytes) -> str:
    name = _text(block[:100])
    # GNU's own format keeps other things where POSIX has the first part of long names.
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _long_name(data: bytes) -> dict[str, str]:
    return {"path": _text(data)}


def _text(field: bytes) -> str:
    return _decode(field.split(b"\0", 1)[0])


def _decode(name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ArchiveError(f"the archive holds a name that is no UTF-8: {name[:200]!r}") from error


def _pax(data: bytes) -> dict[str, str]:
    """Read an extended header's records; return the values of path and size."""
    found, start = {}, 0
    while start < len(data):
        digits, separator, _ = data[start : start + 20].partition(b" ")
        if not (separator and digits.isdigit()):
            raise ArchiveError("the archive is damaged: an extended header has no length")
        end = start + int(digits)
        record = data[start + len(digits) + 1 : end]
        key, separator, value = record.partition(b"=")
        if not (separator and value.endswith(b"\n")) or end > len(data):
            raise ArchiveError("the archive is damaged: an extended header has no value")
        if key.startswith(b"GNU.sparse."):
            raise ArchiveError("the archive holds a sparse file")
        if key in (b"path", b"size"):
            found[key.decode()] = _decode(value[:-1])
        start = end
    return found


def _pax_size(digits: str) -> int:
    # No file has a size of more digits; int() would take its time for a million of them.
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise ArchiveError(f"the archive is damaged: a size is {digits!r:.100}")
    return int(digits)


def _chunks(file: Readable, size: int) -> Iterator[bytes]:
    while size:
        yield (chunk := _exactly(file, min(size, CHUNK)))
        size -= len(chunk)


def _skip(file: Readable, size: int) -> None:
    if size > MAX_HEADER:
        raise ArchiveError(f"the archive has {size:,} bytes that belong to no file")
    _exactly(file, size)


def _exactly(file: Readable, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError("it ends too early")
    return data


def _zip_entries(file: BinaryIO) -> Iterator[Entry]:
    length = file.seek(0, os.SEEK_END)
    count, size, start = _zip_end(file, length)
    file.seek(start)
    directory, place = _exactly(file, size), 0
    for _ in range(count):
        fields = ZIP_ENTRY.unpack_from(directory, place)
        mark, made_by, _, flags, method, _, _, checksum, packed, unpacked = fields[:10]
        attributes, offset = fields[15:]
        name = directory[place + ZIP_ENTRY.size : place + ZIP_ENTRY.size + fields[10]]
        # The lengths of name, extra field and comment.
        place += ZIP_ENTRY.size + sum(fields[10:13])
        if mark != ENTRY_MARK or place > size:
            raise ArchiveError("the archive is damaged: its list of entries is cut off")
        text = _zip_name(name, flags)
        _check_zip_kind(text, attributes >> 16 if made_by >> 8 == 3 else 0)
        if flags & ENCRYPTED:
            raise ArchiveError(f"the archive holds an encrypted file: {text!r}")
        if text.endswith("/"):
            yield Entry(text.removesuffix("/"), 0, None)
            continue
        if method not in (STORED, DEFLATED):
            raise ArchiveError(f"the archive holds a file packed in another way: {text!r}")
        file.seek(offset)
        local = ZIP_LOCAL.unpack(_exactly(file, ZIP_LOCAL.size))
        if local[0] != LOCAL_MARK or local[3] != method or _exactly(file, local[9]) != name:
            raise ArchiveError(f"the archive names {text!r} in its list, and another file there")
        _exactly(file, local[10])
        data = _chunks(file, packed)
        yield Entry(text, unpacked, _checked(data, method, unpacked, checksum, text))
    if place != size:
        raise ArchiveError("the archive is damaged: its list has more entries than it says")


def _zip_end(file: BinaryIO, length: int) -> tuple[int, int, int]:
    """Return the number of entries, and size and start of their list."""
    start = max(0, length - ZIP_END.size - 0xFFFF)
    file.seek(start)
    tail = file.read()
    found = tail.rfind(END_MARK)
    if found < 0 or found + ZIP_END.size > len(tail):
        raise EOFError("it has no list of entries")
    _, disk, first, here, count, size, place, comment = ZIP_END.unpack_from(tail, found)
    end = start + found
    if end + ZIP_END.size + comment != length or place + size != end:
        # Data before, between or behind: another reader could take another list.
        if tail[max(0, found - LARGE_END_BYTES) :].startswith(LARGE_END_MARK):
            raise ArchiveError("the archive is of the form for more than 4 GB")
        raise ArchiveError("the archive is damaged, or holds more than its list of entries says")
    if disk or first or here != count:
        raise ArchiveError("the archive is one part of several")
    if count > MAX_FILES:
        raise ArchiveError(f"the archive has more than {MAX_FILES:,} entries")
    if size > count * (ZIP_ENTRY.size + MAX_LISTED):
        raise ArchiveError(f"the archive's list of {count} entries takes {size:,} bytes")
    return count, size, place


def _zip_name(name: bytes, flags: int) -> str:
    if not flags & UTF8 and not name.isascii():
        raise ArchiveError(f"the archive holds a name that is no UTF-8: {name[:200]!r}")
    return _decode(name)


def _check_zip_kind(name: str, mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise ArchiveError(f"the archive holds a symbolic link: {name!r:.200}")
    kind = stat.S_IFMT(mode)
    if kind not in (0, stat.S_IFDIR if name.endswith("/") else stat.S_IFREG):
        raise ArchiveError(f"the archive holds neither file nor folder: {name!r:.200}")


def _checked(
    data: Iterator[bytes], method: int, size: int, checksum: int, name: str
) -> Iterator[bytes]:
    """Give the content of a file of a zip archive; it is what its entry says, or refused."""
    found, total = 0, 0
    for chunk in _inflate(data) if method == DEFLATED else data:
        found, total = zlib.crc32(chunk, found), total + len(chunk)
        if total > size:
            raise ArchiveError(f"the archive holds {name!r}, which is longer than it says")
        yield chunk
    if (found, total) != (checksum, size):
        raise ArchiveError(f"the archive is damaged: {name!r} is not what its sum says")


def _inflate(data: Iterator[bytes]) -> Iterator[bytes]:
    # A negative number of bits stands for the bare format, which zip has.
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    for chunk in data:
        while chunk and not stream.eof:
            yield stream.decompress(chunk, CHUNK)
            chunk = stream.unconsumed_tail
    while not stream.eof and (rest := stream.decompress(b"", CHUNK)):
        yield rest
    if not stream.eof or stream.unused_data:
        raise EOFError("a file in it ends too early or too late")
