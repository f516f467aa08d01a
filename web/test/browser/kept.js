// What a browser keeps of a site, as tests see it.

/**
 * @import { Page } from "playwright-core"
 * @import { State } from "../../src/versions.js"
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { sha256 } from "../statement.js";

/** @param {string} folder a site's */
export const versionOf = (folder) => sha256(readFileSync(join(folder, "manifest.json")));

/**
 * Gives the record of what is kept, the digests of the files that are kept, and of those which are
 * damaged.
 *
 * @param {Page} page
 * @returns {Promise<{ state: State, files: string[], damaged: string[] }>}
 */
export const readKept = (page) =>
  page.evaluate(async () => {
    const name = `provender ${new URL("./", location.href).href}`;
    const database = await new Promise((resolve) => {
      const request = indexedDB.open(name);
      // There is none, and none is to be made.
      request.onupgradeneeded = () => request.transaction?.abort();
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
    });
    if (!database) return { state: { versions: {}, parts: {} }, files: [], damaged: [] };
    const transaction = database.transaction(["files", "records"]);
    const record = transaction.objectStore("records").get("state");
    const keys = transaction.objectStore("files").getAllKeys();
    const values = transaction.objectStore("files").getAll();
    await new Promise((resolve) => {
      transaction.oncomplete = resolve;
    });
    database.close();
    const damaged = [];
    for (const [index, bytes] of values.result.entries()) {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
      if (hex !== keys.result[index]) damaged.push(keys.result[index]);
    }
    return {
      state: record.result || { versions: {}, parts: {} },
      files: keys.result.map(String),
      damaged,
    };
  });

/**
 * Waits until the browser keeps these versions and no others, the last for new pages.
 *
 * @param {Page} page
 * @param {string[]} versions
 */
export async function keeps(page, versions) {
  const expected = `${versions.slice(-1)} of ${versions.slice().sort()}`;
  for (;;) {
    const { state } = await readKept(page);
    const { current } = state.parts.site || {};
    if (`${current} of ${Object.keys(state.versions).sort()}` === expected) return;
    await setTimeout(20);
  }
}

/**
 * Deletes all that the browser keeps of the site, as when a disk is full.
 *
 * @param {Page} page
 */
export const dropKept = (page) =>
  page.evaluate(async () => {
    for (const { name } of await indexedDB.databases()) {
      await new Promise((resolve) => {
        const request = indexedDB.deleteDatabase(`${name}`);
        request.onsuccess = resolve;
      });
    }
  });

/**
 * Asks the service worker as the page's own script does; gives its report.
 *
 * @param {Page} page
 * @param {{ type: string, again?: boolean }} message
 */
export const askKeeper = (page, message) =>
  page.evaluate(async (asked) => {
    const { active } = await navigator.serviceWorker.ready;
    return new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      active?.postMessage(asked, [port2]);
    });
  }, message);
