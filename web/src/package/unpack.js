// The model that is in the package, as the classifier reads it.

/** @import { PackedModel } from "../create.js" */

import { facts, packed } from "provender:model";
import { unpackBytes } from "./bytes.js";

/** @returns {Pick<PackedModel, "about" | "manifest" | "digest">} */
export const unpackAbout = () => ({
  about: JSON.parse(packed.about),
  manifest: JSON.parse(packed.manifest),
  digest: facts.digest,
});

/** @returns {PackedModel} */
export const unpackModel = () =>
  Object.assign(
    {
      // Its seal is of the keys in their order, in which the words have a place.
      constants: Object.assign(JSON.parse(packed.constants), {
        words: {
          shared: packed.words.shared,
          rests: packed.words.rests.split(packed.end).join("\n"),
        },
      }),
      model: JSON.parse(packed.model),
      weights: unpackBytes(packed.weights),
    },
    unpackAbout(),
  );
