// The model's words, which constants.json holds front-coded.

/**
 * A front-coded vocabulary, in the order of the words' ids. Each word is as much of the word
 * before as its letter in `shared` says (A none, B one UTF-16 unit, and so on), and then its own
 * rest; ends of lines part the rests. The letters of words that are known by word vectors alone are
 * small.
 *
 * @typedef {{ shared: string, rests: string }} Vocabulary
 */

/** Gives how much a word shares with the one before by its letter, large or small. */
export const sharedBy = (/** @type {number} */ letter) => (letter & 31) - 1;

/** Tells by a word's letter whether the word is known by its vector alone. */
export const isByVector = (/** @type {number} */ letter) => letter > 96;

// The unit that ends a rest.
export const END = "\n".charCodeAt(0);

/**
 * Gives the words of a vocabulary in the order of their ids.
 *
 * @param {Vocabulary} vocabulary
 * @throws {Error} if it was cut short
 */
export function decodeWords(vocabulary) {
  const words = listWords(vocabulary);
  const { shared } = vocabulary;
  if (words.length !== shared.length) {
    const count = shared.length;
    throw new Error(`constants.json holds ${words.length} words, not ${count}: load it again`);
  }
  return words;
}

/**
 * Gives the same of a vocabulary that is known to be whole.
 *
 * @param {Vocabulary} vocabulary
 */
export function listWords({ shared, rests }) {
  let word = "";
  return rests
    .split("\n")
    .map((rest, place) => (word = word.slice(0, sharedBy(shared.charCodeAt(place))) + rest));
}
