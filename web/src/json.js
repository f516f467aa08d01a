// JSON from outside, of whose shape nothing is known.

/** @import { Bytes } from "./bytes.js" */

/** @typedef {{ [key: string]: unknown }} JsonObject */

/**
 * @param {unknown} value
 * @returns {value is JsonObject}
 */
export const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Parses bytes as JSON in UTF-8; gives null where they are not a JSON object.
 *
 * @param {Bytes} bytes
 */
export function parseObject(bytes) {
  let value;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
  return isObject(value) ? value : null;
}

/**
 * Gives what an object itself has under a key, and nothing that all objects have.
 *
 * @template Value
 * @param {{ [key: string]: Value }} object
 * @param {string} key
 * @returns {Value | undefined}
 */
export const own = (object, key) =>
  Object.prototype.hasOwnProperty.call(object, key) ? object[key] : undefined;
