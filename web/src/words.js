// Sentences and numbers in the page's language. The build puts one of languages/ in place of
// "words", and of that what is used.

import { code, reasons } from "words";

/**
 * Fills values into the places of a sentence that have their names in braces.
 *
 * @param {string} sentence
 * @param {{ [name: string]: any }} values
 */
export const fill = (sentence, values) =>
  sentence.replace(/\{(\w+)\}/g, (_, name) =>
    typeof values[name] === "number" ? number(/** @type {number} */ (values[name])) : `${values[name]}`,
  );

/**
 * Writes a number.
 *
 * @param {number} value
 * @param {number} [digits] after the point
 */
export const number = (value, digits = 0) =>
  value.toLocaleString(code, { minimumFractionDigits: digits, maximumFractionDigits: digits });

/**
 * Says in the page's language why a version was refused; what English alone says follows, since it
 * may name a file.
 *
 * @param {{ code: string | null, reason: string | null }} found
 */
export function reasonOf({ code: name, reason }) {
  const own = /** @type {{ [code: string]: string | undefined }} */ (reasons)[`${name}`];
  return own ? `${own} (${reason})` : `${reason}`;
}
