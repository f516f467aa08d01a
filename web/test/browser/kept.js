// What a browser keeps of a site, as tests see it.

/**
 * @import { Browser, Page } from "playwright-core"
 * @import { State } from "../../src/versions.js"
 * @import { Scope } from "../tools.js"
 * @import { Site } from "./site.js"
 */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { seal } from "../fixture.js";
import { sha256 } from "../statement.js";
import {
  change,
  copySite,
  knownWords,
  openPage,
  readManifest,
  readParts,
  rewriteManifest,
  serveSite,
  whenReady,
} from "./site.js";

export const { BUNDLE = "" } = process.env;

// The version of that bundle, and of newer ones.
export const FIRST = readManifest(BUNDLE).version;
export const SECOND = "100.0.0";
export const THIRD = "101.0.0";

export const KEPT = "This page also works without a connection.";
export const TITLE = "Another corpus";

// How long a browser may take until it keeps what it is to keep.
const KEPT_MS = 30_000;

// What is kept once it has been used.
export const ON_DEMAND = /^(vendor|tfjs\/graph)\//;

/**
 * Serves a copy of a bundle for a test to change.
 *
 * @param {Scope} t
 * @param {string} bundle
 */
export async function serveBundle(t, bundle) {
  const site = await serveSite(copySite(t, bundle));
  t.after(site.stop);
  return site;
}

/**
 * Serves a copy of a bundle and visits it once, until it is kept.
 *
 * @param {Scope} t
 * @param {Browser} browser
 * @param {string} bundle
 */
export async function visitBundle(t, browser, bundle) {
  const site = await serveBundle(t, bundle);
  const opened = await openPage(t, browser, site.base);
  await settles(opened.page);
  return { site, ...opened };
}

/**
 * Has the keeper of a page's site look for a newer version.
 *
 * @param {Page} page
 * @param {boolean} [again] also for one that was left
 */
export const look = (page, again = false) => askKeeper(page, { type: "look", again });

/**
 * Waits until the site is kept and the page's own look for a newer version, at its load, is over:
 * a test's look would be answered with that one.
 *
 * @param {Page} page
 */
export async function settles(page) {
  await shows(page, KEPT);
  await askKeeper(page, { type: "look" });
}

/**
 * @param {Page} page
 * @param {string} line
 */
export const shows = (page, line) => page.locator("#offline", { hasText: line }).waitFor();

/**
 * @param {Page} page
 * @param {string} text
 */
export const notes = (page, text) => page.locator("#notice", { hasText: text }).waitFor();

/**
 * Makes another version of a site, of which each part that a page loads differs.
 *
 * @param {Scope} t
 * @param {Site} site
 * @param {string} [version]
 */
export function makeNewer(t, site, version = readManifest(site.folder).version) {
  const folder = copySite(t, site.folder);
  change(folder, "index.html", (html) => html.replace(/(<h1[^>]*>)[^<]*/, `$1${TITLE}`));
  change(folder, "about.json", (about) => about.replace(/"title": ".*"/, `"title": "${TITLE}"`));
  change(folder, "constants.json", (json) => json.replace('"unsure_below":', '"unsure_below": '));
  for (const form of ["layers", "graph"]) {
    change(folder, `tfjs/${form}/model.json`, (json) => `${json} `);
  }
  setVersion(folder, version);
  return folder;
}

/**
 * Binds the constants of a changed site to its weights.
 *
 * @param {string} folder
 */
export function reseal(folder) {
  const { constants } = seal(readParts(folder));
  writeFileSync(join(folder, "constants.json"), JSON.stringify(constants));
}

/**
 * Gives a changed site a version.
 *
 * @param {string} folder
 * @param {string} version
 */
export function setVersion(folder, version) {
  rewriteManifest(folder);
  const { version: before } = readManifest(folder);
  if (version === before) return;
  change(folder, "manifest.json", (json) =>
    json.replace(`"version": "${before}"`, `"version": "${version}"`),
  );
}

/**
 * Asserts that a page sees each file as `folder` has it, whatever the server has.
 *
 * @param {Page} page
 * @param {string} folder
 */
export async function sees(page, folder, leaveOut = /^$/) {
  const files = Object.fromEntries(
    Object.entries(readManifest(folder).files).filter(([name]) => !leaveOut.test(name)),
  );
  const found = await page.evaluate(async (names) => {
    const digests = {};
    for (const name of names) {
      const bytes = await (await fetch(name)).arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      digests[name] = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    }
    return digests;
  }, Object.keys(files));
  const expected = Object.entries(files).map(([name, file]) => [name, file.sha256]);
  assert.deepEqual(found, Object.fromEntries(expected));
  const [, heading] = /<h1[^>]*>([^<]*)/.exec(readFileSync(join(folder, "index.html"), "utf8")) || [];
  const read = heading.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
  assert.equal(await page.textContent("h1"), read.replace(/&lt;/g, "<").replace(/&gt;/g, ">"));
}

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
  const end = Date.now() + KEPT_MS;
  for (;;) {
    const { state } = await readKept(page);
    const { current } = state.parts.site || {};
    const found = `${current} of ${Object.keys(state.versions).sort()}`;
    if (found === expected) return;
    if (Date.now() > end) assert.equal(found, expected);
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

/**
 * Asserts that a page opens with a version, whole and without its server, and says so.
 *
 * @param {Page} page
 * @param {Site} site
 * @param {string} folder
 */
export async function runs(page, site, folder) {
  const { plan } = site;
  site.plan = (_, response) => response.destroy() && true;
  await page.goto(site.base);
  await whenReady(page);
  await shows(page, `Version ${readManifest(folder).version}, kept `);
  await page.fill("#text", knownWords(folder, 0, 20));
  assert.ok((await page.locator("#scores li").count()) > 0);
  await sees(page, folder, ON_DEMAND);
  site.plan = plan;
}
