// The page of the bundle in the folder BUNDLE for people who use a keyboard, a screen reader or
// large letters: axe finds nothing to object to.

import assert from "node:assert/strict";
import test from "node:test";
import { SCREENS, objections } from "./axe.js";
import { openPage, openSite, unfold, whenReady } from "./site.js";

const { BUNDLE = "" } = process.env;

const opened = openSite(BUNDLE);

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
}

test("axe objects to what is wrong", async (t) => {
  const { browser, site } = opened;
  const { page } = await openPage(t, browser, site.base, { serviceWorkers: "block" });
  await page.evaluate(() => document.querySelector("main")?.append(document.createElement("button")));
  assert.match((await objections(page)).join("\n"), /^button-name: /m);
});
