"""Archives: written alike each time, and none unpacked that two readers could read in two ways."""

import gzip
import io
import os
import resource
import stat
import subprocess
import tarfile
import zipfile
from pathlib import Path

import archives
import pytest
from archives import tar, tar_member, zip_member, zipped

from provender.release import archive
from provender.release.archive import ArchiveError

# Megabytes that reading a bomb may take beyond what the tests have taken already.
MOST_MEMORY = 50

LONG = "a/" * 60 + "b" * 120


@pytest.fixture
def contents(tmp_path: Path) -> dict[str, Path]:
    """Return files of an archive by their names in it."""
    found = {"r-1/b/two.txt": b"2" * 100_000, "r-1/one.txt": b"one", "r-1/empty": b""}
    paths = {}
    for name, data in found.items():
        paths[name] = tmp_path / name.replace("/", "_")
        paths[name].write_bytes(data)
    return paths


def test_round_trip(contents: dict[str, Path], tmp_path: Path) -> None:
    """What is written is read again, whole; GNU tar reads it too."""
    file = tmp_path / "r.tar.gz"
    archive.write(file, contents)
    names = archive.unpack(file, tmp_path / "out")
    assert names == sorted(contents)
    assert all((tmp_path / "out" / n).read_bytes() == contents[n].read_bytes() for n in names)
    listed = subprocess.run(["tar", "-tzf", file], check=True, capture_output=True, text=True)
    assert listed.stdout.split() == names


def test_same_bytes(contents: dict[str, Path], tmp_path: Path) -> None:
    """Names, modes, dates and the order of the files on disk leave no trace."""
    archive.write(tmp_path / "one.tar.gz", contents)
    for path in contents.values():
        path.chmod(0o600)
        os.utime(path, (1, 1))
    archive.write(tmp_path / "another name.tar.gz", dict(reversed(contents.items())))
    one, other = (tmp_path / name for name in ("one.tar.gz", "another name.tar.gz"))
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_forms_of_tar(form: int, mode: str, tmp_path: Path) -> None:
    """Each usual form of tar is read, with folders, long names and names beyond ASCII."""
    # POSIX' own form has room for 100 bytes of a file's name and 155 before it.
    long = LONG if form != tarfile.USTAR_FORMAT else LONG[:200]
    with tarfile.open(tmp_path / "x.tar", mode, format=form) as file:
        file.addfile(tar_member("./r/", tarfile.DIRTYPE))
        for name in ("./r/ä", long):
            member = tar_member(name)
            member.size, member.mtime = 3, 1.5 if form == tarfile.PAX_FORMAT else 1
            file.addfile(member, io.BytesIO(b"abc"))
    names = archive.unpack(tmp_path / "x.tar", tmp_path / "out")
    assert names == ["r/ä", long]
    assert (tmp_path / "out" / long).read_bytes() == b"abc"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip(method: int, tmp_path: Path) -> None:
    """Zip archives are read, packed or not, with folders and names beyond ASCII."""
    contents = {"r/ä": os.urandom(200_000), "r/b/zeros": bytes(300_000), "r/empty": b""}
    with zipfile.ZipFile(tmp_path / "x.zip", "w", method) as file:
        file.mkdir("r")
        for name, data in contents.items():
            file.writestr(name, data)
    assert archive.unpack(tmp_path / "x.zip", tmp_path / "out") == [*contents]
    assert all((tmp_path / "out" / n).read_bytes() == data for n, data in contents.items())


NAMES = [
    ("../out.txt", "a path that leads out of its folder"),
    ("r/../../out.txt", "a path that leads out of its folder"),
    ("/out.txt", "an absolute path"),
    ("r//out.txt", "a path with an empty part"),
    ("r/./out.txt", "a path with an empty part"),
    ("r/a\nb", "characters that not every system takes"),
    ("C:out.txt", "characters that not every system takes"),
    ("r\\..\\out.txt", "characters that not every system takes"),
    ("r/" + "n" * 256, "a name that is too long"),
]


@pytest.mark.parametrize(("name", "reason"), NAMES)
@pytest.mark.parametrize("form", ["tar", "zip"])
def test_names(name: str, reason: str, form: str, tmp_path: Path) -> None:
    """A name that is no plain path below the folder is refused, and nothing is written."""
    path = tmp_path / "in" / f"x.{form}"
    path.parent.mkdir()
    if form == "tar":
        tar(path, (tar_member(name), b"x"))
    else:
        zipped(path, (name, b"x"))
    with pytest.raises(ArchiveError, match=reason):
        archive.unpack(path, tmp_path / "in" / "out")
    found = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert found == [path]


