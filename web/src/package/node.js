// The package for modules in Node.js: see required.js. Besides, Node.js looks for exports in each
// script that a module imports, so in all of the model, which takes longer than to compile it.

export {
  create,
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
} from "./index.js";
