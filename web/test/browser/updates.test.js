// Newer versions of the site in BUNDLE: which are taken, what the page says of them, and the way
// back.

import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout } from "node:timers/promises";
import { ENVELOPE, toPem } from "../statement.js";
import { makeFolder } from "../tools.js";
import {
  BUNDLE,
  FIRST,
  KEPT,
  ON_DEMAND,
  SECOND,
  THIRD,
  TITLE,
  look,
  makeNewer,
  notes,
  readKept,
  reseal,
  runs,
  sees,
  serveBundle,
  setVersion,
  shows,
  versionOf,
  visitBundle,
} from "./kept.js";
import {
  change,
  copySite,
  makeStatement,
  openBrowser,
  openPage,
  readManifest,
  release,
  whenReady,
} from "./site.js";


const opened = openBrowser();
const visit = (t) => visitBundle(t, opened.browser, BUNDLE);
const HTML = "<!doctype html><title>Log in</title><p>Welcome to this train.";

/** Answers requests for files, or for all, with a page of HTML. */
const captive = (name) => (asked, response) => {
  if (name && asked !== name) return false;
  response.setHeader("Content-Type", "text/html");
  response.end(HTML);
  return true;
};

/** What a server does to a file; its code must be one of those named. */
const ANSWERS = {
  "HTTP 404": { answer: (response) => response.writeHead(404).end(), codes: ["half-published", "missing"] },
  "HTTP 500": { answer: (response) => response.writeHead(500).end(), codes: ["http"] },
  "a page of HTML": { answer: (response) => captive("")("", response), codes: ["html", "half-published"] },
  "half a file": {
    answer: (response) => response.writeHead(200, { "Content-Length": 9 }).write("{", () => response.destroy()),
    codes: ["unreachable"],
  },
  nothing: { answer: (response) => response.destroy(), codes: ["unreachable"] },
};

const CHANGED = ["index.html", "about.json", "constants.json", "tfjs/layers/model.json"];

for (const name of ["manifest.json", ...CHANGED]) {
  test(`what a server gives in place of ${name} stops only what is new`, async (t) => {
    const { site, page } = await visit(t);
    const first = site.folder;
    const newer = makeNewer(t, site, SECOND);
    await page.press("#text", "End");
    site.folder = newer;
    for (const [what, { answer, codes }] of Object.entries(ANSWERS)) {
      site.plan = (asked, response) => asked === name && (answer(response), true);
      const { found, page: own } = await look(page);
      assert.ok(codes.includes(found.code), `${what}: ${found.code}: ${found.reason}`);
      assert.ok(found.reason.includes(name), found.reason);
      assert.equal(found.runs.version, FIRST);
      assert.equal(own.version, FIRST);
    }
    await runs(page, site, first);
    site.plan = null;
    assert.equal((await look(page)).found.state, "updated");
    await runs(page, site, newer);
  });
}

test("a network that answers for the site is named, and what is kept shows", async (t) => {
  const { site, page } = await visit(t);
  site.plan = captive("");
  await page.reload();
  await whenReady(page);
  await notes(page, "In place of manifest.json came a web page: the network may want you to log in");
  await notes(page, `Version ${FIRST} goes on running.`);
  await shows(page, `${KEPT} Version ${FIRST}, kept `);
});

test("a server that has gone back to an older release is told of, and not followed", async (t) => {
  const { site, page } = await visit(t);
  const first = site.folder;
  const newer = makeNewer(t, site, SECOND);
  site.folder = newer;
  await look(page);
  site.folder = first;
  await page.reload();
  await notes(page, `Version ${FIRST} is older than ${SECOND}`);
  await notes(page, `Version ${SECOND} goes on running.`);
  await runs(page, site, newer);
});

test("two tabs that look at once end with one version, whole", async (t) => {
  const { site, page, context } = await visit(t);
  const second = await context.newPage();
  await second.goto(site.base);
  await shows(second, KEPT);
  await page.press("#text", "End");
  await second.press("#text", "End");
  const newer = makeNewer(t, site, SECOND);
  site.folder = newer;
  site.asked = [];
  const [one, other] = await Promise.all([look(page), look(second)]);
  for (const { found } of [one, other]) assert.equal(found.runs.version, SECOND);
  assert.equal(site.asked.filter((name) => name === "index.html").length, 1);
  for (const tab of [page, second]) {
    await notes(tab, `Version ${SECOND} is ready.`);
    await sees(tab, BUNDLE, ON_DEMAND);
  }
  await second.click("#notice button");
  await second.locator("#corpus", { hasText: TITLE }).waitFor();
  await sees(page, BUNDLE, ON_DEMAND);
});

