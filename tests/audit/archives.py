"""Archives that nobody would make by mistake."""

import gzip
import io
import stat
import tarfile
import zipfile
from pathlib import Path

# Ten gigabytes of zeros, as an attacker would have them written to the auditor's disk.
BOMB_BYTES = 10 * 10**9


def tar(
    path: Path, *members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT
) -> Path:
    """Write a gzipped tar archive of members as they are given, whatever they say."""
    with tarfile.open(path, "w:gz", format=form) as archive:
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def tar_member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    """Return a member of a tar archive."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def zipped(path: Path, *members: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    """Write a zip archive of members as they are given."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def zip_member(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    """Return a member of a zip archive as Unix makes them."""
    member = zipfile.ZipInfo(name)
    member.create_system, member.external_attr = 3, mode << 16
    return member


def tar_bomb(path: Path) -> Path:
    """Write the beginning of ten gigabytes of zeros, as a tar archive that says so."""
    member = tarfile.TarInfo("release/zeros")
    member.size = BOMB_BYTES
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(member.tobuf(tarfile.GNU_FORMAT))
        for _ in range(100):
            file.write(bytes(10**6))
    return path


def tail_bomb(path: Path) -> Path:
    """Write a tar archive with one small file and a hundred megabytes behind its end."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(tarfile.TarInfo("release/small").tobuf(tarfile.USTAR_FORMAT))
        for _ in range(100):
            file.write(bytes(10**6))
    return path


def zip_bomb(path: Path, says: int) -> Path:
    """Write a zip archive of some hundred megabytes of zeros that says it has ``says`` bytes."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("release/zeros", "w") as file,
    ):
        for _ in range(300):
            file.write(bytes(10**6))
    data = bytearray(path.read_bytes())
    # In the list: the unpacked size of its entry.
    place = data.index(b"PK\1\2") + 24
    data[place : place + 4] = says.to_bytes(4, "little")
    path.write_bytes(data)
    return path
