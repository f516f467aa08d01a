"""Time clean, split, count and ids of all posts of a build: by Arrow, by ``re``, in shards.

Runs in the build's folder and prints JSON: ``posts``, and the least wall time in seconds
of ``arrow`` and ``re`` on one core in turn, and of ``one`` shard and ``two`` at once,
each in a process of its own with its posts read already.
"""

import itertools
import json
import multiprocessing
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection

import pyarrow as pa
import pyarrow.compute as pc

from provender import files
from provender.errors import UserError
from provender.text.recipe import Recipe
from provender.text.words import split_words

# Of so many the fastest counts: other work on the machine only ever adds to the time.
RUNS = 9
SPLITS = ("train", "validation", "test")


def read_posts() -> pa.StringArray:
    """Return the texts of all splits."""
    tables = [files.read_parquet(f"data/splits/{name}.parquet", ["text"]) for name in SPLITS]
    return pa.concat_tables(tables)["text"].combine_chunks()


def read_recipe() -> Recipe:
    """Return the compiled recipe."""
    recipe: Recipe = files.read_json("data/vocabulary/text.json")
    return recipe


def by_arrow(posts: pa.StringArray, recipe: Recipe) -> dict[str, int]:
    """Count the words as the build reads them."""
    words = split_words(recipe, posts)
    counts = pc.value_counts(pc.list_flatten(words))
    return dict(zip(*(counts.field(n).to_pylist() for n in ("values", "counts")), strict=True))


def by_re(posts: list[str], recipe: Recipe) -> dict[str, int]:
    """Do the same post by post."""
    rules = [
        (re.compile(pattern), r" \g<0> " if literal is None else literal.replace("\\", r"\\"))
        for pattern, literal, _ in recipe["replace"]
    ]
    table = _fold_table(recipe)
    counts: Counter[str] = Counter()
    for post in posts:
        text = post[: recipe["max_characters"]]
        text = text.lower() if text.isascii() else _fold(text, table)
        for pattern, literal in rules:
            text = pattern.sub(literal, text)
        counts.update(word for word in text.split(" ") if word)
    return counts


def _fold_table(recipe: Recipe) -> dict[int, str]:
    table = {code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    for first, last, step, delta in recipe["lower"]:
        table.update((code, chr(code + delta)) for code in range(first, last + 1, step))
    table.update((ord(character), text) for character, text in recipe["fold"])
    for name in ("separators", "symbols", "ignored"):
        edges = list(itertools.accumulate(recipe[name]))
        for code in itertools.chain(*map(range, edges[::2], edges[1::2])):
            own = table.get(code, chr(code))
            table[code] = {"separators": " ", "symbols": f" {own} ", "ignored": ""}[name]
    return table


def _fold(text: str, table: dict[int, str]) -> str:
    """Compose, fold and compose: posts have no run that is read in pieces."""
    folded = unicodedata.normalize("NFC", text).translate(table)
    return unicodedata.normalize("NFC", folded)


def clock(work: Callable[[], object]) -> float:
    """Return the seconds that ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def serve_shard(pipe: Connection, first: int) -> None:
    """Do the work whenever told: on all posts, or on every second one from ``first``."""
    posts, recipe = read_posts(), read_recipe()
    shards = {1: posts, 2: posts.take(pa.array(range(first, len(posts), 2)))}
    pipe.send("ready")
    while number := pipe.recv():
        by_arrow(shards[number], recipe)
        pipe.send("done")


def time_shards() -> dict[str, float]:
    """Return the least seconds of one shard in one process, and of two in two."""
    context = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    for first in range(2):
        ours, theirs = context.Pipe()
        pipes.append(ours)
        processes.append(context.Process(target=serve_shard, args=(theirs, first)))
        processes[-1].start()

    def run(shards: int) -> None:
        for pipe in pipes[:shards]:
            pipe.send(shards)
        for pipe in pipes[:shards]:
            pipe.recv()

    for pipe in pipes:
        pipe.recv()
    seconds = [(clock(lambda: run(1)), clock(lambda: run(2))) for _ in range(RUNS)]
    for pipe, process in zip(pipes, processes, strict=True):
        pipe.send(0)
        process.join()
    return dict(zip(("one", "two"), map(min, zip(*seconds, strict=True)), strict=True))


def main() -> None:
    """Measure in turn and print the least."""
    posts, recipe = read_posts(), read_recipe()
    texts = posts.to_pylist()
    if by_arrow(posts, recipe) != by_re(texts, recipe):
        raise UserError("Arrow and re read the posts differently: run make test")
    seconds = [
        (clock(lambda: by_arrow(posts, recipe)), clock(lambda: by_re(texts, recipe)))
        for _ in range(RUNS)
    ]
    arrow, naive = map(min, zip(*seconds, strict=True))
    print(json.dumps({"posts": len(posts), "arrow": arrow, "re": naive, **time_shards()}))


if __name__ == "__main__":
    main()
