// Smaller models: fewer words, a narrower table and coarser numbers; their bytes and worth.
// src/provender/model/compression.py says why they are made so.

/**
 * @import { Matrix } from "./arithmetic.js"
 * @import { Features } from "./features.js"
 * @import { Weights } from "./training.js"
 */

import { constants, brotliCompressSync } from "node:zlib";
import { addExactly, addSquares, centre, eigenvectors, gram, multiply, roundHalfEven, softmax } from "./arithmetic.js";
import { countPosts, FIRST_WORD, pool, restrict } from "./features.js";
import { divergence, lossOf, rank } from "./metrics.js";
import { compareTexts } from "./python.js";
import { logitsOf } from "./training.js";

/**
 * One way to ship a model, its bytes, and its worth on texts that it has not learnt from.
 *
 * @typedef {{ words: number, width: number, levels: number, bytes: number, recall: number,
 *   loss: number }} Candidate
 */

// How many values a number may have: as trained, as two bytes hold, and of what a byte holds.
export const FLOAT32 = 0;
export const FLOAT16 = 1 << 16;
const BYTES = [256, 96, 48, 24, 8];
const FLOAT_BYTES = new Map([[FLOAT32, 4], [FLOAT16, 2]]);

// Of a table in bytes: its unit, the ends in units, and the ids of the rows that hold these.
export const UNIT = 1 / 128;
export const [LOWEST, HIGHEST] = [-127, 128];
const [LOWEST_ID, HIGHEST_ID] = [0, 1];

// Thousands of bytes, where no budget is set.
const [BUDGET, LARGE_BUDGET, MANY_LABELS] = [250, 1000, 30];

const SIZES = [500, 1000, 2000, 4000, 8000, 12000, 20000, 30000, 45000, 70000, 100000, 150000];
const WIDTHS = [0.75, 0.5];
const NARROW_LEVELS = BYTES[1];

// How much more loss than the least is none.
export const NEAR = 1.01;
const NEXT_TO_NOTHING = 0.001;

// What takes so many times the budget is not weighed; of bytes, every eighth row tells.
const MOST_OVER = 2;
const SAMPLE = 8;

const BROTLI_QUALITY = 9;

/**
 * Gives the directions in which a table's rows differ most, the first the most.
 *
 * @param {Matrix} table
 * @param {ArrayLike<number>} posts how many have each word
 * @returns {Matrix} [labels, labels - 1]
 */
export function principalAxes(table, posts) {
  const axes = eigenvectors(gram(centre(table), posts));
  return firstColumns(axes, axes.width - 1);
}

/**
 * @param {Matrix} matrix
 * @param {number} width
 * @returns {Matrix}
 */
export const firstColumns = (matrix, width) => ({
  values: matrix.values.filter((_, i) => i % matrix.width < width),
  width,
});

/**
 * @param {Matrix} matrix
 * @returns {Matrix}
 */
export function transpose({ values, width }) {
  const rows = values.length / width;
  return {
    values: values.map((_, i) => values[(i % rows) * width + Math.floor(i / rows)]),
    width: rows,
  };
}

/**
 * Gives the table along axes, in single precision.
 *
 * @param {Matrix} table
 * @param {Matrix} axes
 * @returns {Matrix}
 */
export const narrow = (table, axes) => ({
  values: Float32Array.from(multiply(centre(table), axes).values),
  width: axes.width,
});

/**
 * Gives a coarser table and each column's scale.
 *
 * @param {Matrix} table
 * @param {number} levels
 * @returns {{ grid: Matrix, scales: Float32Array }}
 */
export function quantise({ values, width }, levels) {
  if (levels === FLOAT32 || levels === FLOAT16) {
    const grid = levels === FLOAT32 ? values : values.map(Math.f16round);
    return { grid: { values: grid, width }, scales: new Float32Array(width).fill(1) };
  }
  const below = Math.floor((levels - 1) / 2);
  const above = levels - 1 - below;
  const steps = Array.from({ length: width }, (_, column) => {
    let [least, most] = [Infinity, -Infinity];
    for (let i = FIRST_WORD * width + column; i < values.length; i += width) {
      [least, most] = [Math.min(least, values[i]), Math.max(most, values[i])];
    }
    return Math.max(least / -below, most / above) || 1;
  });
  const grid = values.map((value, i) => {
    if (i < FIRST_WORD * width) {
      if (i === LOWEST_ID * width) return LOWEST * UNIT;
      return i === HIGHEST_ID * width ? HIGHEST * UNIT : 0;
    }
    return roundHalfEven(value / steps[i % width]) * UNIT;
  });
  return { grid: { values: grid, width }, scales: Float32Array.from(steps, (step) => step / UNIT) };
}

/**
 * Gives the ids of all words, the most useful first.
 *
 * @param {Matrix} table
 * @param {Features} posts
 */
