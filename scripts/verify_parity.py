"""Check that every shipped form of the model answers as the trained one does.

Node predicts the whole test split from its raw texts with the page's own preprocessing, in
TensorFlow.js' layers format, in the graph format where there is one, and in the kernel.
TensorFlow.js multiplies by all words that ship: of more than 4,000 posts it predicts so many,
evenly spaced, and fewer where words and labels are many.
Word ids must be equal, and each probability within 1e-5 of the model's; otherwise the posts are
named and the build stops. Writes a JSON report with the largest differences and the digests of the
files that were checked, by which assemble_bundle ships these and no others.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from provender import console, files
from provender.bundle import constants, node
from provender.errors import UserError
from provender.model.features import Features, find_words, read_parts
from provender.running import step
from provender.text.grams import kinds_of

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

# The largest difference of a probability that counts as the same answer: float32 sums of
# 300 terms differ by some 1e-7 in another order, a wrong weight or word by far more.
TOLERANCE = 1e-5

FORMS = ("layers", "graph", "kernel")

# That many posts show whether TensorFlow.js reads the model's files as the kernel does; fewer,
# where these take more products of words and labels: some ten seconds a format.
MOST_POSTS, FEWEST_POSTS = 4000, 250
MOST_PRODUCTS = 4000 * 20_000 * 10

# Posts read at once.
BATCH_POSTS = 256

OTHERS = "the {} are not those of this test split: run snakemake again"

# Posts named in a message.
NAMED_POSTS = 10


def predict_in_node(
    test: Path, constants_file: Path, layers: Path, graph: Path | None, every: int, folder: Path
) -> None:
    """Let Node write ids.bin and one file of scores a form into ``folder``.

    Those of TensorFlow.js are of each ``every``-th post.
    """
    lines = folder / "texts.jsonl"
    with open(lines, "w", encoding="utf-8", newline="") as file:
        # Bit by bit, since Node needs the memory next.
        for batch in pq.ParquetFile(test).iter_batches(BATCH_POSTS, columns=["text"]):
            for text in batch["text"].to_pylist():
                file.write(json.dumps({"text": text}) + "\n")
    pa.default_memory_pool().release_unused()
    node.run(
        "verify.js",
        *("--constants", constants_file, "--layers", layers),
        *(("--graph", graph) if graph else ()),
        *("--texts", lines, "--output", folder, "--every", str(every)),
    )


def read_rows(path: Path, dtype: str, width: int) -> np.ndarray:
    """Read rows of ``width`` numbers that Node wrote, as they are asked for: [n, width]."""
    values = _map(path, dtype)
    if len(values) % width:
        raise UserError(
            f"{path.name}: Node wrote {len(values)} numbers, which are no rows of {width}: the "
            "labels are not those of this test split"
        )
    return values.reshape(-1, width)


def read_ids(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the ids that Node wrote: where each text's begin, int64 [n + 1], and all of them."""
    lengths = np.fromfile(folder / "lengths.bin", "<i4")
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return starts, _map(folder / "ids.bin", "<i4")


def _map(path: Path, dtype: str) -> np.ndarray:
    """Return a file's numbers, read as they are asked for; a file without any cannot be mapped."""
    if not path.stat().st_size:
        return np.zeros(0, dtype)
    return np.memmap(path, dtype, "r")


def compare_ids(
    parts: Iterable[Features], rowids: np.ndarray, starts: np.ndarray, ids: np.ndarray
) -> None:
    """Raise UserError, naming the posts, where ids differ at all.

    ``parts``: the posts of ``rowids``; ``starts``: int [n + 1], where each post's begin in ``ids``.
    """
    if len(starts) != len(rowids) + 1:
        raise UserError(f"Node encoded {len(starts) - 1} posts, Python {len(rowids)}")
    wrong: list[int] = []
    first = 0
    for part in parts:
        theirs = starts[first : first + len(part.rowids) + 1]
        if not np.array_equal(part.rowids, rowids[first : first + len(part.rowids)]):
            raise UserError(OTHERS.format("features"))
        first += len(part.rowids)
        wrong += [
            rowid
            for row, rowid in enumerate(part.rowids.tolist())
            if not np.array_equal(
                np.sort(part.ids[part.starts[row] : part.starts[row + 1]]),
                ids[theirs[row] : theirs[row + 1]],
            )
        ]
    if first < len(rowids):
        raise UserError(OTHERS.format("features"))
    if wrong:
        raise UserError(
            f"{len(wrong)} of {len(rowids)} posts have other word ids in JavaScript than in "
            f"Python: row id {_named(wrong)}. src/provender/text and "
            "web/src/encode.js read the recipe differently"
        )


