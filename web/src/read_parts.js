// What a classifier is made from, of a site's files.

/**
 * @import { AnyBytes, Model, Parts } from "./model.js"
 */

import { LAYERS } from "./manifest.js";
import { joinShards, weightPaths } from "./model.js";

/**
 * @param {(name: string) => AnyBytes} find gives a file's bytes
 * @returns {Parts}
 */
export function assembleParts(find) {
  /** @param {string} name */
  const readJson = (name) => JSON.parse(new TextDecoder().decode(find(name)));
  const constants = readJson("constants.json");
  /** @type {Model} */
  const model = readJson(`${LAYERS}/model.json`);
  const shards = weightPaths(model).map((path) => find(`${LAYERS}/${path}`));
  return { constants, model, weights: joinShards(shards) };
}
