// The npm package: the classifier with its model inside, so that predict works at once. The
// build lets "bundle" stand for the folder of the bundle that the package is made from.

import constants from "bundle/constants.json";
import weights from "bundle/tfjs/layers/group1-shard1of1.bin";
import model from "bundle/tfjs/layers/model.json";
import { createClassifier } from "./classifier.js";

export const { labels, unsureBelow, predict } = createClassifier({ constants, model, weights });
export { createClassifier, load } from "./classifier.js";
