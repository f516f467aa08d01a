// Where the npm package has the parts that not every page needs.

import { problem } from "../errors.js";
import { createEngine, createOther } from "../other.js";
import { loadedUpdates, ownFolder, startWorker } from "../places.js";

/** Starts the package's worker: that of a module is started by start.js. */
export function startOwn() {
  if (PROVENDER_FORMAT === "iife" && ownFolder) {
    return startWorker(`${ownFolder}esm/worker.js`, { type: "module" });
  }
  throw problem(
    "option",
    "worker must be a Worker where this package is required: it cannot tell where its own is",
    TypeError,
  );
}

/** @type {typeof import("../parts.js").parts} */
export const parts = {
  // An application that takes updates ships update.js itself, as what checks them has to be its own.
  async updates() {
    const updates = loadedUpdates();
    if (updates) return updates;
    throw problem(
      "option",
      "Updates need update.js of a bundle: load it with your own scripts before this is called",
    );
  },
  // A package's modules are files that bundlers put together.
  more: async () => ({ createEngine, createOther }),
  worker: startOwn,
};
