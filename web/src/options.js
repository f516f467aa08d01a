// What the options of `create` may be. What is expected of them is said by other.js, which is loaded
// where one fails.

/** @import { Rule } from "./errors.js" */

import { isFunction, isSignal } from "./errors.js";

/** @param {any} value */
const isText = (value) => typeof value === "string" && value !== "";

/** @type {{ [name: string]: Rule }} */
export const OPTIONS = {
  base: [(value) => isText(value) || value instanceof URL],
  model: [(value) => !!Object(value).constants],
  worker: [(value) => typeof value === "boolean" || !!Object(value).postMessage],
  runtime: [(value) => ["kernel", "layers", "graph"].includes(value)],
  signal: [isSignal],
  onProgress: [isFunction],
  trust: [(value) => [].concat(value).every(isText) && [].concat(value).length > 0],
  fetch: [isFunction],
};