export function chooseWords(table, { ids, weights, kinds }) {
  const loud = new Float64Array(kinds.length);
  for (let i = 0; i < ids.length; i++) loud[ids[i]] += weights[i] * weights[i];
  const useful = addSquares(centre(table)).map((squares, id) => Math.sqrt(squares * loud[id]));
  const order = Array.from({ length: useful.length - FIRST_WORD }, (_, place) => place + FIRST_WORD);
  return order.sort((a, b) => useful[b] - useful[a] || a - b);
}

/**
 * Gives ids of words in the order in which the bundle packs them best.
 *
 * @param {number[]} ids
 * @param {string[]} words
 */
export const inCodePointOrder = (ids, words) =>
  [...ids].sort((a, b) => compareTexts(words[a - FIRST_WORD], words[b - FIRST_WORD]));

/**
 * Gives the table of the kept words alone.
 *
 * @param {Matrix} table
 * @param {number[]} kept
 * @returns {Matrix}
 */
export function rowsOf({ values, width }, kept) {
  const rows = [LOWEST_ID, HIGHEST_ID, ...kept];
  const found = new Float32Array(rows.length * width);
  rows.forEach((id, row) => found.set(values.subarray(id * width, (id + 1) * width), row * width));
  return { values: found, width };
}

/**
 * Gives the bytes of a table as TensorFlow.js stores it.
 *
 * @param {Matrix} grid
 * @param {number} levels
 */
export function storedBytes({ values }, levels) {
  if (levels === FLOAT32) return Buffer.from(Float32Array.from(values).buffer);
  if (levels !== FLOAT16) {
    return Buffer.from(Uint8Array.from(values, (value) => roundHalfEven(value / UNIT) - LOWEST));
  }
  const bytes = new DataView(new ArrayBuffer(2 * values.length));
  values.forEach((value, i) => bytes.setFloat16(2 * i, value, true));
  return Buffer.from(bytes.buffer);
}

/**
 * Gives how many bytes a web server sends for the vocabulary and the weights.
 *
 * @param {number} words bytes of the constants, compressed
 * @param {Matrix} grid
 * @param {number} levels
 * @param {number} labels
 */
function shippedBytes(words, grid, levels, labels) {
  return words + countCompressed(storedBytes(grid, levels)) + 4 * (grid.width + 1) * labels;
}

/**
 * Whether a table surely takes more than `MOST_OVER` times the budget.
 *
 * @param {Matrix} grid
 * @param {number} levels
 * @param {number} budget
 */
function isFarBeyond(grid, levels, budget) {
  const { values, width } = grid;
  const most = MOST_OVER * budget;
  const bytes = FLOAT_BYTES.get(levels);
  if (bytes) return values.length * bytes > most;
  if (values.length <= most) return false;
  const sample = values.filter((_, i) => Math.floor(i / width) % SAMPLE === 0);
  return SAMPLE * countCompressed(storedBytes({ values: sample, width }, levels)) > most;
}

/** @param {Buffer} content */
const countCompressed = (content) =>
  brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }).length;

/**
 * Posts, and a model that has not learnt from them. `order`: ids of all words, the most useful
 * first.
 *
 * @typedef {{ weights: Weights, learnt: Features, asked: Features, order: number[] }} Part
 */

/**
 * Gives the candidates, from few words to all: their bytes, and their worth by the posts of `parts`.
 * More words than those of which none has `budget` bytes are not weighed, nor is what is far beyond
 * it.
 *
 * @param {Part} whole
 * @param {Part[]} parts
 * @param {string[]} words
 * @param {number} temperature
 * @param {(words: string[]) => Buffer} buildConstants
 * @param {number} budget
 * @returns {Candidate[]}
 */
export function weigh(whole, parts, words, temperature, buildConstants, budget) {
  /** @type {Candidate[]} */
  const candidates = [];
  for (const size of [...SIZES.filter((each) => each < words.length), words.length]) {
    const kept = inCodePointOrder(whole.order.slice(0, size), words);
    const compressed = countCompressed(buildConstants(kept.map((id) => words[id - FIRST_WORD])));
    const smaller = makeSmaller(whole, kept, temperature);
    const judges = parts.map((part) =>
      part === whole ? smaller : makeSmaller(part, part.order.slice(0, size), temperature),
    );
    const found = weighShapes(smaller, judges, temperature, compressed, budget);
    candidates.push(...found);
    if (Math.min(...found.map(({ bytes }) => bytes)) > budget) break;
  }
  return candidates;
}

/** @typedef {ReturnType<typeof makeSmaller>} Smaller */

/**
 * Gives a part's model of some of its words, and its scores and their loss.
 *
 * @param {Part} part
 * @param {number[]} kept their ids
 * @param {number} temperature
 */
