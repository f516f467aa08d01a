// The kernel, without a model.

export { create, createClassifier, load } from "../classifier.js";
