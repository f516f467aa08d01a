// Turns a text into words by the recipe in constants.json, which Python follows too. No rule is
// written down here a second time, and nothing depends on the browser's edition of Unicode.

// With no `u` flag a character beyond U+FFFF is two units, and so is matched as a pair first;
// whatever surrogate is left for the second branch stands alone.
const BEYOND_ASCII = /[\ud800-\udbff][\udc00-\udfff]|[^\0-\x7f]/g;
const LONE_SURROGATE = /^[\ud800-\udfff]$/;

const ASCII = /^[\0-\x7f]*$/;

/**
 * Compiles a recipe, `{max_characters, lower, separators, replace}`, into a function from a text
 * to its words.
 */
export function compileText({ max_characters: most, lower, separators, replace }) {
  const known = new Map();

  // Few distinct characters occur, so each is looked up in the tables once and then remembered.
  function fold(character) {
    let folded = known.get(character);
    if (folded === undefined) {
      folded = foldOnce(character);
      known.set(character, folded);
    }
    return folded;
  }

  function foldOnce(character) {
    const point = character.codePointAt(0);
    if (LONE_SURROGATE.test(character)) return " ";
    if (separators.some(([first, last]) => first <= point && point <= last)) return " ";
    const range = lower.find(
      ([first, last, step]) => first <= point && point <= last && (point - first) % step === 0,
    );
    return range ? String.fromCodePoint(point + range[3]) : character;
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
