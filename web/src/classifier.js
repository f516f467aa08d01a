// The classifier without TensorFlow.js: what the bundle's classifier.js and the npm package hold.

import { assemble } from "./assemble.js";
import { toJson } from "./bundle.js";
import { sha256 } from "./digest.js";
import { joinShards, weightPaths } from "./model.js";
import { readerAt } from "./places.js";
import { checkSeal, sealed } from "./seal.js";

export { createClassifier } from "./assemble.js";
export { create } from "./create.js";

/**
 * Fetches a bundle's files from the folder at the address `base` and makes its classifier.
 *
 * @param {string} [base]
 */
export async function load(base = ".") {
  const read = readerAt(base);
  const [constants, model] = await Promise.all(
    ["constants.json", "tfjs/layers/model.json"].map(async (name) => toJson(name, await read(name))),
  );
  const shards = weightPaths(model).map((path) => read(`tfjs/layers/${path}`));
  const parts = { constants, model, weights: joinShards(await Promise.all(shards)) };
  checkSeal(parts, await sha256(sealed(parts)));
  return assemble(parts);
}
