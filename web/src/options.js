// What the options of `create` may be. What is expected of them is said by other.js, which is loaded
// where one fails.

import { isFunction, isSignal } from "./errors.js";

/** @param {any} value */
const isText = (value) => typeof value === "string" && value !== "";

/** @type {{ [name: string]: (value: any) => boolean }} */
export const PASSES = {
  base: (value) => isText(value) || value instanceof URL,
  model: (value) => !!Object(value).constants,
  worker: (value) => typeof value === "boolean" || !!Object(value).postMessage,
  runtime: (value) => ["kernel", "layers", "graph"].includes(value),
  signal: isSignal,
  onProgress: isFunction,
  trust: (value) => [].concat(value).every(isText) && [].concat(value).length > 0,
  fetch: isFunction,
};

/** @param {any} options */
export const passes = (options) =>
  options === undefined ||
  (Object(options) === options &&
    Object.keys(options).every(
      (name) => PASSES.hasOwnProperty(name) && (options[name] === undefined || PASSES[name](options[name])),
    ));
