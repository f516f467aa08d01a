// Scores every text with all three engines, for Python to compare with its own scores.

/**
 * @import { FileHandle } from "node:fs/promises"
 * @import { Option } from "./command.js"
 * @import { Parts } from "./src/model.js"
 * @import { Constants, Encoded } from "./src/encode.js"
 * @import { Model } from "./src/model.js"
 * @import { TensorFlow } from "./types/tensorflow.js"
 */

import { createReadStream } from "node:fs";
import { mkdir, open, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { readOptions } from "./command.js";
import { createEncoder } from "./src/encode.js";
import { createKernel, softmax } from "./src/kernel.js";
import { joinShards, weightPaths } from "./src/model.js";
import { tensorflowScores } from "./src/tensorflow.js";
import { checkTopology } from "./topology.js";

const USAGE = `Usage: node web/verify.js --constants FILE --layers DIR [--graph DIR] --texts FILE \\
    --output DIR [--every N]
Reads lines {"text": "…"} and writes to DIR, little-endian, a row per text: layers.bin, graph.bin,
kernel.bin (float32, a score per label a row), ids.bin (int32, those of a text in ascending order),
and lengths.bin (int32, how many those are). With --every, layers.bin and graph.bin have a row for
the first of each N texts.`;

// Keeps TensorFlow.js busy, while the numbers of a batch stay few: 5 MB for 20,000 words.
const BATCH = 64;
const READ_BYTES = 1 << 20;
const PROGRESS_MILLISECONDS = 1000;

/** @param {string} folder */
async function readModel(folder) {
  /** @type {Model} */
  const model = JSON.parse(await readFile(join(folder, "model.json"), "utf8"));
  const shards = await Promise.all(weightPaths(model).map((path) => readFile(join(folder, path))));
  return { model, weights: joinShards(shards) };
}

/**
 * Reads a file line by line. Node's own readline would end a line at U+2028 and U+2029 too, which
 * JSON allows within a string.
 *
 * @param {string} path
 */
async function* readLines(path) {
  let rest = "";
  const stream = createReadStream(path, { encoding: "utf8", highWaterMark: READ_BYTES });
  for await (const chunk of stream) {
    const lines = (rest + chunk).split("\n");
    rest = /** @type {string} */ (lines.pop());
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** @param {string} path */
async function* readTexts(path) {
  let number = 0;
  for await (const line of readLines(path)) {
    number += 1;
    yield parseText(line, `${path}, line ${number}`);
  }
}

/**
 * @param {string} line
 * @param {string} place
 * @returns {string}
 */
function parseText(line, place) {
  let record;
  try {
    record = JSON.parse(line);
  } catch (error) {
    throw new Error(`${place}: ${/** @type {Error} */ (error).message}`);
  }
  if (typeof record?.text !== "string") throw new Error(`${place}: no string named text`);
  return record.text;
}

/** @param {Int32Array} numbers */
const toBytes = (numbers) => Buffer.from(numbers.buffer);

/**
 * @template Item
 * @param {AsyncIterable<Item>} items
 * @param {number} size
 */
async function* inBatches(items, size) {
  /** @type {Item[]} */
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

/**
 * @param {Record<"constants" | "layers" | "texts" | "output", string>
 *   & { graph?: string, every?: string }} options
 */
async function verify(options) {
  /** @type {Constants} */
  const constants = JSON.parse(await readFile(options.constants, "utf8"));
  const encode = createEncoder(constants);

  /** @type {TensorFlow} */
  const tf = createRequire(import.meta.url)("@tensorflow/tfjs/dist/tf.min.js");
  const layers = { constants, ...(await readModel(options.layers)) };
  checkTopology(layers.model, constants.words.shared.length + 2, constants.labels.length);
  const { logits } = createKernel(layers);
  const scoresOf = async (/** @type {Parts} */ parts) => (await tensorflowScores(tf, parts)).scores;
  const engines = {
    layers: await scoresOf(layers),
    ...(options.graph && {
      graph: await scoresOf({ constants, ...(await readModel(options.graph)) }),
    }),
    /** @param {Encoded[]} texts */
    kernel(texts) {
      const width = constants.labels.length;
      const found = new Float32Array(texts.length * width);
      texts.forEach((text, row) => found.set(softmax(logits(text)), row * width));
      return found;
    },
  };

  await mkdir(options.output, { recursive: true });
  /** @type {{ [name: string]: FileHandle }} */
  const files = {};
  for (const name of ["lengths", "ids", ...Object.keys(engines)]) {
    files[name] = await open(join(options.output, `${name}.bin`), "w");
  }

  const every = Number(options.every || 1);
  if (!(every >= 1 && every % 1 === 0)) throw new Error("--every is no whole number from 1 on");
  let done = 0;
  let reported = Date.now();
  for await (const texts of inBatches(readTexts(options.texts), BATCH)) {
    const encoded = texts.map((text) => encode(text));
    await files.lengths.writeFile(Int32Array.from(encoded, ({ ids }) => ids.length));
    await files.ids.writeFile(Buffer.concat(encoded.map(({ ids }) => toBytes(ids.slice().sort()))));
    const some = encoded.filter((_, place) => (done + place) % every === 0);
    for (const [name, score] of Object.entries(engines)) {
      const asked = name === "kernel" ? encoded : some;
      if (asked.length) await files[name].writeFile(score(asked));
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

/** @type {Option} */
const file = { type: "string" };
const options = readOptions(USAGE, {
  constants: file,
  layers: file,
  graph: { ...file, optional: true },
  texts: file,
  output: file,
  every: { ...file, optional: true },
});
try {
  await verify(options);
} catch (error) {
  console.error(`verify.js: ${/** @type {Error} */ (error).message}`);
  process.exit(1);
}
