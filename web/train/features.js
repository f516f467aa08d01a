// Encoded posts: which features each has, how often, and what each weighs.

/**
 * @import { Matrix } from "./arithmetic.js"
 * @import { Reader } from "./grams.js"
 * @import { Used } from "./splits.js"
 * @import { Vocabulary } from "./vocabulary.js"
 */

import { KINDS } from "./grams.js";

/**
 * The posts of one split, row for row: row i has the features from `starts[i]` to `starts[i + 1]`.
 *
 * @typedef {object} Features
 * @property {bigint[]} rowids
 * @property {Int32Array} labels each a place in the vocabulary's labels
 * @property {Int32Array} starts
 * @property {Int32Array} ids
 * @property {Int32Array} counts how often the post has it
 * @property {Float32Array} weights
 * @property {Uint8Array} kinds of each id that there is, as KINDS numbers them
 */

// Ids below stand for nothing.
export const FIRST_WORD = 2;

// Log counts are whole numbers of this unit, so that their squares add up exactly.
const LOG_UNIT = 10000;

// So many more features of each kind does a text have that nobody knows.
const UNKNOWN = 8;

// So many pieces of runs count as one word.
const RUN_PIECES = 5;

/**
 * Encodes the posts of one split by a vocabulary.
 *
 * @param {Used[]} posts
 * @param {Vocabulary} vocabulary
 * @param {Reader} reader
 * @param {number} maxWords how many words of a text are read
 * @returns {Features}
 */
export function makeFeatures(posts, vocabulary, reader, maxWords) {
  const known = new Map(vocabulary.words.map((word, place) => [word, place + FIRST_WORD]));
  const labels = new Map(vocabulary.labels.map((label, place) => [label, place]));
  const count = reader.createCounter(
    (feature) => known.get(feature) ?? -1,
    () => true,
  );
  const rows = posts.map(({ text }) => {
    const counts = count(reader.readUnits(text, maxWords));
    const ids = Int32Array.from(counts.keys()).sort();
    return { ids, counts: ids.map((id) => /** @type {number} */ (counts.get(id))) };
  });
  const kinds = new Uint8Array(vocabulary.words.length + FIRST_WORD);
  kinds.set(vocabulary.kinds, FIRST_WORD);
  return weigh({
    rowids: posts.map(({ rowid }) => rowid),
    labels: Int32Array.from(posts, ({ label }) => /** @type {number} */ (labels.get(label))),
    starts: startsOf(rows.map(({ ids }) => ids.length)),
    ids: concatenate(Int32Array, rows.map(({ ids }) => ids)),
    counts: concatenate(Int32Array, rows.map(({ counts }) => counts)),
    kinds,
  });
}

/**
 * Adds the weights, as pooling_weights in src/provender/text/encode.py says.
 *
 * @param {Omit<Features, "weights">} features
 * @returns {Features}
 */
function weigh(features) {
  const { starts, ids, counts, kinds } = features;
  const weights = new Float32Array(ids.length);
  const unknown = UNKNOWN * LOG_UNIT ** 2;
  for (let row = 0; row + 1 < starts.length; row++) {
    const squares = [0, 0, 0];
    for (let i = starts[row]; i < starts[row + 1]; i++) {
      squares[kinds[ids[i]]] += loudness(counts[i]) ** 2;
    }
    const words = squares[KINDS.WORD] + unknown;
    const allWords = words + squares[KINDS.RUN] / RUN_PIECES;
    const norms = [
      Math.sqrt(allWords),
      Math.sqrt(allWords * (RUN_PIECES / 2)),
      Math.sqrt((squares[KINDS.PIECE] + unknown) * (allWords / words)),
    ];
    for (let i = starts[row]; i < starts[row + 1]; i++) {
      weights[i] = loudness(counts[i]) / norms[kinds[ids[i]]];
    }
  }
  return { ...features, weights };
}

/** @param {number} times */
const loudness = (times) => Math.floor((1 + Math.log(times)) * LOG_UNIT + 0.5);

