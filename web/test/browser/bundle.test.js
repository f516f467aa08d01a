// The other ways into the bundle in BUNDLE: the page as one file, the worker, the constants.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import { createClassifier } from "../../src/classifier.js";
import { assertOld } from "../old_browsers.js";
import {
  askWorker,
  knownWords,
  openPage,
  openSite,
  readManifest,
  readParts,
  readPolicy,
  whenReady,
} from "./site.js";

const { BUNDLE = "" } = process.env;
const read = (name) => readFileSync(join(BUNDLE, name), "utf8");
const text = knownWords(BUNDLE, 0, 20);
const parts = readParts(BUNDLE);
const classifier = createClassifier(parts);

const opened = openSite(BUNDLE);

test("the page as one file opens from a disk and asks for nothing", async (t) => {
  const address = pathToFileURL(join(BUNDLE, "demo.single.html")).href;
  const { browser } = opened;
  const { page, requests, complaints } = await openPage(t, browser, address, { offline: true });
  await whenReady(page);
  await page.fill("#text", text);
  const shown = await page.locator("#scores .label").allInnerTexts();
  assert.deepEqual(shown, classifier.predict(text).map(({ label }) => label));
  assert.deepEqual(await page.evaluate((value) => window.predict(value), text), classifier.predict(text));
  await page.locator("#metrics").waitFor();
  // The icon is written into the page.
  assert.deepEqual(requests.filter((url) => !url.startsWith("data:")), [address]);
  assert.deepEqual(complaints, []);
  const offered = page.locator(".engines, #verify-form, a, [src], link[href^=http]");
  for (const element of await offered.all()) assert.equal(await element.isVisible(), false);
});

test("the page as one file may not ask for anything", async () => {
  const { page, site } = opened;
  await page.goto(`${site.base}demo.single.html`);
  await whenReady(page);
  const message = await page.evaluate(() =>
    fetch("about.json").then(() => "fetched", (error) => error.message),
  );
  assert.equal(message, "Failed to fetch");
  const policy = await readPolicy(page);
  assert.match(policy, /^default-src 'none'; script-src 'sha256-\S+' 'sha256-\S+'; style-src 'sha256-\S+'/);
  assert.doesNotMatch(policy, /unsafe|self/);
});

test("the worker answers each message by its id", async () => {
  const { page, site } = opened;
  await page.goto(site.base);
  const answers = await askWorker(page, [
    { id: 1, text, count: 2 },
    { id: "two", text: "" },
    { id: 3, text: null },
  ]);
  assert.deepEqual(Object.fromEntries(answers.map(({ id, ...answer }) => [id, answer])), {
    1: { labels: classifier.predict(text, 2) },
    two: { labels: classifier.predict("") },
    3: { error: "predict takes a text as a string, not null" },
  });
});

test("a worker without its model says so", async (t) => {
  const { page, site } = opened;
  await page.goto(site.base);
  site.broken = ["constants.json"];
  t.after(() => {
    site.broken = [];
  });
  assert.deepEqual(await askWorker(page, [{ id: 1, text: "" }]), [
    { id: 1, error: "Could not load ./constants.json: HTTP 500" },
  ]);
});

test("constants.js sets one global, which is constants.json", () => {
  const script = read("constants.js");
  const context = vm.createContext({});
  vm.runInContext(script, context);
  assert.deepEqual(Object.keys(context), ["ProvenderConstants"]);
  assert.deepEqual(JSON.parse(JSON.stringify(context.ProvenderConstants)), parts.constants);
  assert.match(script, /^[\0-\x7f]*$/);
});

const scripts = Object.keys(readManifest(BUNDLE).files)
  .filter((name) => name.endsWith(".js") && !name.startsWith("vendor/"))
  .map((name) => [name, read(name)]);
const inlined = read("demo.single.html").match(/<script>[^]*?<\/script>/g) || [];
inlined.forEach((element, index) => {
  scripts.push([`script ${index + 1} of demo.single.html`, element.slice(8, -9)]);
});

test("all scripts are read by the browsers of 2017", () => {
  assert.equal(inlined.length, 2);
  for (const [name, script] of scripts) assertOld(script, name);
});
