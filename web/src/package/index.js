// The package's own classifier, as a module.

import "./script.js";
import { inside as find } from "./inside.js";
import { startOwn } from "./parts.js";
import { createBy } from "./start.js";

const inside = find();

// A module finds this elsewhere than a script does.
inside.parts.worker = startOwn;

/** @type {typeof inside.create} */
export const create = (/** @type {any} */ options) => createBy(inside.create, options);

export const {
  labels,
  unsureBelow,
  version,
  digest,
  info,
  classify,
  classifyBatch,
  explain,
  predict,
  createClassifier,
  load,
} = inside;
