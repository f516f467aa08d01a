// The kernel's scores, and the models that it refuses.

import assert from "node:assert/strict";
import test from "node:test";
import { createKernel, softmax as toScores } from "../src/kernel.js";
import { checkTopology } from "../topology.js";
import { layerNamed, layersOf, makeParts } from "./fixture.js";

const kernelScores = (parts) => {
  const { logits } = createKernel(parts);
  return (text) => toScores(logits(text));
};

const TEXT = { ids: Int32Array.of(2, 4), weights: Float32Array.of(0.5, 0.25) };

// Pooled: 0.5 * [1, 0] + 0.25 * [2, -1] = [1, -0.25]; the logits are that times the kernel,
// [[1, 0, -1], [0, 2, 1]], plus the bias, [0.5, 0, -0.5].
const EXPECTED = softmax([1.5, -0.5, -1.75]);

function softmax(logits) {
  const powers = logits.map(Math.exp);
  const total = powers.reduce((sum, power) => sum + power);
  return powers.map((power) => power / total);
}

function assertClose(actual, expected, tolerance = 1e-7) {
  assert.equal(actual.length, expected.length);
  const differences = expected.map((value, i) => Math.abs(actual[i] - value));
  assert.ok(Math.max(...differences) <= tolerance, `${actual} is not ${expected}`);
}

test("scores are those computed by hand", () => {
  assertClose(kernelScores(makeParts())(TEXT), EXPECTED);
});

test("without words the bias alone decides", () => {
  const scores = kernelScores(makeParts())({ ids: new Int32Array(0), weights: new Float32Array(0) });
  assertClose(scores, softmax([0.5, 0, -0.5]));
});

test("huge logits do not overflow", () => {
  const parts = makeParts();
  new Float32Array(parts.weights).set([1e30, 0, -1e30], 18);
  assert.deepEqual(kernelScores(parts)(TEXT), Float32Array.of(1, 0, 0));
});

test("weights may be a view into a larger buffer", () => {
  const parts = makeParts();
  const shifted = new Uint8Array(parts.weights.byteLength + 1);
  shifted.set(new Uint8Array(parts.weights), 1);
  const view = { ...parts, weights: shifted.subarray(1) };
  assertClose(kernelScores(view)(TEXT), EXPECTED);
});

test("weights stored in 8 or 16 bits are restored", () => {
  for (const [dtype, Type] of Object.entries({ uint8: Uint8Array, uint16: Uint16Array })) {
    const parts = makeParts();
    const [embedding] = parts.model.weightsManifest[0].weights;
    embedding.quantization = { dtype, min: -1, scale: 0.5, original_dtype: "float32" };
    const table = Array.from(new Float32Array(parts.weights, 0, 12));
    const steps = new Type(table.map((value) => (value + 1) / 0.5));
    const rest = new Uint8Array(parts.weights, 48);
    parts.weights = new Uint8Array([...new Uint8Array(steps.buffer), ...rest]).buffer;
    assertClose(kernelScores(parts)(TEXT), EXPECTED);
  }
});

test("weights stored as float16 are restored", () => {
  const parts = makeParts();
  const [embedding] = parts.model.weightsManifest[0].weights;
  embedding.quantization = { dtype: "float16", original_dtype: "float32" };
  /** @type {{ [value: number]: number }} */
  const halves = { 0: 0, 1: 0x3c00, 2: 0x4000, 5: 0x4500, 0.5: 0x3800, "-1": 0xbc00 };
  const table = Array.from(new Float32Array(parts.weights, 0, 12), (value) => halves[value]);
  const stored = new Uint8Array(Uint16Array.from(table).buffer);
  parts.weights = new Uint8Array([...stored, ...new Uint8Array(parts.weights, 48)]).buffer;
  assertClose(kernelScores(parts)(TEXT), EXPECTED);
});

test("the order of layers in the file does not matter", () => {
  const parts = makeParts();
  layersOf(parts.model).reverse();
  assertClose(kernelScores(parts)(TEXT), EXPECTED);
});

test("a share is what a word of weight 1 adds to a label's logit", () => {
  const { bias, share } = createKernel(makeParts());
  // Row 4 is [2, -1], and the kernel [[1, 0, -1], [0, 2, 1]].
  assert.deepEqual([0, 1, 2].map((label) => share(4, label)), [2, -2, -3]);
  assert.deepEqual([0, 1, 2].map(bias), [0.5, 0, -0.5]);
});

const REFUSED = {
  "table/kernel is stored as int32": ({ model }) => {
    model.weightsManifest[0].weights[0].dtype = "int32";
  },
  "table/kernel is stored as bfloat16": ({ model }) => {
    model.weightsManifest[0].weights[0].quantization = { dtype: "bfloat16" };
  },
  "it has no weight named scores/bias": (parts) => {
    parts.model.weightsManifest[0].weights.pop();
    parts.weights = parts.weights.slice(0, -12);
  },
  "its weights are not those of 6 rows and 3 labels": ({ model }) => {
    model.weightsManifest[0].weights[0].shape = [6, 1];
    model.weightsManifest[0].weights[1].shape = [4, 3];
  },
  "its weights take 84 bytes, not 80": (parts) => {
    parts.weights = parts.weights.slice(0, -4);
  },
  "its weights take 84 bytes, not 88": (parts) => {
    parts.weights = new Uint8Array([...new Uint8Array(parts.weights), 0, 0, 0, 0]).buffer;
  },
};

const OTHER_ARCHITECTURES = {
  "its format is graph-model, not layers-model": ({ model }) => {
    model.format = "graph-model";
  },
  "its layers are InputLayer weights; Dense table < weights": ({ model }) => {
    const { config } = model.modelTopology.model_config;
    config.layers = config.layers.filter(({ name }) => name !== "scores");
  },
  "its layers cannot be read": ({ model }) => {
    model.modelTopology = { node: [] };
  },
  "weights has shape [,7], not [,6]": ({ model }) => {
    layerNamed(model, "weights").config.batch_input_shape = [null, 7];
  },
  "table is not a plain sum over words": ({ model }) => {
    layerNamed(model, "table").config.use_bias = true;
  },
  "scores has activation sigmoid, not softmax": ({ model }) => {
    layerNamed(model, "scores").config.activation = "sigmoid";
  },
  "table/kernel has shape [5,2], not [6,2]": ({ model }) => {
    model.weightsManifest[0].weights[0].shape = [5, 2];
  },
  "scores/kernel has shape [3,3], not [2,3]": ({ model }) => {
    model.weightsManifest[0].weights[1].shape = [3, 3];
  },
  "it has a weight named extra": ({ model }) => {
    model.weightsManifest[0].weights.push({ name: "extra", shape: [1], dtype: "float32" });
  },
};

/** @param {{ [problem: string]: (parts: any) => void }} spoiling */
function assertRefused(spoiling, refuse) {
  for (const [problem, spoil] of Object.entries(spoiling)) {
    test(`refused: ${problem}`, () => {
      const parts = makeParts();
      spoil(parts);
      assert.throws(() => refuse(parts), {
        message: `The kernel cannot run this model: ${problem}`,
      });
    });
  }
}
assertRefused(REFUSED, createKernel);
assertRefused(OTHER_ARCHITECTURES, ({ model }) => checkTopology(model, 6, 3));

test("the architecture is that of the fixture", () => {
  assert.equal(checkTopology(makeParts().model, 6, 3), undefined);
});
