// The page in the file REPORT, a report or a model card: all can read it, on any screen and on
// paper.

import assert from "node:assert/strict";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { SCREENS, objections } from "../browser/axe.js";
import { openBrowser, openPage } from "../browser/site.js";

const { REPORT = "" } = process.env;

const opened = openBrowser();

/**
 * Opens the page, and all that it has folded.
 *
 * @param {import("../tools.js").Scope} t
 * @param {import("playwright-core").BrowserContextOptions} options
 */
async function open(t, options) {
  const { page, complaints } = await openPage(t, opened.browser, pathToFileURL(REPORT).href, options);
  await page.evaluate(() => {
    for (const folded of document.querySelectorAll("details")) folded.open = true;
  });
  return { page, complaints };
}

/**
 * Gives what sticks out of its place: of the page, what is not in an element of those that may; and
 * of a chart.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} may
 */
const cut = (page, may) =>
  page.evaluate((may) => {
    const width = document.documentElement.clientWidth;
    const found = [...document.querySelectorAll("main *, header *")].filter((element) => {
      const { right } = element.getBoundingClientRect();
      return right > width && !element.closest(may);
    });
    const charts = [...document.querySelectorAll("svg.plot text")].filter((text) => {
      const chart = /** @type {Element} */ (text.closest("svg")).getBoundingClientRect();
      const { left, right, top, bottom } = text.getBoundingClientRect();
      return left < chart.left || right > chart.right || top < chart.top || bottom > chart.bottom;
    });
    return [...found, ...charts].map((element) => element.outerHTML.slice(0, 200));
  }, may);

for (const [name, options] of Object.entries(SCREENS)) {
  test(`on ${name}`, async (t) => {
    const { page, complaints } = await open(t, options);
    assert.deepEqual(await objections(page), []);
    assert.deepEqual(await cut(page, ".wide > *, pre *"), []);
    assert.deepEqual(complaints, []);
    assert.equal(await page.locator("main").count(), 1);
  });
}

test("what is wider than the screen scrolls by the keyboard", async (t) => {
  const { page } = await open(t, SCREENS["a phone"]);
  for (const region of await page.locator(".wide").all()) {
    const [wide, inside] = await region.evaluate((e) => [e.scrollWidth, e.clientWidth]);
    if (wide > inside) {
      await region.focus();
      await page.keyboard.press("ArrowRight");
      await page.waitForFunction((e) => e && e.scrollLeft > 0, await region.elementHandle());
    }
  }
});

test("on paper", async (t) => {
  // As wide as A4 is between its margins.
  const { page } = await open(t, { viewport: { width: 718, height: 1000 }, colorScheme: "dark" });
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(paper, "rgb(255, 255, 255)");
  // Of very many labels no matrix goes onto a sheet.
  assert.deepEqual(await cut(page, ".matrix, pre"), []);
});
