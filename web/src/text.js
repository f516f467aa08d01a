// Turns a text into words by the recipe in constants.json, which Python follows too. No rule is
// written down here a second time, and nothing depends on the browser's edition of Unicode.

/**
 * A text recipe, `text` of constants.json.
 *
 * @typedef {object} Recipe
 * @property {number} max_characters how many code points of a text are read
 * @property {string} pairs characters in threes: a composed one, and the two that make it
 * @property {[character: string, parts: string][]} parts what else comes apart
 * @property {number[]} classes marks, and in what order they stand before they are composed, as
 *   runs of three numbers: so many code points are none, so many are, of this order
 * @property {[first: number, last: number, step: number, delta: number][]} lower each `step`th
 *   code point of a range, which becomes lower case by adding `delta`
 * @property {[character: string, text: string][]} fold what else becomes another text
 * @property {number[]} separators code points that become a space, as gaps: so many are none, so
 *   many are, so many are none, …
 * @property {number[]} symbols code points that are words of their own, as gaps
 * @property {number[]} ignored code points that are left out, as gaps
 * @property {[pattern: string, replacement: string | null, needed: string][]} replace what is then
 *   replaced, in order, where a text has what each match needs; null: becomes a word of its own
 * @property {Grams} grams
 */

/**
 * What is read of a text besides its words: overlapping pieces, and pairs.
 *
 * @typedef {object} Grams
 * @property {number[]} characters code points that make up runs, which are no words, as gaps
 * @property {number[]} sizes of the pieces of runs, the smallest first; none: there are no runs
 * @property {number[]} words sizes of the pieces of words, the smallest first
 * @property {boolean} pairs whether two words side by side are read as one, too
 */

const ASCII = /^[\0-\x7f]*$/;

const HYPHEN = 0x2d;

// What is too much where the units of a syllable of Hangul are added up: 588 times the consonant's
// and 28 times the vowel's; and the syllable's and its end's.
const VOWELS = 0x28469c;
const ENDS = 0x11a7;

// More than there are orders of marks, and than a text has characters once they are apart.
const ORDERS = 0x100;
const CHARACTERS = 0x100000;

/**
 * Compiles a recipe into functions: from a text to its words and runs, from a word to whether it
 * is a run, and from a character to whether it is a mark.
 *
 * @param {Recipe} recipe
 */
export function compileText(recipe) {
  const { max_characters: most, fold } = recipe;
  // What only texts beyond ASCII need is made when the first of them comes.
  /** @type {ReturnType<typeof makeTables> | undefined} */
  let made;
  const tables = () => made || (made = makeTables(recipe));

  // "$$" stands for a literal "$".
  const replacements = recipe.replace.map(
    /** @returns {[RegExp, string, string]} */
    ([pattern, replacement, needed]) => [
      toRule(pattern),
      replacement === null ? " $& " : replacement.split("$").join("$$"),
      needed,
    ],
  );

  /** @param {string} text */
  function split(text) {
    // As Python counts characters; a pair that is cut in two is beyond them.
    if (text.length > most) text = Array.from(text.slice(0, 2 * most)).slice(0, most).join("");
    if (!ASCII.test(text)) text = tables().compose(text);
    // Letters of ASCII whose lower case is another in some language.
    fold.forEach(([character, other]) => {
      if (ASCII.test(character)) text = text.split(character).join(other);
    });
    // Of ASCII alone, the browser's own lower case is the rule's, and by far the fastest.
    text = ASCII.test(text) ? text.toLowerCase() : tables().foldText(text);
    replacements.forEach(([pattern, replacement, needed]) => {
      if (text.includes(needed)) text = text.replace(pattern, replacement);
    });
    if (!ASCII.test(text)) text = text.replace(tables().runs, " $& ");
    return text.match(/[^ ]+/g) || [];
  }

  return {
    split,
    /** @param {string} word */
    isRun: (word) => word > "\x7f" && !word.search(tables().runs),
    /** @param {string} character */
    isMark: (character) => tables().orders.has(character),
  };
}

/**
 * Makes what characters beyond ASCII are looked up in.
 *
 * @param {Recipe} recipe
 */
