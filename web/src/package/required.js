// The package's own classifier where it is required, and for modules in Node.js, which import what
// is required. The script with the model is read at the first question: to compile it takes longer
// than all else of an import.

/** @import { Inside } from "./script.js" */

import { facts } from "provender:model";
import { inside } from "./inside.js";
import { startOwn } from "./parts.js";
import { createBy } from "./start.js";

export const { labels, unsureBelow, version, digest } = facts;

/** @type {Inside | undefined} */
let read;

function script() {
  if (!read) {
    require("./script.js");
    read = inside();
    // It finds this elsewhere where it is required.
    read.parts.worker = startOwn;
  }
  return read;
}

/** @type {Inside["create"]} */
export const create = (/** @type {any} */ options) => createBy(script().create, options);

/**
 * Gives a function of the script by its name.
 *
 * @template {keyof Inside} Name
 * @param {Name} name
 * @returns {Inside[Name]}
 */
const late = (name) =>
  /** @type {any} */ ((/** @type {any[]} */ ...given) => /** @type {any} */ (script()[name])(...given));

export const info = late("info");
export const classify = late("classify");
export const classifyBatch = late("classifyBatch");
export const explain = late("explain");
export const predict = late("predict");
export const createClassifier = late("createClassifier");
export const load = late("load");
