// What predictions are worth: ranks, labels, calibration. Sums over floats are exactly rounded.

/** @import { Matrix } from "./arithmetic.js" */

import { addExactly, log, softmax } from "./arithmetic.js";

const RANKS = [1, 3, 5];

// The normal distribution's share of .975 lies below: for intervals of 95 %.
const Z = 1.959963984540054;

const CALIBRATION_BINS = 10;

// A score that rounds to 0 counts as this one: no loss is infinite.
const LEAST_SCORE = 1e-30;

// Powers of two, an eighth apart.
const TEMPERATURES = Array.from({ length: 49 }, (_, place) => 2 ** ((place - 24) / 8));

/**
 * Gives the labels of each row best first, equal ones in the labels' order.
 *
 * @param {Matrix} scores
 * @returns {number[][]}
 */
export const rank = ({ values, width }) =>
  Array.from({ length: values.length / width }, (_, row) => {
    const own = values.subarray(row * width, (row + 1) * width);
    return [...own.keys()].sort((a, b) => own[b] - own[a] || a - b);
  });

/**
 * Gives the k of recall@k that say something of so many labels.
 *
 * @param {number} labels
 */
export const ranksOf = (labels) => RANKS.filter((k) => k < Math.max(labels, 2));

/**
 * Measures scores against the true labels. recall@k is the share of posts whose label is among the
 * k best; a label that is never predicted has precision 0, one without posts recall 0.
 *
 * @param {Matrix} scores
 * @param {Int32Array} truth
 * @param {string[]} labels
 */
export function measure(scores, truth, labels) {
  const ranked = rank(scores);
  const best = ranked.map(([first]) => first);
  const counts = confusion(best, truth, labels.length);
  const places = [...labels.keys()];
  const posts = places.map((label) => sum(counts[label]));
  const predicted = places.map((label) => sum(counts.map((row) => row[label])));
  const right = places.map((label) => counts[label][label]);
  const f1 = places.map((label) => (2 * right[label]) / Math.max(predicted[label] + posts[label], 1));
  const hits = ranked.map((order, row) => order.indexOf(truth[row]));
  const kept = places.filter((label) => posts[label] > 0);
  /** @type {{ [name: string]: number }} */
  const recall = {};
  for (const k of ranksOf(labels.length)) {
    recall[`recall@${k}`] = hits.filter((place) => place < k).length / truth.length;
  }
  /** @param {number} label */
  const recallOf = (label) =>
    Object.fromEntries(
      ranksOf(labels.length).map((k) => [
        `recall@${k}`,
        hits.filter((place, row) => truth[row] === label && place < k).length / Math.max(posts[label], 1),
      ]),
    );
  return {
    posts: truth.length,
    ...recall,
    macro_f1: addExactly(kept.map((label) => f1[label])) / kept.length,
    intervals: {
      ...Object.fromEntries(Object.entries(recall).map(([name, share]) => [name, interval(share, truth.length)])),
      macro_f1: f1Interval(counts, kept),
    },
    labels: Object.fromEntries(
      labels.map((label, place) => [
        label,
        {
          precision: right[place] / Math.max(predicted[place], 1),
          ...recallOf(place),
          f1: f1[place],
          posts: posts[place],
          intervals: {
            precision: interval(right[place] / Math.max(predicted[place], 1), predicted[place]),
            "recall@1": interval(right[place] / Math.max(posts[place], 1), posts[place]),
            f1: f1Interval(counts, [place]),
          },
        },
      ]),
    ),
    calibration: calibrate(scores, truth),
  };
}

/** @param {number[]} values */
const sum = (values) => values.reduce((total, value) => total + value, 0);

/**
 * Gives the ends of the 95 % interval of a share of so many posts (Wilson 1927).
 *
 * @param {number} share
 * @param {number} posts
 */
