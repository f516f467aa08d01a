// Predictions: the best labels of a text, by whichever engine computes their scores.

/**
 * @import { Encode } from "./encode.js"
 * @import { Classifier, Prediction } from "./index.js"
 */

/**
 * Computes the probability of each label, for one text, or for many texts in a row.
 *
 * @typedef {(ids: Int32Array, weights: Float32Array) => Float32Array} ToScores
 */

// How many labels a prediction lists unless told.
const COUNT = 5;

/**
 * Makes the function by which a classifier predicts.
 *
 * @param {string[]} labels
 * @param {Encode} encode
 * @param {ToScores} toScores
 * @returns {Classifier["predict"]}
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

/**
 * Ranks labels best first, equal ones in the labels' order; `count` is clamped to 1…labels.
 *
 * @param {string[]} labels
 * @param {Float32Array} scores
 * @param {number} count
 * @returns {Prediction[]}
 */
export function rankLabels(labels, scores, count) {
  // The order of equals is spelt out, since older browsers sort unstably.
  return labels
    .map((label, index) => ({ label, index, score: scores[index] }))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, Math.max(1, Math.trunc(count) || 0))
    .map(({ label, score }) => ({ label, score }));
}
