// What the commands build.js and verify.js have in common: their options.

import { parseArgs } from "node:util";

/**
 * An option, which must be given unless it is `optional`.
 *
 * @typedef {{ type: "string" | "boolean", optional?: boolean }} Option
 */

/**
 * The values of options, by their names.
 *
 * @template {{ [name: string]: Option }} Options
 * @typedef {{
 *   [Name in keyof Options]:
 *     Options[Name] extends { type: "boolean" } ? boolean | undefined
 *     : Options[Name] extends { optional: true } ? string | undefined : string
 * }} Values
 */

/**
 * Reads a command's options. Prints `usage` and ends the process on --help (exit code 0) and on
 * options that are wrong or lacking (exit code 2).
 *
 * @template {{ [name: string]: Option }} Options
 * @param {string} usage
 * @param {Options} options
 * @returns {Values<Options>}
 */
export function readOptions(usage, options) {
  try {
    /** @type {{ values: { [name: string]: unknown } }} */
    const { values } = parseArgs({ options: { ...options, help: { type: "boolean" } } });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    for (const [name, { optional }] of Object.entries(options)) {
      if (!optional && !values[name]) throw new Error(`Option '--${name}' is missing`);
    }
    return /** @type {Values<Options>} */ (values);
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message}\n${usage}`);
    process.exit(2);
  }
}
