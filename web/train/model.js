// Trains a model, chooses how it ships, and says what its answers are worth.

/**
 * @import { Recipe } from "../src/text.js"
 * @import { Matrix } from "./arithmetic.js"
 * @import { Shipped } from "./bundle.js"
 * @import { Candidate } from "./compression.js"
 * @import { Settings } from "./config.js"
 * @import { Features } from "./features.js"
 * @import { Weights } from "./training.js"
 * @import { Vocabulary } from "./vocabulary.js"
 */

import { addExactly, addSquares, largest, multiply, softmax } from "./arithmetic.js";
import { packConstants } from "./bundle.js";
import {
  choose,
  chooseWords,
  findBudget,
  firstColumns,
  frontOf,
  inCodePointOrder,
  narrow,
  NEAR,
  principalAxes,
  quantise,
  rowsOf,
  transpose,
  weigh,
} from "./compression.js";
import { countPosts, FIRST_WORD, join, pool, restrict, rowsWhere } from "./features.js";
import { calibrate, findTemperature, measure, sureFrom } from "./metrics.js";
import { Float, formatFixed } from "./python.js";
import { bestShare, logitsOf, SHARES, train, tryShares } from "./training.js";

const CURVE = ["loss", "accuracy", "val_loss", "val_accuracy"];

/**
 * A trained model: what ships, and what is said of it.
 *
 * @typedef {object} Trained
 * @property {string[]} words
 * @property {number[]} kept their ids among the vocabulary's
 * @property {Shipped} model
 * @property {{ [key: string]: unknown }} choice
 * @property {Buffer} constants
 * @property {Candidate[]} candidates
 * @property {Candidate} chosen
 * @property {number[][]} history of each epoch: loss and accuracy on what was learnt and validates
 * @property {Matrix} validation scores, from before the model had learnt from these posts
 */

/**
 * Trains on the training split, chooses on the validation split, and trains again on both.
 *
 * @param {Record<"train" | "validation" | "augmented", Features>} features
 * @param {Vocabulary} vocabulary
 * @param {Settings} settings
 * @param {Recipe} recipe
 * @param {(message: string) => void} say how far it is
 * @returns {Trained}
 */
export function trainModel(features, { words, labels }, settings, recipe, say) {
  const { name, model: how } = settings;
  const { validation } = features;
  const rowids = new Set(features.train.rowids);
  const learnt = join(
    features.train,
    rowsWhere(features.augmented, (row) => rowids.has(features.augmented.rowids[row])),
  );
  if (how.share === "auto") say("choosing naive Bayes' share");
  const recalls = how.share === "auto" ? tryShares(features.train, labels.length, how) : [];
  const share = how.share === "auto" ? bestShare(recalls) : how.share;
  /** @type {number[][]} */
  const history = [];
  const weights = train(learnt, labels.length, how, share, (epoch, margins) => {
    const measured = [features.train, validation].flatMap((posts) => measureMargins(posts, margins));
    history.push(measured);
    const figures = CURVE.map((name, place) => `${name} ${measured[place].toFixed(4)}`);
    say(`epoch ${epoch + 1} of ${how.epochs}: ${figures.join(", ")}`);
  });
  const temperature = findTemperature(logitsOf(validation, weights), validation.labels);

  const budget = findBudget(labels.length, how.budget_kb);
  const near = how.budget_kb === "auto" ? NEAR : 1;
  /** @param {string[]} some */
  const pack = (some) => packConstants("", labels, some, how.max_words, recipe, 1);
  say("weighing candidates");
  const candidates = weigh(weights, learnt, validation, words, temperature, pack, budget);
  const chosen = choose(candidates, budget, near);
  const kept = inCodePointOrder(chooseWords(weights.table, learnt).slice(0, chosen.words), words);
  const asked = restrict(validation, kept);
  const first = { table: rowsOf(weights.table, kept), bias: weights.bias };
  const rounded = logitsOfShipped(asked, ship(first, restrict(learnt, kept), chosen, temperature));
  const scores = softmax(rounded);
  const raw = softmax({ values: rounded.values.map((value) => value * temperature), width: rounded.width });

  say("training on both splits");
  const everything = restrict(join(features.train, validation, features.augmented), kept);
  const model = ship(train(everything, labels.length, how, share), everything, chosen, temperature);
  const unsureBelow = sureFrom(scores, validation.labels, how.sure_accuracy);
  const shippedWords = kept.map((id) => words[id - FIRST_WORD]);
  return {
    words: shippedWords,
    kept,
    model,
    choice: {
      ...chosen,
      recall: new Float(chosen.recall),
      loss: new Float(chosen.loss),
      budget,
      near: new Float(near),
      share: new Float(share),
      shares: recalls.map((recall, place) => ({ share: new Float(SHARES[place]), recall: new Float(recall) })),
      temperature: new Float(temperature),
      calibration_error: {
        before: new Float(calibrate(raw, validation.labels).expected_error),
        after: new Float(calibrate(scores, validation.labels).expected_error),
      },
      unsure_below: new Float(unsureBelow),
      sure_accuracy: new Float(how.sure_accuracy),
    },
    constants: packConstants(name, labels, shippedWords, how.max_words, recipe, unsureBelow),
    candidates,
    chosen,
    history,
    validation: scores,
  };
}

