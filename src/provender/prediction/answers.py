"""A model's answers, computed as ``web/src/predict.js`` does."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from provender.model import arithmetic, metrics, outside
from provender.model.features import make_features, pool
from provender.prediction.bundles import Bundle
from provender.text.encode import FIRST_WORD, Kind
from provender.text.grams import are_words, count_read, encode, kinds_of, read_units

SURROGATE = re.compile("[\ud800-\udfff]")


def whole(text: str) -> str:
    """Return a text without halves of characters, which separate words, as on the page."""
    return SURROGATE.sub("\ufffd", text)


@dataclass(frozen=True)
class Answer:
    """The answer to a text.

    ``labels``: the best ones with their scores, the best first; none where nothing is known.
    ``known`` of the ``read`` words are known as a whole. ``other``: how likely it has none of the
    labels, or None where the model was not taught to tell.
    """

    labels: Sequence[tuple[str, float]]
    known: int
    read: int
    sure: bool
    other: float | None


class Answerer:
    """Answers texts by one model."""

    def __init__(self, bundle: Bundle) -> None:
        """Prepare a model: of which kind its words are, and which count as known words."""
        self.bundle = bundle
        kinds = kinds_of(bundle.recipe, bundle.words)
        self.kinds = np.concatenate([np.full(FIRST_WORD, Kind.WORD, np.uint8), kinds])
        self.is_word = are_words(bundle.recipe, bundle.words)

    def answer(self, texts: Sequence[str], top: int) -> list[Answer]:
        """Return the answers to some texts, with ``top`` labels each at most."""
        bundle, count = self.bundle, len(texts)
        column = pa.chunked_array([pa.array(map(whole, texts), pa.string())])
        units = read_units(bundle.recipe, column, bundle.max_words)
        found = encode(bundle.recipe, units, bundle.words)
        features = make_features(
            np.arange(count),
            np.zeros(count, np.int32),
            found.starts,
            found.ids + np.int32(FIRST_WORD),
            found.counts,
            self.kinds,
        )
        logits = arithmetic.matmul(pool(features, bundle.table), bundle.kernel) + bundle.bias
        scores = arithmetic.softmax(logits).astype(np.float32)
        order = metrics.rank(scores)[:, :top]
        own = self.is_word[found.ids]
        known = np.bincount(features.rows[own], found.counts[own], count).astype(int)
        read = count_read(units)
        has_any = np.diff(found.starts) > 0
        other: np.ndarray | None = None
        if bundle.other:
            seen = outside.see_logits(logits, known, read)
            other = np.where(has_any, outside.other(seen, bundle.other), 1.0)
        answers = []
        for row in range(count):
            # Of nothing known there would be an answer as well: how frequent each label was.
            ranked = order[row] if has_any[row] else []
            best = [(bundle.labels[label], scores[row, label]) for label in ranked]
            sure = known[row] > 0 and bool(best[0][1] >= bundle.unsure_below)
            likely = None if other is None else float(other[row])
            answers.append(Answer(best, int(known[row]), int(read[row]), bool(sure), likely))
        return answers
