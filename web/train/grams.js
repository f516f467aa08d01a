// What of a text is counted: its words, pairs of words, and pieces of words and of runs.
// src/provender/text/grams.py says how these are named.

/** @import { Recipe } from "../src/text.js" */

import { compileText } from "../src/text.js";

// Before a piece of a word, so that it is no word.
const PIECE = " ";

// What a feature is of: a word or a pair of words; a piece of a run; a piece of a word.
export const KINDS = { WORD: 0, RUN: 1, PIECE: 2 };

// Longer words are read in pieces up to here.
const MOST_CHARACTERS = 40;

// What is no copy less for having it.
const PUNCTUATION = /[ !-/:-@[-`{-~]+/g;

/**
 * A word, or a run of what is read in pieces.
 *
 * @typedef {{ name: string, isRun: boolean }} Unit
 */

/**
 * Makes what reads texts by a recipe.
 *
 * @param {Recipe} recipe
 */
export function createReader(recipe) {
  const { split, isRun, isMark } = compileText(recipe);
  const { sizes, words: wordSizes, pairs } = recipe.grams;

  /**
   * Gives the words and runs of a text, so many words of it, where each character of a run is one.
   *
   * @param {string} text
   * @param {number} most
   */
  function readUnits(text, most) {
    /** @type {Unit[]} */
    const units = [];
    let room = most;
    for (const name of split(text)) {
      if (room <= 0) break;
      if (isRun(name)) {
        const points = Array.from(name).slice(0, room);
        room -= points.length;
        units.push({ name: points.join(""), isRun: true });
      } else {
        room--;
        units.push({ name, isRun: false });
      }
    }
    return units;
  }

  /**
   * Gives a unit's characters, each mark with what it stands on.
   *
   * @param {string} name
   */
  function charactersOf(name) {
    /** @type {string[]} */
    const characters = [];
    for (const point of name) {
      if (characters.length && isMark(point)) characters[characters.length - 1] += point;
      else characters.push(point);
    }
    return characters;
  }

  /**
   * Gives the features of a unit alone.
   *
   * @param {Unit} unit
   * @returns {string[]}
   */
  function featuresOf(unit) {
    if (unit.isRun) {
      const characters = charactersOf(unit.name);
      return characters.length < sizes[0] ? [unit.name] : windows(characters, sizes, "");
    }
    if (!wordSizes.length) return [unit.name];
    const characters = [PIECE, ...charactersOf(unit.name).slice(0, MOST_CHARACTERS), PIECE];
    // What is the whole word is no piece.
    const shorter = wordSizes.filter((size) => size < characters.length);
    return [unit.name, ...windows(characters, shorter, PIECE)];
  }

  /**
   * Makes a function that counts the features of a text.
   *
   * @param {(feature: string) => number} idOf -1 where a feature does not count
   * @param {(unit: Unit) => boolean} isUsable of the other units nothing is counted
   * @returns {(units: Unit[]) => Map<number, number>}
   */
  function createCounter(idOf, isUsable) {
    /** @type {Map<string, number[] | null>} */
    const known = new Map();
    /** @param {Unit} unit */
    function idsOf(unit) {
      let ids = known.get(unit.name);
      if (ids === undefined) {
        ids = isUsable(unit) ? featuresOf(unit).map(idOf).filter((id) => id >= 0) : null;
        known.set(unit.name, ids);
      }
      return ids;
    }
    return (units) => {
      /** @type {Map<number, number>} */
      const counts = new Map();
      /** @param {number} id */
      const count = (id) => counts.set(id, (counts.get(id) || 0) + 1);
      /** @type {Unit | undefined} */
      let before;
      for (const unit of units) {
        const ids = idsOf(unit);
        if (ids) ids.forEach(count);
        const isWord = ids !== null && !unit.isRun;
        if (pairs && before && isWord) {
          const id = idOf(`${before.name} ${unit.name}`);
          if (id >= 0) count(id);
        }
        before = isWord ? unit : undefined;
      }
      return counts;
    };
  }

  /** @param {string} feature */
  const kindOf = (feature) =>
    feature.startsWith(PIECE) ? KINDS.PIECE : isRun(feature) ? KINDS.RUN : KINDS.WORD;

  return { split, readUnits, featuresOf, createCounter, kindOf };
}

/** @typedef {ReturnType<typeof createReader>} Reader */

/**
 * Gives what tells texts apart: their words with spaces between them, punctuation left out.
 *
 * @param {string[]} words
 */
export const withoutPunctuation = (words) =>
  words.join(" ").replace(PUNCTUATION, " ").replace(/^ +| +$/g, "");

/**
 * Gives the overlapping pieces of so many characters.
 *
 * @param {string[]} characters
 * @param {number[]} sizes
 * @param {string} prefix
 */
function windows(characters, sizes, prefix) {
  return sizes.flatMap((size) =>
    Array.from(
      { length: Math.max(characters.length - size + 1, 0) },
      (_, start) => prefix + characters.slice(start, start + size).join(""),
    ),
  );
}
