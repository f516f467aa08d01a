// Trains a model, chooses how it ships, and says what its answers are worth.

/**
 * @import { Recipe } from "../src/text.js"
 * @import { Matrix } from "./arithmetic.js"
 * @import { Shipped } from "./bundle.js"
 * @import { Candidate, Part } from "./compression.js"
 * @import { Settings } from "./config.js"
 * @import { Features } from "./features.js"
 * @import { Answered, Report, Training, Weights } from "./training.js"
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
import { countBlocks, countFeatures, deal } from "./blocks.js";
import { countPosts, FIRST_WORD, join, pool, restrict, rowsWhere } from "./features.js";
import { calibrate, findTemperature, measure, sureFrom } from "./metrics.js";
import { Float, formatFixed } from "./python.js";
import {
  assignFolds,
  bestOf,
  COST,
  FOLDS,
  isBetter,
  logitsOf,
  LOW_COST,
  MOST_ASKED,
  recallOf,
  SHARES,
  train,
  tryShares,
} from "./training.js";

// With fewer texts to validate, all that is chosen by parts of the training split.
const FEW_TEXTS = 100;

// Of the validation split, at most half as many features as of what is learnt from are read.
const VALIDATION_PART = 2;

// Pieces of words have a space before them, and one behind where their word ends.
const PAIR = /[^ ] [^ ]/;

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
 * @property {Features} validated these posts
 */

/**
 * Trains on the training split, chooses on the validation split, or on parts of the training split
 * where that is too small, and trains again on both. Of many posts a part chooses, and the training
 * split is learnt from in blocks.
 *
 * @param {Record<"train" | "validation" | "augmented", Features>} features
 * @param {Vocabulary} vocabulary
 * @param {Settings} settings
 * @param {Recipe} recipe
 * @param {(message: string) => void} say how far it is
 * @returns {Trained}
 */
