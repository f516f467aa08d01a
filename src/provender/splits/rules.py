"""Which posts are used, and in which split: rules on what is known of each row.

Each depends on the values in the database alone. No text is needed: see
:class:`provender.splits.tables.Keys`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from provender.errors import UserError

# The part of the training part that validates choices: large enough to rank models.
VALIDATION_SHARE = 0.1

# The order in which the texts of each label validate where split.validation_by says so; and how
# the test part is told where split.by does.
HASH = "hash"

# Else that is told by split values from a threshold on, or by these, which stand for names.
THRESHOLD, NAMES = "threshold", "names"
TRAIN, VALIDATION, TEST = 0, 1, 2

# How pandas writes the labels 0 and 1 once a row without a label has made them floats.
FLOAT = re.compile(r"-?\d+\.0")

# Below this many training posts a label is hardly learned; it is only warned about.
FEW_POSTS = 5

# Labels that a warning names.
NAMED_LABELS = 5


@dataclass(frozen=True)
class Division:
    """How the test part is told from the training part.

    ``by``: ``THRESHOLD``, ``NAMES`` or ``HASH``. ``threshold``: the first split value of the test
    part; ``written``, how the configuration has it, and ``write``, how it would have another one.
    ``share``: of the texts that a hash makes the test part.
    """

    by: str
    threshold: float
    written: str
    write: Callable[[float], str]
    share: float

    def in_test(self, posts: pd.DataFrame) -> pd.Series:
        """Return which posts are in the test part: bool [n], by columns ``year`` and ``drawn``."""
        if self.by == HASH:
            # Of each text by itself: copies fall on one side, and stay there as rows are added.
            return posts["drawn"] < self.share
        return posts["year"] >= (TEST if self.by == NAMES else self.threshold)


def drop_duplicates(
    training: pd.DataFrame, test: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Keep a text once a label in the training part, and out of it where the test has it.

    Texts are the same where column ``read`` is. The test part stays as it is. A text that the
    training part has under two labels stays under both, since nothing tells which one is right.
    """
    on_both_sides = training["read"].isin(test["read"])
    training = training[~on_both_sides]
    repeated = training.duplicated(["read", "label"])
    training = training[~repeated]
    conflicting = training.duplicated("read", keep=False)
    return training, {
        "on_both_sides": int(on_both_sides.sum()),
        "in_training": int(repeated.sum()),
        "in_test_kept": int(test.duplicated(["read", "label"]).sum()),
        "in_training_under_two_labels_kept": int(conflicting.sum()),
    }


