"""Write the labelled posts as table ``news(Data, Category, Year)`` of one SQLite file.

Sources: the by-date 20 newsgroups archive, a table of the user's own in SQLite, CSV, JSON Lines or
Parquet, or the docstrings of installed packages. Row ids are those of a database, lines of a text
file, rows of Parquet files, and in posting order for the archive. Nothing is judged here beyond
what SQLite and UTF-8 can hold; ``split_posts`` drops, counts and splits.
"""

import argparse
import sys
from pathlib import Path

from provender.console import log
from provender.running import step
from provender.sources import columns, csv, docstrings, jsonl, newsgroups, parquet, sqlite
from provender.sources.posts import write_posts

# By what source.kind calls them.
KINDS = {
    "newsgroups": newsgroups, "docstrings": docstrings, "sqlite": sqlite, "csv": csv,
    "jsonl": jsonl, "parquet": parquet,
}  # fmt: skip


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="SQLite file to write")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    for name, kind in KINDS.items():
        kind.add_arguments(kinds.add_parser(name, help=kind.__doc__))
    return parser


def main(options: argparse.Namespace) -> None:
    """Read the chosen source and write it."""
    posts = KINDS[options.kind].read(options)
    with_position = getattr(options, "validation_by", "hash") not in columns.NO_COLUMN
    count = write_posts(options.output, posts, with_position)
    log.info("wrote %s posts", f"{count:,}")


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