export function trainModel(features, vocabulary, settings, recipe, say) {
  const { name } = settings;
  const { labels } = vocabulary;
  const size = countFeatures(features.train, features.augmented);
  const askedSize = VALIDATION_PART * countFeatures(features.validation);
  const inBlocks = countBlocks(size + askedSize) > 1;
  const count = inBlocks ? countBlocks(size) : 1;
  const part = countBlocks(askedSize);
  /** @param {Features} posts */
  const someOf = (posts) => (count > 1 ? rowsWhere(posts, (row) => row % count === 0) : posts);
  const { share, cost, ids, ...told } = chooseTraining(
    someOf(features.train),
    vocabulary,
    settings.model,
    say,
  );
  const how = { ...settings.model, cost };
  const words = ids.map((id) => vocabulary.words[id - FIRST_WORD]);
  if (words.length < vocabulary.words.length) {
    const { train: learnt, validation: asked, augmented } = features;
    features = {
      train: restrict(learnt, ids),
      validation: restrict(asked, ids),
      augmented: restrict(augmented, ids),
    };
  }
  const chosenFrom = someOf(features.train);
  const validation = part > 1 ? rowsWhere(features.validation, (row) => row % part === 0) : features.validation;
  /** @param {Features} posts */
  const withAugmented = (posts) => {
    const rowids = new Set(posts.rowids);
    const { augmented } = features;
    return join(posts, rowsWhere(augmented, (row) => rowids.has(augmented.rowids[row])));
  };
  const learnt = withAugmented(chosenFrom);
  /** @type {number[][]} */
  const history = [];
  /**
   * @param {Features[]} both what is learnt from, and what is not
   * @returns {Report}
   */
  const follow = (both) => (epoch, margins) => {
    const measured = both.flatMap((posts) => measureMargins(posts, margins));
    history.push(measured);
    const figures = CURVE.map((name, place) => `${name} ${measured[place].toFixed(4)}`);
    say(`epoch ${epoch + 1} of ${how.epochs}: ${figures.join(", ")}`);
  };
  const weights = train(
    [learnt],
    labels.length,
    how,
    share,
    inBlocks ? undefined : follow([chosenFrom, validation]),
  );
  const whole = { weights, learnt, asked: validation, order: chooseWords(weights.table, learnt) };
  const few = validation.labels.length < FEW_TEXTS;
  if (few) say("cross-validation");
  const parts = few
    ? crossValidate({ ...features, train: chosenFrom }, labels.length, how, share)
    : [whole];
  const exact = stack(parts.map(({ asked, weights }) => logitsOf(asked, weights)), labels.length);
  /** @type {Int32Array} */
  let truth = Int32Array.from(parts.flatMap(({ asked }) => [...asked.labels]));
  let temperature = findTemperature(exact, truth);

  const budget = findBudget(labels.length, how.budget_kb);
  const near = how.budget_kb === "auto" ? NEAR : 1;
  /** @param {string[]} some */
  const pack = (some) => packConstants("", labels, some, how.max_words, recipe, 1);
  say("weighing candidates");
  const candidates = weigh(whole, parts, words, temperature, pack, budget);
  const chosen = choose(candidates, budget, near);
  const kept = inCodePointOrder(whole.order.slice(0, chosen.words), words);
  let model;
  let predicted;
  let rounded;
  if (inBlocks) {
    say(`training in ${count} blocks`);
    const asked = restrict(validation, kept);
    const blocks = deal(restrict(withAugmented(features.train), kept), count);
    const report = follow([restrict(chosenFrom, kept), asked]);
    const final = train(blocks, labels.length, how, share, report);
    if (!few) temperature = findTemperature(logitsOf(asked, final), asked.labels);
    model = ship(final, blocks, chosen, temperature);
    predicted = rounded = logitsOfShipped(asked, model);
    truth = asked.labels;
  } else {
    predicted = answer(whole, kept, chosen, temperature);
    rounded = few
      ? stack(
          parts.map((part) => answer(part, part.order.slice(0, chosen.words), chosen, temperature)),
          labels.length,
        )
      : predicted;
    say("training on both splits");
    const everything = [restrict(join(features.train, validation, features.augmented), kept)];
    model = ship(train(everything, labels.length, how, share), everything, chosen, temperature);
  }
  const scores = softmax(rounded);
  const raw = softmax({ values: rounded.values.map((value) => value * temperature), width: rounded.width });
  const unsureBelow = sureFrom(scores, truth, how.sure_accuracy);
  const shippedWords = kept.map((id) => words[id - FIRST_WORD]);
  return {
    words: shippedWords,
    kept: kept.map((id) => ids[id - FIRST_WORD]),
    model,
    choice: {
      ...chosen,
      recall: new Float(chosen.recall),
      loss: new Float(chosen.loss),
      budget,
      near: new Float(near),
      share: new Float(share),
      cost: new Float(cost),
      ...told,
      temperature: new Float(temperature),
      calibration_error: {
        before: new Float(calibrate(raw, truth).expected_error),
        after: new Float(calibrate(scores, truth).expected_error),
      },
      ...(few ? { folds: FOLDS } : {}),
      unsure_below: new Float(unsureBelow),
      sure_accuracy: new Float(how.sure_accuracy),
    },
    constants: packConstants(name, labels, shippedWords, how.max_words, recipe, unsureBelow),
    candidates,
    chosen,
    history,
    validation: softmax(predicted),
    validated: validation,
  };
}

/**
 * Chooses naive Bayes' share, whether pairs of words are learnt from, and what errors cost.
 *
 * @param {Features} posts
 * @param {Vocabulary} vocabulary
 * @param {Settings["model"]} how
 * @param {(message: string) => void} say
 * @returns {{ share: number, cost: number, ids: number[], shares: unknown[], costs: unknown[],
 *   pairs?: unknown }} `ids`: of what is learnt from
 */
