// Compares what Node.js made with what Python made, and with a bundle: byte for byte, and where
// files are of another form, row for row.

/** @import { Digest } from "./digests.js" */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { readOptions } from "../command.js";
import { digestOf, SHARD } from "./bundle.js";
import { digestFeatures, digestPosts } from "./digests.js";
import { endOnErrors, isSaid } from "./errors.js";
import { formatJson, Float } from "./python.js";

const USAGE = `Usage: node web/train/compare.js --node FOLDER [--data FOLDER [--untrained]] \\
    [--bundle FOLDER] [--output FILE]
Compares what web/train/index.js wrote to FOLDER with the build of Python in --data FOLDER, and
with the bundle in --bundle FOLDER. Says of each part whether it is the same, and ends with exit
code 1 unless all are. --untrained: Python has trained no model. --output FILE: the same as JSON.`;

/** @typedef {{ [part: string]: boolean }} Parts */

// Files that are the same bytes in both builds, by their names in the build of Python; and those of
// a model.
const FILES = {
  "text.json": "vocabulary/text.json",
  "candidates.json": "vocabulary/candidates.json",
  "labels.json": "vocabulary/labels.json",
};
const OF_MODEL = {
  "vocabulary.json": "vocabulary/vocabulary.json",
  "choice.json": "model/choice.json",
  "history.csv": "model/history.csv",
  "sizes.csv": "reports/sizes.csv",
  [`tfjs/layers/${SHARD}`]: `tfjs/layers/${SHARD}`,
};

const SPLITS = ["train", "validation", "test", "augmented"];

// What a bundle has of a model's words and numbers.
const CONSTANTS = "constants.json";
const WEIGHTS = `tfjs/layers/${SHARD}`;

/** @param {string} path */
async function readParquet(path) {
  return parquetReadObjects({
    file: await asyncBufferFromFile(path),
    compressors: { ZSTD: (bytes) => zstdDecompressSync(bytes) },
  });
}

/** @param {{ [column: string]: any }[]} rows */
function toFeatures(rows) {
  let end = 0;
  return {
    rowids: rows.map(({ rowid }) => rowid),
    labels: Int32Array.from(rows, ({ label }) => label),
    starts: Int32Array.from([0, ...rows.map(({ ids }) => (end += ids.length))]),
    ids: Int32Array.from(rows.flatMap(({ ids }) => ids)),
    counts: Int32Array.from(rows.flatMap(({ counts }) => counts)),
  };
}

/**
 * @param {string} node
 * @param {string} data
 * @param {boolean} isTrained
 */
async function compareBuilds(node, data, isTrained) {
  /** @type {Parts} */
  const parts = {};
  /** @type {{ splits: { [split: string]: Digest }, features: { [split: string]: Digest } }} */
  const digests = JSON.parse(readFileSync(join(node, "digests.json"), "utf8"));
  for (const split of SPLITS) {
    const posts = await readParquet(join(data, "splits", `${split}.parquet`));
    parts[`splits/${split}`] = isSame(digests.splits[split], digestPosts(/** @type {any} */ (posts)));
    const features = toFeatures(await readParquet(join(data, "features", `${split}.parquet`)));
    parts[`features/${split}`] = isSame(digests.features[split], digestFeatures(features));
  }
  for (const [own, theirs] of Object.entries({ ...FILES, ...(isTrained && OF_MODEL) })) {
    parts[theirs] = isSameFile(join(node, own), join(data, theirs));
  }
  return parts;
}

/**
 * @param {Digest} one
 * @param {Digest} other
 */
const isSame = (one, other) => one.rows === other.rows && one.sha256 === other.sha256;

/**
 * @param {string} one
 * @param {string} other
 */
const isSameFile = (one, other) => readFileSync(one).equals(readFileSync(other));

/**
 * Tells whether a bundle has the constants that Node.js made, and binds them to its weights. By
 * what a text is told to have none of the labels, Python alone learns.
 *
 * @param {string} node
 * @param {string} bundle
 */
function hasSameConstants(node, bundle) {
  /** @param {string} folder */
  const read = (folder) => JSON.parse(readFileSync(join(folder, CONSTANTS), "utf8"));
  /** @param {object} constants */
  const common = (constants) =>
    JSON.stringify({ ...constants, other: undefined, digest: undefined });
  const [own, constants] = [read(node), read(bundle)];
  const model = JSON.parse(readFileSync(join(node, "tfjs/layers/model.json"), "utf8"));
  const weights = readFileSync(join(bundle, "tfjs/layers", SHARD));
  return common(own) === common(constants) && constants.digest === digestOf({ constants, model, weights });
}

/**
 * Gives how far scores of the test posts are from Python's, and how often the best label is one.
 *
 * @param {string} node
 * @param {string} data
 */
async function compareScores(node, data) {
  const bytes = readFileSync(join(node, "scores.bin"));
  const own = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const rows = await readParquet(join(data, "reports", "predictions.parquet"));
  let difference = 0;
  let same = 0;
  rows.forEach(({ scores }, row) => {
    const width = scores.length;
    const mine = own.subarray(row * width, (row + 1) * width);
    scores.forEach(
      /**
       * @param {number} score
       * @param {number} label
       */
      (score, label) => (difference = Math.max(difference, Math.abs(score - mine[label]))),
    );
    if (mine.indexOf(Math.max(...mine)) === scores.indexOf(Math.max(...scores))) same++;
  });
  if (rows.length * (rows[0]?.scores.length ?? 0) !== own.length) {
    isSaid(`${node} and ${data} are of different test splits: make both anew`);
  }
  return {
    posts: rows.length,
    same_best_label: new Float(same / rows.length),
    max_difference: new Float(difference),
  };
}

const options = readOptions(USAGE, {
  node: { type: "string" },
  data: { type: "string", optional: true },
  bundle: { type: "string", optional: true },
  output: { type: "string", optional: true },
  untrained: { type: "boolean", optional: true },
});

// Not the exit code for what differs.
await endOnErrors(2, async () => {
  const { node, data, bundle, output, untrained } = options;
  for (const folder of [node, data, bundle]) {
    if (folder && !existsSync(folder)) isSaid(`there is no folder ${folder}`);
  }
  const parts = data ? await compareBuilds(node, data, !untrained) : {};
  if (bundle) {
    parts[`bundle/${CONSTANTS}`] = hasSameConstants(node, bundle);
    parts[`bundle/${WEIGHTS}`] = isSameFile(join(node, WEIGHTS), join(bundle, WEIGHTS));
  }
  const scores = data && !untrained ? await compareScores(node, data) : undefined;
  const names = Object.keys(parts);
  const differing = names.filter((name) => !parts[name]);
  for (const name of differing) console.error(`${name} is not the same`);
  console.error(`${names.length - differing.length} of ${names.length} parts are the same`);
  if (output) writeFileSync(output, formatJson({ parts, ...(scores && { scores }) }));
  process.exitCode = differing.length ? 1 : 0;
});
