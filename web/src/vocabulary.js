/**
 * Gives the words of a front-coded vocabulary, `{count, marks, coded}`, in the order of their
 * ids. In `coded` each word is a mark, whose place among `marks` says how many UTF-16 units the
 * word has in common with the one before, and then the rest of the word.
 */
export function decodeWords({ count, marks, coded }) {
  const shared = new Int8Array(0x10000).fill(-1);
  for (let place = 0; place < marks.length; place++) shared[marks.charCodeAt(place)] = place;

  const words = [];
  let word = "";
  for (let start = 0, end = 1; start < coded.length; start = end, end++) {
    while (end < coded.length && shared[coded.charCodeAt(end)] < 0) end++;
    word = word.slice(0, shared[coded.charCodeAt(start)]) + coded.slice(start + 1, end);
    words.push(word);
  }
  if (words.length !== count) {
    throw new Error(`constants.json holds ${words.length} words, not ${count}: load it again`);
  }
  return words;
}
