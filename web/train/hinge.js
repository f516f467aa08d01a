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
 * @param {Features[]} blocks of posts, each of which is learnt from in turn
 * @param {Float64Array} factors of each id: a text's value of it is its weight times that
 * @param {number} labels
 * @param {Hinge} how
 * @param {(epoch: number, weights: Matrix) => void} [report] is told of each epoch, from 0
 * @returns {Matrix}
 */
export function fitHinge(blocks, factors, labels, { cost, epochs, seed }, report) {
  const size = factors.length;
  const parts = blocks.map((posts) => measure(posts, factors, labels));
  const count = parts.reduce((sum, { lengths }) => sum + lengths.length, 0);
  const mean = addExactly(parts.flatMap(({ lengths }) => [...lengths])) / Math.max(count, 1);
  // One dual variable's own part of the loss.
  const diagonal = mean > 0 ? mean / (2 * cost) : 1;
  const total = new Float64Array((size + 1) * labels);
  const weights = new Float64Array((size + 1) * labels);
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
  /**
   * @param {Part} part
   * @param {number} before how many texts the pass has had
   */
  function visit({ starts, ids, answers, values, lengths, duals }, before) {
    permute(answers.length).forEach((row, place) => {
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
      if (marks.has(before + place + 1)) {
        for (let i = 0; i < total.length; i++) total[i] += weights[i];
      }
    });
  }
  for (let epoch = 0; epoch < epochs; epoch++) {
    let before = 0;
    // Of one block, nothing is drawn.
    for (const block of parts.length > 1 ? permute(parts.length) : [0]) {
      visit(parts[block], before);
      before += parts[block].answers.length;
    }
    if (report) report(epoch, meanOf(epoch + 1));
  }
  return meanOf(epochs);
}

/**
 * @typedef {object} Part a block: its texts' values of their ids, their squared lengths, and the
 *   dual variables of each text, a label after the other
 * @property {Int32Array} starts
 * @property {Int32Array} ids
 * @property {Int32Array} answers
 * @property {Float64Array} values
 * @property {Float64Array} lengths
 * @property {Float64Array} duals
 */

/**
 * @param {Features} posts
 * @param {Float64Array} factors
 * @param {number} labels
 * @returns {Part}
 */
function measure({ starts, ids, weights, labels: answers }, factors, labels) {
  const values = Float64Array.from(weights, (weight, i) => weight * factors[ids[i]]);
  const lengths = new Float64Array(answers.length);
  for (let row = 0; row < answers.length; row++) {
    for (let i = starts[row]; i < starts[row + 1]; i++) lengths[row] += values[i] * values[i];
  }
  return { starts, ids, answers, values, lengths, duals: new Float64Array(answers.length * labels) };
}
