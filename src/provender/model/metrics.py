"""What predictions are worth: ranks, labels, calibration, and where they fail.

Sums over floats are exactly rounded (``math.fsum``), so that no CPU adds them up otherwise.
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from provender.model import arithmetic

if TYPE_CHECKING:
    import pyarrow as pa

RANKS = (1, 3, 5)

# The normal distribution's share of .975 lies below: for intervals of 95 %.
Z = 1.959963984540054

# Equally wide, from 0 to 1: few enough that some hundred posts fill them.
CALIBRATION_BINS = 10

# Posts are grouped by each of at most so many values, and by ranges of values beyond.
GROUPS = 12

# A score that rounds to 0 counts as this one: no loss is infinite.
LEAST_SCORE = 1e-30

# Powers of two, an eighth apart: finer ones change the loss by less than it is known.
TEMPERATURES = [float(2 ** (step / 8)) for step in range(-24, 25)]

# So many points tell whether a curve goes on as it has.
FORECAST_POINTS = 3

# Where the groups by words read begin.
WORD_GROUPS = (0, 1, 10, 30, 100, 300)


def rank(scores: np.ndarray) -> np.ndarray:
    """Return label numbers best first, equal ones in the labels' order: int [n, labels]."""
    # Stable, as the browser's order is.
    return np.argsort(-scores, axis=1, kind="stable")


def ranks(labels: int) -> tuple[int, ...]:
    """Return the k of recall@k that say something of so many labels: among all, it is always 1."""
    return tuple(k for k in RANKS if k < max(labels, 2))


def measure(scores: np.ndarray, truth: np.ndarray, labels: Sequence[str]) -> dict[str, Any]:
    """Return the metrics of ``scores`` [n, labels] against ``truth`` [n].

    recall@k is the share of posts whose label is among the k best, for k below the number of
    labels; a label's is that of its own posts. A label that is never predicted has precision 0;
    one without posts has recall 0. macro-F1 is the mean over the labels that have posts.
    ``intervals`` hold 95 % of what other posts of the same kind would give.
    """
    ranked = rank(scores)
    hits = ranked == truth[:, np.newaxis]
    counts = confusion(ranked[:, 0], truth, len(labels))
    right, posts = np.diag(counts), counts.sum(axis=1)
    predicted = counts.sum(axis=0)
    precision = right / np.maximum(predicted, 1)
    f1 = 2 * right / np.maximum(predicted + posts, 1)
    among = {k: hits[:, :k].any(axis=1) for k in ranks(len(labels))}
    found = {k: np.bincount(truth[hit], minlength=len(labels)) for k, hit in among.items()}
    recall = {f"recall@{k}": float(hit.mean()) for k, hit in among.items()}
    macro_f1 = math.fsum(f1[posts > 0]) / int((posts > 0).sum())
    return {
        "posts": len(truth),
        **recall,
        "macro_f1": macro_f1,
        "intervals": {
            **{name: interval(share, len(truth)) for name, share in recall.items()},
            "macro_f1": f1_interval(counts, posts > 0),
        },
        "labels": {
            label: {
                "precision": float(precision[place]),
                **{f"recall@{k}": float(found[k][place] / max(posts[place], 1)) for k in among},
                "f1": float(f1[place]),
                "posts": int(posts[place]),
                "intervals": {
                    "precision": interval(float(precision[place]), int(predicted[place])),
                    "recall@1": interval(right[place] / max(posts[place], 1), int(posts[place])),
                    "f1": f1_interval(counts, np.arange(len(labels)) == place),
                },
            }
            for place, label in enumerate(labels)
        },
    }


