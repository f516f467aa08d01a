// The commands build.js and verify.js: what they write, and how they explain themselves.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import { gzipSync } from "node:zlib";
import { createClassifier } from "../src/classifier.js";
import { writeScript } from "../minify.js";
import { packBytes, unpackBytes } from "../src/package/bytes.js";
import { CONSTANTS, makeParts, seal, writeBundle, writeParts } from "./fixture.js";
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
      "more.js",
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
    assert.match(script, /peut-\\xeatre|peut-être/i, name);
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

test("a wrong option is named where more.js cannot be had, and what it has to be is not", async () => {
  const { Provender } = vm.runInNewContext(
    `${readFileSync(join(site, "classifier.js"), "utf8")};({ Provender })`,
  );
  for (const [options, message] of [
    [{ bsae: "." }, /^There is no option bsae; there are base, model, worker, /],
    [{ runtime: "gpu" }, /^runtime must be another value, not "gpu"$/],
  ]) {
    await assert.rejects(Provender.create(options), { name: "TypeError", code: "option", message });
  }
});

// What a developer's page loads before its first answer, by the same tools.
const MOST_BYTES = 8100;

test("classifier.js has at most so many bytes after gzip", () => {
  const size = gzipSync(readFileSync(join(site, "classifier.js")), { level: 9 }).length;
  assert.ok(size <= MOST_BYTES, `${size} bytes`);
});

const bundle = join(temporary, "bundle");
// Words, and a label, that a page without a charset would misread.
const parts = seal({
  ...makeParts(),
  constants: { ...CONSTANTS, labels: ["red", "grün", "\u2028</script>"] },
});
writeParts(bundle, parts);
const about = { corpus: { title: "Tiny" }, metrics: { test: { posts: 3 } } };
const manifest = { name: "tiny-one", version: "1.2.3", files: {}, inputs: { database: "d" } };
writeFileSync(join(bundle, "about.json"), JSON.stringify(about));
writeFileSync(join(bundle, "manifest.json"), JSON.stringify(manifest, undefined, 1));
const output = build("package", "--npm", bundle, "--license", "MIT");

test("the package has the model inside, whether required or imported", async () => {
  const expected = createClassifier(parts).classify("cherry");
  const required = require(join(output, "index.js"));
  const imported = await import(join(output, "esm", "index.js"));
  for (const found of [required, imported]) {
    assert.deepEqual(found.labels, parts.constants.labels);
    assert.equal(found.version, "1.2.3");
    assert.equal(found.digest, createHash("sha256").update(readFileSync(join(bundle, "manifest.json"))).digest("hex"));
    assert.deepEqual(found.info(), {
      name: "tiny-one",
      version: "1.2.3",
      title: "Tiny",
      digest: found.digest,
      metrics: { posts: 3 },
      origin: { database: "d" },
      license: "MIT",
    });
    assert.deepEqual(found.classify("cherry"), expected);
    assert.deepEqual(found.predict("cherry", 2), expected.labels.slice(0, 2));
    assert.deepEqual(await found.classifyBatch(["cherry"]), [expected]);
    assert.equal(found.explain("cherry").label, expected.labels[0].label);
    assert.deepEqual(found.createClassifier(makeParts()).predict("cherry")[0].score, expected.labels[0].score);
  }
  // What checks a release comes with the application.
  const site = join(temporary, "served");
  writeBundle(site, makeParts());
  for (const found of [required, imported]) {
    const classifier = await found.create({ base: site });
    await assert.rejects(classifier.checkForUpdate(), { code: "option", message: /^Updates need update\.js/ });
  }
  for (const { default: model } of [
    require(join(output, "model.js")),
    await import(join(output, "esm", "model.js")),
  ]) {
    assert.deepEqual(model.constants, parts.constants);
    assert.deepEqual(new Uint8Array(model.weights), new Uint8Array(parts.weights));
    const { create } = await import(join(output, "esm", "core.js"));
    const classifier = await create({ model });
    assert.deepEqual(classifier.classify("cherry"), expected);
    assert.equal(classifier.info().license, "MIT");
  }
});

test("the package's model is made at the first question, and in Node not read before", () => {
  const code = (module, question) => `
    import { createRequire } from "node:module";
    const { cache } = createRequire(import.meta.url);
    const parse = JSON.parse;
    let parsed = 0;
    JSON.parse = (...given) => (parsed++, parse(...given));
    const found = await import(${JSON.stringify(join(output, module))});
    ${question};
    console.log(JSON.stringify([${JSON.stringify(join(output, "classifier.js"))} in cache, parsed]));
  `;
  const ask = (...given) => {
    const command = ["--input-type=module", "--eval", code(...given)];
    return JSON.parse(spawnSync(process.execPath, command, { encoding: "utf8" }).stdout);
  };
  const facts = "[found.labels, found.unsureBelow, found.version, found.digest]";
  const questions = 'found.classify("cherry"); found.classify("leaf")';
  assert.deepEqual(ask(join("esm", "index.js"), facts), [true, 0]);
  for (const module of ["index.js", join("esm", "node.js")]) assert.deepEqual(ask(module, facts), [false, 0]);
  for (const module of ["index.js", join("esm", "node.js"), join("esm", "index.js")]) {
    assert.deepEqual(ask(module, questions), [true, 4]);
  }
});

