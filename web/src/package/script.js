// The package as one classic script, which sets a global of the package's name where a page loads
// it as such. The package's modules have API and model from it as well, by a name that no other
// package has: as a module it is read alike by import, by require, and by browsers alone.

import * as api from "./api.js";
import { parts } from "../parts.js";
import { scope } from "../places.js";
import { unpackModel } from "./unpack.js";

export * from "./api.js";

/** @typedef {typeof api & { parts: typeof parts, unpackModel: typeof unpackModel }} Inside */

scope[PROVENDER_PACKAGE] = Object.assign({ parts, unpackModel }, api);
