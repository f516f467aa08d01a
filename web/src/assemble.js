// Classifiers, made of their parts.

/**
 * @import { Encode } from "./encode.js"
 * @import { Parts } from "./model.js"
 * @import { Answers, ToScores } from "./predict.js"
 */

import { sha256Here } from "./digest.js";
import { createEncoder } from "./encode.js";
import { createKernel } from "./kernel.js";
import { createAnswers } from "./predict.js";
import { checkSeal, sealed } from "./seal.js";

/**
 * All labels in the model's order; below which score the best label is a guess; and the answers.
 *
 * @typedef {{ labels: string[], unsureBelow: number } & Answers} Classifier
 */

/**
 * Makes a classifier; its model must be of the layers format.
 *
 * @param {Parts} parts
 * @returns {Classifier}
 * @throws {Error} of the code "mixed" if the parts are not of one model
 */
export function createClassifier(parts) {
  checkParts(parts);
  return assemble(parts);
}

/**
 * @param {Parts} parts
 * @throws {Error} of the code "mixed" if they are not of one model
 */
export const checkParts = (parts) => checkSeal(parts, sha256Here(sealed(parts)));

/**
 * Makes a classifier of parts that are known to belong together.
 *
 * @param {Parts} parts
 * @param {Encode} [encode] what reads texts, if it is made already
 * @param {ToScores} [toScores] those of another engine than the kernel
 * @returns {Classifier}
 */
export function assemble(parts, encode, toScores) {
  const { constants } = parts;
  const { labels, unsure_below: unsureBelow } = constants;
  // Not by a spread, which older browsers do not read.
  return Object.assign(
    { labels: labels.slice(), unsureBelow },
    createAnswers(constants, encode || createEncoder(constants), createKernel(parts), toScores),
  );
}
