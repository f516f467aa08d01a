// Whether a model in the layers format is of the one architecture that the kernel computes.

/** @import { Layer, LayerConfig, Model } from "./src/model.js" */

import { weightSpecs } from "./src/model.js";

// Each layer as "class name < names of its inputs", in any order.
const ARCHITECTURE = ["InputLayer weights", "Dense table < weights", "Dense scores < table"];

/**
 * @param {Model} model
 * @param {number} rows of the table
 * @param {number} labels
 * @throws {Error} if it is not
 */
export function checkTopology(model, rows, labels) {
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
  check(table.activation === "linear" && !table.use_bias, "table is not a plain sum over words");
  check(
    scores.activation === "softmax",
    `scores has activation ${scores.activation}, not softmax`,
  );
  const specs = weightSpecs(model);
  const { shape: [, width] = [] } = specs.find(({ name }) => name === "table/kernel") || {};
  /** @type {{ [weight: string]: number[] }} */
  const shapes = {
    "table/kernel": [rows, width],
    "scores/kernel": [width, labels],
    "scores/bias": [labels],
  };
  for (const { name, shape } of specs) {
    check(shapes[name], `it has a weight named ${name}`);
    check(`${shape}` === `${shapes[name]}`, `${name} has shape [${shape}], not [${shapes[name]}]`);
  }
}

/** @param {Layer} layer */
function describeLayer({ class_name: kind, config, inbound_nodes: nodes }) {
  const inputs = /** @type {Layer["inbound_nodes"][0]} */ ([])
    .concat(...nodes)
    .map(([name]) => name);
  return `${kind} ${config.name}${inputs.length ? ` < ${inputs.join(", ")}` : ""}`;
}

/**
 * @param {unknown} holds
 * @param {string} problem
 * @returns {asserts holds}
 */
function check(holds, problem) {
  if (!holds) throw new Error(`The kernel cannot run this model: ${problem}`);
}
