// A worker that classifies off the page's own thread. The page's side is remote.js: it sends
// {id, name, values}, the method and what it is given, and is answered {id, value}, or {id, error}
// where that failed, with the facts of the classifier where these have changed.
//
// By hand it takes messages {id, text, count} as well, answered {id, labels, known, words, read,
// sure, other}, or {id, error}, by the bundle that it is of.

/** @import { LocalClassifier } from "./create.js" */

import { create, load } from "./classifier.js";

/** @type {LocalClassifier} */
let classifier;
/** @type {ReturnType<typeof load> | undefined} */
let loading;

/**
 * @param {string} name
 * @param {any[]} values
 */
async function answer(name, values) {
  if (name === "create") {
    const onProgress = (/** @type {object} */ progress) => self.postMessage({ progress });
    classifier = await create(Object.assign({ onProgress }, values[0]));
    return null;
  }
  return /** @type {any} */ (classifier)[name](...values);
}

self.onmessage = async ({ data: { id, name, values, text, count } }) => {
  try {
    if (name) {
      const value = await answer(name, values);
      const { labels, unsureBelow } = classifier;
      const isNew = /^(create|checkForUpdate|rollback)$/.test(name);
      const facts = isNew ? { labels, unsureBelow, info: classifier.info() } : undefined;
      self.postMessage({ id, value, facts });
      return;
    }
    // The address of the worker's script is what its requests are relative to.
    loading = loading || load(".");
    self.postMessage(Object.assign({ id }, (await loading).classify(text, { topK: count })));
  } catch (error) {
    const { name: kind, message, code } = /** @type {Error & { code?: string }} */ (error);
    self.postMessage({ id, error: name ? { name: kind, message, code } : message });
  }
};
