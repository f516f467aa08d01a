// Trains a classifier from a database of labelled posts, in Node.js alone: the same splits,
// vocabulary, word ids and weights as Python's, by code that shares none with it.

/** @import { Splits } from "./splits.js" */

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { packLayers, sealConstants, SHARD } from "./bundle.js";
import { readSettings } from "./config.js";
import { digestFeatures, digestPosts } from "./digests.js";
import { endOnErrors } from "./errors.js";
import { makeFeatures, restrict } from "./features.js";
import { createReader } from "./grams.js";
import { evaluateModel, formatCandidates, formatHistory, trainModel } from "./model.js";
import { fetchPosts } from "./posts.js";
import { formatJson } from "./python.js";
import { compileRecipe } from "./recipe.js";
import { splitPosts } from "./splits.js";
import { makeVocabulary } from "./vocabulary.js";

const USAGE = `Usage: node web/train/index.js --config FILE [--config FILE …] --source DATABASE \\
    [--output FOLDER]
Trains a classifier as the configuration says and writes to FOLDER (data/node):
  constants.json, tfjs/layers/   what a browser needs, see web/src/classifier.js
  choice.json, metrics.json      what was chosen, and what it is worth
  candidates.json, labels.json, text.json, vocabulary.json, history.csv, sizes.csv
  digests.json                   of the rows of each split and of their features
DATABASE is the user's own (source.kind sqlite), or the one that snakemake makes of any source,
data/source/news.sqlite. Later files are laid over those before. The graph format of
TensorFlow.js is not written: it is made from a SavedModel, which Python alone makes.`;

/**
 * @param {string[]} configs
 * @param {string} source
 * @param {string} output
 */
function run(configs, source, output) {
  const settings = readSettings(configs);
  const recipe = compileRecipe(settings.text);
  const reader = createReader(recipe);

  const posts = fetchPosts(source, settings);
  say(`read ${posts.length} posts`);
  const splits = splitPosts(posts, settings, reader.split);
  say(`split: ${Object.entries(splits).map(([name, own]) => `${name} ${own.length}`).join(", ")}`);
  const vocabulary = makeVocabulary(splits, settings, reader);
  say(`kept ${vocabulary.words.length} words, pairs and pieces`);
  /** @param {keyof Splits} name */
  const encode = (name) => makeFeatures(splits[name], vocabulary, reader, settings.model.max_words);
  const features = {
    train: encode("train"),
    validation: encode("validation"),
    test: encode("test"),
    augmented: encode("augmented"),
  };
  const trained = trainModel(features, vocabulary, settings, recipe, say);
  const { chosen } = trained;
  say(`chosen: ${chosen.words} words, width ${chosen.width}, ${chosen.bytes} bytes`);
  const { scores, metrics } = evaluateModel(
    restrict(features.test, trained.kept),
    trained,
    vocabulary.labels,
  );
  for (const [name, measured] of Object.entries(metrics)) {
    const figures = Object.entries(measured).filter(([key]) => key.startsWith("recall@"));
    say(`${name}: ${figures.map(([key, value]) => `${key} ${Number(value).toFixed(4)}`).join(", ")}`);
  }

  const { "model.json": model, [SHARD]: shard } = packLayers(trained.model);
  write(output, {
    "constants.json": sealConstants(trained.constants, model, shard),
    "tfjs/layers/model.json": formatJson(model),
    [`tfjs/layers/${SHARD}`]: shard,
    "choice.json": formatJson(trained.choice),
    "metrics.json": formatJson(metrics),
    "candidates.json": formatJson(vocabulary.words),
    "labels.json": formatJson(vocabulary.labels),
    "text.json": formatJson(recipe),
    "vocabulary.json": formatJson(trained.words),
    "history.csv": formatHistory(trained.history),
    "sizes.csv": formatCandidates(trained.candidates, chosen),
    "scores.bin": Buffer.from(scores.values.buffer),
    "validation.bin": Buffer.from(trained.validation.values.buffer),
    "digests.json": formatJson({
      features: mapValues(features, digestFeatures),
      splits: mapValues(splits, digestPosts),
      versions: { node: process.versions.node, v8: process.versions.v8 },
    }),
  });
}

/**
 * @template Value, Result
 * @param {{ [key: string]: Value }} values
 * @param {(value: Value) => Result} change
 */
const mapValues = (values, change) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));

/**
 * Writes files to a folder: all of them beside first, then each to its place. What else is there
 * stays.
 *
 * @param {string} folder
 * @param {{ [path: string]: string | Buffer }} files
 */
function write(folder, files) {
  const part = join(folder, ".part");
  rmSync(part, { recursive: true, force: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(part, path)), { recursive: true });
    writeFileSync(join(part, path), content);
  }
  for (const path of Object.keys(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    renameSync(join(part, path), join(folder, path));
  }
  rmSync(part, { recursive: true });
}

/** @param {string} message */
const say = (message) => console.error(message);

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        config: { type: "string", multiple: true },
        source: { type: "string" },
        output: { type: "string", default: "data/node" },
        help: { type: "boolean" },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const { config, source, output } = values;
    if (!config || !source) throw new Error(`Option '--${config ? "source" : "config"}' is missing`);
    return { config, source, output };
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message}\n${USAGE}`);
    process.exit(2);
  }
}

const { config, source, output } = readArguments();
await endOnErrors(1, () => run(config, source, output));
