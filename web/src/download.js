// Files from a server that may be anyone's: never more bytes than were asked for, never for ever,
// and only those of the expected digest.

/**
 * @import { Bytes } from "./bytes.js"
 * @import { File } from "./manifest.js"
 */

import { sha256 } from "./digest.js";
import { fail } from "./problem.js";

/** @typedef {(address: string, options: RequestInit) => Promise<Response>} Fetch */

// Any server answers within a minute, and sends at least a byte a millisecond. Whoever does not
// may hold up what looks for newer versions no longer than ten.
const PATIENCE_MILLISECONDS = 60000;
const BYTES_PER_MILLISECOND = 1;
const MOST_MILLISECONDS = 600000;

// Of these, a page of HTML in place of the file is nothing unusual.
const MARKUP = /\.(html|svg)$/;

/**
 * Fetches a file, whatever is in it.
 *
 * @param {Fetch} fetch
 * @param {string} address
 * @param {string} name what it is called in errors
 * @param {number} most how many bytes it may have
 * @param {RequestCache} cache
 * @returns {Promise<Bytes>}
 * @throws {Error} with a `code`
 */
export async function download(fetch, address, name, most, cache) {
  /** @type {(() => void)[]} */
  const stops = [];
  let timer;
  const milliseconds = Math.min(
    PATIENCE_MILLISECONDS + most / BYTES_PER_MILLISECOND,
    MOST_MILLISECONDS,
  );
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      stops.forEach((stop) => stop());
      reject(fail("slow", `${name} takes longer than ${Math.round(milliseconds / 1000)} s`));
    }, milliseconds);
  });
  try {
    return await /** @type {Promise<Bytes>} */ (
      Promise.race([late, receive(fetch, address, name, most, cache, stops)])
    );
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {Fetch} fetch
 * @param {string} address
 * @param {string} name
 * @param {number} most
 * @param {RequestCache} cache
 * @param {(() => void)[]} stops gets what ends the download
 */
async function receive(fetch, address, name, most, cache, stops) {
  let response;
  try {
    response = await fetch(address, { cache, credentials: "same-origin" });
  } catch (error) {
    throw fail("unreachable", `${name}: ${/** @type {Error} */ (error).message}`);
  }
  if (!response.ok) {
    throw fail(response.status === 404 ? "missing" : "http", `${name}: HTTP ${response.status}`);
  }
  try {
    return await readBody(response, name, most, stops);
  } catch (error) {
    if (/** @type {any} */ (error).code === "too-large") throw error;
    throw fail("unreachable", `${name} came by half: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * @param {Response} response
 * @param {string} name
 * @param {number} most
 * @param {(() => void)[]} stops
 * @returns {Promise<Bytes>}
 */
async function readBody(response, name, most, stops) {
  const tooLarge = () => fail("too-large", `${name} has more than ${most} bytes`);
  const reader = response.body && response.body.getReader && response.body.getReader();
  // Firefox before 65 tells no parts of what comes.
  if (!reader) {
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length > most) throw tooLarge();
    return bytes;
  }
  const stop = () => {
    // Whoever sends without an end need not agree.
    reader.cancel().catch(() => {});
  };
  stops.push(stop);
  /** @type {Uint8Array[]} */
  const chunks = [];
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    chunks.push(part.value);
    size += part.value.length;
    if (size > most) {
      stop();
      throw tooLarge();
    }
  }
  const bytes = new Uint8Array(size);
  let end = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, end);
    end += chunk.length;
  }
  return bytes;
}

/**
 * Whether bytes are a page of HTML: what a network answers where one must log in first, and what
 * some hosts give in place of a file that they lack.
 *
 * @param {Bytes} bytes
 */
export const isHtml = (bytes) =>
  /^\s*<(!doctype|html|head|body|meta|script|title|!--)/i.test(
    new TextDecoder().decode(bytes.subarray(0, 200)),
  );

/**
 * Says what stands in a file's place.
 *
 * @param {string} name
 * @param {Bytes} bytes
 * @param {File} file
 */
function explain(name, bytes, file) {
  if (isHtml(bytes) && !MARKUP.test(name)) return describeHtml(name);
  return differs(
    name,
    bytes.length === file.bytes ? "other content" : `${bytes.length} bytes, not ${file.bytes}`,
  );
}

/**
 * @param {string} name
 * @param {string} how
 */
const differs = (name, how) =>
  fail(
    "half-published",
    `${name} is not the file that manifest.json names (${how}): the site is being uploaded, or ` +
      "its host changes files",
  );

/** @param {string} name */
export const describeHtml = (name) =>
  fail(
    "html",
    `In place of ${name} came a web page: the network may want you to log in first, or the ` +
      "site lacks the file",
  );

/**
 * Fetches a file of a site by its digest.
 *
 * The address with the digest may be kept by any cache for ever. The plain one is asked before it
 * where the browser may have the file since it showed the page, and after it where a cache has
 * kept what an unfinished upload gave.
 *
 * @param {Fetch} fetch
 * @param {string} base the site's address, with a slash
 * @param {string} name
 * @param {File} file
 * @param {boolean} shown whether the browser may have it
 * @returns {Promise<Bytes>}
 * @throws {Error} with a `code`
 */
export async function downloadFile(fetch, base, name, file, shown) {
  /** @type {[address: string, cache: RequestCache][]} */
  const tries = [
    [`${name}?sha256=${file.sha256}`, "default"],
    [name, "reload"],
  ];
  if (shown) tries.unshift([name, "force-cache"]);
  /** @type {unknown} */
  let problem;
  for (const [address, cache] of tries) {
    try {
      const bytes = await download(fetch, base + address, name, file.bytes, cache);
      if ((await sha256(bytes)) === file.sha256) return bytes;
      problem = explain(name, bytes, file);
    } catch (error) {
      problem = error;
      // Another address of the same server would not be reached, or would be as slow.
      const { code } = /** @type {any} */ (error);
      if (code === "unreachable" || code === "slow") break;
      if (code === "too-large") problem = differs(name, `more than ${file.bytes} bytes`);
      if (code === "missing") problem = differs(name, "missing");
    }
  }
  throw problem;
}
