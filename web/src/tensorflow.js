// The same scores from TensorFlow.js itself, for either of its formats.

/**
 * @import { TensorFlow } from "../types/tensorflow.js"
 * @import { Parts } from "./classifier.js"
 * @import { Encoded } from "./encode.js"
 */

import { toBuffer, weightSpecs } from "./model.js";

/** @type {{ [format: string]: "loadLayersModel" | "loadGraphModel" }} */
const LOADERS = { "layers-model": "loadLayersModel", "graph-model": "loadGraphModel" };

/**
 * Returns the function that computes the scores of texts, of all in a row.
 *
 * @param {TensorFlow} tf
 * @param {Parts} parts
 * @returns {Promise<(texts: Pick<Encoded, "ids" | "weights">[]) => Float32Array>}
 */
export async function tensorflowScores(tf, { constants, model, weights }) {
  if (!LOADERS[model.format]) {
    throw new Error(`TensorFlow.js has no format named ${model.format}`);
  }
  // Without this, TensorFlow.js advertises its Node package on the console.
  tf.enableProdMode();
  await tf.setBackend("cpu");
  const loaded = await tf[LOADERS[model.format]](
    tf.io.fromMemory(
      Object.assign({}, model, { weightSpecs: weightSpecs(model), weightData: toBuffer(weights) }),
    ),
  );
  const columns = constants.words.shared.length + 2;

  return (texts) => {
    const dense = new Float32Array(texts.length * columns);
    texts.forEach(({ ids, weights: own }, row) => {
      ids.forEach((id, place) => {
        dense[row * columns + id] = own[place];
      });
    });
    const scores = tf.tidy(() =>
      loaded.predict(tf.tensor2d(dense, [texts.length, columns], "float32"), {
        batchSize: texts.length,
      }),
    );
    const values = scores.dataSync();
    scores.dispose();
    return values;
  };
}
