// The classifier without TensorFlow.js: what the bundle's classifier.js and the npm package hold.

import { assemble } from "./assemble.js";
import { sha256 } from "./digest.js";
import { fetchJson, fetchModel } from "./fetch.js";
import { checkSeal, sealed } from "./seal.js";

export { createClassifier } from "./assemble.js";
export { create } from "./create.js";

/**
 * Fetches a bundle's files from the folder at the address `base` and makes its classifier.
 *
 * @param {string} [base]
 */
export async function load(base = ".") {
  const folder = base.replace(/\/+$/, "");
  const [constants, layers] = await Promise.all([
    fetchJson(`${folder}/constants.json`),
    fetchModel(`${folder}/tfjs/layers`),
  ]);
  const parts = { constants, model: layers.model, weights: layers.weights };
  checkSeal(parts, await sha256(sealed(parts)));
  return assemble(parts);
}
