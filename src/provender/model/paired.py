"""How often each of two models is right on the same texts, and whether that is chance."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

# The quantile of the normal distribution that leaves a fortieth on each side.
QUANTILE = 1.959964

# Of more texts the normal distribution is as good, and does not take seconds.
EXACT = 1000


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

    @classmethod
    def of(cls, one: np.ndarray, other: np.ndarray) -> "Paired":
        """Return what two models are worth that are right where bool [n] says so."""
        only_one, only_other = int((one & ~other).sum()), int((other & ~one).sum())
        return cls(len(one), int((one & other).sum()), only_one, only_other)

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

    def values(self) -> dict[str, Any]:
        """Return this as JSON has it; ``difference`` is the other's recall@1 less the one's."""
        one, other = self.recall
        return {
            "texts": self.texts,
            "recall@1": [one, other],
            "difference": other - one,
            "interval": list(self.interval()),
            "only_a": self.only_one,
            "only_b": self.only_other,
            "p": self.chance(),
        }


def _normal(fewer: int, apart: int) -> float:
    """Return the same by the normal distribution, with a correction for continuity.

    To six digits: the last bits of ``erfc`` are not the same on every CPU.
    """
    likely = math.erfc((apart / 2 - fewer - 0.5) / math.sqrt(apart / 2))
    return min(float(f"{likely:.6g}"), 1.0)
