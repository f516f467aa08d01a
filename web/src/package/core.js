// The kernel, without a model.

import { create as createByKernel } from "../classifier.js";
import { createBy } from "./start.js";

export { createClassifier, load } from "../classifier.js";

/** @type {typeof createByKernel} */
export const create = (/** @type {any} */ options) => createBy(createByKernel, options);