/**
 * Gives the mean squared hinge loss of a post, all labels added up, and the accuracy.
 *
 * @param {Features} posts
 * @param {Weights} weights
 */
function measureMargins(posts, weights) {
  const margins = logitsOf(posts, weights);
  const { values, width } = margins;
  const right = largest(margins).reduce((sum, best, row) => sum + Number(best === posts.labels[row]), 0);
  const missing = values.map((value, i) => {
    const isTrue = i % width === posts.labels[Math.floor(i / width)];
    return Math.max(1 + (isTrue ? -value : value), 0);
  });
  const count = posts.labels.length;
  return [addExactly(addSquares({ values: missing, width })) / count, right / count];
}

/**
 * Gives the model that ships. The axes, the columns' scales and the temperature stand in the dense
 * layer behind the table.
 *
 * @param {Weights} weights
 * @param {Features} posts those that it has learnt from
 * @param {Candidate} chosen
 * @param {number} temperature
 * @returns {Shipped}
 */
function ship(weights, posts, { width, levels }, temperature) {
  const axes = firstColumns(principalAxes(weights.table, countPosts(posts)), width);
  const { grid, scales } = quantise(narrow(weights.table, axes), levels);
  const turned = transpose(axes);
  return {
    grid,
    kernel: {
      values: Float32Array.from(
        turned.values,
        (value, i) => (scales[Math.floor(i / turned.width)] * value) / temperature,
      ),
      width: turned.width,
    },
    // Of two numbers in single precision, as NumPy divides them.
    bias: Float32Array.from(weights.bias, (value) => value / Math.fround(temperature)),
    levels,
  };
}

/**
 * Gives the logits of a model as it is while it is chosen: its layers are multiplied first.
 *
 * @param {Features} features
 * @param {Shipped} model
 */
const logitsOfShipped = (features, { grid, kernel, bias }) =>
  logitsOf(features, { table: multiply(grid, kernel), bias });

/**
 * Gives the scores of posts, and what they are worth.
 *
 * @param {Features} test of the words that ship
 * @param {Trained} trained
 * @param {Features} validation
 * @param {string[]} labels
 */
export function evaluateModel(test, { model, validation: scores }, validation, labels) {
  const turned = multiply(pool(test, model.grid), model.kernel);
  const found = softmax({
    values: turned.values.map((value, i) => value + model.bias[i % turned.width]),
    width: turned.width,
  });
  return {
    scores: found,
    metrics: {
      validation: measure(scores, validation.labels, labels),
      test: measure(found, test.labels, labels),
    },
  };
}

/**
 * Gives the learning curve as CSV, a line an epoch.
 *
 * @param {number[][]} history
 */
export const formatHistory = (history) =>
  formatCsv(
    ["epoch", ...CURVE],
    history.map((values, place) => [place + 1, ...values.map((value) => formatFixed(value, 6))]),
  );

/**
 * Gives the candidates as CSV: their bytes and worth, and which one is chosen.
 *
 * @param {Candidate[]} candidates
 * @param {Candidate} chosen
 */
export function formatCandidates(candidates, chosen) {
  const front = new Set(frontOf(candidates));
  return formatCsv(
    ["words", "width", "levels", "bytes", "recall@1", "loss", "front", "chosen"],
    candidates.map((each) => [
      each.words,
      each.width,
      each.levels,
      each.bytes,
      formatFixed(each.recall, 6),
      formatFixed(each.loss, 6),
      Number(front.has(each)),
      Number(each === chosen),
    ]),
  );
}

/**
 * @param {string[]} header
 * @param {(string | number)[][]} rows of numbers
 */
const formatCsv = (header, rows) => [header, ...rows].map((row) => `${row.join(",")}\n`).join("");
