// Complement naive Bayes as a table of ids by labels (Rennie et al. 2003).

/**
 * @import { Matrix } from "./arithmetic.js"
 * @import { Features } from "./features.js"
 */

import { addRows, exp, log } from "./arithmetic.js";
import { countPosts, FIRST_WORD } from "./features.js";

/** @typedef {{ smoothing: number, power: number, idf_power: number }} NaiveBayes */

/**
 * Gives ln((1 + n) / (1 + df)) + 1 for each id.
 *
 * @param {Features[]} train
 */
export function rarityOf(train) {
  const count = train.reduce((sum, { labels }) => sum + labels.length, 0);
  return countPosts(...train).map((posts) => log((1 + count) / (1 + posts)) + 1);
}

/**
 * @param {Float64Array} values
 * @param {number} power
 */
const raise = (values, power) =>
  power === 1 ? values : values.map((value) => (value > 0 ? exp(power * log(value)) : 0));

/**
 * Gives the table: minus the log of an id's smoothed share in the texts of all other labels, less
 * its mean over the labels, and times how rare it is.
 *
 * @param {Features[]} train
 * @param {number} labels
 * @param {NaiveBayes} how
 * @returns {Matrix}
 */
export function naiveBayesTable(train, labels, { smoothing, power, idf_power: idfPower }) {
  const frequency = raise(rarityOf(train), idfPower);
  const counts = { values: raise(countByLabel(train, frequency, labels), power), width: labels };
  const sums = addRows(counts);
  const others = counts.values.map((value, i) => sums[Math.floor(i / labels)] - value + smoothing);
  const totals = new Float64Array(labels);
  for (let i = FIRST_WORD * labels; i < others.length; i++) totals[i % labels] += others[i];
  const table = { values: others.map((value, i) => -log(value / totals[i % labels])), width: labels };
  const means = addRows(table).map((sum) => sum / labels);
  table.values = table.values.map((value, i) => {
    const id = Math.floor(i / labels);
    return id < FIRST_WORD ? 0 : (value - means[id]) * frequency[id];
  });
  return table;
}

/**
 * Adds up the tf-idf of the texts of each label, at length 1.
 *
 * @param {Features[]} train
 * @param {Float64Array} frequency
 * @param {number} labels
 */
function countByLabel(train, frequency, labels) {
  const counts = new Float64Array(frequency.length * labels);
  for (const posts of train) addPosts(posts, frequency, { values: counts, width: labels });
  return counts;
}

/**
 * @param {Features} posts
 * @param {Float64Array} frequency
 * @param {Matrix} counts
 */
function addPosts({ labels: truth, starts, ids, weights }, frequency, { values: counts, width }) {
  for (let row = 0; row < truth.length; row++) {
    let squares = 0;
    for (let i = starts[row]; i < starts[row + 1]; i++) {
      const loud = weights[i] * frequency[ids[i]];
      squares += loud * loud;
    }
    const norm = Math.sqrt(squares);
    for (let i = starts[row]; i < starts[row + 1]; i++) {
      counts[ids[i] * width + truth[row]] += (weights[i] * frequency[ids[i]]) / norm;
    }
  }
}
