// Where the npm package has the parts that not every page needs: beside it.

import { problem } from "../errors.js";
import { ownFolder, startWorker } from "../places.js";

/** @type {typeof import("../parts.js").parts} */
export const parts = {
  async updates() {
    if (PROVENDER_UPDATE && PROVENDER_FORMAT === "esm") return import(PROVENDER_UPDATE);
    if (PROVENDER_UPDATE && PROVENDER_FORMAT === "cjs") return require(PROVENDER_UPDATE);
    throw problem("option", "Nothing here looks for updates: where there are any, modules do");
  },
  // That of a module is started by start.js.
  worker() {
    if (PROVENDER_FORMAT === "iife" && ownFolder) {
      return startWorker(`${ownFolder}esm/worker.js`, { type: "module" });
    }
    throw problem(
      "option",
      "worker must be a Worker where this package is required: it cannot tell where its own is",
      TypeError,
    );
  },
};
