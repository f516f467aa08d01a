// A classifier's answers, by whichever engine computes its scores.

/**
 * @import { Constants, Encode, Encoded, Traced } from "./encode.js"
 * @import { Rule } from "./errors.js"
 * @import { Kernel } from "./kernel.js"
 */

import { checkOptions, isFunction, isSignal, problem, show, throwIfAborted } from "./errors.js";
import { FIRST_WORD } from "./encode.js";
import { softmax } from "./kernel.js";
import { isByVector, listWords } from "./vocabulary.js";

/**
 * A label, and its probability, 0 to 1.
 *
 * @typedef {{ label: string, score: number }} Prediction
 */

/**
 * The answer to a text.
 *
 * @typedef {object} Classification
 * @property {Prediction[]} labels the most likely labels, best first; none where nothing of the
 *   text is known
 * @property {number} known how many of the words that were read the model knows as a whole
 * @property {number} words how many words the text has
 * @property {number} read how many of them were read
 * @property {boolean} sure whether the best label is more than a guess
 * @property {number | null} other how likely it is none of the labels, 0 to 1; null for a model
 *   that was not taught to tell
 */

/**
 * What `classify` may be told: how many labels at most (5), from which score on (0), and what
 * gives it up.
 *
 * @typedef {{ topK?: number, minScore?: number, signal?: AbortSignal }} ClassifyOptions
 */

/** @typedef {ClassifyOptions & { onProgress?: (done: number) => void }} BatchOptions */

/**
 * What a label's logit is made of: `bias` and the shares of the features add up to it, and so do
 * `bias` and the shares of the words.
 *
 * @typedef {object} Explanation
 * @property {string | null} label null where nothing of the text is known
 * @property {number} logit
 * @property {number} bias
 * @property {WordShare[]} words in the text's order; of scripts without spaces, each character
 * @property {FeatureShare[]} features the largest share first
 */

/**
 * A word as it was read, the share of all that was known in it, and where it stands in the text:
 * UTF-16 units from `start` up to `end`; null where the recipe has moved it. `byVector`: it is known
 * by its word vector, from no training text.
 *
 * @typedef {{ text: string, known: boolean, share: number, start: number | null,
 *   end: number | null, byVector?: true }} WordShare
 */

/**
 * A word, pair or piece that the model knows, how often the text has it, and its share.
 *
 * @typedef {{ text: string, kind: "word" | "pair" | "piece", count: number, share: number,
 *   byVector?: true }} FeatureShare
 */

/**
 * Computes the probability of each label for a text.
 *
 * @typedef {(encoded: Pick<Encoded, "ids" | "weights">) => Float32Array} ToScores
 */

/**
 * How a classifier answers.
 *
 * @typedef {object} Answers
 * @property {(text: string, options?: ClassifyOptions) => Classification} classify
 * @property {(texts: Iterable<string>, options?: BatchOptions) => Promise<Classification[]>}
 *   classifyBatch the same for many texts, letting the page breathe
 * @property {(text: string, options?: { label?: string }) => Explanation} explain what the best
 *   label's logit, or another's, is made of
 * @property {(text: string, count?: number) => Prediction[]} predict the labels of `classify`
 */

// How many labels a prediction lists unless told.
const COUNT = 5;

// For so long a batch keeps others waiting.
const SLICE_MILLISECONDS = 8;

// Sums of float64 in another order differ by less, in shares of the largest.
const ROUNDING = 1e-9;

/** @param {unknown} value */
const isCount = (value) =>
  typeof value === "number" && value >= 1 && (value % 1 === 0 || value === Infinity);

const EXPECTED_COUNT = "a whole number from 1 on";

/** @type {{ [name: string]: Rule }} */
const CLASSIFY_OPTIONS = {
  topK: [isCount, EXPECTED_COUNT, RangeError],
  minScore: [(value) => value >= 0 && value <= 1, "a number from 0 to 1", RangeError],
  signal: [isSignal, "an AbortSignal"],
};
const BATCH_OPTIONS = Object.assign(
  { onProgress: /** @type {Rule} */ ([isFunction, "a function"]) },
  CLASSIFY_OPTIONS,
);

/**
 * Makes the functions by which a classifier answers.
 *
 * @param {Constants} constants
 * @param {Encode} encode
 * @param {Kernel} kernel
 * @param {ToScores} [toScores] those of another engine than the kernel
 * @returns {Answers}
 */
