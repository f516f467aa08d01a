// The same scores from TensorFlow.js itself, for either of its formats.

/**
 * @import { Tensor, TensorFlow } from "../types/tensorflow.js"
 * @import { Parts } from "./classifier.js"
 * @import { ToScores } from "./predict.js"
 */

import { toBuffer, weightSpecs } from "./model.js";

/** @type {{ [format: string]: "loadLayersModel" | "loadGraphModel" }} */
const LOADERS = { "layers-model": "loadLayersModel", "graph-model": "loadGraphModel" };

/**
 * Returns the function that computes the scores of one text, or of many in a row.
 *
 * @param {TensorFlow} tf
 * @param {Parts} parts
 * @returns {Promise<ToScores>}
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
  // Not loaded.inputs: the layers format renames those in every model after a page's first.
  const inputs = /** @type {string[]} */ (loaded.inputNames || loaded.inputNodes);

  return (ids, wordWeights) => {
    const rows = ids.length / constants.max_words;
    const scores = tf.tidy(() => {
      const shape = [rows, constants.max_words];
      /** @type {{ [input: string]: Tensor }} */
      const feeds = {
        word_ids: tf.tensor2d(ids, shape, "int32"),
        word_weights: tf.tensor2d(wordWeights, shape, "float32"),
      };
      return loaded.predict(inputs.map((name) => feeds[name]), { batchSize: rows });
    });
    const values = scores.dataSync();
    scores.dispose();
    return values;
  };
}
