// The package's model, for `create`.

/** @import { PackedModel } from "../create.js" */

import "./script.js";
import { inside } from "./inside.js";

/** @type {PackedModel} */
const model = inside().unpackModel();
export default model;
