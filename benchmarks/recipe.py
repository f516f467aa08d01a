"""The text recipe: Python's time against ``re`` and on two cores; the browser's, and its bytes."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import project
from figures import Figure

from provender import files
from provender.bundle import constants

PART = "text recipe"

# At least twice as fast as re, and 1.8 times as fast in two shards.
MOST_OF_RE = 1 / 2
MOST_OF_ONE_SHARD = 1 / 1.8

# In milliseconds: a post of 300 words, to words and to ids; the longest that the page may not
# answer; and a start.
MOST_FOR_A_POST = 0.1
MOST_FOR_IDS = 0.2
MOST_FOR_10_MB = 100.0
MOST_FOR_DECODING = 10.0

# In kB after gzip; the script had 0.759 before composition and scripts without spaces.
MOST_KB_OF_SCRIPT = 1.359
MOST_KB_OF_WORDS = 45.0
WORDS = 20_000


def measure(build: Path) -> Iterator[Figure]:
    """Measure the recipe of ``build``, where the main job is done."""
    here = Path(__file__).parent
    python = json.loads(project.run(build, [sys.executable, str(here / "recipe_shards.py")]))
    # The model may know fewer words than the figure is about.
    words = files.read_json(build / "data/vocabulary/candidates.json")[:WORDS]
    files.write_json(build / "words.json", constants.front_code(sorted(words)))
    browser = json.loads(project.run(build, ["node", str(here / "recipe_pages.mjs"), str(build)]))
    posts = f"{python['posts']:,} posts: words, counts, ids"
    yield _within(posts, python["arrow"], python["re"], "the same in re", "s", MOST_OF_RE)
    shards = "the same in 2 shards at once"
    yield _within(shards, python["two"], python["one"], "1 shard", "s", MOST_OF_ONE_SHARD)
    for name, value, limit, unit in (
        ("text.js, 300 words, Node", browser["post"], MOST_FOR_A_POST, "ms"),
        ("the same with pairs and pieces, to ids", browser["ids"], MOST_FOR_IDS, "ms"),
        ("text.js, first 10 MB, Chromium", browser["large"], MOST_FOR_10_MB, "ms"),
        ("text.js, minified, gzip", browser["script"], MOST_KB_OF_SCRIPT, "kB"),
        (f"{len(words):,} words, gzip", browser["words"], MOST_KB_OF_WORDS, "kB"),
        ("decoding them, Chromium", browser["decoding"], MOST_FOR_DECODING, "ms"),
    ):
        yield _within(name, value, limit, "limit", unit, 1)


def _within(
    name: str, value: float, reference: float, against: str, unit: str, most: float
) -> Figure:
    return Figure(PART, name, value, reference, against, unit, at_most=most)
