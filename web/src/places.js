// What browsers, workers and Node.js do in different ways: read a file, load a script.

/** @import { Bytes } from "./bytes.js" */

import { problem, throwIfAborted } from "./errors.js";

// That of a page or worker, or of Node.js; a bare engine has neither.
/** @type {any} */
export const scope = typeof self === "object" ? self : typeof global === "object" ? global : {};

/**
 * A part of Node.js itself, where that is what runs.
 *
 * @param {string} name
 */
function node(name) {
  const { process } = scope;
  return process && process.getBuiltinModule ? process.getBuiltinModule(name) : null;
}

/** Where this script is, if it is one by itself. */
const own = scope.document ? scope.document.currentScript : scope.importScripts && scope.location;
export const ownFolder = own ? String(own.src || own.href).replace(/[^/]*$/, "") : "";

/** @type {{ createScriptURL: (address: string) => any } | undefined} */
let policy;

/**
 * Allows an address of the bundle's own as that of a script, where pages must allow each.
 *
 * @param {string} address
 */
export function scriptAddress(address) {
  const { trustedTypes } = scope;
  if (!trustedTypes) return address;
  policy = policy || trustedTypes.createPolicy("provender", { createScriptURL: String });
  return /** @type {any} */ (policy).createScriptURL(address);
}

/**
 * Gives the address of a folder without the slash at its end.
 *
 * @param {string | URL} base
 */
export const folderOf = (base) => String(base).replace(/\/+$/, "");

/** @typedef {(name: string, digest?: string, cache?: RequestCache) => Promise<Bytes>} Read */

/**
 * Gives what reads the files of a bundle.
 *
 * @param {string | URL} base
 * @param {typeof fetch} [fetcher]
 * @param {AbortSignal} [signal]
 * @returns {Read}
 */
export function readerAt(base, fetcher, signal) {
  const folder = folderOf(base);
  const fs = !fetcher && !/^(https?|blob|data):/.test(folder) && node("fs");
  return async (name, digest, cache) => {
    const address = `${folder}/${name}`;
    try {
      if (fs) return await fs.promises.readFile(/^file:/.test(folder) ? new URL(address) : address);
      // By an address that no other version of the file has, so that none can be cached under it.
      const asked = digest ? `${address}?sha256=${digest}` : address;
      const response = await (fetcher || fetch)(asked, { signal, cache });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      throwIfAborted(signal);
      const { message } = /** @type {Error} */ (error);
      throw problem("unreachable", `Could not load ${address}: ${message}`);
    }
  };
}

/**
 * Loads a script that sets a global, once, and gives that global.
 *
 * @param {string} address
 * @param {string} name
 * @param {string} [integrity] its digest, as the attribute has it
 * @returns {Promise<any>}
 */
export async function loadScript(address, name, integrity) {
  if (scope[name]) return scope[name];
  const modules = node("module");
  if (modules && !/^https?:/.test(address)) {
    return modules.createRequire(`${scope.process.cwd()}/`)(address);
  }
  if (scope.importScripts) scope.importScripts(scriptAddress(address));
  else {
    await new Promise((resolve, reject) => {
      const { document } = scope;
      const script = document.createElement("script");
      if (integrity) script.integrity = integrity;
      script.src = scriptAddress(address);
      script.onload = resolve;
      script.onerror = () => reject(problem("unreachable", `Could not load ${address}`));
      document.head.appendChild(script);
    });
  }
  return scope[name];
}

/**
 * @param {string} address
 * @param {WorkerOptions} [options]
 * @returns {Worker}
 */
export const startWorker = (address, options) =>
  new scope.Worker(scriptAddress(address), options);

/** The part that looks for newer versions, if it is loaded. */
export const loadedUpdates = () => scope.ProvenderUpdate || null;
