import assert from "node:assert/strict";
import test from "node:test";
import { decodeWords } from "../src/vocabulary.js";

test("each word shares as many units with the one before as its mark says", () => {
  const coded = "AcherryCewDeseAleafAsky";
  assert.deepEqual(decodeWords({ count: 5, marks: "ABCD", coded }), [
    "cherry",
    "chew",
    "cheese",
    "leaf",
    "sky",
  ]);
});

test("a character beyond U+FFFF is two units", () => {
  const words = decodeWords({ count: 2, marks: "][^", coded: "]\u{10428}a^b" });
  assert.deepEqual(words, ["\u{10428}a", "\u{10428}b"]);
});

test("a vocabulary that is cut short is refused", () => {
  assert.throws(() => decodeWords({ count: 3, marks: "AB", coded: "AleafBie" }), {
    message: "constants.json holds 2 words, not 3: load it again",
  });
});
