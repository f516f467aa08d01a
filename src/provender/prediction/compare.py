"""Two models on the same labelled texts: which is right more often, and whether that is chance."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provender.errors import UserError
from provender.prediction.answers import Answerer
from provender.prediction.predict import batches, from_table

# The quantile of the normal distribution that leaves a fortieth on each side.
QUANTILE = 1.959964

# Labels shown, those first whose figures differ most.
SHOWN = 20


@dataclass
class Paired:
    """How often each model is right on the same texts.

    ``only_one``, ``only_other``: texts that this model alone is right on.
    """

    texts: int = 0
    both: int = 0
    only_one: int = 0
    only_other: int = 0

    def count(self, one: bool, other: bool) -> None:
        """Count a text."""
        self.texts += 1
        self.both += one and other
        self.only_one += one and not other
        self.only_other += other and not one

    @property
    def recall(self) -> tuple[float, float]:
        """Return recall@1 of each model."""
        texts = max(self.texts, 1)
        return (self.both + self.only_one) / texts, (self.both + self.only_other) / texts

    @property
    def worse(self) -> float:
        """Return by how many points of recall@1 the other is worse; below 0 where it is better."""
        one, other = self.recall
        return 100 * (one - other)

    def interval(self) -> tuple[float, float]:
        """Return 95 % of the other's recall@1 less the one's (Agresti and Min 2005).

        That is Wald's interval of paired shares with half a text more in each of the four cells.
        """
        texts = self.texts + 2
        one, other = self.only_one + 0.5, self.only_other + 0.5
        difference = (other - one) / texts
        spread = math.sqrt(max(one + other - (other - one) ** 2 / texts, 0)) / texts
        return max(difference - QUANTILE * spread, -1), min(difference + QUANTILE * spread, 1)

    def chance(self) -> float:
        """Return how likely a difference at least as large is where both are as good.

        McNemar's exact test (1947): texts on which one model alone is right fall to either alike.
        """
        apart = self.only_one + self.only_other
        fewer = min(self.only_one, self.only_other)
        if apart > EXACT:
            return _normal(fewer, apart)
        tail = sum(math.comb(apart, count) for count in range(fewer + 1))
        likely: float = 2 * tail / 2**apart
        return min(likely, 1.0)


# Of more texts the normal distribution is as good, and does not take seconds.
EXACT = 1000


def _normal(fewer: int, apart: int) -> float:
    """Return the same by the normal distribution, with a correction for continuity."""
    return min(math.erfc((apart / 2 - fewer - 0.5) / math.sqrt(apart / 2)), 1.0)


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
        "all": _values(found.all),
        "labels": {label: _values(found.labels[label]) for label in sorted(found.labels)},
        "unknown": {name: dict(counts) for name, counts in zip("ab", found.unknown, strict=True)},
    }


def _values(paired: Paired) -> dict[str, Any]:
    one, other = paired.recall
    return {
        "texts": paired.texts,
        "recall@1": [one, other],
        "difference": other - one,
        "interval": list(paired.interval()),
        "only_a": paired.only_one,
        "only_b": paired.only_other,
        "p": paired.chance(),
    }
