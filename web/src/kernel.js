// Computes the one architecture that Provender trains, straight from the layers format's bytes.

/**
 * @import { Parts } from "./classifier.js"
 * @import { AnyBytes, Layer, LayerConfig, Model, Quantization } from "./model.js"
 * @import { ToScores } from "./predict.js"
 */

import { toBuffer, weightSpecs } from "./model.js";

/** @typedef {Float32Array | Uint16Array | Uint8Array} Stored */

/** @typedef {{ new (bytes: ArrayBufferLike): Stored, BYTES_PER_ELEMENT: number }} StoredType */

/**
 * The expected shape of each weight; null stands for any size.
 *
 * @typedef {{ [weight: string]: (number | null)[] }} Shapes
 */

// Each layer as "class name < names of its inputs", in any order.
const ARCHITECTURE = [
  "InputLayer weights",
  "Dense table < weights",
  "Dense scores < table",
];

/** @type {{ [dtype: string]: StoredType | undefined }} */
const STORED = {
  float32: Float32Array,
  float16: Uint16Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
};

/**
 * Returns the function that computes the scores of one text.
 *
 * @param {Parts} parts
 * @returns {ToScores}
 * @throws {Error} if the model is not of the known architecture or does not fit the constants
 */
export function kernelScores({ constants, model, weights }) {
  const rows = constants.words.shared.length + 2;
  checkTopology(model, rows);
  const labels = constants.labels.length;
  const [table, kernel, bias] = readWeights(model, weights, {
    "table/kernel": [rows, null],
    "scores/kernel": [null, labels],
    "scores/bias": [labels],
  });
  const width = kernel.length / labels;
  check(
    table.length === rows * width,
    "table and scores differ in width",
  );

  return ({ ids, weights: own }) => {
    const pooled = new Float64Array(width);
    ids.forEach((id, place) => {
      const weight = own[place];
      for (let i = 0; i < width; i++) pooled[i] += weight * table[id * width + i];
    });
    const logits = Float64Array.from(bias, (start, label) =>
      pooled.reduce((sum, value, i) => sum + value * kernel[i * labels + label], start),
    );
    return softmax(logits);
  };
}

/** @param {Float64Array} logits */
function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return Float32Array.from(powers, (power) => power / total);
}

/**
 * @param {Model} model
 * @param {number} rows
 */
function checkTopology(model, rows) {
  check(model.format === "layers-model", `its format is ${model.format}, not layers-model`);
  const { model_config: { config: { layers } = {} } = {} } = model.modelTopology || {};
  check(layers, "its layers cannot be read");
  const found = layers.map(describeLayer);
  check(
    found.slice().sort().join("; ") === ARCHITECTURE.slice().sort().join("; "),
    `its layers are ${found.join("; ")}`,
  );
  /** @type {{ [layer: string]: LayerConfig }} */
  const config = {};
  for (const layer of layers) config[layer.config.name] = layer.config;
  const { weights, table, scores } = config;
  const shape = weights.batch_input_shape;
  check(`${shape}` === `,${rows}`, `weights has shape [${shape}], not [,${rows}]`);
  check(
    table.activation === "linear" && !table.use_bias,
    "table is not a plain sum over words",
  );
  check(
    scores.activation === "softmax",
    `scores has activation ${scores.activation}, not softmax`,
  );
}

/** @param {Layer} layer */
function describeLayer({ class_name: kind, config, inbound_nodes: nodes }) {
  const inputs = /** @type {Layer["inbound_nodes"][0]} */ ([])
    .concat(...nodes)
    .map(([name]) => name);
  return `${kind} ${config.name}${inputs.length ? ` < ${inputs.join(", ")}` : ""}`;
}

/**
 * Reads the weights named in `shapes`, in that order.
 *
 * @param {Model} model
 * @param {AnyBytes} weights
 * @param {Shapes} shapes
 */
function readWeights(model, weights, shapes) {
  const buffer = toBuffer(weights);
  /** @type {{ [weight: string]: Stored }} */
  const arrays = {};
  let end = 0;
  for (const { name, shape, dtype, quantization } of weightSpecs(model)) {
    const expected = shapes[name];
    check(expected, `it has a weight named ${name}`);
    check(
      shape.length === expected.length && shape.every((size, i) => size === (expected[i] || size)),
      `${name} has shape [${shape}], not [${expected}]`,
    );
    const stored = (quantization || {}).dtype || dtype;
    const Type = STORED[stored];
    check(dtype === "float32" && Type, `${name} is stored as ${stored}`);
    const start = end;
    end += shape.reduce((product, size) => product * size, Type.BYTES_PER_ELEMENT);
    check(end <= buffer.byteLength, `${name} ends at byte ${end} of ${buffer.byteLength}`);
    // A copy, since a shard may place a weight where a typed array cannot start.
    arrays[name] = restore(new Type(buffer.slice(start, end)), quantization);
  }
  check(end === buffer.byteLength, `its weights take ${end} bytes, not ${buffer.byteLength}`);
  return Object.keys(shapes).map((name) => {
    check(arrays[name], `it has no weight named ${name}`);
    return arrays[name];
  });
}

/**
 * @param {Stored} array
 * @param {Quantization | undefined} quantization
 */
function restore(array, quantization) {
  if (!quantization) return array;
  const { dtype, scale, min } = /** @type {Required<Quantization>} */ (quantization);
  return Float32Array.from(array, dtype === "float16" ? fromHalf : (step) => step * scale + min);
}

/**
 * Gives the number that a float16 of these bits stands for; there are no infinite weights.
 *
 * @param {number} bits
 */
function fromHalf(bits) {
  const exponent = (bits >> 10) & 31;
  const size = (bits & 1023) + (exponent && 1024);
  return (bits >> 15 ? -size : size) * Math.pow(2, (exponent || 1) - 25);
}

/**
 * @param {unknown} holds
 * @param {string} problem
 * @returns {asserts holds}
 */
function check(holds, problem) {
  if (!holds) throw new Error(`The kernel cannot run this model: ${problem}`);
}
