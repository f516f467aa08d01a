// The classifier without TensorFlow.js: what the bundle's classifier.js and the npm package hold.

import { assemble } from "./assemble.js";
import { sha256 } from "./digest.js";
import { fetchAs, readModel } from "./fetch.js";
import { folderOf } from "./places.js";
import { checkSeal, sealed } from "./seal.js";

export { createClassifier } from "./assemble.js";
export { create } from "./create.js";

/**
 * Fetches a bundle's files from the folder at the address `base` and makes its classifier.
 *
 * @param {string} [base]
 */
export async function load(base = ".") {
  const folder = folderOf(base);
  const [constants, layers] = await Promise.all([
    fetchAs("json", `${folder}/constants.json`),
    readModel(`${folder}/tfjs/layers`, fetchAs),
  ]);
  const parts = Object.assign({ constants }, layers);
  checkSeal(parts, await sha256(sealed(parts)));
  return assemble(parts);
}
