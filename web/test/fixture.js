// A classifier small enough to check by hand: 4 words, 2 dimensions, 3 labels.

/**
 * @import { Parts } from "../src/model.js"
 * @import { Constants } from "../src/encode.js"
 * @import { Model } from "../src/model.js"
 * @import { Recipe } from "../src/text.js"
 */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sealed } from "../src/seal.js";

/** @type {Recipe} */
export const RECIPE = {
  max_characters: 1000,
  pairs: "ÀA\u0300àa\u0300",
  parts: [["\u212b", "A\u030a"]],
  classes: [0x300, 0x15, 230, 0xe, 4, 220],
  lower: [
    [0xc0, 0xd6, 1, 32], // À–Ö
    [0x100, 0x12e, 2, 1], // Ā, Ă, …: the even ones only
    [0x391, 0x3a1, 1, 32], // Α–Ρ
    [0x10400, 0x10427, 1, 40], // Deseret, beyond U+FFFF
  ],
  fold: [["ß", "ss"]],
  separators: [0xa0, 1, 0x2000 - 0xa1, 0x70],
  symbols: [0x1f600, 0x50],
  ignored: [0xfe00, 0x10],
  replace: [["[!-/:-@\\[-^`{-~\\x00-\\x1f]", " ", ""]],
  grams: { sizes: [1, 2], characters: [0x4e00, 0x5200], words: [], pairs: false },
};

/** @type {Constants} */
export const CONSTANTS = {
  format: 6,
  name: "tiny",
  labels: ["red", "green", "blue"],
  words: { shared: "AAAA", rests: "cherry\nleaf\nsky\n__proto__" },
  max_words: 6,
  text: RECIPE,
  unsure_below: 0.5,
};

const TABLE = [0, 0, 5, 5, 1, 0, 0, 1, 2, -1, 0.5, 0.5];
const KERNEL = [1, 0, -1, 0, 2, 1];
const BIAS = [0.5, 0, -0.5];

const layer = (kind, name, config, inputs) => ({
  class_name: kind,
  config: { name, ...config },
  name,
  inbound_nodes: inputs.length ? [inputs.map((input) => [input, 0, 0, {}])] : [],
});

const INPUT = { batch_input_shape: [null, 6], dtype: "float32" };
const SUM = { units: 2, activation: "linear", use_bias: false };
const DENSE = { units: 3, activation: "softmax", use_bias: true };

/**
 * Makes the parts of the tiny classifier afresh, for a test to spoil.
 *
 * @returns {Parts & { weights: ArrayBuffer }}
 */
export const makeParts = () => seal({
  constants: structuredClone(CONSTANTS),
  model: /** @type {Model} */ ({
    format: "layers-model",
    modelTopology: {
      keras_version: "2.21.0",
      backend: "tensorflow",
      model_config: {
        class_name: "Functional",
        config: {
          name: "model",
          layers: [
            layer("InputLayer", "weights", INPUT, []),
            layer("Dense", "table", SUM, ["weights"]),
            layer("Dense", "scores", DENSE, ["table"]),
          ],
          input_layers: [["weights", 0, 0]],
          output_layers: [["scores", 0, 0]],
        },
      },
    },
    weightsManifest: [
      {
        paths: ["group1-shard1of1.bin"],
        weights: [
          { name: "table/kernel", shape: [6, 2], dtype: "float32" },
          { name: "scores/kernel", shape: [2, 3], dtype: "float32" },
          { name: "scores/bias", shape: [3], dtype: "float32" },
        ],
      },
    ],
  }),
  weights: new Float32Array([...TABLE, ...KERNEL, ...BIAS]).buffer,
});

/**
 * Seals parts, as a build does once they are what they shall be.
 *
 * @template {Parts} Some
 * @param {Some} parts
 */
export function seal(parts) {
  const digest = createHash("sha256").update(sealed(parts)).digest("hex");
  return { ...parts, constants: { ...parts.constants, digest } };
}

export const layersOf = (model) => model.modelTopology.model_config.config.layers;

export const layerNamed = (model, name) => layersOf(model).find((found) => found.name === name);

/** Writes the parts as the files of a bundle. */
export function writeParts(folder, { constants, model, weights }) {
  const layers = join(folder, "tfjs", "layers");
  mkdirSync(layers, { recursive: true });
  writeFileSync(join(folder, "constants.json"), JSON.stringify(constants));
  writeFileSync(join(layers, "model.json"), JSON.stringify(model));
  writeFileSync(join(layers, "group1-shard1of1.bin"), new Uint8Array(weights));
}

const ABOUT = {
  name: "tiny",
  corpus: { kind: "sqlite", title: "Tiny colours", posts: { train: 3, validation: 1, test: 2 } },
  formats: ["layers"],
  metrics: { test: { posts: 2, "recall@1": 0.5 } },
  remarks: [],
};

/** Writes the parts as a bundle, with what create() reads besides: about.json and manifest.json. */
export function writeBundle(folder, parts, version = "1.0.0") {
  writeParts(folder, parts);
  writeFileSync(join(folder, "about.json"), JSON.stringify(ABOUT));
  writeManifest(folder, version);
}

/** Writes the manifest of a bundle's files as they are. */
export function writeManifest(folder, version = "1.0.0") {
  const layers = ["model.json", "group1-shard1of1.bin"].map((name) => `tfjs/layers/${name}`);
  const files = Object.fromEntries(
    ["about.json", "constants.json", ...layers].map((name) => {
      const bytes = readFileSync(join(folder, name));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return [name, { bytes: bytes.length, sha256 }];
    }),
  );
  const manifest = { format: 1, name: "tiny", version, files, inputs: { database: "d" } };
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
}
