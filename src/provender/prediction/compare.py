"""Two models on the same labelled texts: which is right more often, and whether that is chance."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provender.errors import UserError
from provender.model.paired import Paired
from provender.prediction.answers import Answerer
from provender.prediction.predict import batches, from_table

# Labels shown, those first whose figures differ most.
SHOWN = 20


@dataclass
class Comparison:
    """Two models on the same texts: all of them, and those of each label."""

    all: Paired = field(default_factory=Paired)
    labels: dict[str, Paired] = field(default_factory=dict)
    # Texts of labels that a model does not have: it can't be right there.
    unknown: tuple[Counter[str], Counter[str]] = field(
        default_factory=lambda: (Counter(), Counter())
    )


def compare(one: Answerer, other: Answerer, rows: Iterable[tuple[str, str]]) -> Comparison:
    """Let both models answer texts with their labels. Raises UserError if there are none."""
    found = Comparison()
    known = [set(each.bundle.labels) for each in (one, other)]
    for some in batches(rows):
        texts = [text for text, _ in some]
        pairs = zip(one.answer(texts, 1), other.answer(texts, 1), strict=True)
        for (_, label), both in zip(some, pairs, strict=True):
            right = [bool(each.labels) and each.labels[0][0] == label for each in both]
            found.all.count(*right)
            found.labels.setdefault(label, Paired()).count(*right)
            for place in range(2):
                if label not in known[place]:
                    found.unknown[place][label] += 1
    if not found.all.texts:
        raise UserError("there is no text with a label to compare by")
    return found


def read_labelled(path: Path, text: str, label: str, table: str) -> Iterator[tuple[str, str]]:
    """Yield texts with their labels from a table; rows that lack one are left out."""
    for _, (own,), words in from_table(path, text, table, [label]):
        name = "" if own is None else str(own).strip()
        if name and words.strip():
            yield words, name


def describe(found: Comparison, names: Sequence[str]) -> list[str]:
    """Return a comparison in lines of at most 80 characters, and what is to be known of it."""
    rows = [_row("all", found.all)]
    by_difference = sorted(
        found.labels, key=lambda label: (-abs(_difference(found.labels[label])), label)
    )
    rows += [_row(label, found.labels[label]) for label in by_difference[:SHOWN]]
    head = f"{'label':<24} {'texts':>7} {'A':>6} {'B':>6} {'B - A':>7}  95 % interval"
    lines = [f"A: {names[0]}", f"B: {names[1]}", "", head, *rows]
    if len(by_difference) > SHOWN:
        lines.append(f"… and {len(by_difference) - SHOWN} labels that differ less")
    low, high = found.all.interval()
    verdict = "B is better" if low > 0 else "A is better" if high < 0 else "this may be chance"
    lines += [
        "",
        f"A alone is right on {found.all.only_one:,} texts, B alone on {found.all.only_other:,}: "
        f"{verdict} (p {found.all.chance():.2g})",
    ]
    for name, counts in zip("AB", found.unknown, strict=True):
        if counts:
            some = ", ".join(sorted(counts)[:5]) + ", …" * (len(counts) > 5)
            lines.append(f"{name} does not have {some}: {counts.total():,} texts")
    return lines


def _difference(paired: Paired) -> float:
    one, other = paired.recall
    return other - one


def _row(name: str, paired: Paired) -> str:
    one, other = paired.recall
    low, high = paired.interval()
    shown = name if len(name) <= 24 else f"{name[:23]}…"
    return (
        f"{shown:<24} {paired.texts:>7,} {one:>6.3f} {other:>6.3f} {other - one:>+7.3f}  "
        f"{low:+.3f} to {high:+.3f}"
    )


def to_json(found: Comparison, names: Sequence[str]) -> dict[str, Any]:
    """Return a comparison as JSON has it."""
    return {
        "a": names[0],
        "b": names[1],
        "all": found.all.values(),
        "labels": {label: found.labels[label].values() for label in sorted(found.labels)},
        "unknown": {name: dict(counts) for name, counts in zip("ab", found.unknown, strict=True)},
    }
