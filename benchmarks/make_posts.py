"""Write a table of as many posts as wanted, made of the lines of those in another one.

Each row's lines are drawn from posts of its label, until there are some 2,000 characters: words are
as frequent as they are there, and so are pairs of words within a line. No two rows are equal: each
ends with a word that no other row has, since texts of people, too, have ever new words. The same
source, number and seed give the same rows; those of fewer rows are the first of more.
"""

import argparse
import random
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from provender import console, files
from provender.errors import UserError
from provender.running import step

# About that of a newsgroup post.
CHARACTERS = 2000

# Of letters and digits, so that it is read as one word.
SYMBOLS = "0123456789abcdefghijklmnopqrstuvwxyz"

Row = tuple[str, str, int]


def read_lines(path: Path) -> dict[str, list[str]]:
    """Return the lines of table ``news`` that are not blank, by label."""
    database = sqlite3.connect(f"{path.resolve(strict=True).as_uri()}?mode=ro", uri=True)
    lines = defaultdict(list)
    for text, label in database.execute("SELECT Data, Category FROM news ORDER BY id"):
        lines[label] += [line for line in text.split("\n") if line.strip()]
    database.close()
    if not lines:
        raise UserError(f"{path} has no posts to make others of: run make, which writes some")
    return dict(lines)


def make_posts(lines: dict[str, list[str]], count: int, seed: int) -> Iterator[Row]:
    """Yield ``count`` posts as (body, topic, year), no two of the same words."""
    chance = random.Random(seed)
    labels = sorted(lines)
    for number in range(count):
        label = chance.choice(labels)
        body: list[str] = []
        room = CHARACTERS
        while room > 0:
            body.append(chance.choice(lines[label]))
            room -= len(body[-1])
        yield "\n".join([*body, f"q{write_number(number)}"]), label, 2000 + number % 25


def write_number(number: int) -> str:
    """Return a number in ``SYMBOLS``, the last digit first."""
    digits = ""
    while number or not digits:
        number, digit = divmod(number, len(SYMBOLS))
        digits += SYMBOLS[digit]
    return digits


def write_table(path: Path, rows: Iterator[Row]) -> None:
    """Write rows as SQLite: posts(body, topic, year)."""
    with files.replacing(path) as part:
        part.unlink(missing_ok=True)
        database = sqlite3.connect(part, isolation_level=None)
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("CREATE TABLE posts (body TEXT, topic TEXT, year INTEGER)")
        database.execute("BEGIN")
        database.executemany("INSERT INTO posts VALUES (?, ?, ?)", rows)
        database.execute("COMMIT")
        database.close()


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument(
        "--source", type=Path, default=Path("data/source/news.sqlite"),
        help="SQLite file with table news (default: that of the build here)",
    )  # fmt: skip
    parser.add_argument("--rows", type=int, required=True, help="how many to write")
    parser.add_argument("--seed", type=int, default=1, help="draws other rows (default: 1)")
    parser.add_argument("--output", type=Path, required=True, help="SQLite file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Read the lines and write the rows."""
    rows = make_posts(read_lines(options.source), options.rows, options.seed)
    write_table(options.output, console.progress(rows, "writing posts", options.rows))


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main, receipts=False))