function makeTables({ classes, fold, grams, ignored, lower, pairs, parts, separators, symbols }) {
  const { fromCodePoint } = String;
  /** @type {Map<string, string>} */
  const folded = new Map(fold);
  lower.concat([[65, 90, 1, 32]]).forEach(([point, last, step, delta]) => {
    for (; point <= last; point += step) {
      folded.set(fromCodePoint(point), fromCodePoint(point + delta));
    }
  });

  const upper = toRule(`[${[...folded.keys()].join("")}]`);

  /** @type {Map<string, number>} */
  const orders = new Map();
  const marks = toClass(classes, 3, (point, order) => orders.set(fromCodePoint(point), order));
  /** @type {Map<string, string>} */
  const whole = new Map();
  const apart = new Map(parts);
  // What may change a text that has it.
  let changing = marks + [...apart.keys()].join("");
  (pairs.match(/.../gu) || []).forEach(([composed, first, second]) => {
    whole.set(first + second, composed);
    apart.set(composed, first + second);
    changing += second;
  });
  const changed = toRule(`[^${changing}]?[${changing}]+`);

  /** @param {string} text */
  const compose = (text) =>
    text
      .replace(changed, (part) => whole.get(part) || arrange(part))
      // Hangul: a consonant and a vowel, and then its end.
      .replace(/[\u1100-\u1112][\u1161-\u1175]/g, (both) =>
        fromCodePoint(both.charCodeAt(0) * 588 + both.charCodeAt(1) * 28 - VOWELS),
      )
      .replace(/[\uac00-\ud7a3][\u11a8-\u11c2]/g, (both) =>
        both.charCodeAt(0) % 28 === 16
          ? fromCodePoint(both.charCodeAt(0) + both.charCodeAt(1) - ENDS)
          : both,
      );

  /**
   * Composes a character and what stands on it.
   *
   * @param {string} part
   */
  function arrange(part) {
    /** @type {[character: string, key: number][]} */
    const characters = [];
    let base = 0;
    /** @param {string} text */
    function takeApart(text) {
      for (const character of text) {
        const other = apart.get(character);
        const order = orders.get(character);
        const place = characters.length;
        if (other) takeApart(other);
        else {
          if (!order) base = place * ORDERS;
          // Equal ones stay as they stand.
          characters.push([character, base + (order || 0) + place / CHARACTERS]);
        }
      }
    }
    takeApart(part);
    /** @type {string[]} */
    const result = [];
    // Where the last letter is.
    let start = 0;
    // The order of the last mark that stayed apart.
    let last = -1;
    characters
      // The marks behind a letter in their order, equal ones as they stand.
      .sort((a, b) => a[1] - b[1])
      .forEach(([character, key]) => {
        const order = key & (ORDERS - 1);
        const composed = last < order && whole.get(result[start] + character);
        if (composed) result[start] = composed;
        else {
          last = order || -1;
          if (!order) start = result.length;
          result.push(character);
        }
      });
    return result.join("");
  }

  const run = toClass(grams.sizes.length ? grams.characters : []);
  const separator = toRule(`[${toClass(separators)}\\ud800-\\udfff]`);
  const ignore = toRule(`[${toClass(ignored)}]`);
  const symbol = toRule(`[${toClass(symbols)}]`);
  return {
    compose,
    /** @param {string} text */
    foldText: (text) =>
      compose(
        text
          .replace(separator, " ")
          .replace(ignore, "")
          .replace(symbol, " $& ")
          .replace(upper, (character) => /** @type {string} */ (folded.get(character))),
      ),
    orders,
    // A mark belongs to what it stands on.
    runs: toRule(`[${run}][${run}${marks}]*`),
  };
}

/** @param {string} pattern */
const toRule = (pattern) => new RegExp(pattern, "gu");

/**
 * Gives what stands between the brackets of a class of characters.
 *
 * @param {number[]} runs so many code points are none, so many are; in threes, what these have
 * @param {number} size 2 or 3
 * @param {(point: number, value: number) => void} [note]
 */
function toClass(runs, size = 2, note) {
  let found = "";
  let point = 0;
  for (let place = 0; place < runs.length; place += size) {
    point += runs[place];
    if (note) for (let left = runs[place + 1]; left--; ) note(point + left, runs[place + 2]);
    found += String.fromCodePoint(point, HYPHEN, (point += runs[place + 1]) - 1);
  }
  return found;
}

