// The model's words, which constants.json holds front-coded.

/**
 * A front-coded vocabulary, in the order of the words' ids. Each word is as much of the word
 * before as its letter in `shared` says (A none, B one UTF-16 unit, and so on), and then its own
 * rest; ends of lines part the rests.
 *
 * @typedef {{ shared: string, rests: string }} Vocabulary
 */

export const NONE_SHARED = "A".charCodeAt(0);

// The unit that ends a rest.
export const END = "\n".charCodeAt(0);

/**
 * Gives the words of a vocabulary in the order of their ids.
 *
 * @param {Vocabulary} vocabulary
 * @throws {Error} if it was cut short
 */
export function decodeWords({ shared, rests }) {
  let word = "";
  const words = rests.split("\n").map((rest, place) => {
    word = word.slice(0, shared.charCodeAt(place) - NONE_SHARED) + rest;
    return word;
  });
  if (words.length !== shared.length) {
    const count = shared.length;
    throw new Error(`constants.json holds ${words.length} words, not ${count}: load it again`);
  }
  return words;
}
