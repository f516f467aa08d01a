// A package's model, opened as a bundle is.

/**
 * @import { PackedModel } from "./create.js"
 * @import { Opened } from "./bundle.js"
 */

import { problem } from "./errors.js";

/**
 * @param {PackedModel} packed
 * @returns {Opened}
 */
export const openPacked = ({ about, constants, digest, manifest, model, weights }) => ({
  manifest,
  digest,
  readModel(format) {
    if (format === "graph") {
      throw problem("option", "A package's model has no graph format", TypeError);
    }
    return [constants, about, model, weights].map((file) => Promise.resolve(file));
  },
});
