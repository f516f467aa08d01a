// TensorFlow.js against the kernel.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import test from "node:test";
import { createEncoder } from "../src/encode.js";
import { createKernel, softmax } from "../src/kernel.js";
import { tensorflowScores } from "../src/tensorflow.js";
import { makeParts } from "./fixture.js";

const tf = createRequire(import.meta.url)("@tensorflow/tfjs/dist/tf.min.js");
const parts = makeParts();
const encode = createEncoder(parts.constants);

test("TensorFlow.js and the kernel agree, and no tensor is left behind", async () => {
  const before = tf.memory().numTensors;
  const tensorflow = await tensorflowScores(tf, parts);
  const { logits } = createKernel(parts);
  const tensors = tf.memory().numTensors;
  for (const text of ["", "cherry", "sky sky leaf", "no such words", "a cherry, a leaf, the sky"]) {
    const encoded = encode(text);
    const actual = tensorflow.scores([encoded]);
    softmax(logits(encoded)).forEach((score, i) => assert.ok(Math.abs(actual[i] - score) < 1e-6, text));
  }
  assert.equal(tf.memory().numTensors, tensors);
  tensorflow.dispose();
  assert.equal(tf.memory().numTensors, before);
});

test("many texts in a row are scored as each alone", async () => {
  const { scores: toScores } = await tensorflowScores(tf, parts);
  const texts = [encode("cherry leaf"), encode("sky")];
  assert.deepEqual(
    Array.from(toScores(texts)),
    texts.flatMap((text) => Array.from(toScores([text]))),
  );
});

test("an unknown format is refused", async () => {
  const model = { ...parts.model, format: "onnx" };
  await assert.rejects(tensorflowScores(tf, { ...parts, model }), {
    message: "TensorFlow.js has no format named onnx",
  });
});
