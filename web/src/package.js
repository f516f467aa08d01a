// The npm package: the classifier with its model, so that predict works at once. What is imported
// and what is required read the same data.js, so that the model is in the package once. The build
// puts the line before this that reads it.

/**
 * @import { Constants } from "./encode.js"
 * @import { Model } from "./model.js"
 */

import { fromBase64 } from "./bytes.js";
import { createClassifier } from "./classifier.js";

/** @typedef {{ constants: Constants, model: Model, weights: string }} Data weights in base64 */

// data.js leaves the model there, as only a script can that is read alike as a module, by require,
// and by a browser without a bundler.
const scope = /** @type {{ [key: string]: any }} */ (typeof self === "undefined" ? global : self);
/** @type {Data} */
const { constants, model, weights } = scope[PROVENDER_DATA];

export const { labels, unsureBelow, classify, predict } = createClassifier({
  constants,
  model,
  weights: fromBase64(weights),
});
export { createClassifier, load } from "./classifier.js";
