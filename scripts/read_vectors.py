"""Take from a file of word vectors the words that texts can have.

Those are the words that the recipe makes of themselves or of another of the file, as lower case
does; of several that become one, the first, which is the most frequent in files that are in the
order of frequency. Left out are what the recipe takes for several words or for none, what it reads
in pieces, and vectors of zeros.

Writes a Parquet file (word string, vector list of float32) in the file's order, and what was
left out, as JSON.
"""

import argparse
import itertools
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from provender import console, files
from provender.errors import UserError
from provender.running import step
from provender.sources import vectors
from provender.text.grams import read_units
from provender.text.recipe import Recipe

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

# So many words at once: bounds the memory, not the result.
BATCH = 8192

# A word of the file is read whole.
MOST_WORDS = 1 << 31

# What is counted of the words that are left out, and what is said of it.
LEFT_OUT = {
    "no_text": "are no text in UTF-8",
    "several_words": "are several words to the recipe, or none",
    "in_pieces": "are read in pieces",
    "zeros": "have a vector of zeros",
    "again": "become a word that was there before",
}


def check_sha256(path: Path, expected: str) -> None:
    """Raise UserError, naming both digests, unless the file has the one that is ``expected``."""
    digest = files.sha256(path)
    if digest != expected:
        raise UserError(
            f"{path} (vectors.path) has the sha256 digest {digest}, but vectors.sha256 is "
            f"{expected}. It is another file or a damaged one: bring the right one, or, if this is "
            "it, write its digest"
        )


def take(
    entries: Iterable[vectors.Entry], recipe: Recipe, left_out: Counter[str]
) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield words that texts can have with their vectors float32 [words, dimensions], in parts.

    ``left_out`` counts the others by why.
    """
    seen: set[str] = set()
    waiting = iter(entries)
    while batch := list(itertools.islice(waiting, BATCH)):
        words = [word or "" for word, _ in batch]
        units = read_units(recipe, pa.chunked_array([words], pa.string()), MOST_WORDS)
        lengths = np.diff(units.starts)
        names = units.names.to_pylist()
        kept, places = [], []
        for place, (word, vector) in enumerate(batch):
            unit = units.units[units.starts[place]] if lengths[place] else -1
            if word is None:
                left_out["no_text"] += 1
            elif lengths[place] != 1:
                left_out["several_words"] += 1
            elif units.is_run[unit]:
                left_out["in_pieces"] += 1
            elif not vector.any():
                left_out["zeros"] += 1
            elif names[unit] in seen:
                left_out["again"] += 1
            else:
                seen.add(names[unit])
                kept.append(names[unit])
                places.append(place)
        if kept:
            yield kept, np.stack([batch[place][1] for place in places])


def write(path: Path, parts: Iterable[tuple[list[str], np.ndarray]]) -> tuple[int, int]:
    """Write words and vectors part by part; return how many words, and of how many dimensions."""
    words = size = 0
    writer = None
    with files.replacing(path) as part:
        try:
            for names, values in parts:
                if writer is None:
                    size = values.shape[1]
                    schema = pa.schema(
                        [("word", pa.string()), ("vector", pa.list_(pa.float32(), size))]
                    )
                    writer = pq.ParquetWriter(part, schema, compression="zstd")
                vectors_of = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), size)
                writer.write_table(
                    pa.Table.from_arrays([pa.array(names), vectors_of], schema=writer.schema)
                )
                words += len(names)
        finally:
            if writer is not None:
                writer.close()
        if not words:
            raise UserError(
                "no word of vectors.path is one that texts can have, as config/text.yaml reads "
                "them: it is a file of another kind, or of a script that is read in pieces"
            )
    return words, size


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--path", type=Path, required=True, help="file of word vectors")
    parser.add_argument("--format", choices=vectors.FORMATS, required=True, help="of that file")
    parser.add_argument("--sha256", required=True, help="the digest that it has")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--output", type=Path, required=True, help="Parquet file to write")
    parser.add_argument("--report", type=Path, required=True, help="JSON file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Read the vectors, write those of words that texts can have, and what was left out."""
    pa.set_memory_pool(pa.system_memory_pool())
    check_sha256(options.path, options.sha256)
    left_out = Counter(dict.fromkeys(LEFT_OUT, 0))
    entries = vectors.read(options.path, options.format)
    words, size = write(options.output, take(entries, files.read_json(options.text), left_out))
    files.write_json(
        options.report,
        {"words": words, "dimensions": size, "left_out": dict(left_out), "sha256": options.sha256},
    )
    console.log.info("%s words have a vector of %d numbers", f"{words:,}", size)
    for why, count in left_out.items():
        if count:
            console.log.info("left out: %s that %s", f"{count:,}", LEFT_OUT[why])


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
