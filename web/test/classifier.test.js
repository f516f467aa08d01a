// The classifier of classifier.js, by itself and from a bundle's files.

import assert from "node:assert/strict";
import test from "node:test";
import { createClassifier, load } from "../src/classifier.js";
import { makeParts } from "./fixture.js";
import { listen } from "./tools.js";

const { labels, predict } = createClassifier(makeParts());
const order = (text) => predict(text).map(({ label }) => label);

/** Makes a classifier that scores every text by the bias alone. */
function withBias(bias) {
  const parts = makeParts();
  new Float32Array(parts.weights).set(bias, 18);
  return createClassifier(parts);
}

test("labels are those of the constants", () => {
  assert.deepEqual(labels, ["red", "green", "blue"]);
});

test("the best label comes first", () => {
  assert.deepEqual(order("Cherry!"), ["red", "green", "blue"]);
  assert.deepEqual(order("Leaf, sky."), ["red", "green", "blue"]);
  assert.deepEqual(order("Leaf."), ["green", "red", "blue"]);
});

test("a score is the label's probability", () => {
  // The word weighs 1 and stands at [1, 0]: the logits are [1.5, 0, -1.5].
  const [best, , last] = predict("cherry");
  const total = Math.exp(1.5) + 1 + Math.exp(-1.5);
  assert.deepEqual(best, { label: "red", score: Math.fround(Math.exp(1.5) / total) });
  assert.deepEqual(last, { label: "blue", score: Math.fround(Math.exp(-1.5) / total) });
});

test("equal labels keep their order", () => {
  const names = (classifier) => classifier.predict("").map(({ label }) => label);
  assert.deepEqual(names(withBias([0, 0, 0])), ["red", "green", "blue"]);
  assert.deepEqual(names(withBias([0, 1, 1])), ["green", "blue", "red"]);
});

test("count is clamped to what there is", () => {
  const counted = (count) => predict("cherry", count).length;
  assert.deepEqual([-1, 0, 1, 2, 2.9, 3, 99, Infinity].map(counted), [1, 1, 1, 2, 2, 3, 3, 3]);
  assert.deepEqual([NaN, null, undefined].map(counted), [1, 1, 3]);
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
      message: `predict takes a text as a string, not ${name}`,
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
