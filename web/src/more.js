// What is loaded when it is asked for: the page's side of a worker, and TensorFlow.js.

import { folderOf, loadScript, scope } from "./places.js";
import { createRemote } from "./remote.js";
import { tensorflowScores } from "./tensorflow.js";

/**
 * Loads TensorFlow.js, held to its digest.
 *
 * @param {string | URL} base
 * @param {string} digest
 */
function loadTensorFlow(base, digest) {
  // TensorFlow.js assigns to this global and, where there is none, evaluates a string to make
  // one, which the page's security policy forbids.
  if (!scope.tf) scope.regeneratorRuntime = undefined;
  const folder = folderOf(base).replace(/^file:\/\//, "");
  return loadScript(`${folder}/vendor/tf.min.js`, "tf", digest);
}

/** @typedef {typeof more} More */

export const more = { createRemote, loadTensorFlow, tensorflowScores };

scope.ProvenderMore = more;
