// A site's manifest.json: the size and the sha256 digest of each of its files.

/**
 * @import { Bytes } from "./bytes.js"
 * @import { JsonObject } from "./json.js"
 */

import { isObject, parseObject } from "./json.js";
import { fail } from "./problem.js";

export const MANIFEST = "manifest.json";
// A release lays these beside the files of the manifest.
export const STATEMENT = "provenance.intoto.json";
export const ENVELOPE = "provenance.dsse.json";

export const LAYERS = "tfjs/layers";

// The edition of manifest.json that this code reads.
const FORMAT = 1;

// No name that leads out of the site's folder, or to another host.
const FILE_NAME = /^(?!__proto__$)[A-Za-z0-9_-][\w.-]*(\/[A-Za-z0-9_-][\w.-]*)*$/;

const DIGEST = /^[0-9a-f]{64}$/;

// Of all files together. A site has 2.4 MB; more than this is an attack on the visitor's disk.
const MOST_BYTES = 1 << 28;

/** @typedef {{ bytes: number, sha256: string }} File */

/**
 * A manifest that can be relied on.
 *
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {{ [name: string]: File }} files
 */

/** @param {string} name */
export const isFileName = (name) => FILE_NAME.test(name);

/**
 * Gives a manifest's files in their order, or null where it lists none.
 *
 * @param {JsonObject | null} manifest
 * @returns {[name: string, file: any][] | null}
 */
export function listFiles(manifest) {
  const { files } = manifest || {};
  return isObject(files) && Object.keys(files).length ? Object.entries(files) : null;
}

/**
 * Reads a manifest.
 *
 * @param {Bytes} bytes
 * @returns {Manifest}
 * @throws {Error} with a `code`, if it is none that this code can use
 */
export function readManifest(bytes) {
  const manifest = parseObject(bytes);
  if (!manifest) throw fail("bad-json", `${MANIFEST} is no JSON object`);
  const { format, name, version } = manifest;
  if (typeof format === "number" && format > FORMAT) {
    throw fail("newer-code", `${MANIFEST} has format ${format}; this code reads ${FORMAT}`);
  }
  const listed = listFiles(manifest);
  const isUsable =
    format === FORMAT && typeof name === "string" && typeof version === "string" && listed;
  if (!isUsable) throw fail("bad-manifest", `${MANIFEST} is no bundle's`);
  let total = 0;
  for (const [file, about] of listed) {
    const { bytes: size, sha256 } = about || {};
    if (!isFileName(file) || !Number.isInteger(size) || size < 0 || !DIGEST.test(sha256)) {
      throw fail("bad-manifest", `${MANIFEST} has a file that is none: ${file.slice(0, 100)}`);
    }
    total += size;
  }
  if (total > MOST_BYTES) {
    throw fail("too-large", `${MANIFEST} names ${total} bytes; ${MOST_BYTES} are the most`);
  }
  return /** @type {Manifest} */ (/** @type {unknown} */ (manifest));
}
