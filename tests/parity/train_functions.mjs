// Calls functions of web/train on what stands in standard input, and prints what they give.

import { readFileSync } from "node:fs";
import * as arithmetic from "../../web/train/arithmetic.js";
import { toSeconds } from "../../web/train/posts.js";
import * as python from "../../web/train/python.js";
import { createPermutations } from "../../web/train/random.js";
import { findNeeded } from "../../web/train/recipe.js";
import { stripPost } from "../../web/train/strip.js";

const matrix = ({ values, width }) => ({ values: Float64Array.from(values), width });
const numbers = (values) => Array.from(values, Number);

const FUNCTIONS = {
  exp: (values) => values.map(arithmetic.exp),
  log: (values) => values.map(arithmetic.log),
  rint: (values) => values.map(arithmetic.roundHalfEven),
  fsum: (lists) => lists.map(arithmetic.addExactly),
  softmax: (given) => numbers(arithmetic.softmax(matrix(given)).values),
  add_rows: (given) => numbers(arithmetic.addRows(matrix(given))),
  gram: ([given, weights]) => numbers(arithmetic.gram(matrix(given), weights).values),
  matmul: ([left, right]) => numbers(arithmetic.multiply(matrix(left), matrix(right)).values),
  eigenvectors: (given) => numbers(arithmetic.eigenvectors(matrix(given)).values),
  permutations: (given) =>
    given.map(([seed, ...counts]) => counts.map((count) => numbers(createPermutations(seed)(count)))),
  repr: (values) => values.map(python.formatFloat),
  fixed: (values) => values.map((value) => python.formatFixed(value, 6)),
  sort: (texts) => texts.sort(python.compareTexts),
  strip: (texts) => texts.map(python.strip),
  seconds: (texts) => texts.map((text) => toSeconds(text) ?? null),
  needed: (patterns) => patterns.map(findNeeded),
  strip_post: (given) => given.map(([text, parts]) => stripPost(text, parts)),
  json: (values) => values.map(python.formatJson),
};

const { name, given } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(FUNCTIONS[name](given)));
