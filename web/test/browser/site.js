// Sites for tests: served from a folder, opened in Chromium, changed, and released.

/**
 * @import { IncomingMessage, ServerResponse } from "node:http"
 * @import { Browser, BrowserContextOptions, Page } from "playwright-core"
 * @import { Parts } from "../../src/model.js"
 * @import { Keys } from "../statement.js"
 * @import { Scope } from "../tools.js"
 */

import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import { after, before } from "node:test";
import { decodeWords } from "../../src/vocabulary.js";
import * as statement from "../statement.js";
import { listen, makeFolder } from "../tools.js";
import { launchChromium } from "./chromium.js";

/**
 * A site that is served from a folder, which a test may change.
 *
 * @typedef {object} Site
 * @property {string} folder
 * @property {string[]} broken names of files that answer with HTTP 500
 * @property {string[]} asked names of files asked for so far
 * @property {((name: string, response: ServerResponse, url: URL) => boolean | void) | null} plan
 *   answers a request in the folder's place, if it gives true
 * @property {string} base its address
 * @property {() => void} stop ends it, open connections too
 */

/**
 * What the tests of a file share once they run.
 *
 * @typedef {object} Opened
 * @property {Browser} browser
 * @property {Site} site
 * @property {Page} page one for all tests, since opening one takes longer than most of them
 * @property {string[]} requests the addresses that the page has asked for
 */

/** @type {{ [extension: string]: string }} */
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/**
 * Serves a folder on this machine.
 *
 * @param {string} folder
 */
export async function serveSite(folder) {
  const { server, base } = await listen((request, response) => serveFile(site, request, response));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  /** @type {Site} */
  const site = { folder, broken: [], asked: [], plan: null, base, stop };
  return site;
}

/**
 * @param {Site} site
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 */
async function serveFile({ folder, broken, asked, plan }, request, response) {
  const url = new URL(`${request.url}`, "http://localhost");
  const name = url.pathname.slice(1) || "index.html";
  asked.push(name);
  if (plan?.(name, response, url)) return;
  if (broken.includes(name)) {
    response.statusCode = 500;
    response.end();
    return;
  }
  try {
    const body = await readFile(join(folder, name));
    response.setHeader("Content-Type", TYPES[extname(name)] || "application/octet-stream");
    response.end(body);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    response.statusCode = code === "ENOENT" ? 404 : 500;
    response.end();
  }
}

/**
 * Gives a browser for the tests of a file, which ends with them, and what `prepare` adds to it.
 *
 * @param {(opened: Opened) => Promise<void>} [prepare]
 */
export function openBrowser(prepare) {
  const opened = /** @type {Opened} */ ({});
  // One hook does it all, since node:test does not wait for one before it starts the next.
  before(async () => {
    opened.browser = await launchChromium();
    await prepare?.(opened);
  });
  after(() => opened.browser?.close());
  return opened;
}

/**
 * Gives a browser, a site served from a folder, and a page for the tests of a file.
 *
 * @param {string} folder
 */
export function openSite(folder) {
  const opened = openBrowser(async ({ browser }) => {
    opened.site = await serveSite(folder);
    // A service worker would answer for the server; offline.test.js has it.
    opened.page = await browser.newPage({ serviceWorkers: "block" });
    opened.requests = recordRequests(opened.page);
  });
  after(() => opened.site?.stop());
  return opened;
}

/**
 * Opens an address in a context of the test's own, and records what the page asks for and what
 * it complains about.
 *
 * @param {Scope} t
 * @param {Browser} browser
 * @param {string} address
 * @param {BrowserContextOptions} [options]
 */
export async function openPage(t, browser, address, options) {
  const context = await browser.newContext(options);
  t.after(() => context.close());
  const page = await context.newPage();
  const requests = recordRequests(page);
  /** @type {string[]} */
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(address);
  return { context, page, requests, complaints };
}

/**
 * Gives a list that grows by the address of each file that a page asks for.
 *
 * @param {Page} page
 */
function recordRequests(page) {
  /** @type {string[]} */
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  return requests;
}

export const enginesOf = (bundle) => ["kernel", ...readJson(bundle, "about.json").formats];

/**
 * Waits until a page has loaded its engine.
 *
 * @param {Page} page
 */
export const whenReady = (page) => page.evaluate(() => window.ready);

/**
 * Opens all that is folded away.
 *
 * @param {Page} page
 */
export const unfold = (page) =>
  page.evaluate(() => document.querySelectorAll("details").forEach((fold) => (fold.open = true)));

/**
 * Loads a script of the site into a page, which must allow its address first.
 *
 * @param {Page} page
 * @param {string} name
 */
export const addScript = (page, name) =>
  page.evaluate(
    (address) =>
      new Promise((resolve, reject) => {
        const { trustedTypes } = /** @type {any} */ (window);
        const policy = trustedTypes.createPolicy("provender", { createScriptURL: String });
        const script = document.createElement("script");
        script.src = policy.createScriptURL(address);
        script.onload = resolve;
        script.onerror = reject;
        document.head.append(script);
      }),
    name,
  );

/**
 * @param {Page} page
 * @param {string} engine
 */
export async function chooseEngine(page, engine) {
  await unfold(page);
  await page.check(`input[value="${engine}"]`);
  await whenReady(page);
}

/**
 * Asks a new worker of the page's; gives its answers as they come, one for each message.
 *
 * @param {Page} page
 * @param {object[]} messages
 */
