// What is loaded when it is asked for: what names a wrong option, the page's side of a worker, and
// TensorFlow.js.

import { createEngine, createOther } from "./other.js";
import { scope } from "./places.js";

/** @typedef {typeof more} More */

export const more = { createEngine, createOther };

scope.ProvenderMore = more;
