// What binds the files of a model to each other: constants.json names the digest of all that a
// classifier reads, of itself and of the weights.

/**
 * @import { Parts } from "./model.js"
 * @import { Bytes } from "./bytes.js"
 */

import { problem } from "./errors.js";
import { toBuffer, weightSpecs } from "./model.js";

/**
 * Gives the bytes that the digest is of: the constants without it, and how the weights are stored,
 * as JSON; and the weights.
 *
 * @param {Parts} parts
 * @returns {Bytes}
 */
export function sealed({ constants, model, weights }) {
  const json =
    JSON.stringify(Object.assign({}, constants, { digest: undefined })) +
    JSON.stringify(weightSpecs(model));
  // Everywhere; TextEncoder is not.
  const text = unescape(encodeURIComponent(json));
  const bytes = new Uint8Array(text.length + weights.byteLength);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  bytes.set(new Uint8Array(toBuffer(weights)), text.length);
  return bytes;
}

/**
 * Ends where the files are not those of one model, or one of them is damaged.
 *
 * @param {Parts} parts
 * @param {string} digest of their sealed bytes
 * @throws {Error} of the code "mixed"
 */
export function checkSeal({ constants }, digest) {
  if (constants.digest === digest) return;
  throw problem(
    "mixed",
    "constants.json, model.json and the weights are not of one model, or damaged: load all of " +
      "one version again",
  );
}