function makeSmaller({ weights, learnt, asked: posts }, kept, temperature) {
  const { bias } = weights;
  const table = rowsOf(weights.table, kept);
  const counts = countPosts(learnt);
  const axes = principalAxes(table, Float64Array.from([LOWEST_ID, HIGHEST_ID, ...kept], (id) => counts[id]));
  const asked = restrict(posts, kept);
  const exact = softmax(divide(logitsOf(asked, { table, bias }), temperature));
  return { bias, asked, axes, narrowed: narrow(table, axes), exact, loss: lossOf(exact, asked.labels) };
}

/**
 * @param {Smaller} smaller
 * @param {Smaller[]} judges
 * @param {number} temperature
 * @param {number} compressed
 * @param {number} budget
 */
function weighShapes(smaller, judges, temperature, compressed, budget) {
  const labels = smaller.bias.length;
  const shapes = shapesOf(labels);
  const narrowest = shapes[shapes.length - 1];
  const count = judges.reduce((sum, { asked }) => sum + asked.labels.length, 0);
  return shapes
    .map((shape) => ({ ...shape, ...quantise(firstColumns(smaller.narrowed, shape.width), shape.levels) }))
    .filter(
      ({ grid, width, levels }) =>
        // One of these is the smallest, by which the next size is weighed or not.
        (width === shapes[0].width && levels === BYTES[BYTES.length - 1]) ||
        (width === narrowest.width && levels === narrowest.levels) ||
        !isFarBeyond(grid, levels, budget),
    )
    .map((shape) => {
      const { grid, width, levels } = shape;
      let right = 0;
      const losses = judges.map((judge) => {
        const own = judge === smaller ? shape : quantise(firstColumns(judge.narrowed, width), levels);
        const scores = scoresOf(judge, own, temperature);
        const { labels: truth } = judge.asked;
        right += rank(scores).filter(([best], row) => best === truth[row]).length;
        return (truth.length / count) * (judge.loss + divergence(judge.exact, scores));
      });
      return {
        words: smaller.narrowed.values.length / smaller.narrowed.width - FIRST_WORD,
        width,
        levels,
        bytes: shippedBytes(compressed, grid, levels, labels),
        recall: right / count,
        loss: addExactly(losses),
      };
    });
}

/**
 * Gives the scores by a coarser table.
 *
 * @param {Smaller} judge
 * @param {{ grid: Matrix, scales: Float32Array }} rounded
 * @param {number} temperature
 */
function scoresOf({ asked, axes, bias }, { grid, scales }, temperature) {
  const { width } = grid;
  const pooled = pool(asked, grid);
  pooled.values = pooled.values.map((value, i) => value * scales[i % width]);
  const turned = multiply(pooled, transpose(firstColumns(axes, width)));
  turned.values = turned.values.map((value, i) => value + bias[i % bias.length]);
  return softmax(divide(turned, temperature));
}

/**
 * @param {Matrix} matrix
 * @param {number} divisor
 * @returns {Matrix}
 */
export const divide = ({ values, width }, divisor) => ({
  values: values.map((value) => value / divisor),
  width,
});

/**
 * Gives the widths and coarsenesses that are weighed, the widest and finest first.
 *
 * @param {number} labels
 */
function shapesOf(labels) {
  const widest = labels - 1;
  const narrower = new Set(WIDTHS.map((share) => Math.max(1, roundHalfEven(widest * share))));
  narrower.delete(widest);
  return [
    ...[FLOAT32, FLOAT16, ...BYTES].map((levels) => ({ width: widest, levels })),
    ...[...narrower].sort((a, b) => b - a).map((width) => ({ width, levels: NARROW_LEVELS })),
  ];
}

/**
 * Gives how many bytes a model of so many labels may have.
 *
 * @param {number} labels
 * @param {number | "auto"} kilobytes
 */
export const findBudget = (labels, kilobytes) =>
  roundHalfEven((kilobytes === "auto" ? (labels < MANY_LABELS ? BUDGET : LARGE_BUDGET) : kilobytes) * 1000);

/**
 * Gives the smallest candidate of at most `budget` bytes with next to the least loss; where none is
 * small enough, the smallest of all.
 *
 * @param {Candidate[]} candidates
 * @param {number} budget
 * @param {number} near
 */
export function choose(candidates, budget, near) {
  const affordable = candidates.filter(({ bytes }) => bytes <= budget);
  const least = Math.min(...affordable.map(({ loss }) => loss));
  const most = Math.max(near * least, least + NEXT_TO_NOTHING);
  const alike = affordable.length ? affordable.filter(({ loss }) => loss <= most) : candidates;
  return [...alike].sort((a, b) => a.bytes - b.bytes || a.loss - b.loss)[0];
}

/**
 * Gives the candidates than which none is both smaller and of less loss, by bytes.
 *
 * @param {Candidate[]} candidates
 */
export function frontOf(candidates) {
  /** @type {Candidate[]} */
  const front = [];
  for (const each of [...candidates].sort((a, b) => a.bytes - b.bytes || a.loss - b.loss)) {
    if (!front.length || each.loss < front[front.length - 1].loss) front.push(each);
  }
  return front;
}
