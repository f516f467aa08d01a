// How many labels a prediction lists unless told.
const COUNT = 5;

/**
 * Returns `predict(text, count)`, which gives the `count` best labels as `[{label, score}]`.
 */
export function createPredict(labels, encode, toScores) {
  return (text, count = COUNT) => {
    if (typeof text !== "string") {
      const type = text === null ? "null" : typeof text;
      throw new TypeError(`predict takes a text as a string, not ${type}`);
    }
    const { ids, weights } = encode(text);
    return rankLabels(labels, toScores(ids, weights), count);
  };
}

/** Ranks labels best first, equal ones in the labels' order; `count` is clamped to 1…labels. */
export function rankLabels(labels, scores, count) {
  // The order of equals is spelt out, since older browsers sort unstably.
  return labels
    .map((label, index) => ({ label, index, score: scores[index] }))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, Math.max(1, Math.trunc(count) || 0))
    .map(({ label, score }) => ({ label, score }));
}
