// Texts to ids and weights.

import assert from "node:assert/strict";
import test from "node:test";
import { createEncoder, wordWeights } from "../src/encode.js";
import { CONSTANTS } from "./fixture.js";

const encode = createEncoder(CONSTANTS);
const idsOf = (text) => Array.from(encode(text).ids);

test("words become ids, unknown words 1, the rest padding", () => {
  assert.deepEqual(idsOf("Leaf, cherry; stone: __proto__"), [3, 2, 1, 5, 0, 0]);
  assert.deepEqual(idsOf(""), [0, 0, 0, 0, 0, 0]);
});

test("names that every object has are not known words", () => {
  assert.deepEqual(idsOf("constructor toString"), [1, 1, 0, 0, 0, 0]);
});

test("words beyond max_words are left out", () => {
  assert.deepEqual(idsOf("sky sky sky sky sky sky"), [4, 4, 4, 4, 4, 4]);
  assert.deepEqual(idsOf("leaf sky sky sky sky stone cherry"), [3, 4, 4, 4, 4, 1]);
});

test("a word that occurs twice weighs 1 + ln 2 in all", () => {
  // round((1 + ln 2) * 10000) = 16931, and 10000 for the word that occurs once.
  const norm = Math.sqrt(16931 * 16931 + 10000 * 10000);
  const twice = Math.fround(16931 / 2 / norm);
  const once = Math.fround(10000 / norm);
  assert.deepEqual(
    wordWeights(Int32Array.of(2, 1, 3, 2, 0, 0)),
    Float32Array.of(twice, 0, once, twice, 0, 0),
  );
});

test("equal words share the whole weight", () => {
  assert.deepEqual(wordWeights(Int32Array.of(2, 2, 2, 2)), Float32Array.of(0.25, 0.25, 0.25, 0.25));
});

test("without a known word all weights are 0", () => {
  assert.deepEqual(wordWeights(Int32Array.of(1, 1, 0)), new Float32Array(3));
});

test("constants of another format are refused", () => {
  assert.throws(() => createEncoder({ ...CONSTANTS, format: 3 }), {
    message: "constants.json has format 3; this code reads format 2",
  });
});
