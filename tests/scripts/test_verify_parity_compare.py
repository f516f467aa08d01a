"""verify_parity's comparisons: what counts as the same answer, and which posts are named."""

from pathlib import Path

import numpy as np
import pytest
from model_inputs import make_features
from verify_parity import compare_ids, compare_scores, find_every, read_rows

from provender.errors import UserError

ROWIDS = np.array([11, 5, 30])


def scores(*changes: tuple[int, float]) -> np.ndarray:
    """Return scores of three posts and two labels, with a change to the first label of some."""
    values = np.full((3, 2), 0.5, np.float32)
    for row, change in changes:
        values[row, 0] += change
    return values


def test_the_largest_difference_is_returned() -> None:
    """Differences of either sign below the tolerance pass."""
    found = compare_scores("layers", ROWIDS, scores(), scores((0, 4e-6), (2, -9e-6)))
    assert found == pytest.approx(9e-6, rel=0.01)


@pytest.mark.parametrize(
    ("change", "most"), [(2e-5, "2e-05"), (-2e-5, "2e-05"), (0.25, "0.25"), (np.nan, "inf")]
)
def test_larger_differences_are_refused(change: float, most: str) -> None:
    """Posts above the tolerance are named by row id; a number that is none is above it."""
    with pytest.raises(UserError) as caught:
        compare_scores("graph", ROWIDS, scores(), scores((1, change), (2, change)))
    assert str(caught.value) == (
        "graph: 2 of 3 posts differ from the model by more than 1e-05, at most "
        f"{most}: row id 5, 30"
    )


def test_scores_of_another_shape() -> None:
    """A post too few is no agreement on the others."""
    with pytest.raises(UserError, match=r"^kernel: Node gave \(2, 2\) scores, Python \(3, 2\)$"):
        compare_scores("kernel", ROWIDS, scores(), scores()[:2])


def test_ids() -> None:
    """Equal ids pass; one other id names its post, and another number of posts names none."""
    ours = [
        make_features([[3, 2], [4]], [0, 0], 5, ROWIDS[:2]),
        make_features([[]], [0], 5, ROWIDS[2:]),
    ]
    starts, ids = np.array([0, 2, 3, 3]), np.array([2, 3, 4], np.int32)
    assert compare_ids(ours, ROWIDS, starts, ids) is None
    with pytest.raises(UserError, match=r"^1 of 3 posts have other word ids .* row id 30\. src/"):
        compare_ids(ours, ROWIDS, np.array([0, 2, 3, 4]), np.array([2, 3, 4, 4], np.int32))
    with pytest.raises(UserError, match=r"^1 of 3 posts have other word ids .* row id 5\. src/"):
        compare_ids(ours, ROWIDS, starts, np.array([2, 3, 3], np.int32))
    with pytest.raises(UserError, match=r"^Node encoded 2 posts, Python 3$"):
        compare_ids(ours, ROWIDS, starts[:3], ids)


@pytest.mark.parametrize("rowids", [[11, 5], [11, 5, 31], [11, 5, 30, 7]])
def test_features_of_another_split(rowids: list[int]) -> None:
    """Posts too few, too many, or others."""
    ours = make_features([[2]] * len(rowids), [0] * len(rowids), 4, rowids)
    with pytest.raises(UserError, match=r"^the features are not those of this test split: "):
        compare_ids([ours], ROWIDS, np.arange(4), np.full(3, 2, np.int32))


@pytest.mark.parametrize(
    ("posts", "words", "labels", "every"),
    [
        (3041, 19_834, 8, 1),
        (4000, 20_000, 10, 1),
        (4001, 20_000, 10, 2),
        (20_000, 20_000, 8, 5),
        # 1,000 of them, by what they take; then the fewest.
        (4000, 20_000, 40, 4),
        (4000, 30_000, 200, 16),
        (0, 5, 2, 1),
    ],
)
def test_posts_that_tensorflow_predicts(posts: int, words: int, labels: int, every: int) -> None:
    """All, 4,000 at most, or as many as take as long; never fewer than 250 if there are more."""
    assert find_every(posts, words, labels) == every


def test_ten_posts_are_named() -> None:
    """More posts than can be read are cut."""
    rowids = range(100, 111)
    ours = make_features([[2]] * 11, [0] * 11, 4, rowids)
    theirs = np.full(11, 3, np.int32)
    with pytest.raises(UserError) as caught:
        compare_ids([ours], ours.rowids, np.arange(12), theirs)
    assert "row id 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, …. src/" in str(caught.value)
    with pytest.raises(UserError) as caught:
        ours = make_features([[2]] * 10, [0] * 10, 4, rowids[:10])
        compare_ids([ours], ours.rowids, np.arange(11), theirs)
    assert "107, 108, 109. src/" in str(caught.value)


def test_rows_of_another_width(tmp_path: Path) -> None:
    """Numbers that make up no whole rows are refused, and others are read row by row."""
    path = tmp_path / "layers.bin"
    np.arange(6, dtype="<f4").tofile(path)
    assert read_rows(path, "<f4", 3).tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(UserError, match=r"^layers\.bin: Node wrote 6 numbers, .* no rows of 4"):
        read_rows(path, "<f4", 4)