def compare_scores(
    form: str, rowids: np.ndarray, expected: np.ndarray, scores: np.ndarray
) -> float:
    """Return the largest difference; raise UserError, naming the posts, above 1e-5."""
    if scores.shape != expected.shape:
        raise UserError(f"{form}: Node gave {scores.shape} scores, Python {expected.shape}")
    # A NaN must count as different, which a plain comparison would not do.
    differences = np.nan_to_num(np.abs(scores - expected), nan=np.inf).max(axis=1)
    wrong = np.flatnonzero(differences > TOLERANCE)
    if len(wrong):
        named = _named(rowids[wrong].tolist())
        raise UserError(
            f"{form}: {len(wrong)} of {len(rowids)} posts differ from the model by more "
            f"than {TOLERANCE:g}, at most {differences.max():.2g}: row id {named}"
        )
    return float(differences.max())


def _named(rowids: Sequence[int]) -> str:
    more = ", …" if len(rowids) > NAMED_POSTS else ""
    return ", ".join(map(str, rowids[:NAMED_POSTS])) + more


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--test", type=Path, required=True, help="test split, Parquet")
    parser.add_argument("--features", type=Path, required=True, help="its features, Parquet")
    parser.add_argument("--predictions", type=Path, required=True, help="the model's, Parquet")
    parser.add_argument("--graph", type=Path, help="folder of the graph format, if there is one")
    parser.add_argument("--candidates", type=Path, required=True, help="words encoded, JSON")
    constants.add_arguments(parser)
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    return parser


def compare(
    options: argparse.Namespace, rowids: np.ndarray, every: int, folder: Path
) -> dict[str, float]:
    """Compare what Node wrote into ``folder`` of the posts ``rowids`` with what Python has.

    Returns each form's largest difference. Raises UserError where posts differ that should not.
    """
    words, candidates = (files.read_json(p) for p in (options.vocabulary, options.candidates))
    kinds = kinds_of(files.read_json(options.text), candidates)
    ours = read_parts(options.features, kinds, find_words(words, candidates))
    expected = files.read_parquet(options.predictions, ["rowid", "scores"])
    if not np.array_equal(rowids, expected["rowid"].to_numpy()):
        raise UserError(OTHERS.format("predictions"))
    scores = expected["scores"].combine_chunks()
    labels = scores.type.list_size
    compare_ids(ours, rowids, *read_ids(folder))
    expected_scores = scores.values.to_numpy().reshape(-1, labels)
    found = {}
    for form in FORMS if options.graph else ("layers", "kernel"):
        some = slice(None, None, 1 if form == "kernel" else every)
        theirs = read_rows(folder / f"{form}.bin", "<f4", labels)
        found[form] = compare_scores(form, rowids[some], expected_scores[some], theirs)
    return found


def find_every(posts: int, words: int, labels: int) -> int:
    """Return which of so many posts TensorFlow.js predicts: each so manieth."""
    most = MOST_PRODUCTS // max(words * labels, 1)
    return -(-posts // min(max(most, FEWEST_POSTS), MOST_POSTS)) or 1


def main(options: argparse.Namespace) -> None:
    """Predict in Node, compare and write the report."""
    rowids = files.read_parquet(options.test, ["rowid"])["rowid"].to_numpy()
    words, labels = (len(files.read_json(p)) for p in (options.vocabulary, options.labels))
    every = find_every(len(rowids), words, labels)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        constants_file = folder / "constants.json"
        constants_file.write_bytes(constants.build(options))
        # First, while this process has not yet read what to compare: the two add up.
        forms = (options.layers, options.graph)
        predict_in_node(options.test, constants_file, *forms, every, folder)
        differences = compare(options, rowids, every, folder)
        checked = {"constants.json": files.sha256(constants_file)}
    for path in filter(None, (options.layers, options.graph)):
        for file in sorted(path.iterdir()):
            checked[f"tfjs/{path.name}/{file.name}"] = files.sha256(file)
    report = {
        "posts": len(rowids),
        "tensorflow_posts": len(rowids[::every]),
        "tolerance": TOLERANCE,
        "max_difference": differences,
        "checked": checked,
    }
    files.write_json(options.output, report)
    largest = ", ".join(f"{form} {value:.2g}" for form, value in differences.items())
    console.log.info("%s posts, ids equal, largest differences: %s", f"{len(rowids):,}", largest)


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
