// Computes the one architecture that Provender trains, straight from the layers format's bytes:
// logits = the weighted sum of a text's rows of the table, times the kernel, plus the bias. That
// the model is of that architecture is checked where it is made (verify.js); that it is that model,
// by its seal.

/**
 * @import { Parts } from "./model.js"
 * @import { Encoded } from "./encode.js"
 * @import { AnyBytes, Model, Quantization } from "./model.js"
 */

import { toBuffer, weightSpecs } from "./model.js";

/** @typedef {Float32Array | Uint16Array | Uint8Array} Stored */

/** @typedef {{ new (bytes: ArrayBufferLike): Stored, BYTES_PER_ELEMENT: number }} StoredType */

/**
 * The kernel of a model.
 *
 * @typedef {object} Kernel
 * @property {(encoded: Pick<Encoded, "ids" | "weights">) => Float64Array} logits of a text, by label
 * @property {(id: number, label: number) => number} share what a word of weight 1 adds to a
 *   label's logit
 * @property {(label: number) => number} bias a label's logit without words
 */

/** @type {{ [dtype: string]: StoredType | undefined }} */
const STORED = {
  float32: Float32Array,
  float16: Uint16Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
};

/**
 * @param {Parts} parts
 * @returns {Kernel}
 * @throws {Error} if the model is not of the known architecture or does not fit the constants
 */
export function createKernel({ constants, model, weights }) {
  const rows = constants.words.shared.length + 2;
  const labels = constants.labels.length;
  const arrays = readWeights(model, weights);
  const [table, kernel, bias] = ["table/kernel", "scores/kernel", "scores/bias"].map((name) => {
    check(arrays[name], `it has no weight named ${name}`);
    return arrays[name];
  });
  const width = kernel.size / labels;
  check(
    table.size === rows * width && bias.size === labels,
    `its weights are not those of ${rows} rows and ${labels} labels`,
  );

  /** @param {Pick<Encoded, "ids" | "weights">} encoded */
  function pool({ ids, weights: own }) {
    const pooled = new Float64Array(width);
    // Not by `value`, which reads arrays of several types.
    const { array, numbers } = table;
    for (let place = 0; place < ids.length; place++) {
      const start = ids[place] * width;
      const weight = own[place];
      for (let i = 0; i < width; i++) {
        const stored = array[start + i];
        pooled[i] += weight * (numbers ? numbers[stored] : stored);
      }
    }
    return pooled;
  }

  /**
   * Adds to a sum what a label has of pooled rows.
   *
   * @param {Float64Array} pooled
   * @param {number} label
   * @param {number} sum
   */
  function add(pooled, label, sum) {
    for (let i = 0; i < width; i++) sum += pooled[i] * kernel.value(i * labels + label);
    return sum;
  }

  return {
    logits(encoded) {
      const pooled = pool(encoded);
      return new Float64Array(labels).map((_, label) => add(pooled, label, bias.value(label)));
    },
    share: (id, label) => add(pool({ ids: Int32Array.of(id), weights: Float32Array.of(1) }), label, 0),
    bias: bias.value,
  };
}

/**
 * @param {Float64Array} logits
 * @returns {Float32Array}
 */
export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return Float32Array.from(powers, (power) => power / total);
}

/**
 * Reads all weights, by name.
 *
 * @param {Model} model
 * @param {AnyBytes} weights
 */
function readWeights(model, weights) {
  const buffer = toBuffer(weights);
  /** @type {{ [weight: string]: ReturnType<typeof restore> }} */
  const arrays = {};
  let end = 0;
  for (const { name, shape, dtype, quantization } of weightSpecs(model)) {
    const stored = (quantization || {}).dtype || dtype;
    const Type = STORED[stored];
    check(dtype === "float32" && Type, `${name} is stored as ${stored}`);
    const start = end;
    end += shape.reduce((product, size) => product * size, Type.BYTES_PER_ELEMENT);
    // A copy, since a shard may place a weight where a typed array cannot start.
    if (end <= buffer.byteLength) {
      arrays[name] = restore(new Type(buffer.slice(start, end)), quantization);
    }
  }
  check(end === buffer.byteLength, `its weights take ${end} bytes, not ${buffer.byteLength}`);
  return arrays;
}

/**
 * Gives the numbers that are stored in an array. They are restored as they are asked for, since
 * texts have few of the words that there are.
 *
 * @param {Stored} array
 * @param {Quantization | undefined} quantization
 * @returns {{ array: Stored, numbers: Float32Array | undefined, size: number,
 *   value: (place: number) => number }}
 */
function restore(array, quantization) {
  /** @type {Float32Array | undefined} */
  let numbers;
  if (quantization) {
    const { dtype, scale, min } = /** @type {Required<Quantization>} */ (quantization);
    numbers = new Float32Array(dtype === "uint8" ? 256 : 65536);
    for (let step = 0; step < numbers.length; step++) {
      numbers[step] = dtype === "float16" ? fromHalf(step) : step * scale + min;
    }
  }
  return {
    array,
    numbers,
    size: array.length,
    value: (place) => (numbers ? numbers[array[place]] : array[place]),
  };
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
