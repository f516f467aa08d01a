// The classifier of classifier.js, by itself and from a bundle's files.

import assert from "node:assert/strict";
import test from "node:test";
import { createClassifier, load } from "../src/classifier.js";
import { makeParts, seal } from "./fixture.js";
import { listen } from "./tools.js";

const { labels, classify, predict } = createClassifier(makeParts());
const order = (text) => predict(text).map(({ label }) => label);

/** Makes a classifier that scores every text by the bias alone. */
function withBias(bias) {
  const parts = makeParts();
  new Float32Array(parts.weights).set(bias, 18);
  return createClassifier(seal(parts));
}

test("labels are those of the constants", () => {
  assert.deepEqual(labels, ["red", "green", "blue"]);
});

test("the best label comes first", () => {
  assert.deepEqual(order("Cherry!"), ["red", "green", "blue"]);
  assert.deepEqual(order("Leaf, sky."), ["red", "green", "blue"]);
  assert.deepEqual(order("Leaf."), ["green", "red", "blue"]);
});

// A text's only known word weighs so much, as a float32.
const THIRD = Math.fround(1 / 3);

test("a score is the label's probability", () => {
  // The word weighs a third and stands at [1, 0]; the bias is 0.5, 0 and -0.5.
  const [best, , last] = predict("cherry");
  const logit = THIRD + 0.5;
  const total = Math.exp(logit) + 1 + Math.exp(-logit);
  assert.deepEqual(best, { label: "red", score: Math.fround(Math.exp(logit) / total) });
  assert.deepEqual(last, { label: "blue", score: Math.fround(Math.exp(-logit) / total) });
});

test("equal labels keep their order", () => {
  const names = (bias) => withBias(bias).predict("cherry").map(({ label }) => label);
  // The word adds a third, 0 and minus a third.
  assert.deepEqual(names([0, THIRD, 2 * THIRD]), ["red", "green", "blue"]);
  assert.deepEqual(names([0, 2 * THIRD, 3 * THIRD]), ["green", "blue", "red"]);
});

test("as many labels are given as asked for and there are", () => {
  const counted = (count) => predict("cherry", count).length;
  assert.deepEqual([1, 2, 3, 99, Infinity, undefined].map(counted), [1, 2, 3, 3, 3, 3]);
  assert.equal(classify("cherry", { topK: 2 }).labels.length, 2);
});

test("a count that is no whole number from 1 on is refused", () => {
  for (const count of /** @type {any[]} */ ([0, -1, 1.5, NaN, -Infinity, null, "3", {}])) {
    const shown = { 3: '"3"', "[object Object]": "object" }[String(count)] || String(count);
    const refused = (name) => ({
      name: "RangeError",
      code: "option",
      message: `${name} must be a whole number from 1 on, not ${shown}`,
    });
    assert.throws(() => predict("cherry", count), refused("count"));
    assert.throws(() => classify("cherry", { topK: count }), refused("topK"));
    assert.throws(() => predict("", count), refused("count"));
  }
});

test("a text without a known word has no answer", () => {
  const read = (text) => {
    const { labels: best, known, words, sure } = classify(text);
    return [best.length, known, words, sure];
  };
  assert.deepEqual(read(""), [0, 0, 0, false]);
  assert.deepEqual(read("hello, kubernetes"), [0, 0, 2, false]);
  assert.deepEqual(read("hello cherry"), [3, 1, 2, true]);
  assert.deepEqual(predict("hello"), []);
});

test("an answer below the limit is not sure", () => {
  const { constants, model, weights } = makeParts();
  const [{ score }] = predict("cherry");
  const sure = (unsureBelow) =>
    createClassifier(
      seal({ constants: { ...constants, unsure_below: unsureBelow }, model, weights }),
    ).classify("cherry").sure;
  assert.deepEqual([score - 0.001, score, score + 0.001].map(sure), [true, true, false]);
});

test("what is not a string is refused", () => {
  for (const [value, name] of /** @type {[any, string][]} */ ([
    [undefined, "undefined"],
    [null, "null"],
    [7, "number"],
    [["a"], "object"],
  ])) {
    assert.throws(() => predict(value), {
      name: "TypeError",
      message: `The text must be a string, not ${name}`,
    });
  }
});

test("odd texts count as texts without words", () => {
  const nothing = predict("");
  for (const text of ["\0", "\0".repeat(1000), "😀👩‍🚀", "\ud800", " \n\t", "x".repeat(1e7)]) {
    assert.deepEqual(predict(text), nothing);
  }
});

test("NULs and emoji separate words", () => {
  assert.deepEqual(predict("cherry\0leaf😀sky"), predict("cherry leaf sky"));
});

test("10 MB of words are read as far as max_words", () => {
  assert.deepEqual(predict("leaf ".repeat(2e6)), predict("leaf ".repeat(6)));
});

test("load fetches a bundle's files, and names the one that is missing", async (t) => {
  const { constants, model, weights } = makeParts();
  model.weightsManifest[0].paths = ["a.bin", "b.bin"];
  /** @type {{ [path: string]: string | Uint8Array }} */
  const files = {
    "/site/constants.json": JSON.stringify(constants),
    "/site/tfjs/layers/model.json": JSON.stringify(model),
    "/site/tfjs/layers/a.bin": new Uint8Array(weights, 0, 50),
    "/site/tfjs/layers/b.bin": new Uint8Array(weights, 50),
  };
  const { server, base: root } = await listen(({ url = "" }, response) => {
    response.statusCode = files[url] ? 200 : 404;
    response.end(files[url]);
  });
  t.after(() => server.close());
  const base = `${root}site`;

  for (const address of [base, `${base}/`]) {
    assert.deepEqual((await load(address)).predict("cherry"), predict("cherry"));
  }
  delete files["/site/tfjs/layers/b.bin"];
  await assert.rejects(load(base), {
    message: `Could not load ${base}/tfjs/layers/b.bin: HTTP 404`,
  });
});
