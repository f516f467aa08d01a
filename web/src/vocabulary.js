const NONE_SHARED = "A".charCodeAt(0);

/**
 * Gives the words of a front-coded vocabulary, `{shared, rests}`, in the order of their ids: each
 * is as much of the word before as its letter in `shared` says (A none, B one UTF-16 unit, and
 * so on), and then its own rest; spaces part the rests.
 */
export function decodeWords({ shared, rests }) {
  let word = "";
  const words = rests.split(" ").map((rest, place) => {
    word = word.slice(0, shared.charCodeAt(place) - NONE_SHARED) + rest;
    return word;
  });
  if (words.length !== shared.length) {
    const count = shared.length;
    throw new Error(`constants.json holds ${words.length} words, not ${count}: load it again`);
  }
  return words;
}
