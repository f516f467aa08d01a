"""The model and the text recipe once more, straight from their definitions, as plain loops."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from statistics import fmean
from typing import Any

import numpy as np

# Ids 0 and 1 are padding and unknown words, which count for nothing.
FIRST_WORD = 2


def members(gaps: Sequence[int]) -> Iterator[int]:
    """Give the code points of a list of gaps, which is of stretches out of it and in it in turn."""
    code = 0
    for place, length in enumerate(gaps):
        if place % 2:
            yield from range(code, code + length)
        code += length


def mark_classes(recipe: dict[str, Any]) -> dict[str, int]:
    """Return the combining class of each mark of a compiled recipe."""
    code, found = 0, {}
    numbers = iter(recipe["classes"])
    for gap, length, number in zip(numbers, numbers, numbers, strict=True):
        code += gap + length
        found.update((chr(mark), number) for mark in range(code - length, code))
    return found


def fold_table(recipe: dict[str, Any]) -> dict[int, str]:
    """Return what a compiled recipe makes of each code point that it changes."""
    table = {code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    for first, last, step, delta in recipe["lower"]:
        table.update((code, chr(code + delta)) for code in range(first, last + 1, step))
    table.update((ord(character), text) for character, text in recipe["fold"])
    table.update(dict.fromkeys(members(recipe["separators"]), " "))
    table.update(dict.fromkeys(members(recipe["ignored"]), ""))
    table.update((code, f" {table.get(code, chr(code))} ") for code in members(recipe["symbols"]))
    return table


@cache
def hangul() -> dict[str, str]:
    """Return all syllables, spelt out: what each is made of."""
    found = {}
    for lead in range(19):
        for vowel in range(21):
            open_one = chr(0xAC00 + (lead * 21 + vowel) * 28)
            found[chr(0x1100 + lead) + chr(0x1161 + vowel)] = open_one
            for end in range(1, 28):
                found[open_one + chr(0x11A7 + end)] = chr(ord(open_one) + end)
    return found


class Composition:
    """Canonical composition by the definition in Unicode's annex 15, by a recipe's tables."""

    def __init__(self, recipe: dict[str, Any]) -> None:
        """Read the tables."""
        threes = [recipe["pairs"][at : at + 3] for at in range(0, len(recipe["pairs"]), 3)]
        self.whole = {three[1:]: three[0] for three in threes}
        self.apart = dict(recipe["parts"]) | {three[0]: three[1:] for three in threes}
        self.classes = mark_classes(recipe)
        # Of runs that are cut.
        self.inside = set(map(chr, members(recipe["grams"]["characters"])))
        self.whole |= hangul()
        # What is not among these stays as it is.
        second = {pair[1] for pair in self.whole}
        self.changing = {*second, *self.classes, *(character for character, _ in recipe["parts"])}

    def __call__(self, text: str) -> str:
        """Compose a text, of which no character composes with a space."""
        return " ".join(map(self.composed, text.split(" ")))

    def composed(self, text: str) -> str:
        """Compose a text without spaces."""
        if self.changing.isdisjoint(text):
            return text
        characters = self.ordered(self.decomposed(text))
        result: list[str] = []
        for character in characters:
            starter = self.starter(result, character)
            both = result[starter] + character if starter is not None else ""
            if both in self.whole:
                result[starter] = self.whole[both]
            else:
                result.append(character)
        return "".join(result)

    def decomposed(self, text: str) -> str:
        """Take a text apart as far as it goes."""
        while any(character in self.apart for character in text):
            text = "".join(self.apart.get(character, character) for character in text)
        return text

    def ordered(self, text: str) -> list[str]:
        """Exchange neighbouring marks until they stand by their class."""
        found: list[str] = []
        for character in text:
            place, own = len(found), self.classes.get(character, 0)
            while own and place and self.classes.get(found[place - 1], 0) > own:
                place -= 1
            found.insert(place, character)
        return found

    def starter(self, before: list[str], character: str) -> int | None:
        """Return the place of what a character may compose with: nothing blocks it from there."""
        own = self.classes.get(character, 0)
        for place in range(len(before) - 1, -1, -1):
            found = self.classes.get(before[place], 0)
            if not found:
                return place
            if found >= own:
                return None
        return None


def split_text(
    recipe: dict[str, Any], table: dict[int, str], text: str, compose: Composition | None = None
) -> list[str]:
    """Split a text into words and runs, character by character and rule by rule, with ``re``."""
    compose = compose or Composition(recipe)
    text = compose(compose(text[: recipe["max_characters"]]).translate(table))
    for pattern, replacement, _ in recipe["replace"]:
        if replacement is None:
            text = re.sub(pattern, r" \g<0> ", text)
        else:
            text = re.sub(pattern, lambda _, literal=replacement: literal, text)
    words = [word for word in text.split(" ") if word]
    if not recipe["grams"]["sizes"]:
        return words
    return [part for word in words for _, part in cut(word, compose.inside, compose.classes)]


def cut(word: str, inside: Collection[str], marks: Collection[str]) -> list[tuple[bool, str]]:
    """Return a word's runs of characters ``inside``, and what stands between; which are which."""
    parts: list[tuple[bool, str]] = []
    for character in word:
        is_run = character in inside
        if parts and (character in marks or parts[-1][0] == is_run):
            parts[-1] = (parts[-1][0], parts[-1][1] + character)
        else:
            parts.append((is_run, character))
    return parts


