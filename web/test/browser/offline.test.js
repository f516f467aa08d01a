// The site in BUNDLE without a server, and in several versions.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { UNSAFE_HOST } from "./chromium.js";
import {
  KEPT,
  ON_DEMAND,
  TITLE,
  askKeeper,
  dropKept,
  keeps,
  makeNewer,
  notes,
  readKept,
  sees,
  serveBundle,
  shows,
  versionOf,
  visitBundle,
} from "./kept.js";
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
  verify,
  whenReady,
} from "./site.js";

const { BUNDLE = "" } = process.env;
const NEWER = "is ready.";

const { labels } = readJson(BUNDLE, "constants.json");
const text = knownWords(BUNDLE, 0, 20);

const opened = openBrowser();

const serveCopy = (t) => serveBundle(t, BUNDLE);
const visit = (t) => visitBundle(t, opened.browser, BUNDLE);
const lookForNewer = (page) => askKeeper(page, { type: "look" });

test("after one visit the site works with its server gone", async (t) => {
  const { site, page } = await visit(t);
  site.stop();
  await page.reload();
  await whenReady(page);
  await page.fill("#text", text);
  assert.equal(await page.locator("#scores li").count(), Math.min(5, labels.length));
  assert.equal(await page.isHidden("#problem"), true);
  await sees(page, BUNDLE, ON_DEMAND);

  await page.goto(`${site.base}index.html?from=elsewhere#text`);
  await whenReady(page);
  await page.goto(`${site.base}demo.single.html`);
  await whenReady(page);
});

test("TensorFlow.js is kept once it has been used, and not before", async (t) => {
  const { site, page } = await visit(t);
  const { files } = readManifest(BUNDLE);
  const onDemand = Object.keys(files).filter((name) => ON_DEMAND.test(name));
  const kept = async () => {
    const held = (await readKept(page)).files;
    return onDemand.filter((name) => held.includes(files[name].sha256));
  };
  assert.ok(onDemand.includes("vendor/tf.min.js"));
  assert.ok(!onDemand.some((name) => site.asked.includes(name)), "it was fetched unasked");
  assert.deepEqual(await kept(), []);

  await page.reload();
  for (const engine of enginesOf(BUNDLE)) await chooseEngine(page, engine);
  assert.deepEqual(await kept(), onDemand);
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
});

test("without TensorFlow.js and a connection, the page's check leaves that open", async (t) => {
  const { site, page } = await visit(t);
  site.stop();
  await page.reload();
  const { outcome, checks } = await verify(page);
  assert.equal(outcome, "undecided");
  const names = checks["Not read"].details.map((detail) => detail.split(":")[0]);
  assert.deepEqual(
    names.sort(),
    Object.keys(readManifest(BUNDLE).files).filter((name) => ON_DEMAND.test(name)),
  );
});

test("what was used comes with a newer version as well", async (t) => {
  const { site, page } = await visit(t);
  await page.reload();
  for (const engine of enginesOf(BUNDLE)) await chooseEngine(page, engine);
  const newer = makeNewer(t, site);
  site.folder = newer;
  assert.equal((await lookForNewer(page)).found.state, "updated");
  site.stop();
  await page.reload();
  await page.locator("#corpus", { hasText: TITLE }).waitFor();
  for (const engine of enginesOf(BUNDLE)) await chooseEngine(page, engine);
  await sees(page, newer);
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
  await notes(page, NEWER);
  await sees(page, BUNDLE, ON_DEMAND);
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
  await notes(page, NEWER);
  await sees(second, newer);
  await sees(page, BUNDLE, ON_DEMAND);
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

test("a version that is published by half is not taken, and the page says so", async (t) => {
  const { site, page } = await visit(t);
  const newer = makeNewer(t, site);
  const half = copySite(t, newer);
  change(half, "about.json", (json) => `${json} `);
  site.folder = half;
  await page.reload();
  await notes(page, "about.json is not the file that manifest.json names");
  await shows(page, KEPT);
  await sees(page, BUNDLE, ON_DEMAND);

  site.folder = newer;
  await page.reload();
  await page.locator("#corpus", { hasText: TITLE }).waitFor();
  await sees(page, newer);
});

test("what the browser has dropped is downloaded again, quietly", async (t) => {
  const { site, page } = await visit(t);
  await dropKept(page);
  await page.reload();
  await keeps(page, [versionOf(site.folder)]);
  site.stop();
  await page.reload();
  await whenReady(page);
  await sees(page, BUNDLE, ON_DEMAND);
});

test("what the browser has dropped is not mixed with a newer version", async (t) => {
  const { site, page } = await visit(t);
  const newer = makeNewer(t, site);
  site.folder = newer;
  await dropKept(page);
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

test("one bit that a host has changed is found, and the file named", async (t) => {
  const site = await serveBundle(t, BUNDLE);
  change(site.folder, "style.css", (css) => css.replace(/\n\s*/g, ""));
  const { page } = await openPage(t, opened.browser, site.base);
  await shows(page, "Not kept for use without a connection: style.css is not the file that manifest.json names");
  await shows(page, "or its host changes files.");
  await whenReady(page);
  rewriteManifest(site.folder);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await shows(page, KEPT);
});

test("without https there is no service worker, nor a complaint: the model is kept", async (t) => {
  const { base } = await serveCopy(t);
  const address = base.replace("127.0.0.1", UNSAFE_HOST);
  const { page, complaints } = await openPage(t, opened.browser, address);
  await whenReady(page);
  assert.equal(await page.evaluate(() => "serviceWorker" in navigator), false);
  await shows(page, "Its model is kept in this browser. Version");
  // That the site is no release is found out by asking, of which the browser tells.
  const missing = "Failed to load resource: the server responded with a status of 404 (Not Found)";
  assert.deepEqual(complaints, [missing, missing]);
});