def drop_unseen(training: pd.DataFrame, test: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Leave out of the test part the labels that nothing can be learned of; count their posts."""
    if training.empty:
        return test, {}
    unseen = ~test["label"].isin(training["label"])
    counts = test.loc[unseen, "label"].value_counts().sort_index()
    return test[~unseen], {str(label): int(count) for label, count in counts.items()}


def split_named(training: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split off the posts whose split value says that they validate, of labels that train has."""
    validates = training["year"] == VALIDATION
    train, validation = training[~validates], training[validates]
    lost = ~validation["label"].isin(train["label"])
    return pd.concat([train, validation[lost]]), validation[~lost]


def split_validation(training: pd.DataFrame, by: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split off a tenth that validates; a label's only post stays in train.

    ``by``: the column in whose order the newest tenth does, ``position`` of each row; or
    ``hash``, for a tenth of each label, drawn by a hash of the text, but at least one.
    """
    if by == HASH:
        return _split_each_label(training)
    ordered = training.sort_values(
        ["position", "rowid"], kind="stable", na_position="first", key=_comparable
    )
    count = _share(len(ordered))
    train, validation = ordered[:-count], ordered[-count:]
    lost = ~validation["label"].isin(train["label"])
    return pd.concat([train, validation[lost]]), validation[~lost]


def _split_each_label(training: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    # By their digests, of which ``read`` is the place: copies stand side by side.
    ordered = training.sort_values(["read", "rowid"], kind="stable")
    place = ordered.groupby("label").cumcount()
    size = ordered.groupby("label")["label"].transform("size")
    # A label's only post is there to be learnt from.
    validates = (place < size.map(_share)) & (size > 1)
    return ordered[~validates], ordered[validates]


def _share(posts: int) -> int:
    return max(1, round(posts * VALIDATION_SHARE))


def _comparable(column: pd.Series) -> pd.Series:
    """Return values as SQLite orders them: nothing, then numbers, then texts."""
    if column.dtype != "object":
        return column
    ranked = [
        (2, 0.0, value) if isinstance(value, str) else (int(value is not None), value or 0.0, "")
        for value in column
    ]
    places = {value: place for place, value in enumerate(sorted(set(ranked)))}
    return pd.Series([places[value] for value in ranked], column.index)


def check_sides(
    training: pd.DataFrame,
    test: pd.DataFrame,
    unseen: Mapping[str, int],
    division: Division,
    written: pd.DataFrame,
) -> list[str]:
    """Return warnings about few posts; raise UserError where nothing can be learned.

    ``unseen``: how many posts of labels that only it has were left out of the test part.
    ``written``: the training part with the posts that were left out of it as duplicates.
    """
    years = pd.concat([training["year"], test["year"]])
    if years.empty:
        raise UserError("no post is left: every row lacks a text, a label or a split value")
    if training.empty and len(written):
        raise UserError(
            f"each of the {len(written):,} texts of the training part is in the test part too, so "
            "none is left to learn from: check that source.text names the column with the texts, "
            "and that rows are not in the table twice"
        )
    for side, posts in (("training", training), ("test", test)):
        if posts.empty and not unseen:
            raise UserError(f"the {side} part is empty: {_how_to_fill(side, years, division)}")
    if copied := [label for label in unseen if label in set(written["label"])]:
        raise UserError(
            f"each training text with the label {', '.join(copied)} is in the test part too, so "
            "none is left to learn it from: add other texts, remove the copies, or leave the label "
            "out by source.labels"
        )
    if test.empty:
        raise UserError(
            f"only the test part has the labels of its rows, {_some(unseen)}, so that none of them "
            "can be learned: check source.label, or move split.threshold"
        )
    counts = training["label"].value_counts().sort_index()
    if len(counts) < 2:
        raise UserError(
            f"the training part has one label, {counts.index[0]}: a classifier needs two. Check "
            "source.label and source.labels"
        )
    return [
        *_tell_unseen(unseen),
        *_tell_few({str(label): count for label, count in counts.items() if count < FEW_POSTS}),
        *_check_names(map(str, counts.index)),
    ]


def _how_to_fill(side: str, years: pd.Series, division: Division) -> str:
    if division.by == HASH:
        return (
            f"of {len(years):,} texts, split.test drew {'none' if side == 'test' else 'all'} to be "
            f"in the test part (it is {division.share:g}): add texts, or set another share"
        )
    if division.by == NAMES:
        return f"no row of it says {'test' if side == 'test' else 'train'} in source.split"
    return (
        f"the split values run from {division.write(years.min())} to "
        f"{division.write(years.max())}, so set split.threshold above the first and up to the "
        f"second (it is {division.written}; rows at or above it are the test part)"
    )


def _tell_unseen(unseen: Mapping[str, int]) -> list[str]:
    if not unseen:
        return []
    posts, labels = sum(unseen.values()), len(unseen)
    return [
        f"{posts:,} test {'text has a label' if posts == 1 else 'texts have labels'} that no "
        f"training text has, and {'is' if posts == 1 else 'are'} left out: {_some(unseen)}. "
        f"{'It is' if labels == 1 else 'They are'} learned once the training part has "
        f"{'it' if labels == 1 else 'them'}"
    ]


def _tell_few(few: Mapping[str, int]) -> list[str]:
    if not few:
        return []
    named = _some(f"{label} ({count})" for label, count in few.items())
    return [
        f"{len(few)} {'label has' if len(few) == 1 else 'labels have'} fewer than {FEW_POSTS} "
        f"training texts, from which little is learned: {named}. Add texts, or set source.min_posts"
    ]


def find_rare(training: pd.DataFrame, least: int) -> list[str]:
    """Return the labels that fewer than ``least`` training posts have, in code point order."""
    counts = training["label"].value_counts()
    return sorted(counts.index[counts < least])


def regroup(posts: pd.DataFrame, rare: Sequence[str], instead: str) -> pd.DataFrame:
    """Give posts of ``rare`` labels the label ``instead``, or leave them out where it is empty."""
    is_rare = posts["label"].isin(rare)
    return posts.assign(label=posts["label"].mask(is_rare, instead)) if instead else posts[~is_rare]


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:NAMED_LABELS]) + ", …" * (len(names) > NAMED_LABELS)


def check_validation(train: pd.DataFrame, validation: pd.DataFrame, by: str) -> list[str]:
    """Return a warning where the validation split says nothing of some labels.

    ``by``: how it was split off: ``NAMES``, or as split_validation has it.
    """
    missing = sorted(map(str, set(train["label"]) - set(validation["label"])))
    if not missing:
        return []
    mend = {
        HASH: "Each has one training text alone: add texts of it",
        NAMES: "Let more rows say validation in source.split",
    }.get(by, "Leave out split.validation_by: then a tenth of each label validates")
    return [
        f"the validation split has no text of {len(missing)} of {train['label'].nunique()} labels "
        f"({_some(missing)}), so words and settings are chosen without them. {mend}"
    ]


def _check_names(labels: Iterable[str]) -> list[str]:
    """Return warnings about labels that may not be meant as they are written."""
    alike: dict[str, list[str]] = {}
    for label in labels:
        alike.setdefault(label.casefold(), []).append(label)
    found = [
        f"labels {', '.join(names)} differ in case alone and count as different: if they mean the "
        "same, set source.rename_labels"
        for names in alike.values()
        if len(names) > 1
    ]
    if all(FLOAT.fullmatch(name) for names in alike.values() for name in names):
        found.append(
            f"labels are numbers with .0, such as {next(iter(alike))}: pandas writes whole numbers "
            "so where some are missing. Give them names by source.rename_labels"
        )
    return found
