"""Which posts are used, and in which split: rules on tables in memory.

Each depends on the values in the database alone.
"""

import pandas as pd

from provender.errors import UserError
from provender.splits.strip import strip_post

# The newest of the training part that validates choices: large enough to rank models.
VALIDATION_SHARE = 0.1

# Below this many training posts a label is hardly learned; it is only warned about.
FEW_POSTS = 5


def drop_unusable(posts: pd.DataFrame, strip: list[str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Strip the texts, drop rows without text or label, and count those by reason.

    The texts as they were become column ``raw``.
    """
    stripped = [None if text is None else strip_post(text, strip) for text in posts["text"]]
    reasons = {
        "null_label": posts["label"].isna(),
        "blank_label": is_blank(posts["label"]),
        "null_text": posts["text"].isna(),
        "blank_text": is_blank(posts["text"]),
        "blank_after_strip": is_blank(pd.Series(stripped, posts.index, "object")),
    }
    kept = pd.Series(True, posts.index)
    counts = {}
    for reason, rows in reasons.items():
        counts[reason] = int((rows & kept).sum())
        kept &= ~rows
    # The types of pandas know of no list of texts of which some are missing.
    texts = posts.assign(raw=posts["text"], text=stripped)  # type: ignore[arg-type]
    return texts[kept], counts


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
            found.append(again[~is_blank(again["text"]) & ~again["text"].isin(test["text"])])
    return pd.concat(found)


def is_blank(values: pd.Series) -> pd.Series:
    """Return for each text whether it is there and has nothing but white space."""
    return pd.Series([v is not None and not v.strip() for v in values], values.index, bool)
