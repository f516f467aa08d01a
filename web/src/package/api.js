// The npm package: the classifier with its model inside, which is made at the first question.

/**
 * @import { Classifier } from "../assemble.js"
 * @import { Info } from "../create.js"
 * @import { Answers } from "../predict.js"
 */

import { facts } from "provender:model";
import { assemble } from "../assemble.js";
import { toInfo } from "../create.js";
import { unpackAbout, unpackModel } from "./unpack.js";

/** All labels of the model, in its order. */
export const labels = facts.labels;
/** Below this score, the best label is a guess. */
export const unsureBelow = facts.unsureBelow;
/** Version of the model, and of this package. */
export const version = facts.version;
/** sha256 of the manifest.json of the bundle that this package was made from. */
export const digest = facts.digest;

/** @type {Classifier | undefined} */
let made;

function classifier() {
  // What is in one file belongs together.
  made = made || assemble(unpackModel());
  return made;
}

/**
 * What is known of the model.
 *
 * @returns {Info}
 */
export const info = () => toInfo(unpackAbout());

/**
 * Classifies a text with the model of this package.
 *
 * @type {Answers["classify"]}
 */
export const classify = (text, options) => classifier().classify(text, options);

/**
 * Classifies many texts, letting the page breathe.
 *
 * @type {Answers["classifyBatch"]}
 */
export const classifyBatch = (texts, options) => classifier().classifyBatch(texts, options);

/**
 * Says what the best label's logit, or another's, is made of.
 *
 * @type {Answers["explain"]}
 */
export const explain = (text, options) => classifier().explain(text, options);

/**
 * Gives the labels of `classify`, `count` of them at most.
 *
 * @type {Answers["predict"]}
 */
export const predict = (text, count) => classifier().predict(text, count);

export { create, createClassifier, load } from "../classifier.js";
