"""A model's answers, computed as ``web/src/predict.js`` does."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from provender.model import arithmetic, metrics
from provender.model.features import make_features, pool
from provender.prediction.bundles import Bundle
from provender.text.encode import FIRST_WORD
from provender.text.grams import are_pieces, are_words, encode, read_units

SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Answer:
    """The answer to a text.

    ``labels``: the best ones with their scores, the best first; none where nothing is known.
    ``known`` of its ``words`` that were read are known as a whole.
    """

    labels: Sequence[tuple[str, float]]
    known: int
    words: int
    sure: bool


class Answerer:
    """Answers texts by one model."""

    def __init__(self, bundle: Bundle) -> None:
        """Prepare a model: which of its words are pieces, and which count as known words."""
        self.bundle = bundle
        pieces = are_pieces(bundle.recipe, bundle.words)
        self.is_piece = np.concatenate([np.zeros(FIRST_WORD, bool), pieces])
        self.is_word = are_words(bundle.recipe, bundle.words)

    def answer(self, texts: Sequence[str], top: int) -> list[Answer]:
        """Return the answers to some texts, with ``top`` labels each at most."""
        bundle, count = self.bundle, len(texts)
        # Halves of characters separate words, as on the page.
        whole = [SURROGATE.sub("\ufffd", text) for text in texts]
        column = pa.chunked_array([pa.array(whole, pa.string())])
        units = read_units(bundle.recipe, column, bundle.max_words)
        found = encode(bundle.recipe, units, bundle.words)
        features = make_features(
            np.arange(count),
            np.zeros(count, np.int32),
            found.starts,
            found.ids + np.int32(FIRST_WORD),
            found.counts,
            self.is_piece,
        )
        logits = arithmetic.matmul(pool(features, bundle.table), bundle.kernel) + bundle.bias
        scores = arithmetic.softmax(logits).astype(np.float32)
        order = metrics.rank(scores)[:, :top]
        own = self.is_word[found.ids]
        known = np.bincount(features.rows[own], found.counts[own], count).astype(int)
        lengths = [len(name) for name in units.names.to_pylist()]
        sizes = np.where(units.is_run, lengths, 1) if lengths else np.zeros(0, int)
        words = np.add.reduceat(np.append(sizes[units.units], 0), units.starts[:-1])
        words[np.diff(units.starts) == 0] = 0
        return [
            self._answer(scores[row], order[row], int(known[row]), int(words[row]), has_any)
            for row, has_any in enumerate(np.diff(found.starts) > 0)
        ]

    def _answer(
        self, scores: np.ndarray, order: np.ndarray, known: int, words: int, has_any: bool
    ) -> Answer:
        # Of nothing known there would be an answer as well: how frequent each label was.
        best = [(self.bundle.labels[label], scores[label]) for label in order] if has_any else []
        sure = known > 0 and bool(best[0][1] >= self.bundle.unsure_below)
        return Answer(best, known, words, sure)
