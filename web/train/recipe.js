// The text recipe, compiled from its YAML file and from tables of Unicode, for ../src/text.js.

/**
 * @import { Recipe } from "../src/text.js"
 * @import { Settings } from "./config.js"
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readYaml } from "./config.js";
import { isSaid } from "./errors.js";

/** @typedef {{ sizes: number[], scripts: string[], words: number[], pairs: boolean }} GramSettings */

/** @typedef {Pick<Recipe, "lower" | "fold" | "separators" | "symbols" | "ignored">} Variant */

/**
 * Tables of Unicode, in the edition that Python reads.
 *
 * @typedef {Pick<Recipe, "pairs" | "parts" | "classes"> & {
 *   variants: { [marks: string]: { [language: string]: Variant } },
 *   scripts: { [script: string]: number[] },
 * }} Tables
 */

export const TABLES = join(import.meta.dirname, "unicode.json");

// Azerbaijani has the letters of Turkish.
const LANGUAGES = new Map([["az", "tr"]]);


/**
 * Compiles what a recipe's file holds.
 *
 * @param {Settings["text"]} settings
 * @returns {Recipe}
 */
export function compileRecipe({ recipe, language, marks, grams }) {
  /** @type {Tables} */
  const tables = JSON.parse(readFileSync(TABLES, "utf8"));
  const { max_characters, replace } = readYaml(recipe);
  const { lower, fold, separators, symbols, ignored } =
    tables.variants[marks][LANGUAGES.get(language) ?? language];
  return {
    max_characters,
    pairs: tables.pairs,
    parts: tables.parts,
    classes: tables.classes,
    lower,
    fold,
    separators,
    symbols,
    ignored,
    replace: replace.map(
      /** @param {{ pattern: string, with?: string }} rule */
      ({ pattern, with: text }) => [pattern, text ?? null, findNeeded(pattern)],
    ),
    grams: {
      sizes: [...grams.sizes].sort((a, b) => a - b),
      characters: joinGaps(grams.scripts.map((script) => tables.scripts[script])),
      words: [...grams.words].sort((a, b) => a - b),
      pairs: grams.pairs,
    },
  };
}

/**
 * Gives a recipe whose tables hold no more than reading these words takes, as `for_words` does.
 *
 * @param {Recipe} recipe
 * @param {string[]} words
 * @returns {Recipe}
 */
export function recipeFor(recipe, words) {
  const triples = triplesOf(recipe.pairs);
  /** @type {Map<string, string>} */
  const apart = new Map(recipe.parts);
  for (const [whole, first, second] of triples) apart.set(whole, first + second);
  /**
   * @param {string} text
   * @param {Set<string>} [found]
   */
  function letters(text, found = new Set()) {
    for (const character of text) {
      const other = apart.get(character);
      if (other === undefined) found.add(character);
      else letters(other, found);
    }
    return found;
  }
  const known = letters([...new Set(words.join(""))].join(""));
  /** @param {string} text */
  const isKnown = (text) => letters(text).isSubsetOf(known);
  const isMark = memberOf([gapsOf(recipe.classes)]);
  const fold = recipe.fold.filter(([source, text]) => isKnown(text) || isMark(source));
  const lower = recipe.lower
    .flatMap(([first, last, step, delta]) =>
      Array.from({ length: (last - first) / step + 1 }, (_, place) => [first + place * step, delta]),
    )
    .filter(([code, delta]) => isKnown(String.fromCodePoint(code + delta)));
  const before = [...fold.map(([source]) => source), ...lower.map(([code]) => String.fromCodePoint(code))];
  for (const letter of letters(before.join(""))) known.add(letter);
  // Where what composes parts words, or has a place in a run, it counts for their number.
  const { separators, symbols, ignored, classes, grams } = recipe;
  const isParting = memberOf([separators, symbols, ignored, gapsOf(classes)]);
  const counts = memberOf([separators, symbols, ignored, gapsOf(classes), grams.characters]);
  return {
    ...recipe,
    pairs: triples
      .filter((triple) => isKnown(triple.join("")) || counts(triple[0]) || counts(triple[1]))
      .flat()
      .join(""),
    parts: recipe.parts.filter(
      ([character, text]) => isKnown(text) || isParting(character) || isParting(text),
    ),
    lower: packRuns(lower),
    fold,
  };
}

/** @param {string} pairs */
function triplesOf(pairs) {
  const characters = Array.from(pairs);
  return Array.from({ length: characters.length / 3 }, (_, place) =>
    characters.slice(3 * place, 3 * place + 3),
  );
}

/**
 * Packs code points and what is added to them into runs of one step of 1 or 2.
 *
 * @param {number[][]} codes
 */
