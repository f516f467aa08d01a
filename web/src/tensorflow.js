// The same scores from TensorFlow.js itself, for either of its formats.

import { toBuffer, weightSpecs } from "./model.js";

const LOADERS = { "layers-model": "loadLayersModel", "graph-model": "loadGraphModel" };

/**
 * Returns a function from `(ids, weights)` of one text, or of many in a row, to their scores: a
 * Float32Array with one probability per text and label. `tf` is TensorFlow.js' namespace.
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
  const inputs = loaded.inputNames || loaded.inputNodes;

  return (ids, wordWeights) => {
    const rows = ids.length / constants.max_words;
    const scores = tf.tidy(() => {
      const shape = [rows, constants.max_words];
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
