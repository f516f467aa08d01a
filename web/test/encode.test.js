// Texts to ids and weights.

import assert from "node:assert/strict";
import test from "node:test";
import { createEncoder, weigh } from "../src/encode.js";
import { CONSTANTS, RECIPE } from "./fixture.js";

const encode = createEncoder(CONSTANTS);
const idsOf = (text) => Array.from(encode(text).ids);

/**
 * Makes an encoder that reads other features, and gives the names of those that a text has.
 *
 * @param {Partial<typeof RECIPE.grams>} grams
 * @param {string[]} names
 */
function namesOf(grams, names, max_words = 6) {
  const shared = "A".repeat(names.length);
  const toIds = createEncoder({
    ...CONSTANTS,
    max_words,
    words: { shared, rests: names.join("\n") },
    text: { ...RECIPE, grams: { ...RECIPE.grams, ...grams } },
  });
  return (text) => Array.from(toIds(text).ids, (id) => names[id - 2]);
}

test("known words become ids, each once; others are counted alone", () => {
  assert.deepEqual(idsOf("Leaf, cherry; stone: leaf __proto__"), [3, 2, 5]);
  const { known, words } = encode("Leaf, cherry; stone: leaf __proto__");
  assert.deepEqual([known, words], [4, 5]);
  assert.deepEqual(idsOf(""), []);
});

test("names that every object has are not known words", () => {
  assert.deepEqual(idsOf("constructor toString"), []);
});

test("words beyond max_words are left out", () => {
  const { ids, known, read, words } = encode("leaf sky sky sky sky stone cherry");
  assert.deepEqual([Array.from(ids), known, read, words], [[3, 4], 5, 6, 7]);
});

test("two words side by side are a pair", () => {
  const names = namesOf({ pairs: true }, ["a b", "b a", "b \u4e00", "c a"]);
  assert.deepEqual(names("a b, a"), ["a b", "b a"]);
  // A run is no word.
  assert.deepEqual(names("b \u4e00 c \u4e01 a"), []);
  assert.deepEqual(namesOf({ pairs: false }, ["a b"])("a b"), []);
});

test("a word has pieces, between two spaces, but none as long as itself", () => {
  const names = ["  ca", " cat", " at ", "  c", " a", "  cat "];
  assert.deepEqual(namesOf({ words: [2, 3] }, names)("cat"), ["  c", "  ca", " cat", " at "]);
  assert.deepEqual(namesOf({ words: [5] }, names)("cat"), []);
  assert.deepEqual(namesOf({ words: [4, 5] }, ["  n\u00e9t ", "  n\u00e9t"])("n\u00e9t"), [
    "  n\u00e9t",
  ]);
  const long = "x".repeat(39);
  assert.deepEqual(namesOf({ words: [3] }, [" yz ", " xyz"])(`${long}yz`), []);
  assert.deepEqual(namesOf({ words: [3] }, [" xy "])(`${long}yz`), [" xy "]);
});

test("a mark is one character with what it stands on", () => {
  const names = [" ab\u0301", "  a", " b", " b\u0301 "];
  assert.deepEqual(namesOf({ words: [2] }, names)("ab\u0301"), ["  a", " ab\u0301", " b\u0301 "]);
});

test("a mark that begins a word is a character", () => {
  assert.deepEqual(namesOf({ words: [2] }, ["  \u0301", " \u0301a"])("\u0301a"), [
    "  \u0301",
    " \u0301a",
  ]);
});

test("a run is read in pieces, and whole if it is shorter than each", () => {
  const names = ["\u4e00", "\u4e00\u4e01", "\u4e01\u4e02", "\u4e02"];
  const text = "\u4e00\u4e01\u4e02, \u4e02";
  assert.deepEqual(namesOf({ sizes: [2] }, names)(text), [names[1], names[2], names[3]]);
  assert.deepEqual(namesOf({ sizes: [1, 2] }, names)(text), [
    names[0],
    names[1],
    names[2],
    names[3],
  ]);
  // Each of its characters counts as a word.
  assert.deepEqual(namesOf({ sizes: [1, 2] }, names, 2)(text), [names[0], names[1]]);
});

test("a word that occurs twice weighs 1 + ln 2", () => {
  // round((1 + ln 2) * 10000) = 16931, and 10000 for the word that occurs once.
  // As if the text had eight more that are unknown.
  const norm = Math.sqrt(16931 * 16931 + 9 * 10000 * 10000);
  assert.deepEqual(
    weigh([[2, 3], [], []], [0, 0, 2, 1]).weights,
    Float32Array.of(16931 / norm, 10000 / norm),
  );
});

test("a word weighs less beside a run, and the pieces of the run as much as five of them", () => {
  // As much as the text's words, with eight that are unknown, are ten pieces of runs, each 1.
  const runs = Array.from({ length: 10 }, (_, id) => id + 3);
  const { weights } = weigh([[2], runs, []], Array(13).fill(1));
  const all = 9 + 10 / 5;
  const expected = [1 / Math.sqrt(all), ...runs.map(() => 1 / Math.sqrt(all * 2.5))];
  assert.deepEqual(weights.map(Math.fround), Float32Array.from(expected));
});

test("words and pieces are weighed apart", () => {
  const { ids, weights } = weigh([[3], [], [4, 2]], [0, 0, 1, 1, 1]);
  assert.deepEqual(Array.from(ids), [3, 4, 2]);
  assert.deepEqual(weights, Float32Array.of(1 / 3, Math.sqrt(0.1), Math.sqrt(0.1)));
});

test("constants of another format are refused", () => {
  assert.throws(() => createEncoder({ ...CONSTANTS, format: 3 }), {
    message: "constants.json has format 3; this code reads format 6",
  });
});
