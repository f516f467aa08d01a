// The page of the bundle in the folder BUNDLE, and the report in the file REPORT, for people who use
// a keyboard, a screen reader or large letters: axe finds nothing to object to.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { openPage, openSite, unfold, whenReady } from "./site.js";

const { BUNDLE = "", REPORT = "" } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const opened = openSite(BUNDLE);

/** @type {{ [name: string]: import("playwright-core").BrowserContextOptions }} */
const SCREENS = {
  "a wide screen": { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  "a phone in the dark": { viewport: { width: 320, height: 640 }, colorScheme: "dark" },
  "a screen of forced colours": { viewport: { width: 800, height: 900 }, forcedColors: "active" },
};

/**
 * Gives what axe objects to, a line each: rule, place, and why.
 *
 * @param {import("playwright-core").Page} page
 */
async function objections(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (window).axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`),
    );
  });
}

for (const [name, options] of Object.entries(SCREENS)) {
  test(`the page on ${name}`, async (t) => {
    const { browser, site } = opened;
    const { page } = await openPage(t, browser, site.base, { serviceWorkers: "block", ...options });
    await whenReady(page);
    await page.locator("#metrics").waitFor();
    assert.deepEqual(await objections(page), []);
    await page.fill("#text", "flour yeast dough bake\nthe loaf");
    await page.click("#more");
    await page.click("#each");
    await page.waitForSelector("#table-download:enabled");
    await unfold(page);
    await page.click("#verify-form button");
    await page.waitForFunction(() => document.querySelectorAll("#verify-checks li").length);
    await page.locator("#matrix tr").first().waitFor();
    assert.deepEqual(await objections(page), []);
  });

  test(`the report on ${name}`, async (t) => {
    const { browser } = opened;
    const address = pathToFileURL(REPORT).href;
    const { page } = await openPage(t, browser, address, options);
    assert.deepEqual(await objections(page), []);
  });
}

test("axe objects to what is wrong", async (t) => {
  const { browser, site } = opened;
  const { page } = await openPage(t, browser, site.base, { serviceWorkers: "block" });
  await page.evaluate(() => document.querySelector("main")?.append(document.createElement("button")));
  assert.match((await objections(page)).join("\n"), /^button-name: /m);
});
