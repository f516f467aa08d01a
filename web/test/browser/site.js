// Sites for tests: served from a folder, opened in Chromium, changed, and released.

import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import { after, before } from "node:test";
import { decodeWords } from "../../src/vocabulary.js";
import * as statement from "../statement.js";
import { listen, makeFolder } from "../tools.js";
import { launchChromium } from "./chromium.js";

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/**
 * Serves the folder `site.folder`, which a test may change, on this machine. Files named in
 * `site.broken` answer with HTTP 500; `site.asked` are the names of files asked for so far.
 * `site.stop()` ends it, open connections too.
 */
export async function serveSite(folder) {
  const site = { folder, broken: [], asked: [] };
  const { server, base } = await listen((request, response) => serveFile(site, request, response));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return Object.assign(site, { base, stop });
}

async function serveFile({ folder, broken, asked }, request, response) {
  const name = new URL(request.url, "http://localhost").pathname.slice(1) || "index.html";
  asked.push(name);
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
    response.statusCode = error.code === "ENOENT" ? 404 : 500;
    response.end();
  }
}

/**
 * Gives what a file's tests share once they run: `{browser}`, with what `prepare` adds to it.
 * The browser ends with the tests.
 */
export function openBrowser(prepare) {
  const opened = {};
  // One hook does it all, since node:test does not wait for one before it starts the next.
  before(async () => {
    opened.browser = await launchChromium();
    await prepare?.(opened);
  });
  after(() => opened.browser?.close());
  return opened;
}

/**
 * Gives what a file's tests share once they run: `{browser, site, page, requests}`, a site served
 * from a folder, and one page with its requests, since opening one takes longer than most tests.
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
 */
export async function openPage(t, browser, address, options) {
  const context = await browser.newContext(options);
  t.after(() => context.close());
  const page = await context.newPage();
  const requests = recordRequests(page);
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(address);
  return { context, page, requests, complaints };
}

/** Gives a list that grows by the address of each file that a page asks for. */
function recordRequests(page) {
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  return requests;
}

export const ENGINES = ["kernel", "layers", "graph"];

/** Waits until a page has loaded its engine. */
export const whenReady = (page) => page.evaluate(() => window.ready);

export async function chooseEngine(page, engine) {
  await page.check(`input[value="${engine}"]`, { force: true });
  await whenReady(page);
}

/** Has a page check its site, by its own button, and gives what it then shows. */
export async function verify(page, key = "") {
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
    };
  });
}

/** Copies a site for a test to change. */
export function copySite(t, site) {
  const folder = makeFolder(t);
  cpSync(site, folder, { recursive: true });
  return folder;
}

export function change(folder, name, replace) {
  const path = join(folder, name);
  const text = readFileSync(path, "utf8");
  const changed = replace(text);
  if (changed === text) throw new Error(`${name} stays as it is`);
  writeFileSync(path, changed);
}

/** Flips the lowest bit of a file's middle byte. */
export function flipBit(folder, name) {
  const path = join(folder, name);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
}

export const readJson = (folder, name) => JSON.parse(readFileSync(join(folder, name), "utf8"));

export const readManifest = (folder) => readJson(folder, "manifest.json");

/** The file of a site's weights. */
export const WEIGHTS = "tfjs/layers/group1-shard1of1.bin";

/** Reads what a site's classifier is made from. */
export const readParts = (folder) => ({
  constants: readJson(folder, "constants.json"),
  model: readJson(folder, "tfjs/layers/model.json"),
  weights: readFileSync(join(folder, WEIGHTS)),
});

/** Gives words that a site's model knows, from the `first` to before the `last`, as a text. */
export const knownWords = (folder, first, last) =>
  decodeWords(readJson(folder, "constants.json").words).slice(first, last).join(" ");

/** Reads the files that a manifest names: `[name, bytes]` of each. */
const readFiles = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => name !== "manifest.json" && !name.startsWith("provenance."))
    .sort()
    .map((name) => [name, readFileSync(join(folder, name))]);

/** Makes a changed site a version of its own. */
export function rewriteManifest(folder) {
  const files = statement.listFiles(readFiles(folder));
  writeFileSync(
    join(folder, "manifest.json"),
    statement.toJson({ ...readManifest(folder), files }),
  );
}

/** Makes the statement of a release of the site in `folder`. */
export function makeStatement(folder, canaries = makeCanaries(folder)) {
  const manifest = ["manifest.json", readFileSync(join(folder, "manifest.json"))];
  return statement.makeStatement(
    [...readFiles(folder), manifest],
    readManifest(folder),
    canaries,
  );
}

/** Gives texts and their scores by the site's own model. */
export const makeCanaries = (folder) =>
  statement.makeCanaries(readParts(folder), ["", "flour and yeast", "😀\0 QUEEN\u2028moon"]);

/** Lays a statement beside the site and, where keys are given, its envelope. */
export function release(folder, stated, keys) {
  const payload = statement.toJson(stated);
  writeFileSync(join(folder, statement.STATEMENT), payload);
  if (keys) writeFileSync(join(folder, statement.ENVELOPE), statement.seal(payload, keys));
}
