// What browsers of 2017 can run, for tests of scripts.

import assert from "node:assert/strict";
import { parse } from "acorn";

// What Safari 10.1 lacks and acorn, which knows syntax only, would let pass.
const NEWER_METHODS =
  /\.(normalize|replaceAll|flat|flatMap|fromEntries|at|finally|replaceChildren)\(/;

/**
 * Asserts that a script is classic and of ES2017, regular expressions included.
 *
 * @param {string} script
 * @param {string} name
 */
export function assertOld(script, name) {
  parse(script, { ecmaVersion: 2017, sourceType: "script" });
  assert.doesNotMatch(script, NEWER_METHODS, name);
}
