// Answers texts as the page does, for Python to compare with its own.
// Usage: node answers.mjs BUNDLE FILE: a JSON array of texts; prints a JSON array of what classify
// gives for each.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClassifier } from "../../web/src/classifier.js";

const [bundle, texts] = process.argv.slice(2);
const read = (...path) => readFileSync(join(bundle, ...path));
const layers = ["tfjs", "layers"];
const { classify } = createClassifier({
  constants: JSON.parse(read("constants.json")),
  model: JSON.parse(read(...layers, "model.json")),
  weights: read(...layers, "group1-shard1of1.bin"),
});
console.log(JSON.stringify(JSON.parse(readFileSync(texts)).map((text) => classify(text))));
