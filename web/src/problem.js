// What can go wrong between a site and a browser, each with a code for programs and a sentence for
// people.

import { problem } from "./errors.js";

/** @typedef {Error & { code: string }} Problem */

/** @type {(code: string, message: string) => Problem} */
export const fail = problem;

/**
 * Gives an error as one with a code: browsers name what their storage lacks, and of the rest only
 * say that it failed.
 *
 * @param {unknown} error
 * @returns {Problem}
 */
export function toProblem(error) {
  const { name, code, message } = /** @type {Problem} */ (error);
  if (typeof code === "string") return /** @type {Problem} */ (error);
  if (name === "QuotaExceededError") {
    return fail("quota", "This browser has no room left for it. Delete data of other sites");
  }
  return fail("storage", `This browser could not keep it: ${message || name}`);
}