function chooseTraining(posts, { words, labels }, how, say) {
  let ids = words.map((_, place) => place + FIRST_WORD);
  let cost = how.cost === "auto" ? COST : how.cost;
  if (how.share !== "auto" && how.cost !== "auto") {
    return { share: how.share, cost, ids, shares: [], costs: [] };
  }
  const shares = how.share === "auto" ? SHARES : [how.share];
  /**
   * @param {Features} some
   * @param {number} cost
   */
  const ask = (some, cost) => tryShares(some, labels.length, { ...how, cost }, shares);
  /** @param {Answered[]} found */
  const toRecall = (found) => new Float(recallOf(bestOf(found)));
  say("choosing naive Bayes' share");
  let answered = ask(posts, cost);
  let pairs;
  const single = ids.filter((id) => !PAIR.test(words[id - FIRST_WORD]));
  if (single.length < ids.length) {
    say("choosing it without pairs of words");
    const fewer = restrict(posts, single);
    const without = ask(fewer, cost);
    const isLeftOut = isBetter(without, answered);
    pairs = { kept: !isLeftOut, recall: toRecall(answered), recall_without: toRecall(without) };
    if (isLeftOut) [answered, posts, ids] = [without, fewer, single];
  }
  const costs = [];
  if (how.cost === "auto" && posts.ids.length <= MOST_ASKED) {
    say("choosing it where errors cost less");
    const less = ask(posts, LOW_COST);
    costs.push(
      { cost: new Float(COST), recall: toRecall(answered) },
      { cost: new Float(LOW_COST), recall: toRecall(less) },
    );
    if (isBetter(less, answered)) [answered, cost] = [less, LOW_COST];
  }
  return {
    share: bestOf(answered).share,
    cost,
    ids,
    shares:
      how.share === "auto"
        ? answered.map((each) => ({ share: new Float(each.share), recall: new Float(recallOf(each)) }))
        : [],
    costs,
    ...(pairs && { pairs }),
  };
}

/**
 * Gives parts of the training split, each with a model of the others.
 *
 * @param {Record<"train" | "augmented", Features>} features
 * @param {number} labels
 * @param {Training} how
 * @param {number} share
 * @returns {Part[]}
 */
function crossValidate({ train: posts, augmented }, labels, how, share) {
  const folds = assignFolds(posts);
  const parts = Array.from({ length: FOLDS }, (_, fold) => {
    const others = rowsWhere(posts, (row) => folds[row] !== fold);
    const rowids = new Set(others.rowids);
    const learnt = join(others, rowsWhere(augmented, (row) => rowids.has(augmented.rowids[row])));
    const weights = train([learnt], labels, how, share);
    const asked = rowsWhere(posts, (row) => folds[row] === fold);
    return { weights, learnt, asked, order: chooseWords(weights.table, learnt) };
  });
  return parts.filter(({ asked }) => asked.labels.length);
}

/**
 * Gives the logits of a part's posts by its model, as it would ship.
 *
 * @param {Part} part
 * @param {number[]} kept the ids of the words that ship, in their order
 * @param {Candidate} chosen
 * @param {number} temperature
 */
function answer({ weights, learnt, asked }, kept, chosen, temperature) {
  const some = { table: rowsOf(weights.table, kept), bias: weights.bias };
  return logitsOfShipped(restrict(asked, kept), ship(some, [restrict(learnt, kept)], chosen, temperature));
}

/**
 * Gives the rows of several matrices, one after the other.
 *
 * @param {Matrix[]} matrices
 * @param {number} width
 * @returns {Matrix}
 */
const stack = (matrices, width) => ({
  values: Float64Array.from(matrices.flatMap(({ values }) => [...values])),
  width,
});

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
 * @param {Features[]} posts those that it has learnt from
 * @param {Candidate} chosen
 * @param {number} temperature
 * @returns {Shipped}
 */
function ship(weights, posts, { width, levels }, temperature) {
  const axes = firstColumns(principalAxes(weights.table, countPosts(...posts)), width);
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
 * @param {string[]} labels
 */
export function evaluateModel(test, { model, validation: scores, validated }, labels) {
  const turned = multiply(pool(test, model.grid), model.kernel);
  const found = softmax({
    values: turned.values.map((value, i) => value + model.bias[i % turned.width]),
    width: turned.width,
  });
  return {
    scores: found,
    metrics: {
      validation: measure(scores, validated.labels, labels),
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