function interval(share, posts) {
  if (posts <= 0) return [0, 1];
  const scale = 1 + (Z * Z) / posts;
  const middle = (share + (Z * Z) / (2 * posts)) / scale;
  const half = (Z * Math.sqrt((share * (1 - share)) / posts + (Z * Z) / (4 * posts * posts))) / scale;
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/**
 * Gives the ends of the 95 % interval of the mean F1 of the chosen labels, by the delta method.
 *
 * @param {number[][]} counts
 * @param {number[]} chosen
 */
function f1Interval(counts, chosen) {
  const places = [...counts.keys()];
  const sums = places.map((label) => Math.max(sum(counts.map((row) => row[label])) + sum(counts[label]), 1));
  const f1 = places.map((label) => (2 * counts[label][label]) / sums[label]);
  const share = addExactly(chosen.map((label) => f1[label])) / chosen.length;
  const isChosen = new Set(chosen);
  /** @param {number} label */
  const fall = (label) => (isChosen.has(label) ? f1[label] / sums[label] : 0);
  const terms = places.flatMap((row) =>
    places
      .filter((column) => counts[row][column] && (isChosen.has(row) || isChosen.has(column)))
      .map((column) => {
        const gain = row === column && isChosen.has(row) ? 2 / sums[row] : 0;
        const added = (gain - fall(row) - fall(column)) / chosen.length;
        return counts[row][column] * added * added;
      }),
  );
  const variance = addExactly(terms);
  const posts = sum(chosen.map((label) => sum(counts[label])));
  return interval(share, variance > 0 ? (share * (1 - share)) / variance : posts);
}

/**
 * Counts posts by true label and predicted label.
 *
 * @param {number[]} predicted
 * @param {Int32Array} truth
 * @param {number} labels
 */
function confusion(predicted, truth, labels) {
  const counts = Array.from({ length: labels }, () => Array(labels).fill(0));
  predicted.forEach((label, row) => counts[truth[row]][label]++);
  return counts;
}

/**
 * Compares how sure the best label's score says it is with how often it is right (Guo et al. 2017).
 *
 * @param {Matrix} scores
 * @param {Int32Array} truth
 */
export function calibrate(scores, truth) {
  const answers = answersOf(scores, truth).map(({ confidence, isRight }) => ({
    confidence,
    isRight,
    place: Math.min(Math.floor(confidence * CALIBRATION_BINS), CALIBRATION_BINS - 1),
  }));
  const bins = [...Array(CALIBRATION_BINS).keys()]
    .map((place) => ({ place, own: answers.filter((answer) => answer.place === place) }))
    .filter(({ own }) => own.length)
    .map(({ place, own }) => ({
      from: place / CALIBRATION_BINS,
      posts: own.length,
      confidence: addExactly(own.map(({ confidence }) => confidence)) / own.length,
      accuracy: own.filter(({ isRight }) => isRight).length / own.length,
    }));
  const off = bins.map(({ posts, confidence, accuracy }) => posts * Math.abs(confidence - accuracy));
  return { expected_error: addExactly(off) / truth.length, bins };
}

/**
 * @param {Matrix} scores
 * @param {Int32Array} truth
 */
const answersOf = (scores, truth) =>
  rank(scores).map(([best], row) => ({
    confidence: scores.values[row * scores.width + best],
    isRight: best === truth[row],
  }));

/**
 * Gives the mean of minus the logarithm of the true label's score.
 *
 * @param {Matrix} scores
 * @param {Int32Array} truth
 */
export const lossOf = ({ values, width }, truth) =>
  addExactly(Array.from(truth, (label, row) => -log(Math.max(values[row * width + label], LEAST_SCORE)))) /
  truth.length;

/**
 * Gives how much loss `others` add where the scores are how likely each label is.
 *
 * @param {{ values: ArrayLike<number>, width: number }} scores
 * @param {Matrix} others
 */
export function divergence({ values, width }, others) {
  const added = Array.from(others.values, (value, i) => {
    const [right, other] = [Math.max(values[i], LEAST_SCORE), Math.max(value, LEAST_SCORE)];
    return right * (log(right) - log(other));
  });
  return addExactly(added) / (others.values.length / width);
}

/**
 * Gives the divisor of the logits with the least loss, where it is not proven that the next answer
 * is right (Platt 1999).
 *
 * @param {Matrix} logits
 * @param {Int32Array} truth
 */
export function findTemperature({ values, width }, truth) {
  const unproven = 1 / (truth.length + 2);
  const likely = Float64Array.from(values, (_, i) =>
    truth[Math.floor(i / width)] === i % width ? 1 - unproven : unproven / (width - 1),
  );
  const losses = TEMPERATURES.map((temperature) =>
    divergence(
      { values: likely, width },
      softmax({ values: values.map((value) => value / temperature), width }),
    ),
  );
  return TEMPERATURES[losses.indexOf(Math.min(...losses))];
}

/**
 * Gives the confidence from which on answers are right as often as asked, in hundredths; 1 where
 * that never holds.
 *
 * @param {Matrix} scores
 * @param {Int32Array} truth
 * @param {number} accuracy
 */
export function sureFrom(scores, truth, accuracy) {
  const answers = answersOf(scores, truth);
  const least = Math.min(...answers.map(({ confidence }) => confidence));
  for (let hundredth = Math.floor(Math.fround(100 * least)); hundredth < 100; hundredth++) {
    const sure = answers.filter(({ confidence }) => confidence >= Math.fround(hundredth / 100));
    const right = sure.filter(({ isRight }) => isRight).length;
    if (right + 1 >= accuracy * (sure.length + 2)) return hundredth / 100;
  }
  return 1;
}