function packRuns(codes) {
  /** @type {Recipe["lower"]} */
  const runs = [];
  for (const [code, delta] of codes) {
    const run = runs[runs.length - 1];
    const gap = run && run[3] === delta ? code - run[1] : 0;
    if (gap && (gap === run[2] || (run[0] === run[1] && gap === 2))) [run[1], run[2]] = [code, gap];
    else runs.push([code, code, 1, delta]);
  }
  return runs;
}

/**
 * Gives runs of marks as gaps, without their order.
 *
 * @param {number[]} classes
 */
const gapsOf = (classes) => classes.filter((_, place) => place % 3 < 2);

/**
 * Gives the first code point of each run, and the one behind it.
 *
 * @param {number[]} gaps
 */
function runsOf(gaps) {
  let sum = 0;
  const edges = gaps.map((gap) => (sum += gap));
  return Array.from({ length: edges.length / 2 }, (_, place) => [edges[2 * place], edges[2 * place + 1]]);
}

/**
 * Makes a test of whether a text begins with a character of some lists of gaps.
 *
 * @param {number[][]} tables
 * @returns {(text: string) => boolean}
 */
function memberOf(tables) {
  const runs = tables.flatMap(runsOf);
  return (text) => {
    const point = /** @type {number} */ (text.codePointAt(0));
    return runs.some(([first, end]) => first <= point && point < end);
  };
}

/**
 * Joins lists of gaps into one.
 *
 * @param {number[][]} tables
 */
function joinGaps(tables) {
  const runs = tables.flatMap(runsOf).sort((a, b) => a[0] - b[0]);
  /** @type {number[][]} */
  const joined = [];
  for (const [first, end] of runs) {
    const last = joined[joined.length - 1];
    if (last && first <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([first, end]);
  }
  let before = 0;
  return joined.flatMap(([first, end]) => {
    const gaps = [first - before, end - first];
    before = end;
    return gaps;
  });
}

/**
 * Gives a character that each match of a pattern holds; nothing if there is none.
 *
 * @param {string} pattern of those that docs/text.md allows
 */
export function findNeeded(pattern) {
  let place = 0;
  /** @type {string[]} */
  const order = [];

  /** @param {string} end of a group, or nothing */
  function alternatives(end) {
    /** @type {Set<string> | undefined} */
    let common;
    do {
      const needed = sequence();
      common = common ? common.intersection(needed) : needed;
    } while (pattern[place] === "|" && ++place);
    if ((pattern[place] ?? "") !== end) isSaid(`the pattern ${pattern} cannot be read at ${place}`);
    return common;
  }

  function sequence() {
    /** @type {Set<string>} */
    let needed = new Set();
    while (place < pattern.length && pattern[place] !== "|" && pattern[place] !== ")") {
      const part = atom();
      if (!mayBeLeftOut()) needed = needed.union(part);
    }
    return needed;
  }

  /** @returns {Set<string>} */
  function atom() {
    const characters = pattern[place] === "[" ? charactersOfClass() : "(" === pattern[place] ? null : [character()];
    if (characters === null) {
      place++;
      const inside = alternatives(")");
      place++;
      return inside;
    }
    if (characters.length !== 1) return new Set();
    if (!order.includes(characters[0])) order.push(characters[0]);
    return new Set(characters);
  }

  function mayBeLeftOut() {
    const repeat = pattern.slice(place).match(/^(?:[*+?]|\{(\d+)(?:,\d+)?\})/);
    if (!repeat) return false;
    place += repeat[0].length;
    return repeat[0] === "*" || repeat[0] === "?" || repeat[1] === "0";
  }

  function character() {
    if (pattern[place] !== "\\") return pattern[place++];
    const code = pattern.slice(place).match(/^\\x([0-9a-fA-F]{2})/);
    if (code) {
      place += 4;
      return String.fromCharCode(parseInt(code[1], 16));
    }
    const letter = pattern[place + 1];
    place += 2;
    return { n: "\n", r: "\r", t: "\t", f: "\f", v: "\v" }[letter] ?? letter;
  }

  function charactersOfClass() {
    place++;
    const isNegated = pattern[place] === "^";
    if (isNegated) place++;
    /** @type {Set<string>} */
    const found = new Set();
    while (pattern[place] !== "]") {
      if (place >= pattern.length) isSaid(`the pattern ${pattern} has a class without an end`);
      const first = character();
      let last = first;
      if (pattern[place] === "-" && pattern[place + 1] !== "]") {
        place++;
        last = character();
      }
      for (let code = first.charCodeAt(0); code <= last.charCodeAt(0); code++) {
        found.add(String.fromCharCode(code));
      }
    }
    place++;
    // What is not in a class is more than one character.
    return isNegated ? [] : [...found];
  }

  const needed = alternatives("");
  return order.find((each) => needed.has(each)) ?? "";
}
