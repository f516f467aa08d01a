// Which posts are used, and in which split.

/**
 * @import { Post } from "./posts.js"
 * @import { Settings } from "./config.js"
 */

import { createHash } from "node:crypto";
import { roundHalfEven } from "./arithmetic.js";
import { compareTexts, strip } from "./python.js";
import { isSaid } from "./errors.js";
import { withoutPunctuation } from "./grams.js";
import { stripPost } from "./strip.js";

/**
 * A post that is used: with the text as it is read, as it was, and what makes it the same as others.
 *
 * @typedef {Post & { text: string, label: string, year: number, raw: string, read: string }} Used
 */

/**
 * The posts of each split, by row id.
 *
 * @typedef {Record<"train" | "validation" | "test" | "augmented", Used[]>} Splits
 */

// The part of the training part that validates choices.
const VALIDATION_SHARE = 0.1;

// What stands for the names of splits.
const [VALIDATION, TEST] = [1, 2];

/**
 * Validates and splits posts; what a text is, the values in the table alone decide.
 *
 * @param {Post[]} posts
 * @param {Settings} settings
 * @param {(text: string) => string[]} splitText of the text recipe
 * @returns {Splits}
 */
export function splitPosts(posts, settings, splitText) {
  const { strip: parts, augment } = settings.text;
  /** @param {string} text */
  const read = (text) => withoutPunctuation(splitText(text)) || text;
  let usable = posts
    .filter(isUsable)
    .map((post) => ({ ...post, raw: post.text, text: stripPost(post.text, parts) }))
    .filter((post) => strip(post.text))
    .map((post) => ({ ...post, read: read(post.text) }));
  // Of copies that which is to validate stays.
  if (settings.split.by === "names") usable.sort((a, b) => b.year - a.year);
  const isTest = testOf(settings.split);
  let training = withoutCopies(usable, isTest);
  const rare = new Set(findRare(training, settings.source.min_posts));
  if (rare.size) {
    // Under one label there may be copies that there were not under several.
    const instead = settings.source.rare_labels;
    usable = instead
      ? usable.map((post) => (rare.has(post.label) ? { ...post, label: instead } : post))
      : usable.filter((post) => !rare.has(post.label));
    training = withoutCopies(usable, isTest);
  }
  const learnt = new Set(training.map((post) => post.label));
  const test = usable.filter((post) => isTest(post) && learnt.has(post.label));
  if (learnt.size < 2) isSaid("the training part has fewer than two labels: check the source");
  if (!test.length) isSaid("no text is left to test with: check split.threshold or split.test");
  const [train, validation] = splitTraining(training, settings.split);
  if (!validation.length) isSaid("no text is left to validate with: check split.validation_by");
  const inTest = new Set(test.map((post) => post.read));
  const again = augment
    .filter((other) => !isSameSet(other, parts))
    .flatMap((other) =>
      [...train, ...validation]
        .map((post) => ({ ...post, text: stripPost(post.raw, other) }))
        .filter((post) => strip(post.text) && !inTest.has(read(post.text))),
    );
  return {
    train: byRow(train),
    validation: byRow(validation),
    test: byRow(test),
    augmented: byRow(again),
  };
}

/**
 * @param {Post} post
 * @returns {post is Post & { text: string, label: string, year: number }}
 */
function isUsable(post) {
  const { text, label, year } = post;
  return text !== null && label !== null && year !== null && !!strip(text) && !!strip(label);
}

/**
 * Makes the test of whether a post is in the test part.
 *
 * @param {Settings["split"]} split
 * @returns {(post: Used) => boolean}
 */
function testOf({ by, threshold, test }) {
  if (by === "names") return ({ year }) => year >= TEST;
  if (by === "threshold") return ({ year }) => year >= threshold;
  return ({ read }) => createHash("sha256").update(`test ${read}`).digest().readUIntBE(0, 6) / 2 ** 48 < test;
}

/**
 * Gives the training part: each text once a label, and none that the test part has.
 *
 * @param {Used[]} posts
 * @param {(post: Used) => boolean} isTest
 */
