// Scores texts with a bundle's own classifier.js: node canaries.mjs BUNDLE < {"texts", "count"}
// prints [[[label, score], …], …], best first.
//
// A bundle may come from anyone, so its script runs in a context that holds nothing of this
// process's: text goes in, text comes out. Node's permissions, set by the caller, bound it too.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";

// A bundle answers in thousandths of a second; one that loops forever is no classifier.
const MILLISECONDS = 60_000;

const ANSWER = `(() => {
  const { constants, model, weights, texts, count } = JSON.parse(input);
  const { predict } = Provender.createClassifier({
    constants, model, weights: Uint8Array.from(weights).buffer,
  });
  const answer = (text) => predict(text, count).map(({ label, score }) => [label, score]);
  return JSON.stringify(texts.map(answer));
})()`;

const [bundle] = process.argv.slice(2);
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
vm.runInContext(read("classifier.js").toString(), context, { timeout: MILLISECONDS });
const answer = vm.runInContext(ANSWER, context, { timeout: MILLISECONDS });
process.stdout.write(typeof answer === "string" ? answer : "null");
