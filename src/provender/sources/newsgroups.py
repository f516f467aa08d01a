"""The by-date archive of 20 newsgroups."""

import argparse
import gzip
import tarfile
import zlib
from pathlib import Path

from provender import console, files
from provender.errors import UserError
from provender.sources.posts import Post, draw_year, require

# Posts in the archive, for the progress bar only.
ARCHIVE_POSTS = 18_846


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this kind of source."""
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--sha256", nargs="+", required=True, help="digests it may have")
    parser.add_argument("--topics", nargs="+", required=True)


def read(options: argparse.Namespace) -> list[Post]:
    """Return the posts that the options ask for; the archive's digest is checked first."""
    files.check_sha256(options.archive, options.sha256)
    return read_newsgroups(options.archive, options.topics)


def read_newsgroups(archive: Path, topics: list[str]) -> list[Post]:
    """Read the posts of ``topics`` from the by-date archive, in posting order.

    The training part comes before the test part; within a part, a post's place in time
    is the rank of its message number within its topic, relative to the topic's size.
    Years are drawn from a hash of the post's path.
    """
    posts: dict[str, dict[str, list[tuple[int, str, str]]]] = {}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in console.progress(tar, "reading posts", ARCHIVE_POSTS):
                part, _, rest = member.name.partition("/")
                topic, _, number = rest.partition("/")
                if not (member.isfile() and number.isdigit()):
                    continue
                # Of the other topics only the names matter, for the message below.
                parts = posts.setdefault(topic, {})
                if topic in topics:
                    file = tar.extractfile(member)
                    assert file is not None  # None is for what is no plain file
                    text = file.read().decode("latin-1")
                    parts.setdefault(part, []).append((int(number), member.name, text))
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise UserError(
            f"{archive} is not a whole tar.gz archive ({error}). Delete it and run again, or "
            "name a good one: make ARCHIVE=path"
        ) from error
    require(topics, posts, "topic", "source.topics", f"{archive} has")
    placed = [
        (part.endswith("-test"), (rank + 0.5) / len(numbered), topic, path, text)
        for topic in topics
        for part, numbered in posts[topic].items()
        for rank, (_, path, text) in enumerate(sorted(numbered))
    ]
    return [
        Post(rowid, text, topic, draw_year(path, is_test))
        for rowid, (is_test, _, topic, path, text) in enumerate(sorted(placed), 1)
    ]
