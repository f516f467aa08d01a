"""List the labels of the training split, and the words that a model may know.

Words, pairs of words and pieces are those of the training split, augmented: those that most texts
have first, then by code point; the id of word i is i + 2. train_model chooses among them. Left out
is what may tell of a person: words and pairs that few texts have, words of six digits or more,
those of a list, and their pairs and pieces. Labels are in code point order.

With word vectors, what is left of ``--size`` is filled with words that have one, in the file's
order; they count 0 texts, since nothing of them comes from the texts.
"""

import argparse
import hashlib
import itertools
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from provender import console, files, threads
from provender.errors import UserError
from provender.running import shards, step
from provender.text.counting import SCHEMA, Counter, keep_most
from provender.text.encode import Kind
from provender.text.grams import count_texts, find_units, kinds_of, read_units
from provender.text.recipe import Recipe
from provender.text.scripts import advise, not_parted
from provender.text.words import join_words, without_punctuation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# So many digits in a word are a number of a telephone, an account or a customer.
MANY_DIGITS = 6

# A superset of what has so many digits, of any script.
MAY_BE_NUMBER = f"(?:[0-9[:^ascii:]].*?){{{MANY_DIGITS}}}"

# A list of words is read whole.
MOST_WORDS = 1 << 31


# Bytes of a text's digest, as of those that split_posts compares.
DIGEST = 16

# Texts that stand in several batches are counted again, so many at once.
SHARED_ROWS = 8192


# What a shard leaves of each post.
SHARD_SCHEMA = pa.schema({"digest": pa.binary(DIGEST)})


class Posts(NamedTuple):
    """Some posts of the training split, and the same ones with other parts stripped."""

    train: pa.Table
    augmented: pa.Table


class Counted(NamedTuple):
    """How many texts of a batch have each feature, and what is known of its posts.

    ``counts`` int64 [names]; ``digests`` bytes [posts], the same for texts that count as one.
    """

    names: pa.StringArray
    counts: np.ndarray
    digests: np.ndarray
    labels: set[str]


def read_posts(
    train: Path, augmented: Path, choose: Callable[[int], Iterable[int]] = range
) -> Iterator[Posts]:
    """Yield the training split by its row groups; both files are ordered by row id.

    ``choose`` says which ones, given their number.
    """
    more = files.read_groups(augmented, ["rowid", "text"])
    held = next(more, None)
    for posts in files.read_groups(train, ["rowid", "text", "label"], choose):
        found = [posts.select(["rowid", "text"]).slice(0, 0)]
        while held is not None:
            end = int(
                np.searchsorted(held["rowid"].to_numpy(), posts["rowid"][-1].as_py(), "right")
            )
            found.append(held.slice(0, end))
            if end < len(held):
                held = held.slice(end)
                break
            held = next(more, None)
        own = pa.concat_tables(found)
        # The rest of it are validation posts.
        is_own = pc.is_in(own["rowid"], value_set=posts["rowid"].combine_chunks())
        yield Posts(posts, own.filter(is_own))


class Reader(NamedTuple):
    """Counts what texts have."""

    recipe: Recipe
    max_words: int
    excluded: Sequence[str]

    def count_batch(self, posts: Posts) -> Counted:
        """Count a batch."""
        words = self._split(posts)
        encoded = without_punctuation(words.slice(0, len(posts.train))).dictionary_encode()
        groups = encoded.indices.to_numpy().astype(np.int64)
        names, counts = self._count(words, self._of_both(posts, groups))
        each = encoded.dictionary.cast(pa.binary()).to_pylist()
        digests = [hashlib.sha256(text).digest()[:DIGEST] for text in each]
        labels = set(posts.train["label"].unique().to_pylist())
        return Counted(names, counts, np.array(digests, f"S{DIGEST}")[groups], labels)

    def correct(self, posts: Posts, batches: np.ndarray, groups: np.ndarray) -> Iterator[Counted]:
        """Yield what to add for texts that were counted in several batches, as one each.

        ``batches`` and ``groups``: int64 [training posts], in which each was, and which text it is.
        """
        words = self._split(posts)
        _, counted = np.unique(np.stack([batches, groups]), axis=1, return_inverse=True)
        none = np.zeros(0, f"S{DIGEST}")
        for numbers, sign in ((counted, -1), (groups, 1)):
            names, counts = self._count(words, self._of_both(posts, numbers))
            yield Counted(names, sign * counts, none, set())

    def choose(self, table: pa.Table, min_count: int, piece_min_count: int) -> pa.Table:
        """Return those names and counts that may ship."""
        is_piece = kinds_of(self.recipe, table["name"].combine_chunks()) != Kind.WORD
        least = np.where(is_piece, piece_min_count, min_count)
        table = table.filter(pa.array(table["count"].to_numpy() >= least))
        return table.filter(
            pa.array(may_be_used(table["name"].combine_chunks(), self.excluded), pa.bool_())
        )

    def _split(self, posts: Posts) -> pa.StringArray:
        chunks = [*posts.train["text"].chunks, *posts.augmented["text"].chunks]
        return join_words(self.recipe, pa.chunked_array(chunks, pa.string()))

    def _of_both(self, posts: Posts, numbers: np.ndarray) -> np.ndarray:
        """A post is one text, however often it is there with other parts stripped."""
        own = pc.index_in(posts.augmented["rowid"], value_set=posts.train["rowid"].combine_chunks())
        return np.concatenate([numbers, numbers[own.to_numpy().astype(np.int64)]])

    def _count(self, words: pa.StringArray, groups: np.ndarray) -> tuple[pa.Array, np.ndarray]:
        units = find_units(self.recipe, words, self.max_words)
        return count_texts(self.recipe, units, groups, may_be_used(units.names, self.excluded))


