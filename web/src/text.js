// Turns a text into words by the recipe in constants.json, which Python follows too. No rule is
// written down here a second time, and nothing depends on the browser's edition of Unicode.

/**
 * A text recipe, `text` of constants.json.
 *
 * @typedef {object} Recipe
 * @property {number} max_characters how many code points of a text are read
 * @property {[first: number, last: number, step: number, delta: number][]} lower each `step`th
 *   code point of a range, which becomes lower case by adding `delta`
 * @property {[first: number, last: number][]} separators ranges of code points that become a
 *   space, in order
 * @property {[pattern: string, replacement: string][]} replace what is then replaced, in order
 */

// With no `u` flag a character beyond U+FFFF is two units, and so is matched as a pair first;
// whatever surrogate is left for the second branch stands alone.
const BEYOND_ASCII = /[\ud800-\udbff][\udc00-\udfff]|[^\0-\x7f]/g;

const ASCII = /^[\0-\x7f]*$/;

/**
 * Compiles a recipe into a function from a text to its words.
 *
 * @param {Recipe} recipe
 * @returns {(text: string) => string[]}
 */
export function compileText({ max_characters: most, lower, separators, replace }) {
  /** @type {Map<string, string>} */
  const lowered = new Map();
  lower.forEach(([first, last, step, delta]) => {
    for (let point = first; point <= last; point += step) {
      lowered.set(String.fromCodePoint(point), String.fromCodePoint(point + delta));
    }
  });

  /** @param {string} character */
  function fold(character) {
    return (
      lowered.get(character) ||
      (isSeparator(/** @type {number} */ (character.codePointAt(0))) ? " " : character)
    );
  }

  /** @param {number} point */
  function isSeparator(point) {
    // A surrogate that stands alone is no character.
    if (point >= 0xd800 && point <= 0xdfff) return true;
    let start = 0;
    let end = separators.length;
    while (start < end) {
      const middle = (start + end) >> 1;
      if (separators[middle][1] < point) start = middle + 1;
      else end = middle;
    }
    return start < separators.length && separators[start][0] <= point;
  }

  // `u` makes `[^…]` match a whole character, as in Python; "$$" stands for a literal "$".
  const replacements = replace.map(
    /** @returns {[RegExp, string]} */
    ([pattern, replacement]) => [new RegExp(pattern, "gu"), replacement.split("$").join("$$")],
  );

  /** @param {string} text */
  function lowerCase(text) {
    // Of ASCII alone, the browser's own lower case is the rule's, and by far the fastest.
    if (ASCII.test(text)) return text.toLowerCase();
    return text
      .replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
      .replace(BEYOND_ASCII, fold);
  }

  return (text) =>
    replacements
      .reduce(
        (rest, [pattern, replacement]) => rest.replace(pattern, replacement),
        lowerCase(firstCharacters(text, most)),
      )
      .split(" ")
      .filter((word) => word !== "");
}

/**
 * Cuts a text after so many code points, as Python counts characters.
 *
 * @param {string} text
 * @param {number} most
 */
function firstCharacters(text, most) {
  if (text.length <= most) return text;
  let end = 0;
  for (let count = 0; count < most && end < text.length; count++) {
    end += /** @type {number} */ (text.codePointAt(end)) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}
