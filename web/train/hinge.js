// A linear classifier of each label against the rest: squared hinge loss, dual coordinate descent
// (Hsieh et al. 2008, algorithm 1). src/provender/model/hinge.py says how, and why so.

/**
 * @import { Matrix } from "./arithmetic.js"
 * @import { Features } from "./features.js"
 */

import { addExactly } from "./arithmetic.js";
import { createPermutations } from "./random.js";

// How many times a pass the weights enter the mean, where there are as many texts.
const MEANS = 16;

/** @typedef {{ cost: number, epochs: number, seed: number }} Hinge */

/**
 * Gives what each id adds to each label's margin; the last row is the bias.
 *
 * @param {Features} posts
 * @param {Float64Array} factors of each id: a text's value of it is its weight times that
 * @param {number} labels
 * @param {Hinge} how
 * @param {(epoch: number, weights: Matrix) => void} [report] is told of each epoch, from 0
 * @returns {Matrix}
 */
export function fitHinge(posts, factors, labels, { cost, epochs, seed }, report) {
  const { starts, ids, weights: own, labels: answers } = posts;
  const count = answers.length;
  const size = factors.length;
  const values = Float64Array.from(own, (weight, i) => weight * factors[ids[i]]);
  const lengths = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    for (let i = starts[row]; i < starts[row + 1]; i++) lengths[row] += values[i] * values[i];
  }
  const mean = addExactly(lengths) / Math.max(count, 1);
  // One dual variable's own part of the loss.
  const diagonal = mean > 0 ? mean / (2 * cost) : 1;
  const total = new Float64Array((size + 1) * labels);
  const weights = new Float64Array((size + 1) * labels);
  const duals = new Float64Array(count * labels);
  const bias = size * labels;
  const margins = new Float64Array(labels);
  const permute = createPermutations(seed);
  const marks = new Set(Array.from({ length: MEANS }, (_, part) => Math.floor(((part + 1) * count) / MEANS)));
  marks.delete(0);
  /** @param {number} passes */
  const meanOf = (passes) => ({
    values: total.map((value) => value / Math.max(marks.size * passes, 1)),
    width: labels,
  });
  for (let epoch = 0; epoch < epochs; epoch++) {
    permute(count).forEach((row, place) => {
      margins.fill(0);
      for (let i = starts[row]; i < starts[row + 1]; i++) {
        const start = ids[i] * labels;
        for (let label = 0; label < labels; label++) margins[label] += weights[start + label] * values[i];
      }
      const step = 1 / (lengths[row] + 1 + diagonal);
      for (let label = 0; label < labels; label++) {
        // A margin is the distance to the right side: of all other labels, the negative one.
        const side = label === answers[row] ? 1 : -1;
        const margin = side * (margins[label] + weights[bias + label]);
        const dual = duals[row * labels + label];
        const change = Math.max(dual - (margin - 1 + dual * diagonal) * step, 0) - dual;
        duals[row * labels + label] = dual + change;
        margins[label] = side * change;
        weights[bias + label] += side * change;
      }
      for (let i = starts[row]; i < starts[row + 1]; i++) {
        const start = ids[i] * labels;
        for (let label = 0; label < labels; label++) weights[start + label] += values[i] * margins[label];
      }
      if (marks.has(place + 1)) {
        for (let i = 0; i < total.length; i++) total[i] += weights[i];
      }
    });
    if (report) report(epoch, meanOf(epoch + 1));
  }
  return meanOf(epochs);
}
