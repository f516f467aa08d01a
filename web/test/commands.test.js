// The commands build.js and verify.js: what they write, and how they explain themselves.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import test from "node:test";
import vm from "node:vm";
import { createClassifier } from "../src/classifier.js";
import { makeParts, writeParts } from "./fixture.js";
import { assertOld } from "./old_browsers.js";
import { makeFolder, run } from "./tools.js";

const require = createRequire(import.meta.url);
const temporary = makeFolder(test);

function build(name, ...args) {
  const output = join(temporary, name);
  const { status, stderr } = run("build.js", ...args, "--output", output);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  return output;
}

const listFiles = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
const readAll = (folder) => listFiles(folder).map((path) => readFileSync(path));
const site = build("site");

test("the site has all its files, and tf.min.js byte by byte", () => {
  assert.deepEqual(
    listFiles(site).map((path) => path.slice(site.length + 1)),
    [
      "classifier.js",
      "element.js",
      "icon-192.png",
      "icon-512.png",
      "icon-maskable-512.png",
      "icon.svg",
      "no-script.css",
      "page.js",
      "style.css",
      "sw.js",
      "update.js",
      "vendor/tf.min.js",
      "verify.js",
      "worker.js",
    ],
  );
  assert.deepEqual(
    readFileSync(join(site, "vendor/tf.min.js")),
    readFileSync(require.resolve("@tensorflow/tfjs/dist/tf.min.js")),
  );
});

test("the page's scripts speak one language, the one that is asked for", () => {
  const french = build("french", "--language", "fr");
  for (const name of ["page.js", "element.js"]) {
    const script = readFileSync(join(french, name), "utf8");
    assert.match(script, /peut-\\xEAtre|peut-être/, name);
    assert.doesNotMatch(script, /Not sure|vielleicht/, name);
    // What the page says from the start is in index.html alone.
    assert.doesNotMatch(script, /Tout se passe/, name);
  }
});

test("the same sources give the same bytes", () => {
  assert.deepEqual(readAll(build("again")), readAll(site));
});

const SCRIPTS = "classifier element page sw update verify worker".split(" ");
for (const name of SCRIPTS.map((script) => `${script}.js`)) {
  test(`${name} is a classic ES2017 script, regular expressions included`, () => {
    assertOld(readFileSync(join(site, name), "utf8"), name);
  });
}

test("classifier.js gives the global Provender", () => {
  const context = vm.createContext({});
  vm.runInContext(readFileSync(join(site, "classifier.js"), "utf8"), context);
  assert.deepEqual(Object.keys(context.Provender).sort(), ["create", "createClassifier", "load"]);
});

test("the package has the model inside, whether required or imported", async () => {
  const bundle = join(temporary, "bundle");
  const parts = makeParts();
  writeParts(bundle, parts);
  const output = build("package", "--npm", bundle);
  const expected = createClassifier(parts).predict("cherry");
  const required = require(join(output, "index.cjs"));
  const imported = await import(join(output, "index.mjs"));
  for (const found of [required, imported]) {
    assert.deepEqual(found.labels, parts.constants.labels);
    assert.deepEqual(found.predict("cherry"), expected);
    assert.deepEqual(found.createClassifier(makeParts()).predict("cherry"), expected);
    assert.equal(typeof found.load, "function");
  }
  for (const types of ["index.d.cts", "index.d.mts"]) {
    assert.match(readFileSync(join(output, types), "utf8"), /export function load\(/);
  }
  const weights = Buffer.from(parts.weights).toString("base64");
  const holders = readdirSync(output).filter((name) =>
    readFileSync(join(output, name), "utf8").includes(weights),
  );
  assert.deepEqual(holders, ["data.js"]);
});

for (const script of ["build.js", "verify.js"]) {
  test(`${script} explains itself`, () => {
    const help = run(script, "--help");
    assert.equal(help.status, 0);
    assert.match(help.stdout, new RegExp(`^Usage: node web/${script} `));
    for (const [args, problem] of /** @type {[string[], RegExp][]} */ ([
      [["--outptu", "x"], /^Unknown option '--outptu'/],
      [[], /^Option '--\w+' is missing/],
    ])) {
      const { status, stdout, stderr } = run(script, ...args);
      assert.deepEqual({ status, stdout }, { status: 2, stdout: "" });
      assert.match(stderr, problem);
    }
  });
}
