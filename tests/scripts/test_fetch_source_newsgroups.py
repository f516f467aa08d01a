"""fetch_source newsgroups: the by-date archive, here a small one made by the test."""

import io
import tarfile
from pathlib import Path

import pytest
from databases import read_table
from step_runs import RunScript, names_in

from provender import files

TRAIN_YEARS = range(1922, 1954)
TEST_YEARS = range(1990, 2001)

MEMBERS = {
    "20news-bydate-train/sci.med/100": b"third of three",
    "20news-bydate-train/sci.med/20": b"second of three",
    "20news-bydate-train/sci.med/3": b"first of three",
    "20news-bydate-train/sci.space/7": b"in the middle",
    "20news-bydate-train/sci.crypt/1": b"of another topic",
    "20news-bydate-test/sci.med/30": b"caf\xe9 \x00 \xff",
    "20news-bydate-test/sci.space/9": b"a quarter",
    "20news-bydate-test/sci.space/10": b"three quarters\r\n",
    "20news-bydate-test/sci.space/notes": b"no post",
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return an archive of three topics."""
    path = tmp_path / "news.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, content in MEMBERS.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def arguments(archive: Path, output: Path, *topics: str) -> list[str | Path]:
    """Return the command line, with the digest that the archive has."""
    digest = files.sha256(archive)
    return [
        "--output",
        output,
        "newsgroups",
        "--archive",
        archive,
        "--sha256",
        digest,
        "--topics",
        *topics,
    ]


def test_posting_order(run_script: RunScript, archive: Path, tmp_path: Path) -> None:
    """Row ids follow the message numbers' ranks, and the archive's test part comes last."""
    output = tmp_path / "source" / "news.sqlite"
    done = run_script("fetch_source", *arguments(archive, output, "sci.space", "sci.med"))
    assert done.stderr == "fetch_source: wrote 7 posts\n"
    rows = read_table(output)
    assert [row[:3] for row in rows] == [
        (1, "first of three", "sci.med"),
        (2, "second of three", "sci.med"),
        (3, "in the middle", "sci.space"),
        (4, "third of three", "sci.med"),
        (5, "a quarter", "sci.space"),
        (6, "caf\xe9 \x00 \xff", "sci.med"),
        (7, "three quarters\r\n", "sci.space"),
    ]
    assert all(row[3] in TRAIN_YEARS for row in rows[:4])
    assert all(row[3] in TEST_YEARS for row in rows[4:])
    assert names_in(output.parent) == ["news.sqlite"]


def test_years_depend_on_the_path_alone(
    run_script: RunScript, archive: Path, tmp_path: Path
) -> None:
    """A post has the same year whichever topics are read, and years differ between posts."""
    both, one = tmp_path / "both.sqlite", tmp_path / "one.sqlite"
    run_script("fetch_source", *arguments(archive, both, "sci.space", "sci.med", "sci.crypt"))
    run_script("fetch_source", *arguments(archive, one, "sci.med"))
    years = {text: year for _, text, _, year in read_table(both)}
    assert [years[text] for _, text, _, _ in read_table(one)] == [
        year for _, _, _, year in read_table(one)
    ]
    assert len(set(years.values())) > 2


def test_missing_topic(run_script: RunScript, archive: Path, tmp_path: Path) -> None:
    """The message lists the archive's topics and the nearest."""
    output = tmp_path / "source" / "news.sqlite"
    done = run_script("fetch_source", *arguments(archive, output, "sci.med", "sci.spice"), code=1)
    assert done.stderr == (
        f"fetch_source: error: source.topics names the topic sci.spice, but {archive} has "
        "sci.crypt, sci.med, sci.space. Did you mean sci.space?\n"
    )
    assert names_in(tmp_path) == ["news.tar.gz"]


def test_wrong_digest(run_script: RunScript, archive: Path, tmp_path: Path) -> None:
    """Another archive than the expected one is not read; both digests are named."""
    output = tmp_path / "source" / "news.sqlite"
    options = arguments(archive, output, "sci.med")
    digest = options[options.index("--sha256") + 1]
    archive.write_bytes(archive.read_bytes() + b"\0")
    done = run_script("fetch_source", *options, code=1)
    assert f"{archive} has the sha256 digest {files.sha256(archive)}, but" in done.stderr
    assert f"source.sha256 expects {digest}" in done.stderr
    assert names_in(tmp_path) == ["news.tar.gz"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "no gzip"])
def test_damaged_archive(run_script: RunScript, archive: Path, tmp_path: Path, damage: str) -> None:
    """A broken archive is named even where its digest is the expected one."""
    content = archive.read_bytes()
    middle = len(content) // 2
    archive.write_bytes(
        {
            "cut": content[:middle],
            "flipped": content[:middle] + bytes(b ^ 0xFF for b in content[middle:]),
            "empty": b"",
            "no gzip": b"no archive at all",
        }[damage]
    )
    output = tmp_path / "source" / "news.sqlite"
    done = run_script("fetch_source", *arguments(archive, output, "sci.med"), code=1)
    assert f"{archive} is not a whole tar.gz archive (" in done.stderr
    assert "name a good one: make ARCHIVE=path" in done.stderr
    assert names_in(tmp_path) == ["news.tar.gz"]
