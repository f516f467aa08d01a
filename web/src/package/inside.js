// What the package's one script has inside: its API, its model, and where its parts are.

import { scope } from "../places.js";

/** @type {import("./script.js").Inside} */
export const inside = scope[PROVENDER_PACKAGE];