/** @param {ArrayLike<number>} lengths */
function startsOf(lengths) {
  const starts = new Int32Array(lengths.length + 1);
  for (let row = 0; row < lengths.length; row++) starts[row + 1] = starts[row] + lengths[row];
  return starts;
}

/**
 * Gives the features as a vocabulary of the kept ids alone would give them.
 *
 * @param {Features} features
 * @param {ArrayLike<number>} kept
 */
export function restrict(features, kept) {
  const now = new Int32Array(features.kinds.length).fill(-1);
  const kinds = new Uint8Array(kept.length + FIRST_WORD);
  for (let place = 0; place < kept.length; place++) {
    now[kept[place]] = place + FIRST_WORD;
    kinds[place + FIRST_WORD] = features.kinds[kept[place]];
  }
  const { ids, counts } = features;
  const lengths = Array.from(features.starts.subarray(1), (end, row) => {
    let length = 0;
    for (let i = features.starts[row]; i < end; i++) if (now[ids[i]] >= 0) length++;
    return length;
  });
  return weigh({
    ...features,
    starts: startsOf(lengths),
    ids: ids.map((id) => now[id]).filter((id) => id >= 0),
    counts: counts.filter((_, place) => now[ids[place]] >= 0),
    kinds,
  });
}

/**
 * Gives the rows that are chosen.
 *
 * @param {Features} features
 * @param {(row: number) => boolean} isChosen
 * @returns {Features}
 */
export function rowsWhere(features, isChosen) {
  const { starts } = features;
  const rows = [...features.labels.keys()].filter(isChosen);
  return {
    rowids: rows.map((row) => features.rowids[row]),
    labels: Int32Array.from(rows, (row) => features.labels[row]),
    starts: startsOf(rows.map((row) => starts[row + 1] - starts[row])),
    ids: concatenate(Int32Array, rows.map((row) => features.ids.subarray(starts[row], starts[row + 1]))),
    counts: concatenate(Int32Array, rows.map((row) => features.counts.subarray(starts[row], starts[row + 1]))),
    weights: concatenate(Float32Array, rows.map((row) => features.weights.subarray(starts[row], starts[row + 1]))),
    kinds: features.kinds,
  };
}

/**
 * Gives the rows of several splits, one after the other.
 *
 * @param {Features[]} parts
 * @returns {Features}
 */
export function join(...parts) {
  return {
    rowids: parts.flatMap((part) => part.rowids),
    labels: concatenate(Int32Array, parts.map((part) => part.labels)),
    starts: startsOf(parts.flatMap(({ starts }) => Array.from(starts.subarray(1), (end, row) => end - starts[row]))),
    ids: concatenate(Int32Array, parts.map((part) => part.ids)),
    counts: concatenate(Int32Array, parts.map((part) => part.counts)),
    weights: concatenate(Float32Array, parts.map((part) => part.weights)),
    kinds: parts[0].kinds,
  };
}

/**
 * @template {Int32Array | Float32Array} Numbers
 * @param {{ new (length: number): Numbers }} Type
 * @param {Numbers[]} parts
 */
function concatenate(Type, parts) {
  const whole = new Type(parts.reduce((length, part) => length + part.length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}

/**
 * Gives how many rows have each id.
 *
 * @param {Features[]} blocks
 */
export function countPosts(...blocks) {
  const counts = new Float64Array(blocks[0].kinds.length);
  for (const { ids } of blocks) for (const id of ids) counts[id]++;
  return counts;
}

/**
 * Gives the weighted sum of each text's rows of a table.
 *
 * @param {Features} features
 * @param {Matrix} table
 * @returns {Matrix}
 */
export function pool({ starts, ids, weights }, { values, width }) {
  const sums = new Float64Array((starts.length - 1) * width);
  for (let row = 0; row + 1 < starts.length; row++) {
    for (let place = starts[row]; place < starts[row + 1]; place++) {
      const start = ids[place] * width;
      for (let i = 0; i < width; i++) sums[row * width + i] += weights[place] * values[start + i];
    }
  }
  return { values: sums, width };
}
