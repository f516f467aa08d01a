"""Work side by side: in order, some at once, and what fails is said."""

import threading
import time
from collections.abc import Iterator

import pytest

from provender import threads


def test_in_order_and_not_far_ahead() -> None:
    """Results come in the order of the items, of which few are asked for ahead of them."""
    asked: list[int] = []

    def items() -> Iterator[int]:
        for number in range(40):
            asked.append(number)
            yield number

    def work(number: int) -> int:
        # The first ones take longest.
        time.sleep(0.002 * (number % 4 == 0))
        return number

    found = []
    for number in threads.in_order(work, items()):
        found.append(number)
        assert len(asked) <= number + threads.MOST_THREADS + 2
    assert found == list(range(40))


def test_what_fails_is_said() -> None:
    """An error comes in its turn, and no thread stays behind."""
    before = threading.active_count()

    def work(number: int) -> float:
        return 1 / (3 - number)

    found = []
    with pytest.raises(ZeroDivisionError):
        for result in threads.in_order(work, range(9)):
            found.append(result)
    assert found == [1 / 3, 1 / 2, 1.0]
    assert threading.active_count() == before
