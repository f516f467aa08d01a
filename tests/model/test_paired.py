"""Two models on the same texts: counts, intervals and chance."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provender.model.paired import EXACT, Paired


def test_counts_as_one_by_one() -> None:
    """Arrays of what is right give what counting text after text gives."""
    one = np.array([1, 1, 1, 0, 0, 0, 0], bool)
    other = np.array([1, 0, 0, 1, 0, 0, 1], bool)
    counted = Paired()
    for pair in zip(one.tolist(), other.tolist(), strict=True):
        counted.count(*pair)
    assert Paired.of(one, other) == counted == Paired(texts=7, both=1, only_one=2, only_other=2)
    assert counted.values() == {
        "texts": 7, "recall@1": [3 / 7, 3 / 7], "difference": 0, "interval": [*counted.interval()],
        "only_a": 2, "only_b": 2, "p": 1.0,
    }  # fmt: skip


def test_an_interval_of_paired_shares() -> None:
    """As Agresti and Min's formula gives it by hand, with half a text more in each cell."""
    paired = Paired(texts=1144, both=227, only_one=132, only_other=107)
    low, high = paired.interval()
    # (107.5 - 132.5) / 1146 -+ 1.96 * sqrt(107.5 + 132.5 - 25 ** 2 / 1146) / 1146
    assert (round(low, 4), round(high, 4)) == (-0.0483, 0.0047)


@given(st.integers(0, 60), st.integers(0, 60))
def test_chance(one: int, other: int) -> None:
    """It is the binomial distribution's two tails, and near the normal one's for many."""
    apart, fewer = one + other, min(one, other)
    tails = sum(math.comb(apart, k) for k in range(apart + 1) if min(k, apart - k) <= fewer)
    expected = min(tails / 2**apart, 1)
    assert Paired(200, 0, one, other).chance() == pytest.approx(expected)
    assert Paired(0, 0, one, other).interval()[0] >= -1


def test_chance_of_many_texts() -> None:
    """Where the exact sum would take long, the normal distribution is as good."""
    exact = Paired(9999, 0, EXACT // 2 - 30, EXACT // 2 + 30).chance()
    normal = Paired(9999, 0, EXACT // 2 - 30, EXACT // 2 + 31).chance()
    assert normal == pytest.approx(exact, rel=0.2)
    assert Paired(10**6, 0, 10**5, 2 * 10**5).chance() < 1e-300
