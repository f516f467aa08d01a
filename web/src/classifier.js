// The classifier without TensorFlow.js: what the bundle's classifier.js and the npm package hold.

/**
 * @import { Constants } from "./encode.js"
 * @import { Classifier } from "./index.js"
 * @import { AnyBytes, Model } from "./model.js"
 */

import { createEncoder } from "./encode.js";
import { fetchJson, fetchModel } from "./fetch.js";
import { kernelScores } from "./kernel.js";
import { createAnswers } from "./predict.js";

/**
 * What a classifier is made from: the parsed constants.json, the parsed model.json, and the bytes
 * of its weights (all shards, joined).
 *
 * @typedef {{ constants: Constants, model: Model, weights: AnyBytes }} Parts
 */

/**
 * Makes a classifier; its model must be of the layers format.
 *
 * @param {Parts} parts
 * @returns {Classifier}
 */
export function createClassifier({ constants, model, weights }) {
  const encode = createEncoder(constants);
  const toScores = kernelScores({ constants, model, weights });
  const { labels, unsure_below: unsureBelow } = constants;
  // Not by a spread, which older browsers do not read.
  return Object.assign(
    { labels: labels.slice(), unsureBelow },
    createAnswers(labels, unsureBelow, encode, toScores),
  );
}

/** Fetches a bundle's files from the folder at the address `base` and makes its classifier. */
export async function load(base = ".") {
  const folder = base.replace(/\/+$/, "");
  const [constants, layers] = await Promise.all([
    fetchJson(`${folder}/constants.json`),
    fetchModel(`${folder}/tfjs/layers`),
  ]);
  return createClassifier({ constants, model: layers.model, weights: layers.weights });
}
