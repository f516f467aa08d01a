"""Which texts to label next: those that the model is least sure of, no two alike, none an oddity.

A text is worth more the nearer its two best labels are (margin sampling, Scheffer et al. 2001), the
more it is like the others (information density, Settles and Craven 2008), and the less it is like
those that were taken before it, so that they are spread over all that there is (maximal marginal
relevance, Carbonell and Goldstein 1998). How alike texts are is the cosine of what the recipe reads
of them, rare features weighing more, whether the model knows these or not.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from provender.errors import UserError
from provender.model.features import Features, make_features
from provender.model.naive_bayes import inverse_document_frequency
from provender.prediction.answers import Answer, Answerer, whole
from provender.prediction.predict import Asked, batches
from provender.text.grams import count_texts, encode, kinds_of, read_units

# Texts that are compared with each other: so many for each that is suggested, and so many at least.
LOOKED_AT, LEAST = 20, 2000

# The cosine from which on a text is a copy, with which nothing new would be learnt.
COPY = 0.999

# A text that may be suggested: how far its two best labels are apart, its row, itself, its answer.
Candidate = tuple[float, int, str, Answer]


def suggest(
    asked: Iterable[Asked], answerer: Answerer, count: int, names: tuple[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield a row for each of ``count`` texts, the most useful first, with a label to fill in.

    ``names``: those of the columns with the text and with the label. Rows of which something is
    kept, their label, are left out, and so are blank texts. Raises UserError where none is left.
    """
    text_name, label_name = names
    found = _least_sure(asked, answerer, max(LOOKED_AT * count, LEAST))
    if not found:
        raise UserError("there is no text without a label to suggest")
    margins = np.array([margin for margin, *_ in found])
    features = _read(answerer, [text for _, _, text, _ in found])
    for place in choose(features, margins, count):
        _, row, text, answer = found[place]
        label, score = answer.labels[0] if answer.labels else (None, None)
        yield {
            "row": row,
            text_name: text,
            label_name: None,
            "guess": label,
            "score": None if score is None else float(str(score)),
            "known": answer.known,
            "read": answer.read,
        }


def _least_sure(asked: Iterable[Asked], answerer: Answerer, most: int) -> list[Candidate]:
    """Return the texts whose two best labels are nearest, in the order of the table."""
    held: list[Candidate] = []
    for some in batches(_unlabelled(asked)):
        answers = answerer.answer([text for _, text in some], 2)
        for (row, text), answer in zip(some, answers, strict=True):
            scores = [float(score) for _, score in answer.labels]
            # Of nothing known nothing is sure.
            held.append((scores[0] - scores[1] if scores else 0.0, row, text, answer))
        held = heapq.nsmallest(most, held, key=lambda each: each[:2])
    return sorted(held, key=lambda each: each[1])


def _unlabelled(asked: Iterable[Asked]) -> Iterator[tuple[int, str]]:
    for row, kept, text in asked:
        if text.strip() and not any(value is not None and str(value).strip() for value in kept):
            yield row, text


def _read(answerer: Answerer, texts: Sequence[str]) -> Features:
    """Return all features of some texts, each text being of length 1 or 0."""
    recipe, rows = answerer.bundle.recipe, np.arange(len(texts))
    column = pa.chunked_array([pa.array(map(whole, texts), pa.string())])
    units = read_units(recipe, column, answerer.bundle.max_words)
    names, _ = count_texts(recipe, units, rows, np.ones(len(units.names), bool))
    found = encode(recipe, units, names)
    return make_features(
        rows,
        np.zeros(len(texts), np.int32),
        found.starts,
        found.ids,
        found.counts,
        kinds_of(recipe, names.to_pylist()),
    )


def choose(features: Features, margins: np.ndarray, count: int) -> list[int]:
    """Return the places of ``count`` texts, the most useful first; fewer where there are fewer.

    ``margins``: float64 [n], 0 to 1, how far each text's two best labels are apart. Texts that are
    the same, as the recipe has them, are there once.
    """
    rarity = inverse_document_frequency(features)
    values = features.weights * rarity[features.ids]
    lengths = np.sqrt(np.bincount(features.rows, values**2, len(margins)))
    values /= np.where(lengths > 0, lengths, 1)[features.rows]

    def likeness(to: np.ndarray) -> np.ndarray:
        return np.bincount(features.rows, values * to[features.ids], len(margins))

    mean = np.bincount(features.ids, values, len(rarity)) / max(len(margins), 1)
    worth = (1 - margins) * likeness(mean)
    nearest = np.zeros(len(margins))
    chosen: list[int] = []
    while len(chosen) < min(count, len(margins)):
        left = worth * np.maximum(1 - nearest, 0)
        left[chosen] = 0
        left[nearest > COPY] = 0
        best = int(left.argmax())
        if left[best] <= 0:
            break
        chosen.append(best)
        own = slice(features.starts[best], features.starts[best + 1])
        vector = np.zeros(len(rarity))
        vector[features.ids[own]] = values[own]
        nearest = np.maximum(nearest, likeness(vector))
    return chosen
