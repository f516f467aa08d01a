// Encodes texts as the page does, for Python to compare with its own ids and weights.
// Usage: node encode.mjs CONSTANTS TEXTS OUTPUT: JSON, a JSON array of texts, and a folder that
// gets ids.bin (int32) and weights.bin (float32), little-endian, max_words a row.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createEncoder } from "../../web/src/encode.js";

const [constantsPath, textsPath, output] = process.argv.slice(2);
const constants = JSON.parse(readFileSync(constantsPath, "utf8"));
const texts = JSON.parse(readFileSync(textsPath, "utf8"));
const encode = createEncoder(constants);

const ids = new Int32Array(texts.length * constants.max_words);
const weights = new Float32Array(ids.length);
texts.forEach((text, row) => {
  const encoded = encode(text);
  ids.set(encoded.ids, row * constants.max_words);
  weights.set(encoded.weights, row * constants.max_words);
});
writeFileSync(join(output, "ids.bin"), ids);
writeFileSync(join(output, "weights.bin"), weights);
