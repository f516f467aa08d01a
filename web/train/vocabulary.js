// The labels, and the words, pairs and pieces that a model may know.

/**
 * @import { Settings } from "./config.js"
 * @import { Reader } from "./grams.js"
 * @import { Splits } from "./splits.js"
 */

import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { isSaid } from "./errors.js";
import { KINDS, withoutPunctuation } from "./grams.js";
import { compareTexts } from "./python.js";

/** @typedef {{ words: string[], labels: string[], kinds: number[] }} Vocabulary */

// So many digits in a word are a number of a telephone, an account or a customer.
const MANY_DIGITS = 6;

/**
 * Lists labels in the order of code points, and the features that most training texts have.
 *
 * @param {Splits} splits
 * @param {Settings} settings
 * @param {Reader} reader
 * @returns {Vocabulary}
 */
export function makeVocabulary(splits, settings, reader) {
  const { size, min_count: least, piece_min_count: leastOfPieces, exclude } = settings.vocabulary;
  const excluded = exclude ? readExcluded(exclude, reader) : new Set();
  /** @param {string} name */
  const mayBeUsed = (name) => !excluded.has(name) && !hasManyDigits(name);
  /** @type {string[]} */
  const names = [];
  /** @type {number[]} */
  const found = [];
  /** @type {Map<string, number>} */
  const ids = new Map();
  const count = reader.createCounter(
    (feature) => {
      let id = ids.get(feature);
      if (id === undefined) {
        id = names.length;
        names.push(feature);
        found.push(0);
        ids.set(feature, id);
      }
      return id;
    },
    ({ name }) => mayBeUsed(name),
  );
  for (const texts of groupCopies(splits, reader)) {
    const own = new Set(
      texts.flatMap((text) => [...count(reader.readUnits(text, settings.model.max_words)).keys()]),
    );
    for (const id of own) found[id]++;
  }
  const counts = names
    .map((name, id) => ({ name, count: found[id] }))
    .filter(({ name, count: texts }) => texts >= (reader.kindOf(name) === KINDS.WORD ? least : leastOfPieces) && texts)
    .filter(({ name }) => mayBeUsed(name));
  const kept = counts.length > size ? drawMostFrequent(counts, size) : counts;
  kept.sort((a, b) => b.count - a.count || compareTexts(a.name, b.name));
  if (!kept.length) isSaid("no word is in enough texts: lower vocabulary.min_count");
  const words = kept.map(({ name }) => name);
  return {
    words,
    labels: [...new Set(splits.train.map((post) => post.label))].sort(compareTexts),
    kinds: words.map(reader.kindOf),
  };
}

/**
 * Gives the features that most texts have. Which of equally frequent ones, is drawn.
 *
 * @param {{ name: string, count: number }[]} counts
 * @param {number} size
 */
const drawMostFrequent = (counts, size) =>
  counts
    .map((each) => ({ ...each, drawn: crc32(each.name) }))
    .sort((a, b) => b.count - a.count || a.drawn - b.drawn || compareTexts(a.name, b.name))
    .slice(0, size);

/**
 * Gives the training texts, those together that are the same but for punctuation: each with what
 * other stripping leaves of the post.
 *
 * @param {Splits} splits
 * @param {Reader} reader
 */
function groupCopies({ train, augmented }, reader) {
  /** @type {Map<bigint, string[]>} */
  const more = new Map();
  for (const { rowid, text } of augmented) more.set(rowid, [...(more.get(rowid) || []), text]);
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const { rowid, text } of train) {
    const read = withoutPunctuation(reader.split(text));
    groups.set(read, [...(groups.get(read) || []), text, ...(more.get(rowid) || [])]);
  }
  return groups.values();
}

/**
 * Tells whether a word may be somebody's number, in the digits of whatever script.
 *
 * @param {string} word
 */
const hasManyDigits = (word) => (word.match(/\p{Nd}/gu) || []).length >= MANY_DIGITS;

/**
 * @param {string} path
 * @param {Reader} reader
 */
function readExcluded(path, reader) {
  /** @type {Set<string>} */
  const excluded = new Set();
  for (const line of readFileSync(path, "utf8").split(/\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]/)) {
    for (const unit of reader.readUnits(line, Infinity)) {
      for (const name of unit.isRun ? reader.featuresOf(unit) : []) excluded.add(name);
      excluded.add(unit.name);
    }
  }
  return excluded;
}