test("the package has its weights once", () => {
  const { text } = packBytes(new Uint8Array(parts.weights));
  const holders = listFiles(output).filter((path) => readFileSync(path, "utf8").includes(text));
  assert.deepEqual(holders, [join(output, "classifier.js")]);
});

test("the package's script is a classic ES2017 script that sets one global", () => {
  const script = readFileSync(join(output, "classifier.js"), "utf8");
  assertOld(script, "classifier.js");
  assert.match(script, /^[\n -~]*$/);
  const context = vm.createContext({ self: {} });
  vm.runInContext(script, context);
  const found = context.tinyOneClassifier;
  assert.deepEqual(Object.keys(context), ["self", "tinyOneClassifier"]);
  assert.equal(found.classify("cherry").labels[0].score, createClassifier(parts).predict("cherry")[0].score);
});

test("two packages on one page stay apart", async () => {
  const other = join(temporary, "other");
  writeParts(other, makeParts());
  writeFileSync(join(other, "about.json"), JSON.stringify(about));
  writeFileSync(join(other, "manifest.json"), JSON.stringify(manifest));
  const [one, two] = [build("one", "--npm", bundle), build("two", "--npm", other)];
  for (const [folder, { labels }] of /** @type {[string, any][]} */ ([[one, parts.constants], [two, CONSTANTS]])) {
    const found = require(join(folder, "index.js"));
    assert.deepEqual(found.labels, labels);
    assert.deepEqual(found.predict("cherry").map(({ label }) => label).sort(), labels.slice().sort());
  }
  // Of the first one's script, which was run before the other's.
  const { default: model } = require(join(one, "model.js"));
  assert.deepEqual(model.constants.labels, parts.constants.labels);
});

test("where there are no workers, the package says so", async () => {
  const { create } = await import(join(output, "esm", "index.js"));
  const { default: model } = await import(join(output, "esm", "model.js"));
  await assert.rejects(create({ model, worker: true }), { code: "option", message: /no workers here/ });
  const browser = /** @type {any} */ (global);
  browser.Worker = class {};
  // As in a script of the application's, which a bundler has put the package into.
  browser.document = { currentScript: { src: "https://example.org/app.js" } };
  for (const name of ["index.js", "classifier.js"]) delete require.cache[join(output, name)];
  try {
    for (const name of ["core.js", "index.js"]) {
      await assert.rejects(require(join(output, name)).create({ model, worker: true }), {
        code: "option", message: /^worker must be a Worker where this package is required/,
      });
    }
  } finally {
    delete browser.Worker;
    delete browser.document;
  }
});

test("a worker that was started for nothing is ended", async () => {
  const { create } = await import(join(output, "esm", "core.js"));
  const browser = /** @type {any} */ (global);
  const ended = [];
  browser.Worker = class {
    constructor(address, { type }) {
      Object.assign(this, { postMessage() {}, terminate: () => ended.push(`${address} ${type}`) });
    }
  };
  try {
    const wrong = /** @type {any} */ ({ base: 1, worker: true });
    await assert.rejects(create(wrong), { code: "option", message: /^base must be/ });
    assert.deepEqual(ended, [`${pathToFileURL(join(output, "esm", "worker.js"))} module`]);
  } finally {
    delete browser.Worker;
  }
});

test("bytes come back from a script's text as they were", () => {
  const all = Uint8Array.from({ length: 4096 }, (_, i) => (i * i * 7 + (i >> 3)) & 255);
  for (const bytes of [all, new Uint8Array(256).fill(9), Uint8Array.from(Array(256).keys()), new Uint8Array(0)]) {
    const packed = packBytes(bytes);
    assert.match(packed.text, /^[ -~]*$/);
    assert.doesNotMatch(packed.text, /["\\]/);
    assert.deepEqual(unpackBytes(packed), bytes);
  }
});

test("a text is a script's string in ASCII, with the quotes of which it has fewer", async () => {
  const folder = makeFolder(test);
  writeFileSync(join(folder, "entry.js"), 'globalThis.found = "a name";');
  const outfile = join(folder, "script.js");
  const write = async (/** @type {{ [name: string]: string }} */ texts) => {
    await writeScript({ format: "iife", bundle: true, entryPoints: [join(folder, "entry.js")], outfile, texts });
    return readFileSync(outfile, "utf8");
  };
  const texts = ["", "plain", `both ' and " and "`, "\\", "\\'\\\"", "\n\r\t\0", "\u2028é漢😀", "\ud800 alone"];
  for (const text of texts) {
    const script = await write({ "a name": text });
    assert.match(script, /^[ -~\n]*$/);
    const global = {};
    vm.runInNewContext(script, global);
    assert.equal(global.found, text);
  }
  assert.ok((await write({ "a name": `a "b"` })).includes(`'a "b"'`));
  assert.ok((await write({ "a name": "it's" })).includes(`"it's"`));
  await assert.rejects(write({ another: "" }), { message: "another is not there once" });
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
