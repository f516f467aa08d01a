// The site in BUNDLE without a server, and in several versions.

import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout } from "node:timers/promises";
import { sha256 } from "../statement.js";
import { UNSAFE_HOST } from "./chromium.js";
import {
  enginesOf,
  askWorker,
  change,
  chooseEngine,
  copySite,
  knownWords,
  openBrowser,
  openPage,
  readJson,
  readManifest,
  rewriteManifest,
  serveSite,
  verify,
  whenReady,
} from "./site.js";

const { BUNDLE = "" } = process.env;
const KEPT = "This page also works without a connection.";
const NEWER = "A newer version is ready: it shows when this page is opened again.";
const TITLE = "Another corpus";

const { labels } = readJson(BUNDLE, "constants.json");
const text = knownWords(BUNDLE, 0, 20);

const opened = openBrowser();

/** Serves a copy of the bundle for a test to change. */
async function serveCopy(t) {
  const site = await serveSite(copySite(t, BUNDLE));
  t.after(site.stop);
  return site;
}

/** Serves a copy of the bundle and visits it once, until it is kept. */
async function visit(t) {
  const site = await serveCopy(t);
  const { context, page } = await openPage(t, opened.browser, site.base);
  await shows(page, KEPT);
  return { site, context, page };
}

const versionOf = (folder) => sha256(readFileSync(join(folder, "manifest.json")));

/** Waits until the browser keeps these versions, whole, and no others, the last for new pages. */
async function keeps(page, versions) {
  const expected = `${versions.slice(-1)} of ${versions.slice().sort()}`;
  while ((await page.evaluate(listKept)) !== expected) await setTimeout(20);
}

async function listKept() {
  const current = await caches.match("current");
  const whole = [];
  for (const name of await caches.keys()) {
    if (await caches.match("manifest.json", { cacheName: name })) whole.push(name.slice(-64));
  }
  return `${current && (await current.text())} of ${whole.sort()}`;
}

const lookForNewer = (page) =>
  page.evaluate(() => navigator.serviceWorker.controller?.postMessage("look for newer"));

/** Waits until the server has been asked for a file since its folder was last set. */
async function asked(site, name) {
  while (!site.asked.includes(name)) await setTimeout(20);
}

const shows = (page, line) => page.locator("#offline", { hasText: line }).waitFor();

/** Makes a second version of a site, of which each part that a page loads differs. */
function makeNewer(t, site) {
  const folder = copySite(t, site.folder);
  change(folder, "index.html", (html) => html.replace(/(<h1[^>]*>)[^<]*/, `$1${TITLE}`));
  change(folder, "about.json", (about) => about.replace(/"title": ".*"/, `"title": "${TITLE}"`));
  change(folder, "constants.json", (json) => json.replace('"unsure_below":', '"unsure_below": '));
  for (const form of ["layers", "graph"]) {
    change(folder, `tfjs/${form}/model.json`, (json) => `${json} `);
  }
  rewriteManifest(folder);
  return folder;
}

/** Asserts that a page sees each file as `folder` has it, whatever the server has. */
async function sees(page, folder) {
  const { files } = readManifest(folder);
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
  const { corpus } = readJson(folder, "about.json");
  assert.ok((await page.innerText("#corpus")).includes(corpus.title));
}

test("after one visit the whole site works with its server gone", async (t) => {
  const { site, page } = await visit(t);
  site.stop();
  await page.reload();
  for (const engine of enginesOf(BUNDLE)) {
    await chooseEngine(page, engine);
    await page.fill("#text", text);
    assert.equal(await page.locator("#scores li").count(), Math.min(5, labels.length));
  }
  assert.equal(await page.isHidden("#problem"), true);
  await sees(page, BUNDLE);

  assert.equal((await verify(page)).outcome, "no release");

  await page.goto(`${site.base}index.html?from=elsewhere#text`);
  await whenReady(page);
  await page.goto(`${site.base}demo.single.html`);
  await whenReady(page);
});

