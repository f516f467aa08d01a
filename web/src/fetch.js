// The files of a bundle, fetched.

/**
 * @import { Bytes } from "./bytes.js"
 * @import { Model } from "./model.js"
 */

import { joinShards, weightPaths } from "./model.js";

/**
 * Gives a file's parsed JSON, or its bytes.
 *
 * @typedef {{
 *   (type: "json", name: string): Promise<any>;
 *   (type: "arrayBuffer", name: string): Promise<ArrayBuffer | Bytes>;
 * }} Read
 */

/**
 * Reads a TensorFlow.js model from its folder.
 *
 * @param {string} folder
 * @param {Read} read
 */
export async function readModel(folder, read) {
  /** @type {Model} */
  const model = await read("json", `${folder}/model.json`);
  const shards = await Promise.all(
    weightPaths(model).map((path) => read("arrayBuffer", `${folder}/${path}`)),
  );
  return { model, weights: joinShards(shards) };
}

/**
 * @param {"json" | "arrayBuffer"} type
 * @param {string} url
 * @returns {Promise<any>}
 */
export async function fetchAs(type, url) {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return await response[type]();
  } catch (error) {
    throw new Error(`Could not load ${url}: ${/** @type {Error} */ (error).message}`);
  }
}
