// The page at ADDRESS, as the image for serving serves it, of the bundle in the folder BUNDLE.

import assert from "node:assert/strict";
import test from "node:test";
import {
  chooseEngine,
  enginesOf,
  knownWords,
  openBrowser,
  openPage,
  verify,
  whenReady,
} from "../browser/site.js";

const { ADDRESS = "", BUNDLE = "" } = process.env;
const text = knownWords(BUNDLE, 0, 20);

const opened = openBrowser();

test("the page answers a text with each engine, and complains of nothing", async (t) => {
  const { page, requests, complaints } = await openPage(t, opened.browser, ADDRESS);
  await whenReady(page);
  for (const engine of enginesOf(BUNDLE)) {
    await chooseEngine(page, engine);
    await page.fill("#text", "");
    await page.fill("#text", text);
    await page.locator("#scores li").first().waitFor();
  }
  assert.deepEqual(requests.filter((url) => !url.startsWith(ADDRESS)), []);
  assert.deepEqual(complaints, []);
});

test("it works without a connection, and finds each file as the manifest has it", async (t) => {
  const { context, page } = await openPage(t, opened.browser, ADDRESS);
  await page.locator("#offline", { hasText: "works without a connection" }).waitFor();
  // So that the files are kept, too, that are kept once they have been read.
  await verify(page);
  await context.setOffline(true);
  await page.reload();
  const { states } = await verify(page);
  assert.equal(states.Files, "Passed");
});

test("the page as one file answers too", async (t) => {
  const { page, complaints } = await openPage(t, opened.browser, `${ADDRESS}demo.single.html`);
  await whenReady(page);
  await page.fill("#text", text);
  await page.locator("#scores li").first().waitFor();
  assert.deepEqual(complaints, []);
});
