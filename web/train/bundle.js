// What of a model a bundle ships: constants.json, and the model in the layers format.

/**
 * @import { Model, Parts } from "../src/model.js"
 * @import { Recipe } from "../src/text.js"
 * @import { Matrix } from "./arithmetic.js"
 */

import { createHash } from "node:crypto";
import { sealed } from "../src/seal.js";
import { FLOAT16, FLOAT32, LOWEST, storedBytes, UNIT } from "./compression.js";
import { recipeFor } from "./recipe.js";

// The edition of constants.json that ../src/encode.js reads.
const FORMAT = 6;

// Each stands for how many units a word shares with the one before.
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

export const SHARD = "group1-shard1of1.bin";

/**
 * A model in the layers format: [ids, width] and [width, labels], and how its table is stored.
 *
 * @typedef {object} Shipped
 * @property {Matrix} grid
 * @property {Matrix} kernel
 * @property {Float32Array} bias
 * @property {number} levels
 */

/**
 * Gives the bytes of constants.json.
 *
 * @param {string} name
 * @param {string[]} labels
 * @param {string[]} words
 * @param {number} maxWords
 * @param {Recipe} text
 * @param {number} unsureBelow
 */
export function packConstants(name, labels, words, maxWords, text, unsureBelow) {
  const value = {
    format: FORMAT,
    name,
    labels,
    words: frontCode(words),
    max_words: maxWords,
    text: withSortedKeys(recipeFor(text, words)),
    unsure_below: unsureBelow,
  };
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

/**
 * Gives constants.json with the digest that binds it to the weights.
 *
 * @param {Buffer} constants
 * @param {Model} model
 * @param {Buffer} weights
 */
export function sealConstants(constants, model, weights) {
  const value = JSON.parse(constants.toString());
  const digest = digestOf({ constants: value, model, weights });
  return Buffer.from(`${JSON.stringify({ ...value, digest })}\n`);
}

/**
 * Gives the digest of what constants.json binds.
 *
 * @param {Parts} parts
 */
export const digestOf = (parts) => createHash("sha256").update(sealed(parts)).digest("hex");

/**
 * @param {any} value
 * @returns {any}
 */
export function withSortedKeys(value) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(withSortedKeys);
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, withSortedKeys(value[key])]),
  );
}

/**
 * Packs words for ../src/vocabulary.js: each as what it shares with the one before, and its rest.
 *
 * @param {string[]} words
 */
function frontCode(words) {
  let before = "";
  let shared = "";
  const rests = words.map((word) => {
    const length = sharedUnits(before, word);
    before = word;
    shared += LETTERS[length];
    return word.slice(length);
  });
  return { shared, rests: rests.join("\n") };
}

/**
 * Counts the units of the whole characters that two words both begin with, as far as letters reach.
 *
 * @param {string} one
 * @param {string} other
 */
function sharedUnits(one, other) {
  let length = 0;
  for (const character of other) {
    const next = length + character.length;
    if (next >= LETTERS.length || !one.startsWith(character, length)) break;
    // Half of a character that goes on otherwise is none.
    length = next;
  }
  return length;
}

/**
 * Gives the files of a model in the layers format of TensorFlow.js, by name.
 *
 * @param {Shipped} model
 * @returns {{ "model.json": Model, [SHARD]: Buffer }}
 */
export function packLayers({ grid, kernel, bias, levels }) {
  const ids = grid.values.length / grid.width;
  /**
   * @param {string} name
   * @param {string} kind
   * @param {object} config
   * @param {string} [before]
   */
  const layer = (name, kind, config, before) => ({
    class_name: kind,
    name,
    config: { name, dtype: "float32", ...config },
    inbound_nodes: before ? [[[before, 0, 0, {}]]] : [],
  });
  const layers = [
    layer("weights", "InputLayer", { batch_input_shape: [null, ids], sparse: false }),
    layer("table", "Dense", { units: grid.width, activation: "linear", use_bias: false }, "weights"),
    layer("scores", "Dense", { units: bias.length, activation: "softmax", use_bias: true }, "table"),
  ];
  const floats = { dtype: "float32" };
  const stored =
    levels === FLOAT32
      ? floats
      : {
          ...floats,
          quantization:
            levels === FLOAT16
              ? { dtype: "float16", original_dtype: "float32" }
              : { dtype: "uint8", original_dtype: "float32", min: LOWEST * UNIT, scale: UNIT },
        };
  const model = {
    format: "layers-model",
    generatedBy: "Provender, web/train",
    convertedBy: null,
    modelTopology: {
      model_config: {
        class_name: "Functional",
        config: {
          name: "classifier",
          layers,
          input_layers: [["weights", 0, 0]],
          output_layers: [["scores", 0, 0]],
        },
      },
    },
    weightsManifest: [
      {
        paths: [SHARD],
        weights: [
          { name: "scores/kernel", shape: [grid.width, bias.length], ...floats },
          { name: "scores/bias", shape: [bias.length], ...floats },
          { name: "table/kernel", shape: [ids, grid.width], ...stored },
        ],
      },
    ],
  };
  return {
    "model.json": withSortedKeys(model),
    [SHARD]: Buffer.concat([
      storedBytes(kernel, FLOAT32),
      storedBytes({ values: bias, width: bias.length }, FLOAT32),
      storedBytes(grid, levels),
    ]),
  };
}
