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
const FORMAT = 4;

// Longer words are read in pieces up to here.
const MOST_CHARACTERS = 40;

// Characters of ASCII.
const ASCII = 128;

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

// So many more features of each kind does a text have that nobody knows.
const UNKNOWN = 8;

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
  const words = decodeWords(constants.words);
  const { child, walk, idAt } = makeTrie(words);
  // Pieces of words have a space before them, and so does what follows in a pair.
  const space = " ".charCodeAt(0);
  const pieceStart = child(0, space);
  const counts = new Int32Array(words.length + FIRST_WORD);
  // Most pieces begin with two characters of ASCII: where each two of them lead, from pieceStart.
  const starts = new Int32Array(ASCII * ASCII).fill(-1);
  for (let first = 0; first < ASCII && wordSizes[0] > 1 && pieceStart >= 0; first++) {
    const node = child(pieceStart, first);
    for (let second = 0; second < ASCII && node >= 0; second++) {
      starts[first * ASCII + second] = child(node, second);
    }
  }
  // A word between its spaces.
  const codes = new Uint8Array(MOST_CHARACTERS + 2).fill(space);

  /**
   * @param {number[]} found
   * @param {number} id
   */
  function count(found, id) {
    if (!counts[id]++) found.push(id);
  }

  /**
   * Gives where the characters of a string begin, a mark being one with what it stands on, and
   * where the last one ends.
   *
   * @param {string} text
   * @param {number} before how many of its first characters stand for themselves
   */
  function boundsOf(text, before) {
    const bounds = [0];
    for (const point of text) {
      const end = bounds[bounds.length - 1] + point.length;
      if (bounds.length > before + 1 && point > "\x7f" && isMark(point)) bounds[bounds.length - 1] = end;
      else bounds.push(end);
    }
    return bounds;
  }

  /**
   * Counts the pieces of a text that begin at each of its characters; gives how many characters
   * are known by themselves.
   *
   * @param {number[]} found
   * @param {string} text
   * @param {number[]} bounds
   * @param {number} root where pieces begin in the trie
   * @param {number[]} lengths
   */
  function countPieces(found, text, bounds, root, lengths) {
    const last = bounds.length - 1;
    let known = 0;
    for (let start = 0; start < last; start++) {
      let node = root;
      let end = start;
      for (let i = 0; i < lengths.length; i++) {
        const stop = start + lengths[i];
        if (stop > last) break;
        node = walk(node, text, bounds[end], bounds[stop]);
        if (node < 0) break;
        end = stop;
        const id = idAt(node);
        if (id) {
          count(found, id);
          if (lengths[i] === 1) known++;
        }
      }
    }
    return known;
  }

  /**
   * Counts the pieces of a word of ASCII alone, as countPieces would; gives whether it is one.
   *
   * @param {number[]} found
   * @param {string} word
   */
  function countPlain(found, word) {
    let last = 1;
    for (let i = 0; i < word.length; i++) {
      const code = word.charCodeAt(i);
      if (code >= ASCII) return false;
      if (last <= MOST_CHARACTERS) codes[last++] = code;
    }
    codes[last++] = space;
    for (let start = 0; start + 1 < last; start++) {
      let node = starts[codes[start] * ASCII + codes[start + 1]];
      let end = start + 2;
      for (let i = 0; i < wordSizes.length && node >= 0; i++) {
        const stop = start + wordSizes[i];
        // What is the whole word is no piece.
        if (stop > last || wordSizes[i] === last) break;
        while (end < stop && node >= 0) node = child(node, codes[end++]);
        if (node >= 0 && idAt(node)) count(found, idAt(node));
      }
    }
    return true;
  }

  /**
   * @param {string} text
   * @returns {Encoded}
   */
  return (text) => {
    /** @type {number[]} */
    const whole = [];
    /** @type {number[]} */
    const pieces = [];
    let room = constants.max_words;
    let known = 0;
    // Where the word before ends in the trie; -1: there is none, or it is not there.
    let before = -1;
    for (const unit of split(text)) {
      if (room <= 0) break;
      if (isRun(unit)) {
        before = -1;
        const points = Array.from(unit).slice(0, room);
        room -= points.length;
        const run = points.join("");
        const bounds = boundsOf(run, 0);
        const length = bounds.length - 1;
        known += countPieces(pieces, run, bounds, 0, length < sizes[0] ? [length] : sizes);
        continue;
      }
      room--;
      const node = walk(0, unit, 0, unit.length);
      const id = node < 0 ? 0 : idAt(node);
      if (id) {
        known++;
        count(whole, id);
      }
      if (pairs) {
        const gap = before < 0 ? -1 : child(before, space);
        const end = gap < 0 ? -1 : walk(gap, unit, 0, unit.length);
        if (end >= 0 && idAt(end)) count(whole, idAt(end));
        before = node;
      }
      if (pieceStart >= 0 && !(wordSizes[0] > 1 && countPlain(pieces, unit)) && wordSizes.length) {
        let word = ` ${unit} `;
        let bounds = boundsOf(word, 1);
        if (bounds.length > MOST_CHARACTERS + 3) {
          word = `${word.slice(0, bounds[MOST_CHARACTERS + 1])} `;
          bounds = boundsOf(word, 1);
        }
        // What is the whole word is no piece.
        const most = bounds.length - 1;
        const lengths =
          wordSizes[wordSizes.length - 1] < most
            ? wordSizes
            : wordSizes.filter((length) => length < most);
        countPieces(pieces, word, bounds, pieceStart, lengths);
      }
    }
    const encoded = weigh([whole, pieces], counts);
    for (const id of encoded.ids) counts[id] = 0;
    return Object.assign(encoded, { known, words: constants.max_words - room });
  };
}

