"""Validate, deduplicate and split the posts into train, validation and test.

Writes one Parquet file a split (rowid, text, label, year; by row id), another one with the
posts of train and validation once more, with more or less of them stripped, to learn from as
well, and a JSON report of what was dropped, found twice or warned about. Row
order and split depend on the values in the database alone.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

from provender import files
from provender.console import log
from provender.errors import UserError
from provender.running import step
from provender.splits.rules import (
    HASH,
    augment,
    check_sides,
    check_validation,
    drop_duplicates,
    drop_unusable,
    is_blank,
    read_as,
    split_validation,
)
from provender.splits.strip import PARTS
from provender.splits.tables import count_labels, read_posts, write_split

import pandas as pd

# Why no post validates, where not by a hash and where by one.
NONE_LEFT = (
    "the newest tenth of the training part holds only labels that occur nowhere else in it. Leave "
    "out split.validation_by: then a tenth of each label validates",
    "the training part has one text of each label. Add texts, or raise split.threshold",
)


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
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument(
        "--validation-by", default=HASH, help="the order of which the last tenth validates, or "
        f"{HASH}: a tenth of each label",
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
    read = partial(read_as, files.read_json(options.text))
    usable = usable.assign(read=read(usable["text"]))
    is_test = usable["year"] >= options.threshold
    training, duplicates = drop_duplicates(usable[~is_test], usable[is_test])
    test = usable[is_test]
    lost = posts[~posts["rowid"].isin(usable["rowid"]) & ~posts["label"].isna()]
    blank = lost[(lost["year"] >= options.threshold) & ~is_blank(lost["label"])]
    warnings = check_sides(training, test, options.threshold, usable[~is_test])
    train, validation = split_validation(training, options.validation_by)
    if validation.empty:
        raise UserError(
            f"no post is left to validate with: {NONE_LEFT[options.validation_by == HASH]}"
        )
    warnings += check_validation(train, validation, options.validation_by)
    for warning in warnings:
        log.warning("warning: %s", warning)
    augmented = augment(pd.concat([train, validation]), test, options.strip, options.augment, read)
    splits = {
        "train": write_split(options.train, train),
        "validation": write_split(options.validation, validation),
        "test": write_split(options.test, test),
    }
    report = {
        "rows": len(posts),
        "dropped": dropped,
        "duplicates": duplicates,
        "splits": splits,
        "augmented": write_split(options.augmented, augmented),
        "test_without_text": count_labels(blank),
        "warnings": warnings,
    }
    files.write_json(options.report, report)
    counts = {name: split["posts"] for name, split in splits.items()}
    counts["augmented"] = len(augmented)
    for what, found in (("posts", counts), ("dropped", dropped), ("found twice", duplicates)):
        said = [f"{name.replace('_', ' ')} {count:,}" for name, count in found.items() if count]
        log.info("%s: %s", what, ", ".join(said) or "none")


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
