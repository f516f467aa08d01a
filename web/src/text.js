// Turns a text into words by the recipe in constants.json, which Python follows too. No rule is
// written down here a second time, and nothing depends on the browser's edition of Unicode.

// With no `u` flag a character beyond U+FFFF is two units, and so is matched as a pair first;
// whatever surrogate is left for the second branch stands alone.
const BEYOND_ASCII = /[\ud800-\udbff][\udc00-\udfff]|[^\0-\x7f]/g;

const ASCII = /^[\0-\x7f]*$/;

/**
 * Compiles a recipe, `{max_characters, lower, separators, replace}`, into a function from a text
 * to its words.
 */
export function compileText({ max_characters: most, lower, separators, replace }) {
  const lowered = new Map();
  lower.forEach(([first, last, step, delta]) => {
    for (let point = first; point <= last; point += step) {
      lowered.set(String.fromCodePoint(point), String.fromCodePoint(point + delta));
    }
  });

  function fold(character) {
    return lowered.get(character) || (isSeparator(character.codePointAt(0)) ? " " : character);
  }

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
  const replacements = replace.map(([pattern, replacement]) => [
    new RegExp(pattern, "gu"),
    replacement.split("$").join("$$"),
  ]);

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

/** Cuts a text after so many code points, as Python counts characters. */
function firstCharacters(text, most) {
  if (text.length <= most) return text;
  let end = 0;
  for (let count = 0; count < most && end < text.length; count++) {
    end += text.codePointAt(end) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}