test("only files that changed are asked for, by addresses that hold for ever", async (t) => {
  const { site, page } = await visit(t);
  site.folder = makeNewer(t, site, SECOND);
  const asked = [];
  site.plan = (name, _, url) => void asked.push(`${name}${url.search}`);
  await look(page);
  const { files } = readManifest(site.folder);
  const before = readManifest(BUNDLE).files;
  const changed = Object.keys(files)
    .filter((name) => files[name].sha256 !== before[name].sha256 && !ON_DEMAND.test(name))
    .map((name) => `${name}?sha256=${files[name].sha256}`);
  assert.deepEqual(
    asked.sort(),
    ["manifest.json", "provenance.dsse.json", "provenance.intoto.json", ...changed].sort(),
  );
});

test("a version whose page does not start twice is left, and may be tried again", async (t) => {
  const { site, page, context } = await visit(t);
  const first = site.folder;
  const newer = makeNewer(t, site, SECOND);
  change(newer, "page.js", (script) => `throw new Error("no");${script}`);
  setVersion(newer, SECOND);
  site.folder = newer;
  // Untouched, it would show the version by itself, which is a start as well.
  await page.press("#text", "End");
  await look(page);
  await page.close();
  const tab = await context.newPage();
  for (let i = 0; i < 2; i++) {
    await tab.goto(site.base);
    assert.equal(await tab.innerText("h1"), TITLE);
    assert.equal(await tab.innerText("#offline"), "");
  }
  await tab.goto(site.base);
  await notes(tab, `Version ${SECOND} was started twice, and did not; it is not taken again.`);
  await notes(tab, `Version ${FIRST} goes on running.`);
  await shows(tab, `Version ${FIRST}, kept `);
  await runs(tab, site, first);
  const { found } = await look(tab);
  assert.equal(found.code, "bad");

  const mended = makeNewer(t, { ...site, folder: first }, THIRD);
  site.folder = mended;
  await look(tab);
  await runs(tab, site, mended);
});

test("one may go back to the version before, and ask for the newer again", async (t) => {
  const { site, page } = await visit(t);
  const first = site.folder;
  const newer = makeNewer(t, site, SECOND);
  site.folder = newer;
  await look(page);
  await runs(page, site, newer);
  await page.click(`text=Go back to version ${FIRST}`);
  await shows(page, `Version ${FIRST}, kept `);
  await notes(page, `Version ${SECOND} was left for the one before; it is not taken again.`);
  await runs(page, site, first);
  await page.reload();
  await page.press("#text", "End");
  site.asked = [];
  await page.click("text=Try again");
  await notes(page, `Version ${SECOND} is ready.`);
  assert.ok(!site.asked.includes("index.html"), "what is kept is fetched again");
  await page.click("text=Show it");
  await page.locator("#corpus", { hasText: TITLE }).waitFor();
});

test("an open tab looks when it becomes visible, and each hour", async (t) => {
  const site = await serveBundle(t, BUNDLE);
  const context = await opened.browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(site.base);
  await shows(page, KEPT);
  await page.press("#text", "End");
  const looks = async (act) => {
    site.asked = [];
    await act();
    while (!site.asked.includes("manifest.json")) await setTimeout(20);
  };
  await looks(() => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))));
  await look(page);
  await looks(() => page.clock.fastForward("01:00:01"));
  await look(page);
  const newer = makeNewer(t, site, SECOND);
  site.folder = newer;
  await page.clock.fastForward("01:00:00");
  await notes(page, `Version ${SECOND} is ready.`);
  assert.equal(await page.getAttribute("#notice", "role"), "status");
  await page.click("text=Show it");
  await page.locator("#corpus", { hasText: TITLE }).waitFor();
});

