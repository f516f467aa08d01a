// The files of a bundle, each held to its digest in the manifest.

/**
 * @import { Bytes } from "./bytes.js"
 * @import { CreateOptions, Manifest } from "./create.js"
 * @import { Model } from "./model.js"
 * @import { Read } from "./places.js"
 */

import { sha256 } from "./digest.js";
import { problem, throwIfAborted } from "./errors.js";
import { joinShards, weightPaths } from "./model.js";
import { readerAt } from "./places.js";

const MANIFEST = "manifest.json";

/**
 * What a classifier is made of. `readModel` reads a model in a format, and JSON files with it; gives
 * the files, the model, its weights, each as it comes.
 *
 * @typedef {object} Opened
 * @property {Manifest} manifest
 * @property {Promise<string> | string} digest the manifest's
 * @property {(format: string, names: string[]) => Promise<any>[]} readModel
 */

/**
 * @param {CreateOptions} options
 * @param {Read} [get] what reads its files, where they are kept in this browser
 * @returns {Promise<Opened>}
 */
export async function openBundle(
  { base = ".", fetch, onProgress, signal },
  get = readerAt(base, fetch, signal),
) {
  const bytes = await get(MANIFEST);
  /** @type {Manifest} */
  const manifest = toJson(MANIFEST, bytes);
  const files = Object(manifest).files || {};

  /**
   * Reads files, all at once.
   *
   * @param {string[]} names
   * @returns {Promise<Bytes>[]}
   */
  function read(names) {
    const total = names.reduce((sum, name) => sum + Object(files[name]).bytes, 0);
    let loaded = 0;
    return names.map(async (name) => {
      if (!files[name]) throw problem("mixed", `${MANIFEST} names no ${name}`);
      const digest = files[name].sha256;
      let found = await get(name, digest);
      if ((await sha256(found)) !== digest) {
        // Whoever came during an upload may have the file before it under this file's address, for
        // ever; so the plain one is asked, past all caches.
        found = await get(name, "", "reload");
        if ((await sha256(found)) !== digest) {
          throw problem(
            "mixed",
            `${name} is not that of ${MANIFEST}: the site is being updated, or the file is ` +
              "damaged. Try again in a moment",
          );
        }
      }
      throwIfAborted(signal);
      loaded += files[name].bytes;
      if (onProgress) onProgress({ file: name, loaded, total });
      return found;
    });
  }

  /** @type {Opened["readModel"]} */
  function readModel(format, names) {
    const folder = `tfjs/${format}/`;
    const own = Object.keys(files).filter((name) => name.startsWith(folder));
    if (!own.length) throw problem("option", `This bundle has no ${format} format`);
    const found = read(names.concat(own));
    /** @param {string} name */
    const place = (name) => names.length + own.indexOf(folder + name);
    /** @type {Promise<Model>} */
    const model = Promise.resolve(found[place("model.json")]).then((file) =>
      toJson("model.json", file),
    );
    // Of all files, so that whichever fails, nothing else of them is left to fail unheard.
    const weights = Promise.all([model, Promise.all(found)]).then(([whole, files]) =>
      joinShards(weightPaths(whole).map((name) => files[place(name)])),
    );
    return names
      .map((name, i) => found[i].then((file) => toJson(name, file)))
      .concat([model, weights]);
  }

  return { manifest, digest: sha256(bytes), readModel };
}

/**
 * Parses a file.
 *
 * @param {string} name
 * @param {Bytes} bytes
 * @returns {any}
 */
export function toJson(name, bytes) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw problem("mixed", `${name} is no JSON: ${/** @type {Error} */ (error).message}`);
  }
}
