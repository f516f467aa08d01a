// The package for modules in Node.js, which looks for exports in each script that a module imports,
// and so in all of the model, for seven times as long as reading it takes. What is required it does
// not look through.

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
