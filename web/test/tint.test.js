// Which words are tinted, and named.

import assert from "node:assert/strict";
import test from "node:test";
import { namesOf, tintsOf } from "../src/tint.js";

const word = (text, share, start, end) => ({ text, known: true, share, start, end });

test("the strength of a tint is that of its share, of the largest", () => {
  const { tints, end } = tintsOf([
    word("moon", 2, 0, 4),
    word("the", 0.05, 5, 8),
    word("doctor", -0.6, 9, 15),
    word("probe", 0.2, 16, 21),
    word("moved", 1, null, null),
    word("orbit", 1.2, 22, 27),
  ]);
  assert.deepEqual(tints, [
    { start: 0, end: 4, strength: 3, speaks: "for" },
    { start: 9, end: 15, strength: 2, speaks: "against" },
    { start: 16, end: 21, strength: 1, speaks: "for" },
    { start: 22, end: 27, strength: 3, speaks: "for" },
  ]);
  assert.equal(end, 27);
});

test("where no word says much, none is tinted as if it did", () => {
  const { tints } = tintsOf([word("a", 0.004, 0, 1), word("b", -0.003, 2, 3)]);
  assert.deepEqual(tints, []);
});

test("characters that stand together make one tint", () => {
  const { tints } = tintsOf([word("天", 1, 0, 1), word("気", 1, 1, 2), word("は", 0.1, 2, 3)]);
  assert.deepEqual(tints, [
    { start: 0, end: 2, strength: 3, speaks: "for" },
    { start: 2, end: 3, strength: 1, speaks: "for" },
  ]);
});

test("what a rule has moved over another word is tinted once", () => {
  const { tints, end } = tintsOf([word("a", 1, 0, 5), word("b", 1, 0, 5), word("c", 1, 6, 7)]);
  assert.deepEqual(tints.map(({ start }) => start), [0, 6]);
  assert.equal(end, 7);
});

test("the words that say most are named, each once", () => {
  const words = ["a", "b", "c", "d", "e", "f"].map((text, place) => word(text, 6 - place, 0, 1));
  const { speakFor, against } = namesOf(
    /** @type {any} */ ({
      words: [...words, word("f", 6, 2, 3), word("x", -1, 4, 5), word("y", -3, 6, 7), word("z", 0.01, 8, 9)],
    }),
  );
  assert.deepEqual(speakFor, ["f", "a", "b", "c", "d"]);
  assert.deepEqual(against, ["y", "x"]);
});

test("of the words those are told that are known by their vectors", () => {
  const words = [word("a", 3, 0, 1), { ...word("b", -2, 2, 3), byVector: true }];
  assert.deepEqual(namesOf(/** @type {any} */ ({ words })), {
    speakFor: ["a"],
    against: ["b"],
    byVector: ["b"],
  });
});
