// A worker that predicts off the page's own thread. It takes messages {id, text, count} and
// answers each by {id, labels, known, words, sure}, or {id, error} where it cannot.

import { load } from "./classifier.js";

// The address of the worker's script is what its requests are relative to.
const loading = load(".");

self.onmessage = async ({ data: { id, text, count } }) => {
  try {
    const classifier = await loading;
    self.postMessage(Object.assign({ id }, classifier.classify(text, { topK: count })));
  } catch (error) {
    self.postMessage({ id, error: /** @type {Error} */ (error).message });
  }
};
