// Predictions: the best labels of a text, by whichever engine computes their scores.

/**
 * @import { Encode, Encoded } from "./encode.js"
 * @import { Classifier, Prediction } from "./index.js"
 */

/**
 * Computes the probability of each label for a text.
 *
 * @typedef {(encoded: Pick<Encoded, "ids" | "weights">) => Float32Array} ToScores
 */

// How many labels a prediction lists unless told.
const COUNT = 5;

/**
 * Makes the functions by which a classifier answers.
 *
 * @param {string[]} labels
 * @param {number} unsureBelow
 * @param {Encode} encode
 * @param {ToScores} toScores
 * @returns {Pick<Classifier, "classify" | "predict">}
 */
export function createAnswers(labels, unsureBelow, encode, toScores) {
  /** @type {Classifier["classify"]} */
  function classify(text, { topK = COUNT } = {}) {
    if (typeof text !== "string") {
      const type = text === null ? "null" : typeof text;
      throw new TypeError(`The text must be a string, not ${type}`);
    }
    if (!isCount(topK)) {
      throw new RangeError(`How many labels must be a whole number from 1 on, not ${String(topK)}`);
    }
    const encoded = encode(text);
    const { known, words } = encoded;
    // Of nothing known there would be an answer as well: how frequent each label was.
    const best = encoded.ids.length ? rankLabels(labels, toScores(encoded), topK) : [];
    // Pieces alone are a guess.
    return { labels: best, known, words, sure: known > 0 && best[0].score >= unsureBelow };
  }
  return { classify, predict: (text, count) => classify(text, { topK: count }).labels };
}

/** @param {unknown} value */
const isCount = (value) =>
  typeof value === "number" && value >= 1 && (value % 1 === 0 || value === Infinity);

/**
 * Ranks labels best first, equal ones in the labels' order; gives `count` of them at most.
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
    .slice(0, count)
    .map(({ label, score }) => ({ label, score }));
}