/**
 * Makes a trie of words: each word's units lead from node 0 to the node that has its id.
 *
 * @param {string[]} words
 */
function makeTrie(words) {
  // As many nodes at most as units that the word before does not begin with.
  let most = 1;
  words.forEach((word, index) => {
    const before = words[index - 1] || "";
    let shared = 0;
    while (shared < word.length && word[shared] === before[shared]) shared++;
    most += word.length - shared;
  });
  let size = 1;
  while (size < 2 * most) size *= 2;
  // A hash table of steps: from which node and by which unit, as one number; to which node.
  const keys = new Float64Array(size);
  const to = new Int32Array(size);
  const ids = new Int32Array(most);

  /**
   * @param {number} node
   * @param {number} unit
   */
  function find(node, unit) {
    const key = node * 0x10000 + unit;
    let hash = Math.imul(node, 0x9e3779b1) + Math.imul(unit, 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = hash & (size - 1);
    while (to[slot] && keys[slot] !== key) slot = (slot + 1) & (size - 1);
    return slot;
  }

  /**
   * Gives the node that a unit leads to, or -1.
   *
   * @param {number} node
   * @param {number} unit
   */
  const child = (node, unit) => to[find(node, unit)] || -1;

  /**
   * Gives the node that a part of a string leads to, or -1.
   *
   * @param {number} node
   * @param {string} text
   * @param {number} start
   * @param {number} end
   */
  function walk(node, text, start, end) {
    for (let i = start; i < end && node >= 0; i++) node = child(node, text.charCodeAt(i));
    return node;
  }

  let nodes = 1;
  words.forEach((word, index) => {
    let node = 0;
    for (let i = 0; i < word.length; i++) {
      const unit = word.charCodeAt(i);
      const slot = find(node, unit);
      if (!to[slot]) {
        keys[slot] = node * 0x10000 + unit;
        to[slot] = nodes++;
      }
      node = to[slot];
    }
    ids[node] = index + FIRST_WORD;
  });
  return { child, walk, idAt: (/** @type {number} */ node) => ids[node] };
}

/**
 * Weighs what a text has: what occurs c times counts 1 + ln c, and the vector of each kind, that
 * of words and pairs and that of pieces, has length 1 together with what is unknown.
 *
 * @param {number[][]} kinds the ids of each kind
 * @param {ArrayLike<number>} counts how often the text has each id
 */
export function weigh(kinds, counts) {
  const size = kinds.reduce((sum, own) => sum + own.length, 0);
  const ids = new Int32Array(size);
  const weights = new Float32Array(size);
  let start = 0;
  for (const own of kinds) {
    ids.set(own, start);
    // A sum of whole numbers below 2^53 is exact in any order, so Python and JavaScript agree.
    let squares = UNKNOWN * LOG_SCALE * LOG_SCALE;
    const loudness = new Float64Array(own.length);
    for (let i = 0; i < own.length; i++) {
      const times = counts[own[i]];
      const loud = times === 1 ? LOG_SCALE : Math.round((1 + Math.log(times)) * LOG_SCALE);
      squares += loud * loud;
      loudness[i] = loud;
    }
    const norm = Math.sqrt(squares);
    for (let i = 0; i < own.length; i++) weights[start + i] = loudness[i] / norm;
    start += own.length;
  }
  return { ids, weights };
}
