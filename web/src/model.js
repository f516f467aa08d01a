// What the TensorFlow.js formats have in common: a weights manifest, and shards of bytes that
// hold its weights one after the other.

/** @import { Constants } from "./encode.js" */

/**
 * A parsed model.json of TensorFlow.js.
 *
 * @typedef {object} Model
 * @property {string} format "layers-model" or "graph-model"
 * @property {{ model_config?: { config?: { layers?: Layer[] } } }} [modelTopology] what it
 *   computes; `model_config` is of the layers format alone
 * @property {{ paths: string[], weights: WeightSpec[] }[]} weightsManifest
 */

/**
 * A layer in the layers format.
 *
 * @typedef {object} Layer
 * @property {string} class_name
 * @property {LayerConfig} config
 * @property {[layer: string, ...rest: unknown[]][][]} inbound_nodes the layers before it
 */

/**
 * A layer's settings, of which each kind of layer has its own.
 *
 * @typedef {object} LayerConfig
 * @property {string} name
 * @property {(number | null)[]} [batch_input_shape]
 * @property {boolean} [use_bias]
 * @property {string} [activation]
 */

/**
 * A weight's name, and how its numbers are stored.
 *
 * @typedef {object} WeightSpec
 * @property {string} name
 * @property {number[]} shape
 * @property {string} dtype
 * @property {Quantization} [quantization]
 */

/**
 * How a weight of fewer bytes is restored: from float16, or from whole steps, which alone have a
 * scale.
 *
 * @typedef {object} Quantization
 * @property {string} dtype
 * @property {number} [scale]
 * @property {number} [min]
 * @property {string} [original_dtype]
 */

/** @typedef {ArrayBuffer | ArrayBufferView} AnyBytes */

/**
 * What a classifier is made from: the parsed constants.json, the parsed model.json, and the bytes
 * of its weights (all shards, joined).
 *
 * @typedef {{ constants: Constants, model: Model, weights: AnyBytes }} Parts
 */

/** @param {Model} model */
export const weightPaths = ({ weightsManifest }) =>
  /** @type {string[]} */ ([]).concat(...weightsManifest.map((group) => group.paths));

/** @param {Model} model */
export const weightSpecs = ({ weightsManifest }) =>
  /** @type {WeightSpec[]} */ ([]).concat(...weightsManifest.map((group) => group.weights));

/**
 * Joins the shards of weights, in the manifest's order, into one ArrayBuffer.
 *
 * @param {AnyBytes[]} shards
 */
export function joinShards(shards) {
  const joined = new Uint8Array(shards.reduce((size, shard) => size + shard.byteLength, 0));
  let end = 0;
  for (const shard of shards) {
    joined.set(new Uint8Array(toBuffer(shard)), end);
    end += shard.byteLength;
  }
  return joined.buffer;
}

/**
 * Gives the ArrayBuffer behind `bytes`: itself, or a copy of the part that a view shows.
 *
 * @param {AnyBytes} bytes
 */
export function toBuffer(bytes) {
  if (!ArrayBuffer.isView(bytes)) return bytes;
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}
