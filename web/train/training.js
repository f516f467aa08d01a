// How a model's table is trained: a mean of naive Bayes and of classifiers of each label, whose
// logits spread alike. src/provender/model/training.py says why.

/**
 * @import { Matrix } from "./arithmetic.js"
 * @import { Features } from "./features.js"
 * @import { Hinge } from "./hinge.js"
 * @import { NaiveBayes } from "./naive_bayes.js"
 */

import { addExactly, addSquares, centre, largest } from "./arithmetic.js";
import { pool, rowsWhere } from "./features.js";
import { fitHinge } from "./hinge.js";
import { naiveBayesTable, rarityOf } from "./naive_bayes.js";

/**
 * What each id adds to each label's logit.
 *
 * @typedef {{ table: Matrix, bias: Float64Array | Float32Array }} Weights
 */

/** @typedef {NaiveBayes & Hinge} Training */

/** @typedef {(epoch: number, weights: Weights) => void} Report */

// Parts of the posts, of which each is answered by a model of the others.
export const FOLDS = 3;

// The shares of naive Bayes that are tried where none is set.
export const SHARES = [0, 0.2, 1 / 3, 0.5, 2 / 3, 0.8, 0.9];

// What an error may cost the classifiers where that is not set, and from how many features on only
// the first is asked.
export const COST = 1;
export const LOW_COST = 0.25;
export const MOST_ASKED = 2 ** 22;

// So many posts tell how far a model's logits spread.
const SPREAD_OF = 2000;

/**
 * Trains a model.
 *
 * @param {Features[]} posts in blocks
 * @param {number} labels
 * @param {Training} how
 * @param {number} share of naive Bayes
 * @param {Report} [report]
 * @returns {Weights}
 */
export function train(posts, labels, how, share, report) {
  const [bayes, margins] = trainBoth(posts, labels, how, report);
  /** @type {(one: ArrayLike<number>, other: ArrayLike<number>) => Float32Array} */
  const mix = (one, other) =>
    Float32Array.from(one, (value, i) => share * value + (1 - share) * other[i]);
  return {
    table: { values: mix(bayes.table.values, margins.table.values), width: labels },
    bias: mix(bayes.bias, margins.bias),
  };
}

/**
 * A share of naive Bayes, and whether each post is answered right with it.
 *
 * @typedef {{ share: number, isRight: boolean[] }} Answered
 */

/**
 * Tells which posts are answered right with each share of naive Bayes, by models of the other folds'.
 *
 * @param {Features} posts
 * @param {number} labels
 * @param {Training} how
 * @param {number[]} shares
 * @returns {Answered[]}
 */
export function tryShares(posts, labels, how, shares) {
  const folds = assignFolds(posts);
  const answered = shares.map((share) => ({ share, isRight: folds.map(() => false) }));
  for (let fold = 0; fold < FOLDS; fold++) {
    const rows = [...folds.keys()].filter((row) => folds[row] === fold);
    const asked = rowsWhere(posts, (row) => folds[row] === fold);
    const others = rowsWhere(posts, (row) => folds[row] !== fold);
    const [bayes, margins] = trainBoth([others], labels, how).map((weights) => logitsOf(asked, weights));
    for (const { share, isRight } of answered) {
      const values = bayes.values.map((value, i) => share * value + (1 - share) * margins.values[i]);
      largest({ values, width: labels }).forEach((label, row) => {
        isRight[rows[row]] = label === asked.labels[row];
      });
    }
  }
  return answered;
}

/**
 * Gives the recall@1 of posts.
 *
 * @param {Answered} posts
 */
export const recallOf = ({ isRight }) => isRight.filter(Boolean).length / isRight.length;

/**
 * Gives the share of the most recall, of equal ones that nearest to equal parts.
 *
 * @param {Answered[]} answered
 */
export function bestOf(answered) {
  const [best] = [...answered].sort(
    (a, b) => recallOf(b) - recallOf(a) || Math.abs(a.share - 0.5) - Math.abs(b.share - 0.5),
  );
  return best;
}

/**
 * Tells whether the first is right more often by more than a standard error of that, by its best share.
 *
 * @param {Answered[]} one
 * @param {Answered[]} other
 */
export function isBetter(one, other) {
  const [{ isRight: first }, { isRight: second }] = [bestOf(one), bestOf(other)];
  const gained = first.filter((isRight, post) => isRight && !second[post]).length;
  const lost = second.filter((isRight, post) => isRight && !first[post]).length;
  return gained > lost && (gained - lost) ** 2 > gained + lost;
}

/**
 * Gives each label's logit for each post.
 *
 * @param {Features} features
 * @param {Weights} weights
 * @returns {Matrix}
 */
export function logitsOf(features, { table, bias }) {
  const { values, width } = pool(features, table);
  return { values: values.map((value, i) => value + bias[i % width]), width };
}

/**
 * Trains naive Bayes and the classifiers; both spread alike on the posts, by about 1.
 *
 * @param {Features[]} posts in blocks, of which the first tells how they spread
 * @param {number} labels
 * @param {Training} how
 * @param {Report} [report]
 * @returns {[bayes: Weights, margins: Weights]}
 */
function trainBoth(posts, labels, how, report) {
  const rarity = rarityOf(posts);
  /**
   * @param {Matrix} fitted
   * @returns {Weights}
   */
  const toWeights = ({ values }) => ({
    table: {
      values: values.slice(0, -labels).map((value, i) => value * rarity[Math.floor(i / labels)]),
      width: labels,
    },
    bias: values.slice(-labels),
  });
  const table = naiveBayesTable(posts, labels, how);

  const fitted = fitHinge(
    posts,
    rarity,
    labels,
    how,
    report && ((epoch, weights) => report(epoch, toWeights(weights))),
  );
  return [
    scale(posts[0], { table, bias: new Float64Array(labels) }),
    scale(posts[0], toWeights(fitted)),
  ];
}

/**
 * Gives a model whose logits of the posts differ between labels by 1 (root mean square).
 *
 * @param {Features} posts
 * @param {Weights} weights
 * @returns {Weights}
 */
function scale(posts, weights) {
  const step = Math.ceil(posts.labels.length / SPREAD_OF);
  const some = rowsWhere(posts, (row) => row % step === 0);
  const apart = centre(logitsOf(some, weights));
  const spread = Math.sqrt(addExactly(addSquares(apart)) / Math.max(apart.values.length, 1));
  // Posts without a known word, or of one label, have nothing to tell apart.
  const factor = spread > 0 ? 1 / spread : 1;
  return {
    table: { values: weights.table.values.map((value) => value * factor), width: weights.table.width },
    bias: weights.bias.map((value) => value * factor),
  };
}

/**
 * Gives a fold for each row, the same for all rows of a post. The posts of each label, by row id,
 * are dealt to the folds in turn.
 *
 * @param {Features} posts
 */
export function assignFolds({ rowids, labels }) {
  /** @type {Map<bigint, number>} */
  const truth = new Map();
  rowids.forEach((rowid, row) => {
    if (!truth.has(rowid)) truth.set(rowid, labels[row]);
  });
  /** @type {Map<number, number>} */
  const dealt = new Map();
  /** @type {Map<bigint, number>} */
  const folds = new Map();
  for (const rowid of [...truth.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
    const label = /** @type {number} */ (truth.get(rowid));
    const place = dealt.get(label) || 0;
    dealt.set(label, place + 1);
    folds.set(rowid, place % FOLDS);
  }
  return rowids.map((rowid) => /** @type {number} */ (folds.get(rowid)));
}
