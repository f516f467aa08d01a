// Faults while a newer version of the site in BUNDLE is taken: what ran goes on running, nothing
// is lost, and the page says which version it is.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout } from "node:timers/promises";
import { makeFolder } from "../tools.js";
import { launchWith } from "./chromium.js";
import {
  BUNDLE,
  FIRST,
  KEPT,
  ON_DEMAND,
  SECOND,
  THIRD,
  TITLE,
  dropKept,
  look,
  makeNewer,
  notes,
  readKept,
  runs,
  sees,
  serveBundle,
  setVersion,
  settles,
  shows,
  versionOf,
  visitBundle,
} from "./kept.js";
import { openBrowser, openPage, readManifest, whenReady } from "./site.js";


const opened = openBrowser();
const visit = (t) => visitBundle(t, opened.browser, BUNDLE);

test("what does not fit on the disk is not taken, and leaves the room to others", async (t) => {
  const site = await serveBundle(t, BUNDLE);
  const first = site.folder;
  const { page, context } = await openPage(t, opened.browser, `${site.base}icon.svg`);
  const browser = await context.newCDPSession(page);
  const { origin } = new URL(site.base);
  await browser.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 4e6 });
  await page.goto(site.base);
  await shows(page, KEPT);
  const large = makeNewer(t, site, SECOND);
  writeFileSync(join(large, "large.bin"), randomBytes(4e6));
  setVersion(large, SECOND);
  site.folder = large;
  await page.reload();
  await notes(page, "This browser has no room left for it");
  const { files } = await readKept(page);
  const needed = Object.values(readManifest(first).files).map(({ sha256 }) => sha256);
  assert.deepEqual(files.filter((digest) => !needed.includes(digest)), [versionOf(first)]);
  await runs(page, site, first);

  const small = makeNewer(t, { ...site, folder: first }, THIRD);
  site.folder = small;
  await look(page);
  await runs(page, site, small);
});

test("a disk on which nothing can be noted still shows what is on it", async (t) => {
  let context;
  // Before the folder goes.
  t.after(() => context?.close());
  const folder = makeFolder(t);
  const site = await serveBundle(t, BUNDLE);
  context = await launchWith(folder);
  await context.pages()[0].goto(site.base);
  await shows(context.pages()[0], KEPT);
  await context.close();

  context = await launchWith(folder);
  const [page] = context.pages();
  const browser = await context.newCDPSession(page);
  const { origin } = new URL(site.base);
  await browser.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
  await runs(page, site, site.folder);
  site.folder = makeNewer(t, site, SECOND);
  await page.reload();
  await notes(page, "This browser has no room left for it");
  await shows(page, `Version ${FIRST}, kept `);
});

test("a first visit with a full disk says so, and works", async (t) => {
  const site = await serveBundle(t, BUNDLE);
  const { page, context } = await openPage(t, opened.browser, `${site.base}icon.svg`);
  const browser = await context.newCDPSession(page);
  const { origin } = new URL(site.base);
  await browser.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1e5 });
  await page.goto(site.base);
  await whenReady(page);
  await shows(page, "Not kept for use without a connection: This browser has no room left for it");
});

/**
 * Takes a newer version once for each request that this makes, and does something as the server
 * gets it; gives how many requests there were. Each time, the first version is kept before.
 */
async function atEachRequest({ site, page }, newer, act, check) {
  let requests = 0;
  // First undisturbed, which tells how many there are.
  for (let last = -1; last < requests; last++) {
    await dropKept(page);
    site.plan = null;
    site.folder = BUNDLE;
    await look(page);
    await page.goto(site.base);
    await settles(page);
    await page.press("#text", "End");
    site.folder = newer;
    let count = 0;
    let acted = null;
    site.plan = () => {
      if (count++ === last) acted = act();
      return false;
    };
    const asked = look(page).then(({ found }) => found);
    const found = await Promise.race([asked, setTimeout(2000)]);
    await acted;
    requests = Math.max(requests, count);
    site.plan = null;
    const kept = await readKept(page);
    assert.deepEqual(kept.damaged, []);
    await check(kept, found);
  }
  return requests;
}

test("storage that is deleted at any step of an update mixes nothing", async (t) => {
  const visited = await visit(t);
  const { site, page } = visited;
  const newer = makeNewer(t, site, SECOND);
  const drop = () => dropKept(page);
  const requests = await atEachRequest(visited, newer, drop, async ({ state }) => {
    // What ran is gone, and what is new is there as a whole or not at all.
    const { current = null } = state.parts.site || {};
    assert.ok(current === null || current === versionOf(newer));
    await page.goto(site.base);
    await page.locator("#corpus", { hasText: TITLE }).waitFor();
    await look(page);
    await runs(page, site, newer);
  });
  assert.ok(requests > 6, `${requests}`);
});

test("a worker that is stopped at any request of an update takes the rest later", async (t) => {
  const visited = await visit(t);
  const { site, page, context } = visited;
  const newer = makeNewer(t, site, SECOND);
  const browser = await context.newCDPSession(page);
  await browser.send("ServiceWorker.enable");
  const stop = () => browser.send("ServiceWorker.stopAllWorkers");
  const requests = await atEachRequest(visited, newer, stop, async ({ state }) => {
    const { current } = state.parts.site;
    assert.ok([versionOf(BUNDLE), versionOf(newer)].includes(`${current}`));
    await runs(page, site, current === versionOf(newer) ? newer : BUNDLE);
    await look(page);
    await runs(page, site, newer);
  });
  assert.ok(requests > 6, `${requests}`);
});

test("a browser that is killed at any request of an update runs what ran", async (t) => {
  let context;
  // Before the folder goes.
  t.after(() => context?.close());
  const folder = makeFolder(t);
  const site = await serveBundle(t, BUNDLE);
  const newer = makeNewer(t, site, SECOND);
  context = await launchWith(folder);
  let page = context.pages()[0];
  await page.goto(site.base);
  await settles(page);
  const kept = [];
  for (let last = 0; kept[kept.length - 1] !== SECOND; last++) {
    assert.ok(last < 20, `${kept}`);
    site.folder = newer;
    const browser = await context.newCDPSession(page);
    let count = 0;
    site.plan = () => {
      if (count++ === last) browser.send("Browser.crash").catch(() => {});
      return false;
    };
    const closed = new Promise((resolve) => context.once("close", resolve));
    const answered = look(page).then(() => true, () => false);
    if (!(await answered)) await closed;
    await context.close();
    site.plan = (_, response) => response.destroy() && true;
    context = await launchWith(folder);
    [page] = context.pages();
    await page.goto(site.base);
    await settles(page);
    const { state, damaged } = await readKept(page);
    assert.deepEqual(damaged, []);
    const version = state.versions[`${state.parts.site.current}`].version;
    kept.push(version);
    await sees(page, version === SECOND ? newer : BUNDLE, ON_DEMAND);
    site.plan = null;
  }
  assert.deepEqual(kept.slice(0, -1), kept.slice(0, -1).map(() => FIRST));
});
