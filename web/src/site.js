// Where the page's data come from: the files beside it or, in demo.single.html, the page itself.

/**
 * @import { PackedModel, Runtime } from "./create.js"
 * @import { Read } from "./fetch.js"
 */

import { fromBase64 } from "./bytes.js";
import { createHere } from "./create.js";
import { fetchAs, readModel } from "./fetch.js";
import { keepPacked } from "./packed.js";
import { loadScript } from "./places.js";

// Set by demo.single.html: parsed JSON, or bytes in base64, by a file's name.
const held = window.ProvenderFiles;

/** Whether the page is demo.single.html, which asks for no file. */
export const single = Boolean(held);

/** @type {Read} */
const read = held
  ? async (type, name) => (type === "json" ? held[name] : fromBase64(held[name]))
  : fetchAs;

/** @param {string} name */
export const siteJson = (name) => read("json", name);

/**
 * Makes the site's classifier.
 *
 * @param {Runtime} runtime
 */
export async function createClassifier(runtime) {
  if (!held) {
    // Where no service worker keeps the site, its model may be kept by itself.
    if (!navigator.serviceWorker) await loadUpdates();
    return createHere({ base: ".", runtime });
  }
  const { model, weights } = await readModel("tfjs/layers", read);
  const [about, constants] = [held["about.json"], held["constants.json"]];
  const manifest = { name: constants.name, version: "", files: {}, inputs: {} };
  /** @type {PackedModel} */
  const packed = { about, constants, model, weights, manifest, digest: "" };
  return createHere({}, keepPacked(packed));
}

/** Loads what knows the model that is kept, if it can be had. */
async function loadUpdates() {
  try {
    await loadScript("update.js", "ProvenderUpdate");
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code !== "unreachable") throw error;
  }
}
