"""Validate, deduplicate and split the posts into train, validation and test.

Writes one Parquet file a split (rowid, text, label, year; by row id), another one with the
posts of train and validation once more, with more or less of them stripped, to learn from as
well, and a JSON report of what was dropped, found twice or warned about. Row
order and split depend on the values in the database alone.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from provender import files
from provender.console import log
from provender.errors import UserError
from provender.running import shards, step
from provender.sources.columns import to_date, to_number, to_seconds
from provender.splits.rules import (
    HASH,
    NAMES,
    THRESHOLD,
    VALIDATION,
    Division,
    check_sides,
    check_validation,
    drop_duplicates,
    drop_unseen,
    find_rare,
    regroup,
    split_named,
    split_validation,
)
from provender.splits.strip import PARTS
from provender.splits.tables import (
    AUGMENTED,
    REASONS,
    Writers,
    count_labels,
    join_keys,
    judge_rows,
    read_keys,
    read_shards,
    write_shard,
    write_splits,
)

import numpy as np

# How an augmentation is given that strips no part.
NOTHING = "nothing"

# Why no post validates, by how it is split off; else it is by an order.
NONE_LEFT = {
    HASH: "the training part has one text of each label. Add texts, or raise split.threshold",
    NAMES: "rows that say validation in source.split have labels that no other row has",
}
NONE_OF_NEWEST = (
    "the newest tenth of the training part holds only labels that occur nowhere else in it. Leave "
    "out split.validation_by: then a tenth of each label validates"
)


def parse_threshold(value: str) -> tuple[float, str, Callable[[float], str]]:
    """Read a number or an ISO date; return it as a number, as it is, and how to write others."""
    number = to_number(value)
    if number is not None:
        return float(number), f"{number:g}", lambda other: f"{other:g}"
    seconds = to_seconds(value)
    if seconds is None:
        raise UserError(f"--threshold is {value!r}, which is neither a number nor an ISO date")
    return float(seconds), value, to_date


def parse_parts(value: str) -> list[str]:
    """Read what an augmentation strips: parts with a plus sign between them, or NOTHING."""
    parts = value.split("+") if value != NOTHING else []
    for part in parts:
        if part not in PARTS:
            raise argparse.ArgumentTypeError(f"{part} is none of {', '.join(PARTS)}")
    return parts


def parse_arguments() -> argparse.ArgumentParser:
    """Return the command line of this step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=step.HelpFormatter)
    parser.add_argument("--source", type=Path, required=True, help="SQLite file with table news")
    parser.add_argument(
        "--strip", nargs="*", default=[], choices=PARTS, metavar="PART",
        help=f"what to remove from each post: {', '.join(PARTS)}",
    )  # fmt: skip
    parser.add_argument(
        "--augment", type=parse_parts, nargs="*", default=[], metavar="PART+PART",
        help=f"learn from each post again, with these parts removed instead, or {NOTHING}",
    )  # fmt: skip
    parser.add_argument("--text", type=Path, required=True, help="compiled recipe, JSON")
    parser.add_argument(
        "--validation-by", default=HASH, help="the order of which the last tenth validates, or "
        f"{HASH}: a tenth of each label",
    )  # fmt: skip
    parser.add_argument(
        "--min-posts", type=int, default=1, help="training texts that a label must have"
    )
    parser.add_argument(
        "--rare-labels", default="", help="what labels with fewer become (default: left out)"
    )
    of_whole = [
        parser.add_argument(
            "--by", choices=[THRESHOLD, NAMES, HASH], required=True,
            help="how the test part is told",
        ),
        parser.add_argument(
            "--threshold", required=True, help="first split value of the test part, or an ISO date"
        ),
        parser.add_argument(
            "--test-share", type=float, required=True, help="of the texts, drawn by a hash"
        ),
        *(
            parser.add_argument(f"--{name}", type=Path, required=True, help="Parquet file to write")
            for name in ("train", "validation", "test", "augmented")
        ),
        parser.add_argument("--report", type=Path, required=True, help="JSON file to write"),
    ]  # fmt: skip
    shards.add_arguments(parser, of_whole)
    return parser


