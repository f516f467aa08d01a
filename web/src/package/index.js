// The package's own classifier, as a module.

import "./script.js";
import { parts } from "./parts.js";
import { inside } from "./inside.js";

Object.assign(inside.parts, parts);

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
  create,
  createClassifier,
  load,
} = inside.published;
