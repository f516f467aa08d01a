"""benchmarks/make_posts.py: as many posts as wanted, of another table's lines."""

import sqlite3
import subprocess
import sys
from pathlib import Path

from conftest import ROOT
from databases import make_table

COLUMNS = "id INTEGER PRIMARY KEY, Data TEXT, Category TEXT, Year NUMERIC"
POSTS = [(1, "rye bread\n\noat loaf", "bread", 1), (2, "spring tide\nebb", "tides", 2)]


def make(source: Path, output: Path, rows: int, seed: int) -> list[tuple[str, str, int]]:
    """Return the rows that a run writes."""
    command = [sys.executable, ROOT / "benchmarks" / "make_posts.py", "--source", source]
    command += ["--rows", str(rows), "--seed", str(seed), "--output", output]
    subprocess.run(command, check=True, capture_output=True)
    database = sqlite3.connect(output)
    found = database.execute("SELECT body, topic, year FROM posts ORDER BY rowid").fetchall()
    database.close()
    return found


def test_rows_of_the_lines_of_a_label(tmp_path: Path) -> None:
    """No two are equal, all lines are of posts with that label, and the seed alone draws them."""
    source = make_table(tmp_path / "news.sqlite", POSTS, COLUMNS, "news")
    rows = make(source, tmp_path / "posts.sqlite", 100, 1)
    lines = {label: set(text.split("\n")) for _, text, label, _ in POSTS}
    bodies = [(body.split("\n"), topic) for body, topic, _ in rows]
    assert len({own for (*_, own), _ in bodies}) == 100
    assert all(set(drawn) <= lines[topic] - {""} for (*drawn, _), topic in bodies)
    assert {topic for _, topic in bodies} == {"bread", "tides"}
    assert all(2000 <= len("".join(drawn)) < 2020 for (*drawn, _), _ in bodies)
    assert make(source, tmp_path / "fewer.sqlite", 40, 1) == rows[:40]
    assert make(source, tmp_path / "others.sqlite", 40, 2) != rows[:40]
