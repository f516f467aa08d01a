// The bundle's model by TensorFlow.js' backend BACKEND; texts are encoded as the kernel has them.

/* global tf, BACKEND */

import { createEncoder } from "../../web/src/encode.js";
import { tensorflowScores } from "../../web/src/tensorflow.js";

const FORM = "/bundle/tfjs/graph";

// So many texts go through the model at once.
const BATCH = 64;

export async function open() {
  const json = async (name) => (await fetch(name)).json();
  const [constants, model] = await Promise.all([
    json("/bundle/constants.json"),
    json(`${FORM}/model.json`),
  ]);
  const [{ paths }] = model.weightsManifest;
  const weights = await (await fetch(`${FORM}/${paths[0]}`)).arrayBuffer();
  if (BACKEND === "wasm") tf.wasm.setWasmPaths("/peers/@tensorflow/tfjs-backend-wasm/dist/");
  const own = Object.create(tf, { setBackend: { value: () => tf.setBackend(BACKEND) } });
  const { scores } = await tensorflowScores(own, { constants, model, weights });
  if (tf.getBackend() !== BACKEND) throw new Error(`TensorFlow.js has no backend ${BACKEND} here`);
  const encode = createEncoder(constants);
  const { labels } = constants;

  function batch(texts) {
    const all = scores(texts.map((text) => encode(text)));
    return texts.map((_, place) => {
      const own = all.subarray(place * labels.length, (place + 1) * labels.length);
      return labels[own.indexOf(Math.max(...own))];
    });
  }
  return {
    answer: (text) => batch([text])[0],
    batch: (texts) =>
      texts.flatMap((_, start) =>
        start % BATCH ? [] : batch(texts.slice(start, start + BATCH)),
      ),
  };
}