test("the footer says version and date, of this machine's clock, on which nothing depends", async (t) => {
  const site = await serveBundle(t, BUNDLE);
  const context = await opened.browser.newContext({ timezoneId: "Asia/Tokyo" });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(site.base);
  await shows(page, `${KEPT} Version ${FIRST}, kept `);
  const date = new Intl.DateTimeFormat("en", { dateStyle: "long", timeZone: "Asia/Tokyo" });
  const expected = date.format(new Date()).replace(/(\w+) (\d+), (\d+)/, "$1 $2, $3");
  await shows(page, `kept ${expected}.`);
});

test("what an earlier service worker kept is deleted, and nothing of other sites", async (t) => {
  const site = await serveBundle(t, BUNDLE);
  const { page } = await openPage(t, opened.browser, `${site.base}icon.svg`);
  await page.evaluate(async (base) => {
    await caches.open(`provender ${base} version ${"0".repeat(64)}`);
    await caches.open(`provender ${base} state`);
    await caches.open(`provender ${base}other/ state`);
  }, site.base);
  await page.goto(site.base);
  await shows(page, KEPT);
  while ((await page.evaluate(() => caches.keys())).length > 1) await setTimeout(20);
  assert.deepEqual(await page.evaluate(() => caches.keys()), [`provender ${site.base}other/ state`]);
});

test("a signed site stays signed, by whom it was first", async (t) => {
  const [keys, others] = [1, 2].map(() => generateKeyPairSync("ed25519"));
  const site = await serveBundle(t, BUNDLE);
  release(site.folder, makeStatement(site.folder), keys);
  writeFileSync(join(site.folder, "provenance.pub"), toPem(keys.publicKey));
  const first = site.folder;
  const { page } = await openPage(t, opened.browser, site.base);
  await shows(page, KEPT);
  const newer = makeNewer(t, site, SECOND);
  for (const [signers, says] of /** @type {[any, string][]} */ ([
    [others, "It was signed with the key"],
    [undefined, `Version ${SECOND} is not signed, and must be.`],
  ])) {
    site.folder = copySite(t, newer);
    rmSync(join(site.folder, ENVELOPE));
    release(site.folder, makeStatement(site.folder), signers);
    await page.reload();
    await notes(page, says);
    await notes(page, "delete this site's data in the browser");
    await runs(page, site, first);
  }
  site.folder = newer;
  release(newer, makeStatement(newer), keys);
  assert.equal((await look(page)).found.state, "updated");
});

test("sites of one address do not mix", async (t) => {
  const site = await serveBundle(t, BUNDLE);
  const whole = makeFolder(t);
  const folders = { a: copySite(t, BUNDLE), b: makeNewer(t, site, SECOND) };
  site.folder = whole;
  for (const place of ["a", "b"]) cpSync(folders[place], join(whole, place), { recursive: true });
  const { page, context } = await openPage(t, opened.browser, `${site.base}a/index.html`);
  await shows(page, `Version ${FIRST}`);
  const second = await context.newPage();
  await second.goto(`${site.base}b/index.html`);
  await shows(second, `Version ${SECOND}`);
  site.stop();
  await page.reload();
  await sees(page, folders.a, ON_DEMAND);
  await second.reload();
  await sees(second, folders.b, ON_DEMAND);
});

test("what this worker cannot read is left to the worker that comes with it", async (t) => {
  const { site, page } = await visit(t);
  const first = site.folder;
  const newer = makeNewer(t, site, SECOND);
  change(newer, "constants.json", (json) => json.replace(/"format": ?\d+/, '"format":99'));
  reseal(newer);
  setVersion(newer, SECOND);
  site.folder = newer;
  await page.reload();
  await notes(page, `The model of version ${SECOND} does not run here`);
  await runs(page, site, first);

  for (const script of ["page.js", "sw.js"]) {
    change(newer, script, (code) => code.replace(/\.format!==[\w$]+\)/g, ".format!==99)"));
  }
  // The page holds its script to its digest.
  const hash = createHash("sha256").update(readFileSync(join(newer, "page.js"))).digest("base64");
  change(newer, "index.html", (html) =>
    html.replace(/(<script src="page\.js"[^>]*integrity=")[^"]*/, `$1sha256-${hash}`),
  );
  setVersion(newer, SECOND);
  await look(page);
  const digest = versionOf(newer);
  while ((await readKept(page)).state.parts.site.current !== digest) await setTimeout(20);
  await page.goto("about:blank");
  await runs(page, site, newer);
});
