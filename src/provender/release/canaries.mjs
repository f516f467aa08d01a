// Scores texts with a bundle's own classifier.js: node canaries.mjs BUNDLE MILLISECONDS, given
// {"texts", "count"} as JSON, prints [[[label, score], …], …], best first.
//
// A bundle may come from anyone, so its script runs in a context that holds nothing of this
// process's: text goes in, text comes out. Node's permissions, set by the caller, bound it too.

import { readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";

const ANSWER = `(() => {
  const { constants, model, weights, texts, count } = JSON.parse(input);
  const { predict } = Provender.createClassifier({
    constants, model, weights: Uint8Array.from(weights).buffer,
  });
  const answer = (text) => predict(text, count).map(({ label, score }) => [label, score]);
  return JSON.stringify(texts.map(answer));
})()`;

const [bundle, milliseconds] = process.argv.slice(2);
const limit = { timeout: Number(milliseconds) };
const read = (name) => readFileSync(join(bundle, name));
const { texts, count } = JSON.parse(readFileSync(0, "utf8"));

const model = JSON.parse(read("tfjs/layers/model.json"));
const shards = model.weightsManifest.flatMap((group) => group.paths);
const context = vm.createContext(Object.create(null), {
  codeGeneration: { strings: false, wasm: false },
});
context.input = JSON.stringify({
  constants: JSON.parse(read("constants.json")),
  model,
  weights: shards.flatMap((path) => [...read(`tfjs/layers/${path}`)]),
  texts,
  count,
});
let said;
let code = 0;
try {
  vm.runInContext(read("classifier.js").toString(), context, limit);
  said = asText(vm.runInContext(ANSWER, context, limit), "null");
} catch (error) {
  // Not for Node to show: it would hand its own functions to what was thrown.
  said = asText(Object(error).message, "it threw something");
  code = 1;
}
const bytes = Buffer.from(said);
for (let start = 0; start < bytes.length; ) start += writeSync(1, bytes, start);
// At once: whatever the bundle's script put off would run outside of the context's limits.
process.exit(code);

function asText(value, otherwise) {
  return typeof value === "string" ? value : otherwise;
}
