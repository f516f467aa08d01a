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

// With no `u` flag a character beyond U+FFFF is two units, and so is matched as a pair first;
// whatever surrogate is left for the second branch stands alone.
const BEYOND_ASCII = /[\ud800-\udbff][\udc00-\udfff]|[^\0-\x7f]/g;

const ASCII = /^[\0-\x7f]*$/;

// Hangul's vowels and final consonants, which compose by counting.
const JAMO = /[\u1161-\u1175\u11a8-\u11c2]/;

/**
 * Compiles a recipe into functions: from a text to its words and runs, and from a word to whether
 * it is a run, and from a character to whether it is a mark.
 *
 * @param {Recipe} recipe
 */
export function compileText(recipe) {
  const { max_characters: most, fold, replace } = recipe;
  // What only texts beyond ASCII need is made when the first of them comes.
  /** @type {ReturnType<typeof makeTables> | undefined} */
  let made;
  const tables = () => made || (made = makeTables(recipe));
  // Letters of ASCII whose lower case is another in some language.
  const special = fold.filter(([character]) => ASCII.test(character));

  // `u` makes `[^…]` match a whole character, as in Python; "$$" stands for a literal "$".
  const replacements = replace.map(
    /** @returns {[RegExp, string, string]} */
    ([pattern, replacement, needed]) => [
      new RegExp(pattern, "gu"),
      replacement === null ? " $& " : replacement.split("$").join("$$"),
      needed,
    ],
  );

  // From this rule on, each says what becomes of a character whatever stands beside it: of ASCII alone,
  // they are one look at each character.
  let simple = replace.length;
  while (simple && isSimple(replace[simple - 1])) simple--;
  const kinds = kindsOf(replacements.slice(simple));

  /** @param {string} text */
  function foldText(text) {
    const isPlain = ASCII.test(text);
    if (!isPlain) text = tables().compose(text);
    special.forEach(([character, other]) => {
      text = text.split(character).join(other);
    });
    // Of ASCII alone, the browser's own lower case is the rule's, and by far the fastest.
    if (ASCII.test(text)) return text.toLowerCase();
    text = text
      .replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
      .replace(BEYOND_ASCII, tables().foldOne);
    return isPlain ? text : tables().compose(text);
  }

  /** @param {string} character */
  const startsRun = (character) =>
    character > "\x7f" && tables().isInRun(/** @type {number} */ (character.codePointAt(0)));
  /** @param {string} character */
  const isMark = (character) => tables().isMark(character);

  /**
   * Appends a word, or its runs and what stands between them.
   *
   * @param {string[]} words
   * @param {string} word
   */
  function append(words, word) {
    if (!word) return words;
    if (ASCII.test(word)) {
      words.push(word);
      return words;
    }
    let part = "";
    let isRun = false;
    for (const character of word) {
      // A mark belongs to what it stands on.
      if (!isMark(character) && startsRun(character) !== isRun) {
        if (part) words.push(part);
        part = "";
        isRun = !isRun;
      }
      part += character;
    }
    words.push(part);
    return words;
  }

  /** @param {string} text */
  function split(text) {
    let rest = foldText(firstCharacters(text, most));
    for (let rule = 0; rule < replacements.length; rule++) {
      if (rule === simple && ASCII.test(rest)) return splitByKinds(rest, kinds);
      const [pattern, replacement, needed] = replacements[rule];
      if (rest.includes(needed)) rest = rest.replace(pattern, replacement);
    }
    const words = rest.split(" ");
    return ASCII.test(rest)
      ? words.filter(Boolean)
      : words.reduce(append, /** @type {string[]} */ ([]));
  }

  return { split, isRun: startsRun, isMark };
}

// What a character is: part of a word, nothing but an end, or a word of its own.
const [PART, GAP, OWN] = [0, 1, 2];

// A class of characters, for one of them or a run.
const CLASS = /^\[(?:[^\\\]]|\\.)+\](\+?)$/;

/**
 * Tells whether a rule is about each character by itself: it parts words at it, or sets it apart.
 *
 * @param {Recipe["replace"][number]} rule
 */
function isSimple([pattern, replacement]) {
  const found = CLASS.exec(pattern);
  return !!found && (replacement === null ? !found[1] : /^ +$/.test(replacement));
}

/**
 * Gives what each character of ASCII is by simple rules.
 *
 * @param {[RegExp, string, string][]} rules
 */
const kindsOf = (rules) =>
  Uint8Array.from({ length: 128 }, (_, code) => {
    const character = String.fromCharCode(code);
    const text = rules.reduce((rest, [pattern, to]) => rest.replace(pattern, to), character);
    return text === character && text !== " " ? PART : /[^ ]/.test(text) ? OWN : GAP;
  });

/**
 * Splits a text of ASCII.
 *
 * @param {string} text
 * @param {Uint8Array} kinds
 */
function splitByKinds(text, kinds) {
  /** @type {string[]} */
  const words = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const kind = kinds[text.charCodeAt(i)];
    if (kind === PART) continue;
    if (i > start) words.push(text.slice(start, i));
    if (kind === OWN) words.push(text[i]);
    start = i + 1;
  }
  if (start < text.length) words.push(text.slice(start));
  return words;
}