def main(options: argparse.Namespace) -> None:
    """Read, validate, split and write; of a shard, read and validate."""
    step.give_back_memory()
    recipe = files.read_json(options.text)
    if options.shard:
        judged = judge_rows(options.source, recipe, options.strip, options.shard.of)
        write_shard(options.part[0], judged)
        return
    if options.parts:
        posts, digests = join_keys(read_shards(options.parts))
    else:
        posts, digests = read_keys(options.source, recipe, options.strip)
    rows, used = len(posts), posts["reason"] == len(REASONS)
    reasons = np.bincount(posts["reason"], minlength=len(REASONS))
    dropped = dict(zip(REASONS, reasons[: len(REASONS)].tolist(), strict=True))
    division = Division(options.by, *parse_threshold(options.threshold), options.test_share)
    lost = posts[~used & ~posts["label"].isna()]
    lost = lost[division.in_test(lost)]
    # What no rule asks for any more is let go of, here and below: there may be 10^7 rows.
    usable = posts if used.all() else posts[used]
    del posts
    if division.by == NAMES:
        # Of copies that which is to validate stays.
        usable = usable.sort_values("year", ascending=False, kind="stable")
    is_test = division.in_test(usable)
    usable = usable.drop(columns=["reason", "drawn"])
    training, duplicates = drop_duplicates(usable[~is_test], usable[is_test])
    rare = find_rare(training, options.min_posts)
    if rare:
        # Under one label there may be copies that there were not under several.
        usable = regroup(usable, rare, options.rare_labels)
        is_test = is_test[usable.index]
        training, duplicates = drop_duplicates(usable[~is_test], usable[is_test])
    test, unseen = drop_unseen(training, usable[is_test])
    blank = lost[lost["label"].isin(training["label"])]
    warnings = check_sides(training, test, unseen, division, usable.loc[~is_test, ["label"]])
    del usable, is_test
    by = options.validation_by
    if division.by == NAMES and (training["year"] == VALIDATION).any():
        by = NAMES
    training = training.drop(columns="position" if by in (NAMES, HASH) else "read")
    train, validation = split_named(training) if by == NAMES else split_validation(training, by)
    del training
    if validation.empty:
        raise UserError(f"no post is left to validate with: {NONE_LEFT.get(by, NONE_OF_NEWEST)}")
    warnings += check_validation(train, validation, by)
    for warning in warnings:
        log.warning("warning: %s", warning)
    paths = {name: getattr(options, name) for name in ("train", "validation", "test", AUGMENTED)}
    tested = digests[np.unique(test["read"])]
    writers = Writers(paths, options.strip, options.augment, recipe, tested)
    splits = {"train": train, "validation": validation, "test": test}
    written = write_splits(options.source, splits, writers)
    report = {
        "rows": rows,
        "dropped": dropped,
        "duplicates": duplicates,
        "splits": {name: written[name] for name in splits},
        AUGMENTED: written[AUGMENTED],
        "test_without_text": count_labels(blank["label"]),
        "test_with_unseen_label": unseen,
        "rare_labels": rare,
        "warnings": warnings,
    }
    files.write_json(options.report, report)
    counts = {name: split["posts"] for name, split in written.items()}
    for what, found in (("posts", counts), ("dropped", dropped), ("found twice", duplicates)):
        said = [f"{name.replace('_', ' ')} {count:,}" for name, count in found.items() if count]
        log.info("%s: %s", what, ", ".join(said) or "none")
    if rare:
        done = f"are now {options.rare_labels}" if options.rare_labels else "are left out"
        log.info(
            "labels of fewer than %d training texts %s: %d", options.min_posts, done, len(rare)
        )


if __name__ == "__main__":
    sys.exit(step.run(parse_arguments(), main))