test("a new version shows at once, whole, on a page that nobody has touched", async (t) => {
  const { site, page } = await visit(t);
  const newer = makeNewer(t, site);
  site.folder = newer;
  await page.reload();
  await page.locator("#corpus", { hasText: TITLE }).waitFor();
  await shows(page, KEPT);
  await sees(page, newer);
  assert.equal(await page.innerText("h1"), TITLE);

  // The version before may still be in use; the one before that goes.
  const newest = copySite(t, newer);
  change(newest, "index.html", (html) => html.replace(`>${TITLE}</h1>`, ">At last, another</h1>"));
  rewriteManifest(newest);
  site.folder = newest;
  await page.reload();
  await page.locator("h1", { hasText: "At last" }).waitFor();
  await shows(page, KEPT);
  const versions = [newer, newest].map(versionOf);
  await keeps(page, versions);
});

test("a page in use keeps its version, whole, until it is opened again", async (t) => {
  const { site, page } = await visit(t);
  const newer = makeNewer(t, site);
  site.folder = newer;
  await page.fill("#text", text);
  await page.press("#text", "End");
  await lookForNewer(page);
  await shows(page, NEWER);
  await sees(page, BUNDLE);
  assert.equal(await page.inputValue("#text"), text);

  await page.reload();
  await page.locator("#corpus", { hasText: TITLE }).waitFor();
  await sees(page, newer);
});

test("pages of two versions are open at once, each with its own", async (t) => {
  const { site, context, page } = await visit(t);
  const newer = makeNewer(t, site);
  site.folder = newer;
  await page.press("#text", "End");
  const second = await context.newPage();
  await second.goto(site.base);
  await second.locator("#corpus", { hasText: TITLE }).waitFor();
  await shows(page, NEWER);
  await sees(second, newer);
  await sees(page, BUNDLE);
  // Each page's worker is of the page's own version.
  const [first, other] = await Promise.all(
    [page, second].map((each) => askWorker(each, [{ id: 1, text }])),
  );
  assert.ok(first[0].labels.length);
  assert.deepEqual(first, other);
  await page.reload();
  await page.locator("#corpus", { hasText: TITLE }).waitFor();
  await sees(page, newer);
});

test("a version that is published by half is not taken", async (t) => {
  const { site, page } = await visit(t);
  const newer = makeNewer(t, site);
  const half = copySite(t, newer);
  change(half, "page.js", (script) => `${script};`);
  site.folder = half;
  site.asked = [];
  await page.reload();
  await shows(page, KEPT);
  await asked(site, "page.js");
  await sees(page, BUNDLE);

  site.folder = newer;
  await page.reload();
  await page.locator("#corpus", { hasText: TITLE }).waitFor();
  await sees(page, newer);
});

const dropCaches = (page) =>
  page.evaluate(async () => {
    for (const name of await window.caches.keys()) await window.caches.delete(name);
  });

test("what the browser has dropped is downloaded again, quietly", async (t) => {
  const { site, page } = await visit(t);
  await dropCaches(page);
  await page.reload();
  await keeps(page, [versionOf(site.folder)]);
  site.stop();
  await page.reload();
  await whenReady(page);
  await sees(page, BUNDLE);
});

test("what the browser has dropped is not mixed with a newer version", async (t) => {
  const { site, page } = await visit(t);
  const newer = makeNewer(t, site);
  site.folder = newer;
  await dropCaches(page);
  const message = await page.evaluate(() => fetch("about.json").catch((error) => error.message));
  assert.equal(message, "Failed to fetch");

  await page.reload();
  await page.locator("#corpus", { hasText: TITLE }).waitFor();
  await keeps(page, [versionOf(newer)]);
  await sees(page, newer);
});

test("a site that cannot be kept says so and works", async (t) => {
  const site = await serveCopy(t);
  rmSync(join(site.folder, "sw.js"));
  const { page } = await openPage(t, opened.browser, site.base);
  await shows(page, "Not kept for use without a connection:");
  await whenReady(page);
});

test("without https there is no service worker, nor a complaint", async (t) => {
  const { base } = await serveCopy(t);
  const address = base.replace("127.0.0.1", UNSAFE_HOST);
  const { page, complaints } = await openPage(t, opened.browser, address);
  await whenReady(page);
  assert.equal(await page.evaluate(() => "serviceWorker" in navigator), false);
  assert.equal(await page.innerText("#offline"), "");
  assert.deepEqual(complaints, []);
});
