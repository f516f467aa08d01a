"""The model and the text recipe once more, straight from their definitions, as plain loops."""

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from statistics import fmean
from typing import Any

# Ids 0 and 1 are padding and unknown words, which count for nothing.
FIRST_WORD = 2


def fold_table(recipe: dict[str, Any]) -> dict[int, str]:
    """Return what a compiled recipe makes of each code point that it changes."""
    table = {code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    for first, last, step, delta in recipe["lower"]:
        table.update((code, chr(code + delta)) for code in range(first, last + 1, step))
    for first, last in recipe["separators"]:
        table.update((code, " ") for code in range(first, last + 1))
    return table


def split_text(recipe: dict[str, Any], table: dict[int, str], text: str) -> list[str]:
    """Split a text into words character by character and rule by rule, with ``re``."""
    text = text[: recipe["max_characters"]].translate(table)
    for pattern, replacement in recipe["replace"]:
        text = re.sub(pattern, lambda _, literal=replacement: literal, text)
    return [word for word in text.split(" ") if word]


def word_vector(ids: Sequence[int]) -> dict[int, float]:
    """Return a text's words and their weights: 1 + ln c for c occurrences, of length 1.

    Logarithms are rounded to four places, halves up, as on the page.
    """
    counts = Counter(word for word in ids if word >= FIRST_WORD)
    vector = {word: math.floor((1 + math.log(c)) * 10_000 + 0.5) for word, c in counts.items()}
    length = math.sqrt(sum(value**2 for value in vector.values()))
    return {word: value / length for word, value in vector.items()}


def pooling_weights(ids: Sequence[int]) -> list[float]:
    """Return each slot's share of its word's weight."""
    counts, vector = Counter(ids), word_vector(ids)
    return [vector[word] / counts[word] if word in vector else 0.0 for word in ids]


def naive_bayes(
    texts: Sequence[Sequence[int]],
    truth: Sequence[int],
    words: int,
    labels: int,
    smoothing: float = 1,
    scale: float = 1,
    power: float = 1,
    idf_power: float = 1,
    left_out: Collection[int] = (),
) -> list[list[float]]:
    """Return complement naive Bayes as a table of words by labels (Rennie et al. 2003).

    A text is its word vector times the inverse document frequency, at length 1. A word's
    number for a label is minus the log of its smoothed share in the texts of the other
    labels, each count raised to ``power``, less its mean over the labels, times ``scale`` and
    the inverse document frequency, which is raised to ``idf_power``. Texts ``left_out``, by
    their places, have a say in that frequency alone.
    """
    frequency = Counter(word for ids in texts for word in set(ids))
    inverse = [
        (math.log((1 + len(texts)) / (1 + frequency[word])) + 1) ** idf_power
        for word in range(words)
    ]
    own = [[0.0] * labels for _ in range(words)]
    for place, (ids, label) in enumerate(zip(texts, truth, strict=True)):
        if place in left_out:
            continue
        vector = {word: value * inverse[word] for word, value in word_vector(ids).items()}
        length = math.sqrt(sum(value**2 for value in vector.values()))
        for word, value in vector.items():
            own[word][label] += value / length
    others = [
        [
            smoothing + sum(row[other] ** power for other in range(labels) if other != label)
            for label in range(labels)
        ]
        for row in own
    ]
    totals = [
        sum(others[word][label] for word in range(FIRST_WORD, words)) for label in range(labels)
    ]
    table = [[0.0] * labels for _ in range(words)]
    for word in range(FIRST_WORD, words):
        logs = [-math.log(others[word][label] / totals[label]) for label in range(labels)]
        mean = sum(logs) / labels
        table[word] = [scale * inverse[word] * (value - mean) for value in logs]
    return table


def predict(
    ids: Sequence[int],
    table: Sequence[Sequence[float]],
    kernel: Sequence[Sequence[float]],
    bias: Sequence[float],
) -> list[float]:
    """Return the softmax of a text's pooled embedding times ``kernel`` plus ``bias``."""
    width, labels = len(kernel), len(bias)
    pooled = [
        sum(weight * table[word][i] for word, weight in zip(ids, pooling_weights(ids), strict=True))
        for i in range(width)
    ]
    logits = [
        sum(pooled[i] * kernel[i][label] for i in range(width)) + bias[label]
        for label in range(labels)
    ]
    powers = [math.exp(logit - max(logits)) for logit in logits]
    return [power / sum(powers) for power in powers]


def ranking(scores: Sequence[float]) -> list[int]:
    """Return the labels best first, and of equal scores the first label first."""
    return sorted(range(len(scores)), key=lambda label: (-scores[label], label))


def measure(
    scores: Sequence[Sequence[float]], truth: Sequence[int], labels: Sequence[str]
) -> dict[str, object]:
    """Return recall@k, macro-F1 and each label's precision, recall and F1, by counting.

    Of recall@k those for k below the number of labels, as all others are 1.
    """
    ranks = [k for k in (1, 3, 5) if k < len(labels)]
    ranked = [ranking(row) for row in scores]
    pairs = [(best[0], label) for best, label in zip(ranked, truth, strict=True)]
    each = {}
    for place, name in enumerate(labels):
        right = sum(pair == (place, place) for pair in pairs)
        own = [best for best, label in zip(ranked, truth, strict=True) if label == place]
        among = {f"recall@{k}": sum(place in best[:k] for best in own) for k in ranks}
        predicted = sum(guess == place for guess, _ in pairs)
        posts = sum(label == place for _, label in pairs)
        precision = right / predicted if predicted else 0.0
        recall = right / posts if posts else 0.0
        f1 = 2 * precision * recall / (precision + recall) if right else 0.0
        each[name] = {"precision": precision, "f1": f1, "posts": posts}
        each[name] |= {metric: count / max(posts, 1) for metric, count in among.items()}
    hits = {
        k: sum(label in best[:k] for best, label in zip(ranked, truth, strict=True)) for k in ranks
    }
    return {
        "posts": len(truth),
        **{f"recall@{k}": count / len(truth) for k, count in hits.items()},
        "macro_f1": fmean(values["f1"] for values in each.values() if values["posts"]),
        "labels": each,
    }
