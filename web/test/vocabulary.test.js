// The front-coded vocabulary.

import assert from "node:assert/strict";
import test from "node:test";
import { decodeWords, isByVector } from "../src/vocabulary.js";

test("each word shares as many units with the one before as its letter says", () => {
  assert.deepEqual(decodeWords({ shared: "ACDAE", rests: "cherry\new\nese\nleaf\n" }), [
    "cherry",
    "chew",
    "cheese",
    "leaf",
    "leaf",
  ]);
});

test("a character beyond U+FFFF is two units", () => {
  const words = decodeWords({ shared: "AC", rests: "\u{10428}a\nb" });
  assert.deepEqual(words, ["\u{10428}a", "\u{10428}b"]);
});

test("a vocabulary that is cut short is refused", () => {
  assert.throws(() => decodeWords({ shared: "ABA", rests: "leaf\nie" }), {
    message: "constants.json holds 2 words, not 3: load it again",
  });
});

test("small letters are of words that are known by their vectors", () => {
  const words = ["cherry", "chew", "cheese", "leaf", "leaf"];
  const rests = "cherry\new\nese\nleaf\n";
  for (const shared of ["ACDAE", "AcDae"]) assert.deepEqual(decodeWords({ shared, rests }), words);
  const told = Array.from("AZaz", (letter) => isByVector(letter.charCodeAt(0)));
  assert.deepEqual(told, [false, false, true, true]);
});