def count_shard(reader: Reader, counter: Counter, options: argparse.Namespace) -> None:
    """Count some row groups, and write what :func:`read_shards` reads: of posts, and of names."""
    posts = read_posts(options.train, options.augmented, options.shard.of)

    def count() -> Iterator[files.Batch]:
        for counted in threads.in_order(reader.count_batch, posts):
            counter.add(counted.names, counted.counts)
            data = pa.py_buffer(counted.digests.tobytes())
            kind = SHARD_SCHEMA.field("digest").type
            found = pa.Array.from_buffers(kind, len(counted.digests), [None, data])
            yield pa.table([found], SHARD_SCHEMA), {"labels": sorted(counted.labels)}

    of_posts, of_names = options.part
    files.write_batches(of_posts, SHARD_SCHEMA, count())
    files.write_batches(of_names, SCHEMA, ((table, {}) for table in counter.tables()))


def read_shards(paths: Sequence[Path]) -> Iterator[Counted]:
    """Yield what shards have counted: each batch's posts, and each shard's names."""
    no_names, no_counts = pa.array([], pa.string()), np.zeros(0, np.int64)
    for table, told in files.read_batches(paths[::2]):
        data = table["digest"].combine_chunks().buffers()[1]
        digests = np.frombuffer(data, f"S{DIGEST}", len(table))
        yield Counted(no_names, no_counts, digests, set(told["labels"]))
    for table, _ in files.read_batches(paths[1::2]):
        names = table["name"].combine_chunks()
        yield Counted(names, table["count"].to_numpy(), np.zeros(0, f"S{DIGEST}"), set())


