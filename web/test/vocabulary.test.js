// The front-coded vocabulary.

import assert from "node:assert/strict";
import test from "node:test";
import { decodeWords } from "../src/vocabulary.js";

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