def by_text(scores: np.ndarray, truth: np.ndarray, texts: np.ndarray) -> dict[str, Any]:
    """Return metrics of texts that may stand under several labels, each as often as it has some.

    ``scores`` [n, labels]; ``truth`` [n]; ``texts`` int [n], from 0, the number of each post's
    text. ``several``: how many texts have more than one label; ``most``: what recall@1 of all posts
    can be at most, since a text has one best label; recall@k: the share of the texts of which any
    label is among the k best.
    """
    ranked = rank(scores)
    pairs = np.unique(np.stack([texts, truth]), axis=1)
    _, frequent = np.unique(np.stack([texts, truth]), axis=1, return_counts=True)
    count = int(texts.max(initial=-1)) + 1
    of_text = np.bincount(pairs[0], minlength=count)
    most = np.zeros(count, int)
    np.maximum.at(most, pairs[0], frequent)
    recall = {}
    for k in ranks(scores.shape[1]):
        hits = (ranked[:, :k] == truth[:, np.newaxis]).any(axis=1)
        found = np.bincount(texts, hits, count) > 0
        recall[f"recall@{k}"] = float(found.mean())
    return {
        "texts": count,
        "several": int((of_text > 1).sum()),
        "most": float(most.sum() / max(len(truth), 1)),
        **recall,
    }


def interval(share: float, posts: float) -> list[float]:
    """Return the ends of the 95 % interval of a share of so many posts (Wilson 1927).

    Of no post nothing is known: 0 and 1.
    """
    if posts <= 0:
        return [0.0, 1.0]
    scale = 1 + Z * Z / posts
    middle = (share + Z * Z / (2 * posts)) / scale
    half = Z * math.sqrt(share * (1 - share) / posts + Z * Z / (4 * posts * posts)) / scale
    return [max(0.0, middle - half), min(1.0, middle + half)]


def forecast(
    texts: Sequence[int], recalls: Sequence[float], asked: int, more: int
) -> tuple[float, float, float] | None:
    """Return how much so many more texts likely add to recall@1, and the ends of its 95 % interval.

    ``recalls``: recall@1 of ``asked`` posts by models of so many ``texts``, the fewest first. The
    share of errors is taken for a power of the number of texts, as it mostly is (Hestness et al.
    2017), fitted by weighted least squares of the logarithms. Variances are those of shares of so
    many posts, and larger where the points are further from the line than that. None where there
    are fewer than three points.
    """
    if len(texts) < FORECAST_POINTS:
        return None
    errors = np.clip(1 - np.array(recalls), 0.5 / asked, 1 - 0.5 / asked)
    places, values = arithmetic.log(np.array(texts, float)), arithmetic.log(errors)
    weights = asked * errors / (1 - errors)
    total = math.fsum(weights)
    middle, height = math.fsum(weights * places) / total, math.fsum(weights * values) / total
    spread = math.fsum(weights * (places - middle) ** 2)
    slope = math.fsum(weights * (places - middle) * (values - height)) / spread
    last = height + slope * (places[-1] - middle)
    off = math.fsum(weights * (values - height - slope * (places - middle)) ** 2)
    half = Z * math.sqrt(max(off / (len(texts) - 2), 1) / spread)
    step = arithmetic.log(np.array([(texts[-1] + more) / texts[-1]]))[0]
    slopes = np.array([slope, slope + half, slope - half])
    gains = arithmetic.exp(np.array([last]))[0] * (1 - arithmetic.exp(slopes * step))
    likely, low, high = gains.tolist()
    return likely, low, high


def f1_interval(counts: np.ndarray, chosen: np.ndarray) -> list[float]:
    """Return the ends of the 95 % interval of the mean F1 of the ``chosen`` labels: bool [labels].

    ``counts``: the confusion matrix. Its variance is that of the delta method (as Takahashi et
    al. 2022 have it); the interval is that of a share of as many posts as have that variance
    (Korn and Graubard 1998), so that an F1 of 1 is no certainty.
    """
    right = np.diag(counts)
    sums = np.maximum(counts.sum(axis=0) + counts.sum(axis=1), 1)
    f1 = 2 * right / sums
    share = math.fsum(f1[chosen]) / int(chosen.sum())
    # What one post more in a cell adds to the mean, per post.
    falls = np.where(chosen, f1 / sums, 0)
    rows, columns = np.nonzero(counts)
    asked = chosen[rows] | chosen[columns]
    rows, columns = rows[asked], columns[asked]
    added = np.where(rows == columns, np.where(chosen, 2 / sums, 0)[rows], 0)
    added = (added - falls[rows] - falls[columns]) / int(chosen.sum())
    variance = math.fsum(counts[rows, columns] * added * added)
    posts = int(counts.sum(axis=1)[chosen].sum())
    return interval(share, share * (1 - share) / variance if variance > 0 else posts)


