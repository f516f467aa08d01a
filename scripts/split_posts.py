"""Validate, deduplicate and split the posts into train, validation and test.

Writes one Parquet file a split (rowid, text, label, year; by row id), another one with the
posts of train and validation once more, with more or less of them stripped, to learn from as
well, and a JSON report of what was dropped, found twice or warned about. Row
order and split depend on the values in the database alone.
"""

import argparse
import re
import sqlite3
import sys
from pathlib import Path
from typing import Any

from provender import files, step
from provender.errors import UserError

import pandas as pd
import pyarrow as pa

# The newest of the training part that validates choices: large enough to rank models.
VALIDATION_SHARE = 0.1

# Below this many training posts a label is hardly learned; it is only warned about.
FEW_POSTS = 5

# What may be stripped of a newsgroup post.
PARTS = ("headers", "headers_but_subject", "footers", "quotes")

QUOTED_LINE = re.compile(r"^[|>]|^In article|^Quoted from|writes in|(?:writes|wrote|says|said):")

# Header lines that say what a post is about.
SUBJECT_LINE = re.compile(r"^(?:Subject|Keywords|Summary):(.*)$", re.MULTILINE)
REPLY = re.compile(r"\bre:", re.IGNORECASE)

SCHEMA = pa.schema(
    {"rowid": pa.int64(), "text": pa.string(), "label": pa.string(), "year": pa.float64()}
)


def strip_post(text: str, parts: list[str]) -> str:
    """Remove the ``parts`` of a newsgroup post that no user of a page would type.

    ``headers``: all up to the first blank line; ``headers_but_subject`` leaves what the lines
    Subject, Keywords and Summary say. ``footers``: the last block, where a blank line or a
    rule of hyphens stands before it. ``quotes``: quoted lines and those that introduce them.
    The rules are those by which the literature strips this corpus (scikit-learn's
    ``fetch_20newsgroups``), so that figures compare.
    """
    about = ""
    if "headers" in parts or "headers_but_subject" in parts:
        headers, _, text = text.partition("\n\n")
        if "headers" not in parts:
            about = REPLY.sub(" ", "\n".join(SUBJECT_LINE.findall(headers))) + "\n\n"
    if "footers" in parts:
        lines = text.strip().split("\n")
        breaks = [place for place, line in enumerate(lines) if not line.strip().strip("-")]
        if breaks and breaks[-1] > 0:
            text = "\n".join(lines[: breaks[-1]])
    if "quotes" in parts:
        text = "\n".join(line for line in text.split("\n") if not QUOTED_LINE.search(line))
    return about + text


def augment(
    posts: pd.DataFrame, test: pd.DataFrame, strip: list[str], augmentations: list[list[str]]
) -> pd.DataFrame:
    """Return the posts again, once an augmentation, which is what to strip of them then.

    Those that strip the same as ``strip`` are left out, and texts that are blank or in the
    test part. ``posts`` and the result have the columns of a split; ``posts`` also ``raw``.
    """
    found = [posts[:0]]
    for parts in augmentations:
        if set(parts) != set(strip):
            texts = [strip_post(raw, parts) for raw in posts["raw"]]
            again = posts.assign(text=pd.Series(texts, posts.index, "object"))
            found.append(again[~_blank(again["text"]) & ~again["text"].isin(test["text"])])
    return pd.concat(found)