function withoutCopies(posts, isTest) {
  const inTest = new Set(posts.filter(isTest).map((post) => post.read));
  /** @type {Map<string, Set<string>>} */
  const seen = new Map();
  return posts.filter((post) => {
    if (inTest.has(post.read)) return false;
    const labels = seen.get(post.read) || new Set();
    seen.set(post.read, labels);
    return !labels.has(post.label) && labels.add(post.label);
  });
}

/**
 * @param {Used[]} posts
 * @param {number} least
 */
function findRare(posts, least) {
  return [...countLabels(posts)].filter(([, count]) => count < least).map(([label]) => label);
}

/** @param {Used[]} posts */
function countLabels(posts) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { label } of posts) counts.set(label, (counts.get(label) || 0) + 1);
  return counts;
}

/**
 * Splits off what validates. A label's only posts stay to be learnt from.
 *
 * @param {Used[]} training
 * @param {Settings["split"]} split
 * @returns {[train: Used[], validation: Used[]]}
 */
function splitTraining(training, { by, validation_by: order }) {
  if (by === "names" && training.some((post) => post.year === VALIDATION)) {
    return keepLabels(
      training.filter((post) => post.year !== VALIDATION),
      training.filter((post) => post.year === VALIDATION),
    );
  }
  if (order === "hash") return splitEachLabel(training);
  const compare = positionOrder(training);
  const ordered = [...training].sort((a, b) => compare(a, b) || compareRows(a, b));
  const start = ordered.length - share(ordered.length);
  return keepLabels(ordered.slice(0, start), ordered.slice(start));
}

/**
 * @param {Used[]} train
 * @param {Used[]} validation
 * @returns {[train: Used[], validation: Used[]]}
 */
function keepLabels(train, validation) {
  const labels = new Set(train.map((post) => post.label));
  return [
    [...train, ...validation.filter((post) => !labels.has(post.label))],
    validation.filter((post) => labels.has(post.label)),
  ];
}

/**
 * @param {Used[]} training
 * @returns {[train: Used[], validation: Used[]]}
 */
function splitEachLabel(training) {
  const counts = countLabels(training);
  const ordered = training
    .map((post) => ({ post, drawn: createHash("sha256").update(post.read).digest() }))
    .sort((a, b) => Buffer.compare(a.drawn, b.drawn) || compareRows(a.post, b.post))
    .map(({ post }) => post);
  /** @type {Map<string, number>} */
  const places = new Map();
  const validates = new Set(
    ordered.filter(({ label }) => {
      const place = places.get(label) || 0;
      places.set(label, place + 1);
      const count = /** @type {number} */ (counts.get(label));
      return count > 1 && place < share(count);
    }),
  );
  return [
    ordered.filter((post) => !validates.has(post)),
    ordered.filter((post) => validates.has(post)),
  ];
}

/** @param {number} posts */
const share = (posts) => Math.max(1, roundHalfEven(posts * VALIDATION_SHARE));

/**
 * Gives the order of posts in time, as SQLite has it: nothing, then numbers, then texts.
 *
 * @param {Used[]} posts
 * @returns {(a: Used, b: Used) => number}
 */
function positionOrder(posts) {
  /** @param {Post["position"]} value */
  const kind = (value) => (value === null ? 0 : typeof value === "string" ? 2 : 1);
  const kinds = new Set(posts.map(({ position }) => kind(position)));
  // A column of numbers that lacks some, or has fractions, is one of floats in Python.
  const asFloats =
    !kinds.has(2) && posts.some(({ position }) => typeof position !== "bigint");
  return ({ position: a }, { position: b }) => {
    if (kind(a) !== kind(b)) return kind(a) - kind(b);
    if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
    if (a === null || b === null) return 0;
    const [one, other] = asFloats ? [Number(a), Number(b)] : [a, b];
    return one < other ? -1 : one > other ? 1 : 0;
  };
}

/**
 * @param {Post} a
 * @param {Post} b
 */
const compareRows = (a, b) => (a.rowid < b.rowid ? -1 : a.rowid > b.rowid ? 1 : 0);

/** @param {Used[]} posts */
const byRow = (posts) => [...posts].sort(compareRows);

/**
 * @param {string[]} some
 * @param {string[]} others
 */
const isSameSet = (some, others) =>
  some.every((each) => others.includes(each)) && others.every((each) => some.includes(each));
