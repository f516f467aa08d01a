// Scores every text with all three engines, for Python to compare with its own scores.

import { createReadStream } from "node:fs";
import { mkdir, open, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { readOptions } from "./command.js";
import { createEncoder } from "./src/encode.js";
import { kernelScores } from "./src/kernel.js";
import { joinShards, weightPaths } from "./src/model.js";
import { tensorflowScores } from "./src/tensorflow.js";

const USAGE = `Usage: node web/verify.js --constants FILE --layers DIR --graph DIR --texts FILE \\
    --output DIR
Reads lines {"text": "…"} and writes to DIR, little-endian, a row per text: ids.bin (int32,
max_words a row) and layers.bin, graph.bin, kernel.bin (float32, a score per label a row).`;

// Keeps TensorFlow.js busy, while the embeddings of a batch stay small: 5 MB at 64 dimensions
// and 300 words.
const BATCH = 64;
const READ_BYTES = 1 << 20;
const PROGRESS_MILLISECONDS = 1000;

async function readModel(folder) {
  const model = JSON.parse(await readFile(join(folder, "model.json"), "utf8"));
  const shards = await Promise.all(weightPaths(model).map((path) => readFile(join(folder, path))));
  return { model, weights: joinShards(shards) };
}

// node:readline would end a line at U+2028 and U+2029 too, which JSON allows within a string.
async function* readLines(path) {
  let rest = "";
  const stream = createReadStream(path, { encoding: "utf8", highWaterMark: READ_BYTES });
  for await (const chunk of stream) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    yield* lines;
  }
  if (rest !== "") yield rest;
}

async function* readTexts(path) {
  let number = 0;
  for await (const line of readLines(path)) {
    number += 1;
    yield parseText(line, `${path}, line ${number}`);
  }
}

function parseText(line, place) {
  let record;
  try {
    record = JSON.parse(line);
  } catch (error) {
    throw new Error(`${place}: ${error.message}`);
  }
  if (typeof record?.text !== "string") throw new Error(`${place}: no string named text`);
  return record.text;
}

async function* inBatches(items, size) {
  let batch = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length) yield batch;
}

function encodeBatch(encode, texts, slots) {
  const ids = new Int32Array(texts.length * slots);
  const weights = new Float32Array(texts.length * slots);
  texts.forEach((text, row) => {
    const encoded = encode(text);
    ids.set(encoded.ids, row * slots);
    weights.set(encoded.weights, row * slots);
  });
  return { ids, weights };
}

/** Makes a function that scores one text score many in a row, as TensorFlow.js' does. */
const rowByRow = (toScores, slots, labels) => (ids, weights) => {
  const scores = new Float32Array((ids.length / slots) * labels);
  for (let start = 0, row = 0; start < ids.length; start += slots, row += 1) {
    const end = start + slots;
    scores.set(toScores(ids.subarray(start, end), weights.subarray(start, end)), row * labels);
  }
  return scores;
};

async function verify(options) {
  const constants = JSON.parse(await readFile(options.constants, "utf8"));
  const slots = constants.max_words;
  const encode = createEncoder(constants);

  const tf = createRequire(import.meta.url)("@tensorflow/tfjs/dist/tf.min.js");
  const layers = { constants, ...(await readModel(options.layers)) };
  const graph = { constants, ...(await readModel(options.graph)) };
  const engines = {
    layers: await tensorflowScores(tf, layers),
    graph: await tensorflowScores(tf, graph),
    kernel: rowByRow(kernelScores(layers), slots, constants.labels.length),
  };

  await mkdir(options.output, { recursive: true });
  const files = {};
  for (const name of ["ids", ...Object.keys(engines)]) {
    files[name] = await open(join(options.output, `${name}.bin`), "w");
  }

  let done = 0;
  let reported = Date.now();
  for await (const texts of inBatches(readTexts(options.texts), BATCH)) {
    const { ids, weights } = encodeBatch(encode, texts, slots);
    await files.ids.writeFile(ids);
    for (const [name, toScores] of Object.entries(engines)) {
      await files[name].writeFile(toScores(ids, weights));
    }
    done += texts.length;
    if (Date.now() - reported >= PROGRESS_MILLISECONDS) {
      console.error(`${done} texts scored`);
      reported = Date.now();
    }
  }
  for (const file of Object.values(files)) await file.close();
  console.error(`${done} texts scored by ${Object.keys(engines).join(", ")}`);
}

const file = { type: "string" };
const options = readOptions(USAGE, {
  constants: file,
  layers: file,
  graph: file,
  texts: file,
  output: file,
});
try {
  await verify(options);
} catch (error) {
  console.error(`verify.js: ${error.message}`);
  process.exit(1);
}
