// Reads texts as the page does, in Node and in a browser, for Python to compare.

import { createEncoder } from "../../web/src/encode.js";
import { compileText } from "../../web/src/text.js";

// Fewer than the arguments that a call may have.
const UNITS = 0x2000;

// Not by a TextDecoder, which would replace lone surrogates.
function toString(units) {
  let string = "";
  for (let start = 0; start < units.length; start += UNITS) {
    string += String.fromCharCode.apply(null, units.subarray(start, start + UNITS));
  }
  return string;
}

/**
 * Reads job.json, `{constants, weights, parts}`, by `read(name)`, which gives an ArrayBuffer,
 * and for each part `{name, max_words, max_characters}` its texts from NAME.units (uint16) and
 * NAME.lengths (int32), little-endian. Gives to `write(name, bytes)` NAME.words (UTF-8, words
 * parted by spaces and texts by line ends), NAME.ids (int32, those of a text in ascending order),
 * NAME.counts (int32, how many those are, how many words are known and how many read) and, where
 * `weights` is true, NAME.weights (float32).
 */
export async function readTexts(read, write) {
  const job = JSON.parse(new TextDecoder().decode(await read("job.json")));
  const { constants, weights: wanted, parts } = job;
  for (const { name, max_words: slots, max_characters: most } of parts) {
    const text = Object.assign({}, constants.text, { max_characters: most });
    const { split } = compileText(text);
    const encode = createEncoder(Object.assign({}, constants, { text, max_words: slots }));
    const units = new Uint16Array(await read(`${name}.units`));
    const lengths = new Int32Array(await read(`${name}.lengths`));

    const words = [];
    const ids = [];
    const weights = [];
    const counts = new Int32Array(lengths.length * 3);
    let end = 0;
    lengths.forEach((length, row) => {
      const start = end;
      end += length;
      const string = toString(units.subarray(start, end));
      words.push(split(string).join(" "));
      const encoded = encode(string);
      const order = Array.from(encoded.ids, (id, place) => ({ id, place }));
      order.sort((a, b) => a.id - b.id);
      order.forEach(({ id, place }) => {
        ids.push(id);
        if (wanted) weights.push(encoded.weights[place]);
      });
      counts.set([order.length, encoded.known, encoded.read], row * 3);
    });
    await write(`${name}.words`, new TextEncoder().encode(words.join("\n")));
    await write(`${name}.ids`, Int32Array.from(ids));
    await write(`${name}.counts`, counts);
    if (wanted) await write(`${name}.weights`, Float32Array.from(weights));
  }
}