def drop_unusable(posts: pd.DataFrame, strip: list[str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Strip the texts, drop rows without text or label, and count those by reason.

    The texts as they were become column ``raw``.
    """
    stripped = [None if text is None else strip_post(text, strip) for text in posts["text"]]
    reasons = {
        "null_label": posts["label"].isna(),
        "blank_label": _blank(posts["label"]),
        "null_text": posts["text"].isna(),
        "blank_text": _blank(posts["text"]),
        "blank_after_strip": _blank(pd.Series(stripped, posts.index, "object")),
    }
    kept = pd.Series(True, posts.index)
    counts = {}
    for reason, rows in reasons.items():
        counts[reason] = int((rows & kept).sum())
        kept &= ~rows
    return posts.assign(raw=posts["text"], text=stripped)[kept], counts


def drop_duplicates(
    training: pd.DataFrame, test: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Keep a text once a label in the training part, and out of it where the test has it.

    The test part stays as it is. A text that the training part has under two labels
    stays under both, since nothing tells which one is right.
    """
    on_both_sides = training["text"].isin(test["text"])
    training = training[~on_both_sides]
    repeated = training.duplicated(["text", "label"])
    training = training[~repeated]
    conflicting = training.duplicated("text", keep=False)
    return training, {
        "on_both_sides": int(on_both_sides.sum()),
        "in_training": int(repeated.sum()),
        "in_test_kept": int(test.duplicated(["text", "label"]).sum()),
        "in_training_under_two_labels_kept": int(conflicting.sum()),
    }


def split_validation(training: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split off the newest tenth by ``position``; a label's only posts stay in train."""
    ordered = training.sort_values(["position", "rowid"], kind="stable")
    count = max(1, round(len(ordered) * VALIDATION_SHARE))
    train, validation = ordered[:-count], ordered[-count:]
    lost = ~validation["label"].isin(train["label"])
    return pd.concat([train, validation[lost]]), validation[~lost]


def check_sides(training: pd.DataFrame, test: pd.DataFrame, threshold: float) -> list[str]:
    """Return warnings about few posts; raise UserError where nothing can be learned."""
    years = pd.concat([training["year"], test["year"]])
    if years.empty:
        raise UserError("no post is left: every row lacks a text or a label")
    for side, posts in (("training", training), ("test", test)):
        if posts.empty:
            raise UserError(
                f"the {side} part is empty: the split values run from {years.min():g} to "
                f"{years.max():g}, so set split.threshold above the first and up to the "
                f"second (it is {threshold:g}; rows at or above it are the test part)"
            )
    unseen = sorted(set(test["label"]) - set(training["label"]))
    if unseen:
        raise UserError(
            f"only the test part has the label {', '.join(unseen)}, so nothing can be learned "
            "about it: raise split.threshold, or leave the label out by source.labels"
        )
    counts = training["label"].value_counts().sort_index()
    if len(counts) < 2:
        raise UserError(
            f"the training part has one label, {counts.index[0]}: a classifier needs two. Check "
            "source.label and source.labels"
        )
    return [
        f"label {label} has {count} training post{'s' * (count > 1)}, fewer than {FEW_POSTS}"
        for label, count in counts.items()
        if count < FEW_POSTS
    ]


def read_posts(path: Path) -> pd.DataFrame:
    """Read table ``news`` as rowid, text, label, year and position (its place in time)."""
    database = sqlite3.connect(f"{path.resolve(strict=True).as_uri()}?mode=ro", uri=True)
    try:
        cursor = database.execute("SELECT * FROM news ORDER BY id")
        rows = cursor.fetchall()
    finally:
        database.close()
    names = ["rowid", "text", "label", "year", "position"][: len(cursor.description)]
    posts = pd.DataFrame(rows, columns=names)
    # Texts stay Python strings: Arrow's would be copied at every step.
    posts[["text", "label"]] = pd.DataFrame(
        [row[1:3] for row in rows], columns=["text", "label"], dtype="object"
    )
    if "position" not in posts:
        posts["position"] = posts["rowid"]
    return posts


def write_split(path: Path, posts: pd.DataFrame) -> dict[str, Any]:
    """Write one split by row id and return its counts."""
    posts = posts.sort_values("rowid", kind="stable")
    columns = {name: pa.array(posts[name], SCHEMA.field(name).type) for name in SCHEMA.names}
    files.write_parquet(path, pa.table(columns, SCHEMA))
    return count_labels(posts)


def count_labels(posts: pd.DataFrame) -> dict[str, Any]:
    """Return how many posts there are, and how many of each label."""
    labels = posts["label"].value_counts().sort_index()
    return {"posts": len(posts), "labels": {name: int(count) for name, count in labels.items()}}


def _blank(values: pd.Series) -> pd.Series:
    return pd.Series([v is not None and not v.strip() for v in values], values.index, bool)


def parse_parts(value: str) -> list[str]:
    """Read what an augmentation strips: parts with a plus sign between them, or nothing."""
    parts = value.split("+") if value else []
    for part in parts:
        if part not in PARTS:
            raise argparse.ArgumentTypeError(f"{part} is none of {', '.join(PARTS)}")
    return parts


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--source", type=Path, required=True, help="SQLite file with table news")
    parser.add_argument(
        "--threshold", type=float, required=True, help="first year of the test part"
    )
    parser.add_argument(
        "--strip", nargs="*", default=[], choices=PARTS, metavar="PART",
        help=f"what to remove from each post: {', '.join(PARTS)}",
    )  # fmt: skip
    parser.add_argument(
        "--augment", type=parse_parts, nargs="*", default=[], metavar="PART+PART",
        help="learn from each post again, with these parts removed instead",
    )  # fmt: skip
    parser.add_argument("--train", type=Path, required=True, help="Parquet file to write")
    parser.add_argument("--validation", type=Path, required=True, help="Parquet file to write")
    parser.add_argument("--test", type=Path, required=True, help="Parquet file to write")
    parser.add_argument("--augmented", type=Path, required=True, help="Parquet file to write")
    parser.add_argument("--report", type=Path, required=True, help="JSON file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    """Read, validate, split and write."""
    posts = read_posts(options.source)
    usable, dropped = drop_unusable(posts, options.strip)
    is_test = usable["year"] >= options.threshold
    training, duplicates = drop_duplicates(usable[~is_test], usable[is_test])
    test = usable[is_test]
    lost = posts[~posts["rowid"].isin(usable["rowid"]) & ~posts["label"].isna()]
    blank = lost[(lost["year"] >= options.threshold) & ~_blank(lost["label"])]
    warnings = check_sides(training, test, options.threshold)
    train, validation = split_validation(training)
    if validation.empty:
        raise UserError(
            "no post is left to validate with: the newest tenth of the training part holds "
            "only labels that occur nowhere else. Add posts"
        )
    for warning in warnings:
        step.log.warning("warning: %s", warning)
    augmented = augment(pd.concat([train, validation]), test, options.strip, options.augment)
    report = {
        "rows": len(posts),
        "dropped": dropped,
        "duplicates": duplicates,
        "splits": {
            "train": write_split(options.train, train),
            "validation": write_split(options.validation, validation),
            "test": write_split(options.test, test),
        },
        "augmented": write_split(options.augmented, augmented),
        "test_without_text": count_labels(blank),
        "warnings": warnings,
    }
    files.write_json(options.report, report)
    counts = {name: split["posts"] for name, split in report["splits"].items()}
    counts["augmented"] = len(augmented)
    for what, found in (("posts", counts), ("dropped", dropped), ("found twice", duplicates)):
        said = [f"{name.replace('_', ' ')} {count:,}" for name, count in found.items() if count]
        step.log.info("%s: %s", what, ", ".join(said) or "none")


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
