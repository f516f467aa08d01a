// A package's model, opened as a bundle is.

/**
 * @import { PackedModel } from "./create.js"
 * @import { Opened } from "./bundle.js"
 */

import { sha256Here } from "./digest.js";
import { problem } from "./errors.js";
import { checkSeal, sealed } from "./seal.js";

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
    const parts = { constants, model, weights };
    checkSeal(parts, sha256Here(sealed(parts)));
    return [constants, about, model, weights].map((file) => Promise.resolve(file));
  },
});