def find_shared(digests: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the posts whose text is in several batches, by text, and a number for each text.

    ``digests``: bytes [posts], of each batch. Both are int64, the posts' places among all.
    """
    every = np.concatenate([np.zeros(0, f"S{DIGEST}"), *digests])
    batches = np.repeat(np.arange(len(digests)), [len(each) for each in digests])
    order = np.argsort(every, kind="stable")
    is_first = np.append(True, every[order][1:] != every[order][:-1])[: len(every)]
    texts = np.cumsum(is_first) - 1
    begins = np.flatnonzero(is_first)
    ends = np.append(begins, len(every))[1:]
    # In order, so that the first and the last batch tell.
    several = batches[order][begins] != batches[order][ends - 1]
    return order[several[texts]], texts[several[texts]]


def count_shared(
    reader: Reader, train: Path, augmented: Path, digests: Sequence[np.ndarray]
) -> Iterator[Counted]:
    """Yield what to add for texts of several batches: each of them is one."""
    rows, texts = find_shared(digests)
    starts = np.cumsum([0, *map(len, digests)])
    first = 0
    while first < len(rows):
        # All of a text at once.
        last = int(np.searchsorted(texts, texts[min(first + SHARED_ROWS, len(rows)) - 1], "right"))
        found: list[Posts] = []
        for start, posts in zip(starts, read_posts(train, augmented), strict=False):
            own = rows[first:last] - start
            own = np.sort(own[(own >= 0) & (own < len(posts.train))])
            some = posts.train.take(pa.array(own))
            is_own = pc.is_in(posts.augmented["rowid"], some["rowid"].combine_chunks())
            found.append(Posts(some, posts.augmented.filter(is_own)))
        both = Posts(*map(pa.concat_tables, zip(*found, strict=True)))
        order = np.argsort(rows[first:last])
        batches = np.searchsorted(starts, rows[first:last][order], "right")
        _, groups = np.unique(texts[first:last][order], return_inverse=True)
        yield from reader.correct(both, batches, groups)
        first = last


def read_known(path: Path, own: Collection[str]) -> list[str]:
    """Return the words that have a vector, in the file's order.

    Raises UserError where none of the ``own`` words has one.
    """
    known: list[str] = files.read_parquet(path, ["word"])["word"].to_pylist()
    covered = len(set(known) & set(own))
    console.log.info("%s of the words that were kept have a vector", f"{covered:,}")
    if not covered:
        raise UserError(
            "none of the words of the training texts has a vector in vectors.path: are they of "
            "another language? Name a file of the texts' own, or leave out vectors"
        )
    return known


def may_be_used(names: pa.StringArray, excluded: Sequence[str]) -> np.ndarray:
    """Tell which names do not tell of a person: bool [names]."""
    usable = ~np.asarray(pc.is_in(names, value_set=pa.array(excluded, pa.string())))
    # Looked at one by one: those of so many characters that may be digits.
    for place in np.flatnonzero(np.asarray(pc.match_substring_regex(names, MAY_BE_NUMBER))):
        usable[place] &= not has_many_digits(names[place].as_py())
    return usable


def has_many_digits(word: str) -> bool:
    """Tell whether a word may be somebody's number, in the digits of whatever script."""
    return sum(character.isdecimal() for character in word) >= MANY_DIGITS


def read_excluded(path: Path, recipe: Recipe) -> set[str]:
    """Read the words of a list, as the recipe has them. Raises UserError where it is no text."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UserError(f"{path} (vocabulary.exclude) is no text in UTF-8: {error}") from error
    units = read_units(recipe, pa.chunked_array([lines], pa.string()), MOST_WORDS)
    # The pieces of a run are what stands for words there.
    plain = {**recipe, "grams": {**recipe["grams"], "words": [], "pairs": False}}
    every = np.ones(len(units.names), bool)
    names, _ = count_texts(plain, units, np.arange(len(lines)), every)
    return {*names.to_pylist(), *units.names.to_pylist()}


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="training split, Parquet")
    parser.add_argument("--augmented", type=Path, required=True, help="more texts, Parquet")
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument("--max-words", type=int, required=True, help="words read of a text")
    parser.add_argument("--exclude", type=Path, help="text file: words to leave out")
    parser.add_argument("--vectors", type=Path, help="words that have a vector, Parquet")
    of_whole = [
        parser.add_argument("--size", type=int, required=True, help="words at most"),
        parser.add_argument("--min-count", type=int, required=True, help="texts at least"),
        parser.add_argument(
            "--piece-min-count",
            type=int,
            required=True,
            help="the same of pieces of words and runs",
        ),
        parser.add_argument("--candidates", type=Path, required=True, help="JSON file to write"),
        parser.add_argument(
            "--counts", type=Path, required=True, help="the same: texts of each word"
        ),
        parser.add_argument("--labels", type=Path, required=True, help="JSON file to write"),
    ]
    shards.add_arguments(parser, of_whole)
    return parser


def main(options: argparse.Namespace) -> None:
    """Read the training split and the recipe; write words and labels."""
    step.give_back_memory()
    recipe = files.read_json(options.text)
    excluded = sorted(read_excluded(options.exclude, recipe)) if options.exclude else []
    reader = Reader(recipe, options.max_words, excluded)
    labels: set[str] = set()
    with files.scratch(options.part[0] if options.shard else options.candidates) as folder:
        counter = Counter(folder)
        if options.shard:
            count_shard(reader, counter, options)
            return
        digests = []
        if options.parts:
            found = read_shards(options.parts)
        else:
            found = threads.in_order(
                reader.count_batch, read_posts(options.train, options.augmented)
            )
        for counted in found:
            counter.add(counted.names, counted.counts)
            digests.append(counted.digests)
            labels |= counted.labels
        for counted in count_shared(reader, options.train, options.augmented, digests):
            counter.add(counted.names, counted.counts)
        different, kept = 0, SCHEMA.empty_table()
        for table in counter.tables():
            different += len(table)
            own = reader.choose(table, options.min_count, options.piece_min_count)
            kept = keep_most(pa.concat_tables([kept, own]), options.size)
    if not len(kept):
        texts = next(iter(files.read_groups(options.train, ["text"])))["text"].combine_chunks()
        advice = advise(recipe, not_parted(recipe, texts), len(texts))
        mend = "lower vocabulary.min_count and vocabulary.piece_min_count"
        raise UserError(
            f"no word is in {options.min_count} different training texts, and no piece in "
            f"{options.piece_min_count}: {'; '.join(advice) or mend}"
        )
    # Those of equally many texts by code point, as their bytes in UTF-8 are ordered.
    kept = kept.sort_by([("count", "descending"), ("name", "ascending")])
    ordered = dict(zip(kept["name"].to_pylist(), kept["count"].to_pylist(), strict=True))
    if options.vectors:
        known = read_known(options.vectors, ordered)
        left_out = set(excluded)
        others = (word for word in known if word not in ordered)
        usable = (w for w in others if w not in left_out and not has_many_digits(w))
        ordered |= dict.fromkeys(itertools.islice(usable, options.size - len(ordered)), 0)
    files.write_json(options.candidates, list(ordered))
    files.write_json(options.counts, list(ordered.values()))
    files.write_json(options.labels, sorted(labels))
    console.log.info(
        "kept %s of %s different words, pairs and pieces", f"{len(ordered):,}", f"{different:,}"
    )


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
