// What the package's one script has inside: its API, and its model.

import { scope } from "../places.js";

/** @type {import("./script.js").Inside} */
export const inside = scope[PROVENDER_PACKAGE];
