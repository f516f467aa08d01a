// The model of the site in BUNDLE, kept and updated on a page without a service worker, as on iOS 10
// and in web views.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { toPem } from "../statement.js";
import { UNSAFE_HOST } from "./chromium.js";
import {
  BUNDLE,
  FIRST,
  SECOND,
  makeNewer,
  notes,
  serveBundle,
  shows,
} from "./kept.js";
import {
  makeStatement,
  openBrowser,
  openPage,
  readJson,
  readManifest,
  release,
  whenReady,
} from "./site.js";


const opened = openBrowser();

/** Opens a page without service worker and WebCrypto that has update.js. */
async function openPlain(t, prepare = (_) => {}) {
  const site = await serveBundle(t, BUNDLE);
  prepare(site.folder);
  site.base = site.base.replace("127.0.0.1", UNSAFE_HOST);
  const { page, context } = await openPage(t, opened.browser, `${site.base}icon.svg`);
  const start = async () => {
    await page.goto(`${site.base}blank.html`);
    await page.addScriptTag({ url: "update.js" });
  };
  writeFileSync(join(site.folder, "blank.html"), "<!doctype html><title>Blank</title>");
  await start();
  return { site, page, context, start };
}

test("without a service worker and WebCrypto, the model is kept, signed, and goes back", async (t) => {
  const keys = generateKeyPairSync("ed25519");
  const trust = toPem(keys.publicKey);
  const { site, page, start } = await openPlain(t, (folder) =>
    release(folder, makeStatement(folder), keys),
  );
  const check = () =>
    page.evaluate((key) => {
      const { ProvenderUpdate } = /** @type {any} */ (window);
      return ProvenderUpdate.createUpdater({ trust: key }).check();
    }, trust);
  const current = () =>
    page.evaluate(async (key) => {
      const { ProvenderUpdate } = /** @type {any} */ (window);
      const updater = ProvenderUpdate.createUpdater({ trust: key });
      const found = await updater.current();
      await updater.started();
      return found && { version: found.version, names: Object.keys(found.files).sort() };
    }, trust);
  assert.equal(await page.evaluate(() => typeof crypto.subtle), "undefined");
  assert.equal(await current(), null);
  assert.equal((await check()).state, "updated");
  const names = Object.keys(readManifest(BUNDLE).files).filter((name) =>
    /^(about\.json|constants\.json|tfjs\/layers\/)/.test(name),
  );
  assert.deepEqual(await current(), { version: FIRST, names: [...names, "manifest.json"].sort() });

  const newer = makeNewer(t, site, SECOND);
  site.folder = newer;
  assert.equal((await check()).code, "other-files");
  release(newer, makeStatement(newer), generateKeyPairSync("ed25519"));
  assert.equal((await check()).code, "wrong-key");
  release(newer, makeStatement(newer), keys);
  assert.equal((await check()).state, "updated");
  await start();
  site.plan = (_, response) => response.destroy() && true;
  assert.equal((await current()).version, SECOND);
  assert.equal((await check()).state, "unreachable");
  const back = await page.evaluate(() =>
    /** @type {any} */ (window).ProvenderUpdate.createUpdater().rollback(),
  );
  assert.equal(back.version, FIRST);
  assert.equal((await current()).version, FIRST);
});

test("a page that is cut off at any step of an update starts with a whole model", async (t) => {
  const { site, page, start } = await openPlain(t);
  const newer = makeNewer(t, site, SECOND);
  writeFileSync(join(newer, "blank.html"), "<!doctype html><title>Blank</title>");
  const first = site.folder;
  const seen = [];
  for (let last = 1; seen[seen.length - 1] !== SECOND; last++) {
    assert.ok(last < 60, `${seen}`);
    site.folder = first;
    await page.evaluate(async () => {
      const { ProvenderUpdate } = /** @type {any} */ (window);
      for (const { name } of await indexedDB.databases()) {
        await new Promise((resolve) => {
          indexedDB.deleteDatabase(`${name}`).onsuccess = resolve;
        });
      }
      const updater = ProvenderUpdate.createUpdater();
      await updater.check();
    });
    await start();
    site.folder = newer;
    const cut = await page.evaluate(async (most) => {
      const { ProvenderUpdate } = /** @type {any} */ (window);
      const kept = ProvenderUpdate.createUpdater();
      await kept.current();
      await kept.started();
      let steps = 0;
      const count = () => {
        if (++steps >= most) throw new Error("cut");
      };
      // From some step on, neither network nor storage does anything more.
      const { transaction } = IDBDatabase.prototype;
      IDBDatabase.prototype.transaction = function begin(stores, mode) {
        count();
        return transaction.call(this, stores, mode);
      };
      const updater = ProvenderUpdate.createUpdater({
        fetch: async (address, options) => {
          count();
          return fetch(address, options);
        },
      });
      await updater.check();
      return steps >= most;
    }, last);
    await start();
    const version = await page.evaluate(async () => {
      const { ProvenderUpdate } = /** @type {any} */ (window);
      const updater = ProvenderUpdate.createUpdater();
      const { version: found, files } = await updater.current();
      await updater.started();
      return ProvenderUpdate.readParts(files).constants.labels.length > 1 && found;
    });
    seen.push(version);
    if (!cut) break;
  }
  assert.equal(seen.pop(), SECOND);
  assert.ok(seen.length >= 10 && seen.every((version) => version === FIRST), `${seen}`);
});

test("the page without a service worker keeps its model, and tells of a newer one", async (t) => {
  const site = await serveBundle(t, BUNDLE);
  const base = site.base.replace("127.0.0.1", UNSAFE_HOST);
  const { page } = await openPage(t, opened.browser, base);
  await whenReady(page);
  await shows(page, `Its model is kept in this browser. Version ${FIRST}, kept `);
  await page.press("#text", "End");
  site.folder = makeNewer(t, site, SECOND);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await notes(page, `Version ${SECOND} is ready.`);
});

test("the example of docs/bundle.md does what it says", async (t) => {
  const keys = generateKeyPairSync("ed25519");
  const { site, page, start } = await openPlain(t, (folder) =>
    release(folder, makeStatement(folder), keys),
  );
  const docs = readFileSync(join(import.meta.dirname, "../../../docs/bundle.md"), "utf8");
  const [, example] = /```js\n(const updater[^]*?)```/.exec(docs) || [];
  const run = async () => {
    await start();
    await page.addScriptTag({ url: "classifier.js" });
    await page.addScriptTag({
      content: `let classifier; window.done = (async (PEM) => {${example}
        return { state, version, code, reason, labels: classifier && classifier.labels.length };
      })(${JSON.stringify(toPem(keys.publicKey))})`,
    });
    return page.evaluate(() => /** @type {any} */ (window).done);
  };
  const found = { state: "updated", version: FIRST, code: null, reason: null };
  assert.deepEqual(await run(), { ...found, labels: undefined });
  const labels = readJson(BUNDLE, "constants.json").labels.length;
  assert.deepEqual(await run(), { ...found, state: "current", labels });
  site.plan = (name, response) => name === "manifest.json" && response.destroy() && true;
  const { state, code, labels: read } = await run();
  assert.deepEqual([state, code, read], ["unreachable", "unreachable", labels]);
});
