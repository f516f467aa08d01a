// Texts as the model reads them: the ids of their words, and how much each word weighs.

/**
 * @import { Recipe } from "./text.js"
 * @import { Vocabulary } from "./vocabulary.js"
 */

import { compileText } from "./text.js";
import { decodeWords } from "./vocabulary.js";

export const PADDING = 0;
export const UNKNOWN = 1;
const FIRST_WORD = 2;

// The edition of constants.json that this code reads.
const FORMAT = 2;

/**
 * A parsed constants.json: what the browser needs besides the model itself.
 *
 * @typedef {object} Constants
 * @property {number} format the edition of the file
 * @property {string} name
 * @property {string[]} labels in the model's order
 * @property {Vocabulary} words
 * @property {number} max_words how many words of a text the model reads
 * @property {Recipe} text
 * @property {number} unsure_below below this score, the best label is a guess
 */

/**
 * A text of `max_words` slots: the ids of its words, and their pooling weights.
 *
 * @typedef {{ ids: Int32Array, weights: Float32Array }} Encoded
 */

/** @typedef {(text: string) => Encoded} Encode */

// Logarithms may differ in their last bit between languages; as whole ten-thousandths they don't.
const LOG_SCALE = 10000;

/**
 * @param {Constants} constants
 * @returns {Encode}
 * @throws {Error} if the constants are of another format
 */
export function createEncoder(constants) {
  if (constants.format !== FORMAT) {
    throw new Error(
      `constants.json has format ${constants.format}; this code reads format ${FORMAT}`,
    );
  }
  const toWords = compileText(constants.text);
  const words = decodeWords(constants.words);
  const idOf = new Map(words.map((word, index) => [word, index + FIRST_WORD]));

  return (text) => {
    const ids = new Int32Array(constants.max_words);
    toWords(text)
      .slice(0, constants.max_words)
      .forEach((word, slot) => {
        ids[slot] = idOf.get(word) || UNKNOWN;
      });
    return { ids, weights: wordWeights(ids) };
  };
}

/**
 * Weighs each slot so that a known word that occurs c times counts 1 + ln c in all, and the
 * vector of words has length 1. Padding and unknown words weigh 0.
 *
 * @param {Int32Array} ids
 */
export function wordWeights(ids) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  ids.forEach((id) => {
    if (id > UNKNOWN) counts.set(id, (counts.get(id) || 0) + 1);
  });

  // A sum of whole numbers below 2^53 is exact in any order, so Python and JavaScript agree.
  let squares = 0;
  /** @type {Map<number, number>} */
  const shares = new Map();
  counts.forEach((count, id) => {
    const loudness = Math.round((1 + Math.log(count)) * LOG_SCALE);
    squares += loudness ** 2;
    shares.set(id, loudness / count);
  });
  const norm = Math.sqrt(squares);

  const weights = new Float32Array(ids.length);
  ids.forEach((id, slot) => {
    if (id > UNKNOWN) weights[slot] = /** @type {number} */ (shares.get(id)) / norm;
  });
  return weights;
}