export const askWorker = (page, messages) =>
  page.evaluate(
    (asked) =>
      new Promise((resolve) => {
        const { trustedTypes } = /** @type {any} */ (window);
        const policy = trustedTypes.createPolicy("provender", { createScriptURL: String });
        const worker = new Worker(policy.createScriptURL("worker.js"));
        const answers = [];
        worker.onmessage = ({ data }) => {
          if (answers.push(data) === asked.length) resolve(answers);
        };
        asked.forEach((message) => worker.postMessage(message));
      }),
    messages,
  );

/**
 * Reads a page's security policy.
 *
 * @param {Page} page
 */
export const readPolicy = async (page) =>
  `${await page.getAttribute('meta[http-equiv="Content-Security-Policy"]', "content")}`;

/**
 * Has a page check its site, by its own button, and gives what it then shows.
 *
 * @param {Page} page
 * @param {string} key
 */
export async function verify(page, key = "") {
  await unfold(page);
  await page.fill("#verify-key", key);
  await page.click("#verify-form button");
  await page.locator("#verify-verdict[data-verdict]").waitFor();
  return page.evaluate(() => {
    const all = (selector) => Array.from(document.querySelectorAll(selector));
    const [verdict] = all("#verify-verdict");
    const checks = all("#verify-checks > li").map((item) => ({
      state: item.querySelector(".state").textContent,
      title: item.querySelector("strong").textContent,
      says: item.querySelector("p").textContent,
      details: Array.from(item.querySelectorAll("li"), (detail) => detail.textContent),
    }));
    return {
      outcome: verdict.dataset.verdict,
      says: verdict.innerText,
      states: Object.fromEntries(checks.map(({ title, state }) => [title, state])),
      checks: Object.fromEntries(checks.map((check) => [check.title, check])),
      facts: Object.fromEntries(
        all("#verify-facts dt").map((term) => [term.textContent, term.nextSibling.textContent]),
      ),
      note: all("#verify-note")[0].innerText,
      status: all("#published")[0].textContent,
    };
  });
}

/**
 * Copies a site for a test to change.
 *
 * @param {Scope} t
 * @param {string} site its folder
 */
export function copySite(t, site) {
  const folder = makeFolder(t);
  cpSync(site, folder, { recursive: true });
  return folder;
}

/**
 * Changes the text of a site's file.
 *
 * @param {string} folder
 * @param {string} name
 * @param {(text: string) => string} replace
 */
export function change(folder, name, replace) {
  const path = join(folder, name);
  const text = readFileSync(path, "utf8");
  const changed = replace(text);
  if (changed === text) throw new Error(`${name} stays as it is`);
  writeFileSync(path, changed);
}

/**
 * Flips the lowest bit of a file's middle byte.
 *
 * @param {string} folder
 * @param {string} name
 */
export function flipBit(folder, name) {
  const path = join(folder, name);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
}

/**
 * @param {string} folder
 * @param {string} name
 */
export const readJson = (folder, name) => JSON.parse(readFileSync(join(folder, name), "utf8"));

/** @param {string} folder */
export const readManifest = (folder) => readJson(folder, "manifest.json");

/** The file of a site's weights. */
export const WEIGHTS = "tfjs/layers/group1-shard1of1.bin";

/**
 * Reads what a site's classifier is made from.
 *
 * @param {string} folder
 * @returns {Parts}
 */
export const readParts = (folder) => ({
  constants: readJson(folder, "constants.json"),
  model: readJson(folder, "tfjs/layers/model.json"),
  weights: readFileSync(join(folder, WEIGHTS)),
});

/**
 * Gives some of the words that a site's model knows, as a text.
 *
 * @param {string} folder
 * @param {number} first
 * @param {number} last is left out
 */
export const knownWords = (folder, first, last) =>
  decodeWords(readJson(folder, "constants.json").words).slice(first, last).join(" ");

/**
 * Reads the files that a manifest names.
 *
 * @param {string} folder
 * @returns {[name: string, bytes: Buffer][]}
 */
const readFiles = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => name !== "manifest.json" && !name.startsWith("provenance."))
    .sort()
    .map((name) => [name, readFileSync(join(folder, name))]);

/**
 * Makes a changed site a version of its own.
 *
 * @param {string} folder
 */
export function rewriteManifest(folder) {
  const files = statement.listFiles(readFiles(folder));
  writeFileSync(
    join(folder, "manifest.json"),
    statement.toJson({ ...readManifest(folder), files }),
  );
}

/**
 * Makes the statement of a release of a site.
 *
 * @param {string} folder
 */
export function makeStatement(folder, canaries = makeCanaries(folder)) {
  const files = readFiles(folder);
  files.push(["manifest.json", readFileSync(join(folder, "manifest.json"))]);
  return statement.makeStatement(files, readManifest(folder), canaries);
}

/**
 * Gives texts and their scores by the site's own model.
 *
 * @param {string} folder
 */
export const makeCanaries = (folder) =>
  statement.makeCanaries(readParts(folder), ["yeast", "flour and yeast", "😀\0 QUEEN\u2028moon"]);

/**
 * Lays a statement beside the site and, where keys are given, its envelope.
 *
 * @param {string} folder
 * @param {object} stated
 * @param {Keys} [keys]
 */
export function release(folder, stated, keys) {
  const payload = statement.toJson(stated);
  writeFileSync(join(folder, statement.STATEMENT), payload);
  if (keys) writeFileSync(join(folder, statement.ENVELOPE), statement.seal(payload, keys));
}