def characters_of(unit: str, marks: Collection[str]) -> list[str]:
    """Return a word's characters, a mark being one with what it stands on."""
    found: list[str] = []
    for character in unit:
        if found and character in marks:
            found[-1] += character
        else:
            found.append(character)
    return found


def count_features(
    recipe: dict[str, Any], units: Sequence[str], most: int, compose: Composition
) -> Counter[str]:
    """Count the words, pairs and pieces of a text that is split, of its first ``most`` words."""
    grams = recipe["grams"]
    inside = compose.inside if grams["sizes"] else ()
    found: Counter[str] = Counter()
    before = ""
    for unit in units:
        if most <= 0:
            break
        if unit[0] in inside:
            before = ""
            run = characters_of(unit[:most], compose.classes)
            most -= len(unit)
            sizes = grams["sizes"] if len(run) >= min(grams["sizes"]) else [len(run)]
            found.update("".join(run[i : i + n]) for n in sizes for i in range(len(run) - n + 1))
            continue
        most -= 1
        found[unit] += 1
        if before and grams["pairs"]:
            found[f"{before} {unit}"] += 1
        before = unit
        word = [" ", *characters_of(unit, compose.classes)[:40], " "]
        for n in grams["words"]:
            if n < len(word):
                found.update(" " + "".join(word[i : i + n]) for i in range(len(word) - n + 1))
    return found


def word_vector(ids: Sequence[int]) -> dict[int, float]:
    """Return a text's words and their weights: 1 + ln c for c occurrences.

    With eight more words, which are unknown, they have length 1.

    Logarithms are rounded to four places, halves up, as on the page.
    """
    counts = Counter(word for word in ids if word >= FIRST_WORD)
    vector = {word: math.floor((1 + math.log(c)) * 10_000 + 0.5) for word, c in counts.items()}
    length = math.sqrt(sum(value**2 for value in vector.values()) + 8 * 10_000**2)
    return {word: value / length for word, value in vector.items()}