/**
 * Makes what characters beyond ASCII are looked up in.
 *
 * @param {Recipe} recipe
 */
function makeTables(recipe) {
  const orders = ordersOf(recipe);
  /** @type {Map<string, string>} */
  const folded = new Map(recipe.fold);
  recipe.lower.forEach(([first, last, step, delta]) => {
    for (let point = first; point <= last; point += step) {
      folded.set(String.fromCodePoint(point), String.fromCodePoint(point + delta));
    }
  });
  const isSeparator = memberOf(recipe.separators);
  const isSymbol = memberOf(recipe.symbols);
  const isIgnored = memberOf(recipe.ignored);

  /** @param {string} character */
  function foldOne(character) {
    const point = /** @type {number} */ (character.codePointAt(0));
    // A surrogate that stands alone is no character.
    if ((point >= 0xd800 && point <= 0xdfff) || isSeparator(point)) return " ";
    if (isIgnored(point)) return "";
    const other = folded.get(character) || character;
    return isSymbol(point) ? ` ${other} ` : other;
  }

  const { sizes, characters } = recipe.grams;
  return {
    compose: composer(recipe, orders),
    foldOne,
    isInRun: memberOf(sizes.length ? characters : []),
    /** @param {string} character */
    isMark: (character) => !!orders.get(character),
  };
}

/**
 * Gives where runs of code points begin and end, in turn.
 *
 * @param {number[]} gaps
 */
function edgesOf(gaps) {
  let sum = 0;
  return gaps.map((gap) => (sum += gap));
}

/**
 * Makes a test of whether a code point is in a list of gaps.
 *
 * @param {number[]} gaps
 */
function memberOf(gaps) {
  const edges = edgesOf(gaps);
  /** @param {number} point */
  return (point) => {
    let start = 0;
    let end = edges.length;
    while (start < end) {
      const middle = (start + end) >> 1;
      if (edges[middle] <= point) start = middle + 1;
      else end = middle;
    }
    return start % 2 === 1;
  };
}

/**
 * Gives the order of each mark.
 *
 * @param {Recipe} recipe
 */
function ordersOf({ classes }) {
  /** @type {Map<string, number>} */
  const orders = new Map();
  let point = 0;
  for (let place = 0; place < classes.length; place += 3) {
    const [gap, length, order] = classes.slice(place, place + 3);
    point += gap;
    for (const end = point + length; point < end; point++) {
      orders.set(String.fromCodePoint(point), order);
    }
  }
  return orders;
}

/**
 * Makes the function that composes texts canonically, as far as the tables reach.
 *
 * @param {Recipe} recipe
 * @param {Map<string, number>} orders of marks; what else may change a text is added, as 0
 * @returns {(text: string) => string}
 */
function composer({ pairs, parts }, orders) {
  /** @type {Map<string, string>} */
  const whole = new Map();
  const apart = new Map(parts);
  apart.forEach((_, character) => orders.set(character, 0));
  const characters = Array.from(pairs);
  for (let place = 0; place < characters.length; place += 3) {
    const [composed, first, second] = characters.slice(place, place + 3);
    whole.set(first + second, composed);
    apart.set(composed, first + second);
    // Its own order, if it is a mark.
    orders.set(second, orders.get(second) || 0);
  }

  /**
   * @param {string[]} characters
   * @param {string} text
   * @returns {string[]}
   */
  function takeApart(characters, text) {
    for (const character of text) {
      const other = apart.get(character);
      if (other) takeApart(characters, other);
      else characters.push(character);
    }
    return characters;
  }

  return (text) => {
    if (
      !JAMO.test(text) &&
      !(text.match(BEYOND_ASCII) || []).some((character) => orders.has(character))
    ) {
      return text;
    }
    let base = 0;
    /** @type {string[]} */
    const result = [];
    let start = 0;
    // The order of the last mark that stayed apart.
    let last = -1;
    takeApart([], text)
      // The marks behind a letter in their order, equal ones as they stand.
      .map((character, place) => {
        const order = orders.get(character) || 0;
        if (!order) base = place;
        return { base, order, place, character };
      })
      .sort((a, b) => a.base - b.base || a.order - b.order || a.place - b.place)
      .forEach(({ order, character }) => {
        const before = result[start];
        const composed =
          before && last < order && (whole.get(before + character) || syllable(before, character));
        if (composed) {
          result[start] = composed;
          return;
        }
        last = order || -1;
        if (!order) start = result.length;
        result.push(character);
      });
    return result.join("");
  };
}

/**
 * Composes a syllable of Hangul, of a consonant and a vowel or of a syllable and its end.
 *
 * @param {string} first
 * @param {string} second
 */
function syllable(first, second) {
  const start = first.charCodeAt(0);
  const next = second.charCodeAt(0);
  const [lead, vowel, end] = [start - 0x1100, next - 0x1161, next - 0x11a7];
  if (lead >= 0 && lead < 19 && vowel >= 0 && vowel < 21) {
    return String.fromCharCode(0xac00 + (lead * 21 + vowel) * 28);
  }
  const isOpen = start >= 0xac00 && start < 0xd7a4 && (start - 0xac00) % 28 === 0;
  return isOpen && end > 0 && end < 28 ? String.fromCharCode(start + end) : "";
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