export function createAnswers(constants, encode, kernel, toScores) {
  const { labels, unsure_below: unsureBelow, other: otherBy } = constants;
  /** @type {string[] | undefined} */
  let words;

  /** @type {Answers["classify"]} */
  function classify(text, options) {
    checkText(text);
    checkOptions(options, CLASSIFY_OPTIONS);
    const { topK = COUNT, minScore = 0, signal } = Object(options);
    throwIfAborted(signal);
    const encoded = encode(text);
    const { known, read } = encoded;
    const logits = kernel.logits(encoded);
    // Of nothing known there would be an answer as well: how frequent each label was.
    const ranked = encoded.ids.length
      ? rankLabels(labels, toScores ? toScores(encoded) : softmax(logits), topK)
      : [];
    return {
      labels: ranked.filter(({ score }) => score >= minScore),
      known,
      words: encoded.words,
      read,
      // Pieces alone are a guess.
      sure: known > 0 && ranked[0].score >= unsureBelow,
      other: otherBy ? otherThan(otherBy, ranked.length ? logits : null, known, read) : null,
    };
  }

  /** @type {Answers["classifyBatch"]} */
  async function classifyBatch(texts, options) {
    if (typeof texts === "string" || !Object(texts)[Symbol.iterator]) {
      throw problem("text", `The texts must be a list of strings, not ${show(texts)}`, TypeError);
    }
    checkOptions(options, BATCH_OPTIONS);
    const { onProgress, topK, minScore, signal } = Object(options);
    /** @type {Classification[]} */
    const found = [];
    let since = Date.now();
    for (const text of texts) {
      found.push(classify(text, { topK, minScore, signal }));
      if (Date.now() - since < SLICE_MILLISECONDS) continue;
      if (onProgress) onProgress(found.length);
      await new Promise((resolve) => setTimeout(resolve));
      since = Date.now();
    }
    return found;
  }

  /** @type {Answers["explain"]} */
  function explain(text, options) {
    checkText(text);
    checkOptions(options, { label: [(value) => labels.includes(value), "one of the labels"] });
    /** @type {Traced} */
    const trace = { units: [], found: [] };
    const encoded = encode(text, trace);
    const logits = kernel.logits(encoded);
    const known = encoded.ids.length > 0;
    const { label = known ? rankLabels(labels, softmax(logits), 1)[0].label : null } =
      Object(options);
    const row = Math.max(0, labels.indexOf(label));
    const bias = kernel.bias(row);
    words = words || listWords(constants.words);
    /** @type {Map<number, FeatureShare>} */
    const features = new Map();
    encoded.ids.forEach((id, place) => {
      const share = encoded.weights[place] * kernel.share(id, row);
      const name = /** @type {string[]} */ (words)[id - FIRST_WORD];
      /** @type {FeatureShare} */
      const feature = { text: name, kind: "word", count: 0, share };
      if (isByVector(constants.words.shared.charCodeAt(id - FIRST_WORD))) feature.byVector = true;
      features.set(id, feature);
    });
    trace.found.forEach(({ id, kind }) => {
      const feature = /** @type {FeatureShare} */ (features.get(id));
      feature.kind = kind;
      feature.count++;
    });
    const listed = Array.from(features.values());
    const sum = listed.reduce((total, { share }) => total + share, bias);
    const size = listed.reduce((total, { share }) => total + Math.abs(share), Math.abs(bias));
    if (!(Math.abs(sum - logits[row]) <= ROUNDING * size)) {
      throw problem("explain", `The shares add up to ${sum}, not to ${logits[row]}`);
    }
    return {
      label,
      logit: logits[row],
      bias,
      words: spread(trace, features),
      features: listed.sort((a, b) => b.share - a.share),
    };
  }

  /** @type {Answers["predict"]} */
  function predict(text, count) {
    checkText(text);
    checkOptions({ count }, { count: [isCount, EXPECTED_COUNT, RangeError] });
    return classify(text, { topK: count }).labels;
  }

  return { classify, classifyBatch, explain, predict };
}

/** @param {unknown} text */
function checkText(text) {
  if (typeof text === "string") return;
  const type = text === null ? "null" : typeof text;
  throw problem("text", `The text must be a string, not ${type}`, TypeError);
}

/**
 * Ranks labels best first, equal ones in the labels' order; gives `count` of them at most.
 *
 * @param {string[]} labels
 * @param {Float32Array} scores
 * @param {number} count
 * @returns {Prediction[]}
 */
function rankLabels(labels, scores, count) {
  // The order of equals is spelt out, since older browsers sort unstably.
  return labels
    .map((_, place) => place)
    .sort((a, b) => scores[b] - scores[a] || a - b)
    .slice(0, count)
    .map((place) => ({ label: labels[place], score: scores[place] }));
}

/**
 * Gives how likely a text has none of the labels (scripts/measure_outside.py has fitted how).
 *
 * @param {number[]} by
 * @param {Float64Array | null} logits null: nothing is known
 * @param {number} known
 * @param {number} read
 */
function otherThan([bias, byLead, byKnown, byLength], logits, known, read) {
  if (!logits) return 1;
  const most = Math.max(...logits);
  const rest = logits.reduce((sum, logit) => sum + logit, -most) / (logits.length - 1);
  const odds = bias + byLead * (most - rest) + (byKnown * known) / (read || 1) + byLength * Math.log(1 + read);
  return 1 / (1 + Math.exp(-odds));
}

/**
 * Spreads the features' shares over the words that they were found in.
 *
 * @param {Traced} trace
 * @param {Map<number, FeatureShare>} features
 */
function spread({ units, found }, features) {
  // Each word, or character of a run, is where it begins in its unit.
  const parts = units.map(({ text, isRun, start, end }) => {
    /** @type {WordShare[]} */
    const own = [];
    let from = 0;
    (isRun ? Array.from(text) : [text]).forEach((piece) => {
      const to = from + piece.length;
      // Where it stands as it was read, each of its characters has a place of its own.
      const [first, last] = end - start === text.length ? [start + from, start + to] : [start, end];
      own[from] = {
        text: piece,
        known: false,
        share: 0,
        start: start < 0 ? null : first,
        end: start < 0 ? null : last,
      };
      from = to;
    });
    return own;
  });
  found.forEach(({ id, kind, unit, from, to }) => {
    const { count, share, byVector } = /** @type {FeatureShare} */ (features.get(id));
    const own = parts[unit];
    // A pair's share is that of both its words, one half each.
    const of =
      kind === "pair"
        ? [parts[unit - 1][0], own[0]]
        : units[unit].isRun
          ? own.slice(from, to).filter(Boolean)
          : own;
    of.forEach((word) => {
      word.share += share / count / of.length;
      if (kind === "word") word.known = true;
      if (byVector) word.byVector = true;
    });
  });
  return /** @type {WordShare[]} */ ([]).concat(...parts).filter(Boolean);
}
