// What the package's one script has inside, once it has been read: its API, and its model.

import { scope } from "../places.js";

/** @returns {import("./script.js").Inside} */
export const inside = () => scope[PROVENDER_PACKAGE];
