// Which words of a text speak for a label, shown in the text itself.

/** @import { Explanation, WordShare } from "./predict.js" */

// Of the largest share, what a word must have for each strength of its tint.
const STRENGTHS = [0.05, 0.25, 0.6];

// Where no word has more, none speaks for or against.
const LEAST = 0.1;

// Longer texts are not tinted: they would be laid out twice.
const LONGEST = 50000;

// Words that are named beside the text, for the label and against it.
const NAMED = [5, 2];

/** @typedef {{ start: number, end: number, strength: number, speaks: "for" | "against" }} Tint */

/**
 * Gives the parts of a text to tint, in their order, and where what was read of it ends.
 *
 * @param {WordShare[]} words
 * @returns {{ tints: Tint[], end: number }}
 */
export function tintsOf(words) {
  const most = words.reduce((max, { share }) => Math.max(max, Math.abs(share)), LEAST);
  let end = 0;
  /** @type {Tint[]} */
  const tints = [];
  for (const { share, start, end: own } of words) {
    if (start === null || own === null || start < end) continue;
    end = own;
    const strength = STRENGTHS.filter((least) => Math.abs(share) >= least * most).length;
    const speaks = share > 0 ? "for" : "against";
    const last = tints[tints.length - 1];
    // Characters of scripts without spaces make one part where they stand together.
    if (last && last.end === start && last.strength === strength && last.speaks === speaks) {
      last.end = own;
    } else if (strength) tints.push({ start, end: own, strength, speaks });
  }
  return { tints, end };
}

/**
 * Shows the tints of a text in its mirror, and what was not read of it dimmed.
 *
 * @param {HTMLElement} mirror
 * @param {string} text
 * @param {Explanation | null} explanation
 * @param {boolean} isCut whether a part was not read
 */
export function showTints(mirror, text, explanation, isCut) {
  mirror.textContent = "";
  if (!explanation || text.length > LONGEST) return;
  const { tints, end } = tintsOf(explanation.words);
  const parts = document.createDocumentFragment();
  let done = 0;
  /** @param {number} to */
  const plain = (to) => {
    if (to > done) parts.appendChild(document.createTextNode(text.slice(done, to)));
    done = to;
  };
  for (const { start, end: to, strength, speaks } of tints) {
    plain(start);
    parts.appendChild(part("mark", `${speaks} s${strength}`, text.slice(start, to)));
    done = to;
  }
  if (isCut && end) {
    plain(end);
    parts.appendChild(part("span", "rest", text.slice(end)));
  } else {
    plain(text.length);
  }
  // A last line that is empty has no height without it.
  parts.appendChild(document.createTextNode("\u200b"));
  mirror.appendChild(parts);
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} text
 */
function part(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/**
 * Names the words that say most, for the label and against it, and those of the text that are known
 * by their vectors alone.
 *
 * @param {Explanation} explanation
 * @returns {{ speakFor: string[], against: string[], byVector: string[] }}
 */
export function namesOf({ words }) {
  /** @type {Map<string, number>} */
  const shares = new Map();
  for (const { text, share } of words) shares.set(text, (shares.get(text) || 0) + share);
  const most = Math.max(LEAST, ...Array.from(shares.values(), Math.abs));
  const named = Array.from(shares)
    .filter(([, share]) => Math.abs(share) >= STRENGTHS[0] * most)
    .sort((a, b) => b[1] - a[1]);
  const names = named.filter(([, share]) => share > 0).map(([text]) => text);
  const others = named.filter(([, share]) => share < 0).map(([text]) => text);
  return {
    speakFor: names.slice(0, NAMED[0]),
    against: others.reverse().slice(0, NAMED[1]),
    byVector: words.filter(({ byVector }) => byVector).map(({ text }) => text),
  };
}
