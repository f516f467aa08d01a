// Texts as the model reads them: the ids of their words, pairs and pieces, and what each weighs.
// src/provender/text/grams.py says how those are named.

/**
 * @import { Recipe } from "./text.js"
 * @import { Vocabulary } from "./vocabulary.js"
 */

import { compileText } from "./text.js";
import { decodeWords } from "./vocabulary.js";

// Ids below stand for nothing.
const FIRST_WORD = 2;

// The edition of constants.json that this code reads.
const FORMAT = 3;

// Longer words are read in pieces up to here.
const MOST_CHARACTERS = 40;

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
 * A text: the ids of its known words, pairs and pieces, each once, and their pooling weights; and
 * how many of the words that were read are known as a whole.
 *
 * @typedef {{ ids: Int32Array, weights: Float32Array, known: number, words: number }} Encoded
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
  const { split, isRun, isMark } = compileText(constants.text);
  const { sizes, words: wordSizes, pairs } = constants.text.grams;
  /** @type {Map<string, number>} */
  const idOf = new Map();
  decodeWords(constants.words).forEach((word, index) => idOf.set(word, index + FIRST_WORD));

  /**
   * Counts the pieces of so many characters each that start at each character; gives how many
   * characters are known by themselves.
   *
   * @param {Map<number, number>} counts
   * @param {string[]} characters
   * @param {number[]} lengths
   * @param {string} prefix
   */
  function countPieces(counts, characters, lengths, prefix) {
    let known = 0;
    for (let start = 0; start < characters.length; start++) {
      let piece = prefix;
      let end = start;
      for (const length of lengths) {
        if (start + length > characters.length) break;
        while (end < start + length) piece += characters[end++];
        const id = idOf.get(piece);
        if (id) {
          counts.set(id, (counts.get(id) || 0) + 1);
          if (length === 1) known++;
        }
      }
    }
    return known;
  }

  /**
   * Gives the characters of a word or run; a mark is one with what it stands on.
   *
   * @param {string[]} points
   */
  function join(points) {
    /** @type {string[]} */
    const characters = [];
    for (const point of points) {
      if (characters.length && isMark(point)) characters[characters.length - 1] += point;
      else characters.push(point);
    }
    return characters;
  }

  /**
   * @param {string} text
   * @returns {Encoded}
   */
  return (text) => {
    /** @type {Map<number, number>} */
    const whole = new Map();
    /** @type {Map<number, number>} */
    const pieces = new Map();
    let room = constants.max_words;
    let known = 0;
    let before = "";
    for (const unit of split(text)) {
      if (room <= 0) break;
      if (isRun(unit)) {
        before = "";
        const points = Array.from(unit).slice(0, room);
        const characters = join(points);
        room -= points.length;
        known +=
          characters.length < sizes[0]
            ? countPieces(pieces, characters, [characters.length], "")
            : countPieces(pieces, characters, sizes, "");
        continue;
      }
      room--;
      const id = idOf.get(unit);
      if (id) {
        known++;
        whole.set(id, (whole.get(id) || 0) + 1);
      }
      if (pairs && before) {
        const pair = idOf.get(`${before} ${unit}`);
        if (pair) whole.set(pair, (whole.get(pair) || 0) + 1);
      }
      before = unit;
      if (wordSizes.length) {
        const characters = [" ", ...join(Array.from(unit)).slice(0, MOST_CHARACTERS), " "];
        // What is the whole word is no piece.
        const lengths = wordSizes.filter((length) => length < characters.length);
        countPieces(pieces, characters, lengths, " ");
      }
    }
    return Object.assign(weigh([whole, pieces]), { known, words: constants.max_words - room });
  };
}

/**
 * Weighs what a text has: what occurs c times counts 1 + ln c, and the vector of each kind, that
 * of words and pairs and that of pieces, has length 1.
 *
 * @param {Map<number, number>[]} kinds how often the text has each id
 */
export function weigh(kinds) {
  /** @type {number[]} */
  const ids = [];
  /** @type {number[]} */
  const weights = [];
  for (const counts of kinds) {
    // A sum of whole numbers below 2^53 is exact in any order, so Python and JavaScript agree.
    let squares = 0;
    const start = ids.length;
    counts.forEach((count, id) => {
      const loudness = Math.round((1 + Math.log(count)) * LOG_SCALE);
      squares += loudness ** 2;
      ids.push(id);
      weights.push(loudness);
    });
    const norm = Math.sqrt(squares);
    for (let place = start; place < weights.length; place++) weights[place] /= norm;
  }
  return { ids: Int32Array.from(ids), weights: Float32Array.from(weights) };
}
