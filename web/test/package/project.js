// Empty projects that have the npm package alone, built by bundlers and opened in Chromium.
// PACKAGE is the folder of the unpacked package, BUNDLE that of the bundle that it was made from,
// BUNDLERS where tests/install-bundlers has put the bundlers.

/**
 * @import { Browser } from "playwright-core"
 * @import { Scope } from "../tools.js"
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { createClassifier } from "../../src/classifier.js";
import { readParts, serveSite } from "../browser/site.js";

const { BUNDLE = "", BUNDLERS = "", PACKAGE = "" } = process.env;

export const { name: NAME, version: VERSION } = JSON.parse(
  readFileSync(join(PACKAGE, "package.json"), "utf8"),
);

/** What each project asks. */
export const TEXT = "The MOON, ebb & flood";

/** What it must be answered. */
export const ANSWER = rounded(createClassifier(readParts(BUNDLE)).classify(TEXT));

/**
 * Rounds all numbers of an answer: exponentials differ between engines in their last bits.
 *
 * @param {object} answer
 */
export function rounded(answer) {
  const short = (_, value) => (typeof value === "number" ? Number(value.toPrecision(9)) : value);
  return JSON.parse(JSON.stringify(answer, short));
}

/** How many bytes a file of the package has. */
export const sizeOf = (file) => statSync(join(PACKAGE, file)).size;

export const linesOf = (file) => readFileSync(join(PACKAGE, file), "utf8").split("\n").length;

/** What bundlers may add to a package's own bytes: how they load modules and find a worker. */
export const RUNTIME = 4000;

/** A page's script that asks at once, and shows the answer. */
export const ASKS = `
  import { classify } from "${NAME}";
  document.body.dataset.answer = JSON.stringify(classify(${JSON.stringify(TEXT)}));
`;

/** The same in a worker. */
export const ASKS_WORKER = `
  import { create } from "${NAME}";
  import model from "${NAME}/model";
  const classifier = await create({ model, worker: true });
  document.body.dataset.answer = JSON.stringify(await classifier.classify(${JSON.stringify(TEXT)}));
`;

/** The same of a worker of one's own, which runs the package's script. */
export const ASKS_OWN_WORKER = ASKS_WORKER.replace(
  "worker: true",
  `worker: new Worker(new URL("${NAME}/worker", import.meta.url), { type: "module" })`,
);

/** A script that takes of the package what loads a bundle, and nothing else. */
export const LOADS = `
  import { load } from "${NAME}/core";
  load("bundle/").then((classifier) => {
    document.body.dataset.answer = JSON.stringify(classifier.classify(${JSON.stringify(TEXT)}));
  });
`;

/** @param {string} body */
export const html = (body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>x</title>
<link rel="icon" href="data:,"><body>${body}</body></html>`;

/**
 * Makes a project with these files, in which the package is installed, and the bundlers are found.
 *
 * @param {Scope} t
 * @param {{ [path: string]: string }} files
 */
export function makeProject(t, files) {
  const folder = mkdtempSync(join(BUNDLERS, "project-"));
  t.after(() => rmSync(folder, { recursive: true }));
  cpSync(PACKAGE, join(folder, "node_modules", NAME), { recursive: true });
  const all = { "package.json": '{"private":true,"type":"module"}', ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Takes in a bundler. */
export const importBundler = (name) =>
  import(`${pathToFileURL(createRequire(join(BUNDLERS, "package.json")).resolve(name))}`);

/** Runs a command of a bundler in a project. */
export function runBundler(folder, script, ...args) {
  const path = join(BUNDLERS, "node_modules", script);
  const done = spawnSync(process.execPath, [path, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", CI: "1", NODE_ENV: "production" },
  });
  assert.equal(done.status, 0, done.stdout + done.stderr);
  return done.stdout;
}

/** Runs a script of a project in Node, and gives what it prints, parsed. */
export function runNode(folder, script) {
  const done = spawnSync(process.execPath, [script], { cwd: folder, encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout);
}

/**
 * Serves a folder, with the bundle in `bundle/`, opens a page of it, and holds it to the right
 * answer; tells what reached the page, and gives how many bytes of scripts that were.
 *
 * @param {any} t
 * @param {Browser} browser
 * @param {string} folder
 * @param {string} page
 */
export async function ask(t, browser, folder, page = "index.html") {
  cpSync(BUNDLE, join(folder, "bundle"), { recursive: true });
  const site = await serveSite(folder);
  t.after(() => site.stop());
  return askAddress(t, browser, `${site.base}${page}`);
}

/**
 * The same of a server that is there.
 *
 * @param {any} t
 * @param {Browser} browser
 * @param {string} address
 */
export async function askAddress(t, browser, address) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const reached = [];
  const complaints = [];
  context.on("response", (response) => reached.push(response));
  context.on("weberror", (error) => complaints.push(error.error().message));
  const page = await context.newPage();
  page.on("console", (message) => complaints.push(message.text()));
  await page.goto(address);
  await page.waitForFunction(() => document.body.dataset.answer, undefined, { timeout: 30000 })
    .catch((error) => complaints.push(error.message));
  assert.deepEqual(complaints, []);
  const answer = await page.evaluate(() => document.body.dataset.answer);
  assert.deepEqual(rounded(JSON.parse(`${answer}`)), ANSWER);
  let scripts = 0;
  for (const response of reached) {
    const { length } = await response.body();
    const { origin, pathname } = new URL(response.url());
    assert.equal(origin, new URL(address).origin);
    t.diagnostic(`bytes ${pathname} ${length}`);
    if (/\.m?js$/.test(pathname)) scripts += length;
  }
  t.diagnostic(`bytes of scripts: ${scripts}`);
  return { scripts, page };
}
