// The texts of a statement, and the scores that were published for them.

/**
 * @import { Classifier } from "./assemble.js"
 * @import { Canary } from "./statement.js"
 */

// By how much a probability may differ from the published one.
export const TOLERANCE = 1e-5;

/**
 * Gives the largest difference of a text's scores; Infinity where labels or numbers lack.
 *
 * @param {Pick<Classifier, "labels" | "predict">} classifier
 * @param {Canary} canary
 */
export function largestDifference({ labels, predict }, { text, scores }) {
  const stated = Object.keys(scores);
  const answer = predict(text, labels.length);
  if (!stated.length || stated.length !== answer.length) return Infinity;
  const differences = answer.map(({ label, score }) =>
    stated.includes(label) && typeof scores[label] === "number"
      ? Math.abs(score - scores[label])
      : Infinity,
  );
  return Math.max(...differences);
}
