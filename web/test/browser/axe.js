// What axe objects to: a page for people who use a keyboard, a screen reader or large letters.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** @type {{ [name: string]: import("playwright-core").BrowserContextOptions }} */
export const SCREENS = {
  "a wide screen": { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  "a wide screen in the dark": { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  "a phone": { viewport: { width: 320, height: 640 }, colorScheme: "light" },
  "a phone in the dark": { viewport: { width: 320, height: 640 }, colorScheme: "dark" },
  "a screen of forced colours": { viewport: { width: 800, height: 900 }, forcedColors: "active" },
};

/**
 * Gives what axe objects to, a line each: rule, place, and why.
 *
 * @param {import("playwright-core").Page} page
 */
export async function objections(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (window).axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`),
    );
  });
}