LINK = stat.S_IFLNK | 0o777


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([(tar_member("r/a", tarfile.SYMTYPE, "/etc"), b"")], "a symbolic link: 'r/a'"),
        ([(tar_member("r/a", tarfile.LNKTYPE, "r/b"), b"")], "a hard link: 'r/a'"),
        ([(tar_member("r/a", tarfile.CHRTYPE), b"")], "a device: 'r/a'"),
        ([(tar_member("r/a", tarfile.BLKTYPE), b"")], "a device: 'r/a'"),
        ([(tar_member("r/a", tarfile.FIFOTYPE), b"")], "a named pipe: 'r/a'"),
        ([(tar_member("r/a", b"S"), b"")], "a sparse file: 'r/a'"),
        ([(tar_member("r/a"), b"1"), (tar_member("r/a"), b"2")], "'r/a', which stands there twice"),
        ([(tar_member("r/a"), b"1"), (tar_member("r/a/b"), b"2")], "which stands there twice"),
        ([(tar_member("r/a/b"), b"1"), (tar_member("r/a"), b"2")], "which stands there twice"),
        ([(tar_member("r/ä"), b"1"), (tar_member("R/b"), b"2")], "differs from 'r' in case"),
        ([(tar_member("r/\xe4"), b"1"), (tar_member("r/a\u0308"), b"2")], "differs from 'r/ä'"),
    ],
)
def test_members_of_tar(members: list[tuple], reason: str, tmp_path: Path) -> None:
    """Links, devices, and names that fall together are refused."""
    with pytest.raises(ArchiveError, match=reason):
        archive.unpack(tar(tmp_path / "x.tar.gz", *members), tmp_path / "out")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([(zip_member("r/a", LINK), b"/etc")], "a symbolic link: 'r/a'"),
        ([(zip_member("r/a", stat.S_IFCHR), b"")], "neither file nor folder: 'r/a'"),
        ([("r/a", b"1"), ("R/A", b"2")], "'R/A', which differs from 'r' in case"),
        ([("r/a", b"1"), ("r/a/b", b"2")], "'r/a/b', which stands there twice"),
    ],
)
def test_members_of_zip(members: list[tuple], reason: str, tmp_path: Path) -> None:
    """The same of zip archives."""
    with pytest.raises(ArchiveError, match=reason):
        archive.unpack(zipped(tmp_path / "x.zip", *members), tmp_path / "out")


@pytest.mark.parametrize(
    ("bomb", "reason"),
    [
        (archives.tar_bomb, "would unpack to 10,000,000,000 bytes"),
        (archives.tail_bomb, "more than 1,048,576 zeros behind its end"),
        (lambda path: archives.zip_bomb(path, 2**32 - 1), "would unpack to 4,294,967,295 bytes"),
        (lambda path: archives.zip_bomb(path, 10**6), "'release/zeros', which is longer than"),
    ],
)
def test_bombs(bomb: object, reason: str, tmp_path: Path) -> None:
    """What would fill the disk or the memory is refused before it does."""
    path = bomb(tmp_path / "bomb")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ArchiveError, match=reason):
        archive.unpack(path, tmp_path / "out")
    written = [file.stat().st_size for file in (tmp_path / "out").rglob("*") if file.is_file()]
    assert sum(written) <= 2 * 10**6
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) / 1000 < MOST_MEMORY


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive of too many files is refused when it has shown that it is one."""
    monkeypatch.setattr(archive, "MAX_FILES", 3)
    members = [(tar_member(f"r/{number}"), b"") for number in range(4)]
    with pytest.raises(ArchiveError, match="more than 3 entries"):
        archive.unpack(tar(tmp_path / "x.tar", *members), tmp_path / "one")
    path = zipped(tmp_path / "x.zip", *((m.name, b"") for m, _ in members))
    with pytest.raises(ArchiveError, match="more than 3 entries"):
        archive.unpack(path, tmp_path / "two")


def test_two_readings(tmp_path: Path) -> None:
    """What one reader would see and another would not is refused."""
    two = tar(tmp_path / "one.tar.gz", (tar_member("r/a"), b"1"))
    other = tar(tmp_path / "two.tar.gz", (tar_member("r/b"), b"2"))
    two.write_bytes(two.read_bytes() + other.read_bytes())
    with pytest.raises(ArchiveError, match="goes on behind its end"):
        archive.unpack(two, tmp_path / "a")

    renamed = bytearray(zipped(tmp_path / "r.zip", ("r/a", b"1")).read_bytes())
    place = renamed.index(b"r/a")
    renamed[place : place + 3] = b"r/b"
    (tmp_path / "r.zip").write_bytes(renamed)
    with pytest.raises(ArchiveError, match="names 'r/a' in its list, and another file there"):
        archive.unpack(tmp_path / "r.zip", tmp_path / "b")

    first, second = (zipped(tmp_path / f"{n}.zip", (f"r/{n}", b"1")) for n in "cd")
    first.write_bytes(first.read_bytes() + second.read_bytes())
    with pytest.raises(ArchiveError, match="holds more than its list of entries says"):
        archive.unpack(first, tmp_path / "c")


def test_damage(tmp_path: Path) -> None:
    """A damaged archive is called one."""
    good = tar(tmp_path / "x.tar.gz", (tar_member("r/a"), os.urandom(5000))).read_bytes()
    for name, data in {
        "empty": b"",
        "cut off": good[:-100],
        "no archive": b"These are no entries. " * 100,
        "one bit": good[:2000] + bytes([good[2000] ^ 1]) + good[2001:],
        "cut off inside": gzip.compress(gzip.decompress(good)[:3000]),
    }.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ArchiveError, match="damaged"):
            archive.unpack(tmp_path / name, tmp_path / f"out of {name}")