def confusion(predicted: np.ndarray, truth: np.ndarray, labels: int) -> np.ndarray:
    """Count posts by true label (row) and predicted label (column): int [labels, labels]."""
    return np.bincount(truth * labels + predicted, minlength=labels**2).reshape(labels, labels)


def calibration(scores: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """Compare how sure the best label's score says it is with how often it is right.

    ``expected_error`` is the expected calibration error (Guo et al. 2017) over ten bins of
    equal width: the mean distance of a bin's confidence from its accuracy, weighted by posts.
    ``bins`` are those with posts: from, posts, confidence, accuracy.
    """
    best = rank(scores)[:, 0]
    confidence = scores[np.arange(len(best)), best].astype(np.float64)
    places = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    bins = []
    for place in np.unique(places):
        chosen = places == place
        posts = int(chosen.sum())
        bins.append(
            {
                "from": int(place) / CALIBRATION_BINS,
                "posts": posts,
                "confidence": math.fsum(confidence[chosen]) / posts,
                "accuracy": int((best[chosen] == truth[chosen]).sum()) / posts,
            }
        )
    off = [each["posts"] * abs(each["confidence"] - each["accuracy"]) for each in bins]
    # Not "error": by that key DVC knows metrics that it could not read.
    return {"expected_error": math.fsum(off) / len(truth), "bins": bins}


def loss(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean of minus the logarithm of the true label's score."""
    right = scores[np.arange(len(truth)), truth].astype(np.float64)
    return math.fsum(-arithmetic.log(np.maximum(right, LEAST_SCORE))) / len(truth)


def divergence(scores: np.ndarray, others: np.ndarray) -> float:
    """Return how much loss ``others`` add where ``scores`` are how likely each label is.

    The mean Kullback-Leibler divergence of both [n, labels]; never below 0, but for rounding.
    """
    right, other = (np.maximum(each.astype(np.float64), LEAST_SCORE) for each in (scores, others))
    added = right * (arithmetic.log(right) - arithmetic.log(other))
    return math.fsum(added.ravel()) / len(scores)


def find_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """Return the divisor of the logits [n, labels] with the least loss (Guo et al. 2017).

    The loss is that of n posts of which one part in n + 2 is any other label's, as Platt (1999)
    has it: that n posts were right does not prove that the next is, so with few posts, or none
    that is wrong, scores stay as far from 0 and 1 as there is proof of.
    """
    return min(TEMPERATURES, key=_losses(logits, truth))


def _losses(logits: np.ndarray, truth: np.ndarray) -> Callable[[float], float]:
    """Return what gives the loss of each temperature."""
    unproven = 1 / (len(truth) + 2)
    likely = np.full(logits.shape, unproven / (logits.shape[1] - 1))
    likely[np.arange(len(truth)), truth] = 1 - unproven
    return lambda temperature: divergence(likely, arithmetic.softmax(logits / temperature))


def seek_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """Return what :func:`find_temperature` does of logits that differ by about 1, a fourth as fast.

    By bisection: their loss is convex in the temperature's reciprocal, and so has one minimum.
    """
    loss = _losses(logits, truth)
    low, high = 0, len(TEMPERATURES) - 1
    while low < high:
        middle = (low + high) // 2
        here, above = (loss(each) for each in TEMPERATURES[middle : middle + 2])
        low, high = (low, middle) if here <= above else (middle + 1, high)
    return TEMPERATURES[low]


def sure_from(scores: np.ndarray, truth: np.ndarray, accuracy: float) -> float:
    """Return the confidence from which on answers are right as often as ``accuracy`` asks.

    The lowest, in hundredths, at which the next answer is likely to be: where k of m are right,
    that is (k + 1) / (m + 2) by Laplace's rule of succession. No lower than these posts reach,
    since of less sure answers nothing is known; 1 where it never holds.
    """
    best = rank(scores)[:, 0]
    confidence = scores[np.arange(len(best)), best]
    for hundredth in range(math.floor(100 * confidence.min()), 100):
        answered = confidence >= hundredth / 100
        right = int((best[answered] == truth[answered]).sum())
        if right + 1 >= accuracy * (int(answered.sum()) + 2):
            return hundredth / 100
    return 1.0


def coverage(confidence: np.ndarray, hits: np.ndarray) -> list[dict[str, float]]:
    """Return how many answers are at least so sure, and how many of these are right.

    ``confidence`` [n]: each post's best score. By hundredths of it, as far as answers reach: from,
    share of the answers, accuracy. Of hundredths with the same answers, the highest counts.
    """
    points: dict[int, dict[str, float]] = {}
    for hundredth in range(100):
        sure = confidence >= hundredth / 100
        count = int(sure.sum())
        if count:
            points[count] = {
                "from": hundredth / 100,
                "share": count / len(hits),
                "accuracy": int(hits[sure].sum()) / count,
            }
    return list(points.values())


def coverage_by_label(
    confidence: np.ndarray, hits: np.ndarray, answers: np.ndarray, labels: Sequence[str]
) -> dict[str, list[dict[str, float]]]:
    """Return :func:`coverage` of each label's answers, nothing where there is none.

    ``answers``: int [n], the best label of each post.
    """
    return {
        label: coverage(confidence[answers == place], hits[answers == place])
        for place, label in enumerate(labels)
    }


def predictions(rowids: np.ndarray, labels: np.ndarray, scores: np.ndarray) -> "pa.Table":
    """Return predictions as a table: rowid, label, scores float32 [labels]."""
    import pyarrow as pa

    flat = pa.array(scores.astype(np.float32).ravel())
    return pa.table(
        {
            "rowid": rowids,
            "label": labels,
            "scores": pa.FixedSizeListArray.from_arrays(flat, scores.shape[1]),
        }
    )


def by_value(hits: np.ndarray, values: np.ndarray) -> list[dict[str, Any]]:
    """Return posts and recall@1 for each whole value, or for ranges where there are many.

    ``hits``: bool [n], whether the best label is right; ``values``: float [n].
    """
    values = np.floor(values)
    starts = np.unique(values)
    if len(starts) > GROUPS:
        # Ranges of about equally many posts.
        ordered = np.sort(values)
        starts = np.unique(ordered[[len(ordered) * part // GROUPS for part in range(GROUPS)]])
    return _grouped(hits, values, starts)


def by_words(hits: np.ndarray, words: np.ndarray, confidence: np.ndarray) -> list[dict[str, Any]]:
    """Return posts, recall@1 and the mean best score by how many known words a post has: int [n].

    ``confidence`` [n]: each post's best score. Where it says how often answers are right, it is as
    high as recall@1.
    """
    groups = _grouped(hits, words, np.array(WORD_GROUPS))
    for group in groups:
        own = (words >= group["from"]) & (words <= group["to"])
        group["score"] = math.fsum(confidence[own]) / group["posts"]
    return groups


def by_script(hits: np.ndarray, words: np.ndarray, scripts: np.ndarray) -> list[dict[str, Any]]:
    """Return posts, recall@1 and posts without a known word by script, the most posts first.

    ``words``: int [n], known words of each post; ``scripts``: object [n].
    """
    groups = []
    for script in np.unique(scripts):
        rows = scripts == script
        groups.append(
            {
                "script": str(script),
                "posts": int(rows.sum()),
                "recall@1": float(hits[rows].mean()),
                "unknown": int((words[rows] == 0).sum()),
            }
        )
    return sorted(groups, key=lambda group: (-group["posts"], group["script"]))


def _grouped(hits: np.ndarray, values: np.ndarray, starts: np.ndarray) -> list[dict[str, Any]]:
    places = np.searchsorted(starts, values, side="right") - 1
    groups = []
    for place in np.unique(places):
        chosen = places == place
        groups.append(
            {
                "from": float(values[chosen].min()),
                "to": float(values[chosen].max()),
                "posts": int(chosen.sum()),
                "recall@1": int(hits[chosen].sum()) / int(chosen.sum()),
            }
        )
    return groups
