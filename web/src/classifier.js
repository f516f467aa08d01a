// The classifier without TensorFlow.js: what the bundle's classifier.js and the npm package hold.

import { createEncoder } from "./encode.js";
import { fetchJson, fetchModel } from "./fetch.js";
import { kernelScores } from "./kernel.js";
import { createPredict } from "./predict.js";

/**
 * Makes a classifier from the parsed constants.json, the parsed model.json of the layers format,
 * and the bytes of its weights (all shards, joined).
 */
export function createClassifier({ constants, model, weights }) {
  const encode = createEncoder(constants);
  const toScores = kernelScores({ constants, model, weights });
  return {
    labels: constants.labels.slice(),
    unsureBelow: constants.unsure_below,
    predict: createPredict(constants.labels, encode, toScores),
  };
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