def post_vector(
    words: Sequence[int], runs: Sequence[int], pieces: Sequence[int]
) -> dict[int, float]:
    """Return a text's words, pieces of runs and pieces of words, and their weights.

    Of as many words, five pieces of runs being one, words weigh by their share; the pieces of all
    words as much as the words, and those of runs as much as both.
    """
    found = {}
    sizes = [
        sum(math.floor((1 + math.log(c)) * 10_000 + 0.5) ** 2 for c in Counter(own).values())
        for own in (words, runs)
    ]
    share = (sizes[0] + 8 * 10_000**2) / (sizes[0] + 8 * 10_000**2 + sizes[1] / 5)
    for own in (words, pieces):
        found |= {id: weight * math.sqrt(share) for id, weight in word_vector(own).items()}
    whole = math.sqrt((sizes[0] + 8 * 10_000**2 + sizes[1] / 5) * 5 / 2)
    found |= {
        id: math.floor((1 + math.log(c)) * 10_000 + 0.5) / whole for id, c in Counter(runs).items()
    }
    return found


def naive_bayes(
    texts: Sequence[Sequence[int]],
    truth: Sequence[int],
    words: int,
    labels: int,
    smoothing: float = 1,
    power: float = 1,
    idf_power: float = 1,
) -> list[list[float]]:
    """Return complement naive Bayes as a table of words by labels (Rennie et al. 2003).

    A text is its word vector times the inverse document frequency, at length 1. A word's
    number for a label is minus the log of its smoothed share in the texts of the other
    labels, each count raised to ``power``, less its mean over the labels, times the inverse
    document frequency, which is raised to ``idf_power``.
    """
    frequency = Counter(word for ids in texts for word in set(ids))
    inverse = [
        (math.log((1 + len(texts)) / (1 + frequency[word])) + 1) ** idf_power
        for word in range(words)
    ]
    own = [[0.0] * labels for _ in range(words)]
    for ids, label in zip(texts, truth, strict=True):
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
        table[word] = [inverse[word] * (value - mean) for value in logs]
    return table


def hinge(
    texts: Sequence[Sequence[int]],
    signs: Sequence[int],
    factors: Sequence[float],
    cost: float,
    orders: Sequence[Sequence[int]],
) -> list[float]:
    """Return the mean of the weights of dual coordinate descent, the bias last.

    That after each sixteenth of each pass, or after each text where there are fewer.
    Hsieh et al. 2008, algorithm 1 with squared hinge loss: ``signs`` say on which side each text
    should be, and ``orders`` in which order they come in each pass.
    """
    vectors = [
        {word: float(np.float32(value)) * factors[word] for word, value in word_vector(ids).items()}
        for ids in texts
    ]
    mean = sum(value**2 for vector in vectors for value in vector.values()) / len(texts)
    diagonal = mean / (2 * cost) if mean else 1.0
    vectors = [{**vector, len(factors): 1.0} for vector in vectors]
    weights, total = [0.0] * (len(factors) + 1), [0.0] * (len(factors) + 1)
    duals = [0.0] * len(texts)
    ends = sorted({len(texts) * part // 16 for part in range(1, 17)} - {0})
    for order in orders:
        for done, row in enumerate(order, 1):
            vector, sign = vectors[row], signs[row]
            margin = sign * sum(weights[word] * value for word, value in vector.items())
            gradient = margin - 1 + diagonal * duals[row]
            square = sum(value**2 for value in vector.values()) + diagonal
            dual = max(duals[row] - gradient / square, 0.0)
            for word, value in vector.items():
                weights[word] += (dual - duals[row]) * sign * value
            duals[row] = dual
            if done in ends:
                total = [one + other for one, other in zip(total, weights, strict=True)]
    return [value / (len(ends) * len(orders)) for value in total]


def predict(
    ids: Sequence[int],
    table: Sequence[Sequence[float]],
    kernel: Sequence[Sequence[float]],
    bias: Sequence[float],
    pieces: Collection[int] = (),
) -> list[float]:
    """Return the softmax of the weighted sum of a text's words times ``kernel`` plus ``bias``.

    ``pieces``: the ids of pieces, whose vector is one of its own.
    """
    own = word_vector([word for word in ids if word not in pieces])
    own |= word_vector([word for word in ids if word in pieces])
    width, labels = len(kernel), len(bias)
    pooled = [sum(weight * table[word][i] for word, weight in own.items()) for i in range(width)]
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
