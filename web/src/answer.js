// A classifier's answer in words, for the page and for the element.

/** @import { Classification } from "./predict.js" */

import * as words from "words";
import { fill, number } from "./words.js";

/** Below this, a label is not worth a line of its own. */
export const UNLIKELY = 0.01;

// From this on, a text may be none of the labels.
const LIKELY_OTHER = 0.5;

/**
 * Writes a probability in per cent; none is said to be 0 or 1.
 *
 * @param {number} share
 */
export function percent(share) {
  if (share < UNLIKELY) return fill(words.under, { share: 1 });
  if (share > 1 - UNLIKELY) return fill(words.over, { share: 99 });
  return `${number(100 * share, 1)} %`;
}

/**
 * Gives the verdict as a sentence that has "{label}" where the best label stands.
 *
 * @param {Classification} found
 * @param {() => boolean} isSeen whether the model knows a word in the script of the text
 */
export function verdictOn(found, isSeen) {
  if (!found.words) return words.empty;
  if (!found.labels.length) return isSeen() ? words.none_known : words.no_text_in_script;
  if (found.known === 1) return words.one_known;
  if (Number(found.other) >= LIKELY_OTHER) return words.none_of_them;
  return found.sure ? words.likely : words.unsure;
}

/**
 * Tells how much of a text was read, and known.
 *
 * @param {Classification} found
 */
export function readingOf({ known, read, words: count }) {
  if (!count) return "";
  if (read < count) return fill(words.words_cut, { read, words: count, known });
  if (count === 1) return known ? words.one_word_known : words.one_word_unknown;
  return fill(known ? words.words_known : words.words_none_known, { words: count, known });
}

/**
 * Shows a sentence in an element, the label in it set apart.
 *
 * @param {HTMLElement} element
 * @param {string} sentence
 * @param {string} label
 */
export function showSentence(element, sentence, label) {
  const [before, after] = sentence.split("{label}");
  element.textContent = before;
  if (after === undefined) return;
  const strong = document.createElement("strong");
  // A label may be in another script than the sentence.
  strong.dir = "auto";
  strong.textContent = label;
  element.appendChild(strong);
  element.appendChild(document.createTextNode(after));
}
