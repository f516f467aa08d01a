// The same scores from TensorFlow.js itself, for either of its formats.

/**
 * @import { TensorFlow } from "../types/tensorflow.js"
 * @import { Parts } from "./model.js"
 * @import { Encoded } from "./encode.js"
 */

import { toBuffer, weightSpecs } from "./model.js";

/** @type {{ [format: string]: "loadLayersModel" | "loadGraphModel" }} */
const LOADERS = { "layers-model": "loadLayersModel", "graph-model": "loadGraphModel" };

/**
 * Returns the function that computes the scores of texts, of all in a row, and what frees the model.
 *
 * @param {TensorFlow} tf
 * @param {Parts} parts
 * @returns {Promise<{ scores: (texts: Pick<Encoded, "ids" | "weights">[]) => Float32Array,
 *   dispose: () => void }>}
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

  /** @param {Pick<Encoded, "ids" | "weights">[]} texts */
  function scores(texts) {
    const dense = new Float32Array(texts.length * columns);
    texts.forEach(({ ids, weights: own }, row) => {
      ids.forEach((id, place) => {
        dense[row * columns + id] = own[place];
      });
    });
    const found = tf.tidy(() =>
      loaded.predict(tf.tensor2d(dense, [texts.length, columns], "float32"), {
        batchSize: texts.length,
      }),
    );
    const values = found.dataSync();
    found.dispose();
    return values;
  }
  return { scores, dispose: () => loaded.dispose() };
}
