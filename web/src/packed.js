// A package's model, in place of a bundle's versions.

/**
 * @import { Keeper, PackedModel } from "./create.js"
 */

import { problem } from "./errors.js";

/**
 * @param {PackedModel} packed
 * @returns {Keeper}
 */
export const keepPacked = ({ about, constants, digest, manifest, model, weights }) => ({
  makeKept: (options, make) =>
    make(options, undefined, {
      manifest,
      digest,
      readModel(format) {
        if (format === "graph") {
          throw problem("option", "A package's model has no graph format", TypeError);
        }
        return [constants, about, model, weights].map((file) => Promise.resolve(file));
      },
    }),
  async change() {
    throw problem("option", "A package's model is updated with the package");
  },
});
