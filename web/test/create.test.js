// Classifiers made by create(), of a bundle's files or of a packed model.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { create, createClassifier } from "../src/classifier.js";
// Beside a bundle, create() loads it itself.
import "../src/more.js";
import { makeParts, seal, writeBundle, writeManifest } from "./fixture.js";
import { listen, makeFolder } from "./tools.js";

const folder = makeFolder(test);
const parts = makeParts();
writeBundle(folder, parts);
const { predict } = createClassifier(parts);
const manifest = readFileSync(join(folder, "manifest.json"));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** @type {any} */
const packed = {
  ...parts,
  about: JSON.parse(readFileSync(join(folder, "about.json"), "utf8")),
  manifest: JSON.parse(manifest.toString()),
  digest: sha256(manifest),
};

/** Serves a folder; gives its address, and what was asked for. */
async function serve(t, served) {
  const asked = [];
  const { server, base } = await listen(({ url = "" }, response) => {
    asked.push(url);
    try {
      response.end(readFileSync(join(served, url.split("?")[0])));
    } catch {
      response.writeHead(404).end();
    }
  });
  t.after(() => server.close());
  return { base, asked };
}

/** Copies the bundle, for a test to change. */
function copy(t) {
  const own = makeFolder(t);
  cpSync(folder, own, { recursive: true });
  return own;
}

test("a base is a path, a file's or a server's address, with or without a slash", async (t) => {
  const { base, asked } = await serve(t, folder);
  for (const place of [folder, `${folder}/`, pathToFileURL(folder), `${pathToFileURL(folder)}/`, base]) {
    const classifier = await create({ base: place });
    assert.deepEqual(classifier.labels, parts.constants.labels);
    assert.deepEqual(classifier.classify("cherry sky").labels, predict("cherry sky"));
    assert.deepEqual(classifier.info(), {
      name: "tiny",
      version: "1.0.0",
      title: "Tiny colours",
      digest: sha256(manifest),
      metrics: { posts: 2, "recall@1": 0.5 },
      origin: { database: "d" },
      license: null,
    });
  }
  // No cache may hold another version's file under the same address.
  assert.deepEqual(asked.filter((url) => !url.includes("?sha256=")), ["/manifest.json"]);
});

test("a packed model needs no file, and has to be whole", async () => {
  const classifier = await create({ model: packed });
  assert.deepEqual(classifier.predict("leaf", 2), predict("leaf", 2));
  assert.equal(classifier.info().digest, sha256(manifest));
  const weights = parts.weights.slice(0);
  new Uint8Array(weights)[3] ^= 1;
  await assert.rejects(create({ model: { ...packed, weights } }), { code: "mixed" });
});

test("any flipped bit of any file is refused", async (t) => {
  const own = copy(t);
  for (const name of Object.keys(packed.manifest.files)) {
    const whole = readFileSync(join(own, name));
    for (let place = 0; place < whole.length; place += 97) {
      const bytes = Buffer.from(whole);
      bytes[place] ^= 1;
      writeFileSync(join(own, name), bytes);
      await assert.rejects(create({ base: own }), { code: "mixed" }, `${name}, ${place}`);
    }
    writeFileSync(join(own, name), whole);
  }
  assert.equal((await create({ base: own })).labels.length, 3);
});

test("what is cached under a file's address from before its upload is gone around", async (t) => {
  const own = copy(t);
  const other = makeFolder(t);
  writeBundle(other, seal({ ...parts, constants: { ...parts.constants, labels: ["a", "b", "c"] } }));
  const { base } = await serve(t, own);
  const asked = [];
  const stale = async (address, { cache }) => {
    const [name, digest] = address.slice(base.length).split("?");
    if (name === "constants.json") asked.push([!!digest, cache]);
    return new Response(readFileSync(join(digest && name === "constants.json" ? other : own, name)));
  };
  const { labels } = await create({ base, fetch: /** @type {any} */ (stale) });
  assert.deepEqual(labels, parts.constants.labels);
  assert.deepEqual(asked, [[true, undefined], [false, "reload"]]);
});

test("words are made ready while the weights are under way", { timeout: 20000 }, async (t) => {
  const own = copy(t);
  writeFileSync(join(own, "constants.json"), JSON.stringify({ ...parts.constants, format: 0 }));
  writeManifest(own);
  const { base } = await serve(t, own);
  let asked = 0;
  const slow = async (address, options) => {
    if (address.includes(".bin")) {
      asked++;
      await new Promise(() => {});
    }
    return fetch(address, options);
  };
  await assert.rejects(create({ base, fetch: slow }), /has format 0/);
  assert.equal(asked, 1);
});

test("files of two versions are refused, whichever is the older", async (t) => {
  const renamed = seal({ ...parts, constants: { ...parts.constants, labels: ["a", "b", "c"] } });
  const other = makeFolder(t);
  writeBundle(other, renamed, "2.0.0");
  for (const name of ["constants.json", "manifest.json"]) {
    const own = copy(t);
    cpSync(join(other, name), join(own, name));
    await assert.rejects(create({ base: own }), {
      code: "mixed",
      message: /^constants\.json is not that of manifest\.json: the site is being updated/,
    });
  }
  // Constants of the same sizes with these weights, by hand or by load().
  const mixed = { ...parts, constants: { ...renamed.constants, digest: parts.constants.digest } };
  assert.throws(() => createClassifier(mixed), { code: "mixed" });
  const { digest, ...unsealed } = parts.constants;
  assert.throws(() => createClassifier({ ...parts, constants: unsealed }), { code: "mixed" });
});

test("what is not there, or no JSON, is named", async (t) => {
  await assert.rejects(create({ base: "/nowhere" }), {
    code: "unreachable",
    message: /^Could not load \/nowhere\/manifest\.json: ENOENT/,
  });
  const own = copy(t);
  rmSync(join(own, "about.json"));
  const { base } = await serve(t, own);
  await assert.rejects(create({ base }), {
    code: "unreachable",
    message: `Could not load ${base}about.json: HTTP 404`,
  });
  writeFileSync(join(own, "manifest.json"), "<!doctype html>");
  await assert.rejects(create({ base }), { code: "mixed", message: /^manifest\.json is no JSON/ });
});

test("each option that is wrong is named", async () => {
  const cases = /** @type {[any, string][]} */ ([
    [7, "Options must be an object, not 7"],
    [{ bsae: "." }, "There is no option bsae; there are base, model, worker, runtime, signal, "],
    [{ base: 3 }, "base must be an address or a path, not 3"],
    [{ model: {} }, "model must be the model of a package, not object"],
    [{ worker: "yes" }, 'worker must be true, false or a Worker, not "yes"'],
    [{ runtime: "gpu" }, 'runtime must be kernel, layers or graph, not "gpu"'],
    [{ signal: 1 }, "signal must be an AbortSignal, not 1"],
    [{ onProgress: 1 }, "onProgress must be a function, not 1"],
    [{ trust: [] }, "trust must be a public key in PEM, or a list of them, not object"],
    [{ fetch: "x" }, 'fetch must be a function, not "x"'],
    [{ base: ".", model: packed }, "Give either base or model, not both"],
    [{ model: packed, trust: "x" }, "trust is for a base"],
    [{ base: folder, worker: true }, "worker is for browsers: there are no workers here"],
    [{ model: packed, runtime: "graph" }, "A package's model has no graph format"],
  ]);
  for (const [options, message] of cases) {
    await assert.rejects(create(options), (/** @type {any} */ error) => {
      assert.equal(error.name, "TypeError");
      assert.equal(error.code, "option");
      assert.ok(error.message.startsWith(message), error.message);
      return true;
    });
  }
  const { classify, classifyBatch, explain } = await create({ model: packed });
  const wrong = /** @type {any} */ ({ topk: 2 });
  assert.throws(() => classify("x", wrong), { code: "option", message: /no option topk/ });
  assert.throws(() => classify("x", { minScore: 2 }), {
    name: "RangeError",
    message: "minScore must be a number from 0 to 1, not 2",
  });
  assert.throws(() => explain("x", { label: "pink" }), {
    message: 'label must be one of the labels, not "pink"',
  });
  await assert.rejects(classifyBatch("x"), { code: "text" });
});

test("progress tells the bytes so far, and a signal gives up", async () => {
  /** @type {any[]} */
  const told = [];
  await create({ base: folder, onProgress: (progress) => told.push(progress) });
  const { files } = packed.manifest;
  const total = Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
  assert.deepEqual(told.map(({ file }) => file).sort(), Object.keys(files).sort());
  assert.ok(told.every((progress) => progress.total === total));
  assert.equal(told[told.length - 1].loaded, total);

  const stopped = AbortSignal.abort();
  await assert.rejects(create({ base: folder, signal: stopped }), { name: "AbortError" });
  const controller = new AbortController();
  const making = create({ base: folder, signal: controller.signal });
  controller.abort();
  await assert.rejects(making, { name: "AbortError", code: "aborted" });
  const { classify, classifyBatch } = await create({ model: packed });
  assert.throws(() => classify("x", { signal: stopped }), { name: "AbortError" });
  await assert.rejects(classifyBatch(["x"], { signal: stopped }), { name: "AbortError" });
});

test("labels below minScore are left out, and a batch is as each text alone", async () => {
  const { classify, classifyBatch } = await create({ model: packed });
  const [{ score }] = predict("cherry");
  assert.equal(classify("cherry", { minScore: score }).labels.length, 1);
  assert.equal(classify("cherry", { minScore: 1 }).labels.length, 0);
  assert.equal(classify("cherry", { minScore: 1 }).sure, classify("cherry").sure);
  const texts = ["cherry", "", "leaf sky", "none of these"];
  const each = texts.map((text) => classify(text, { topK: 2 }));
  assert.deepEqual(await classifyBatch(new Set(texts), { topK: 2 }), each);
  assert.deepEqual(await classifyBatch([]), []);
});

test("an explanation's shares are those computed by hand", async () => {
  const { explain } = await create({ model: packed });
  const third = Math.fround(1 / 3);
  // "cherry" stands at [1, 0], and the kernel is [[1, 0, -1], [0, 2, 1]].
  const found = explain("A  Cherry!");
  assert.deepEqual(found, {
    label: "red",
    logit: 0.5 + third,
    bias: 0.5,
    words: [
      { text: "a", known: false, share: 0, start: 0, end: 1 },
      { text: "cherry", known: true, share: third, start: 3, end: 9 },
    ],
    features: [{ text: "cherry", kind: "word", count: 1, share: third }],
  });
  assert.equal(explain("cherry", { label: "blue" }).words[0].share, -third);
  assert.deepEqual(explain("nothing").label, null);
  // Each time that a word occurs has its part of the word's share.
  const { words, features } = explain("leaf leaf sky", { label: "green" });
  assert.equal(features.find(({ text }) => text === "leaf")?.count, 2);
  const sum = words.reduce((total, { share }) => total + share, 0);
  assert.ok(Math.abs(sum - features.reduce((total, { share }) => total + share, 0)) < 1e-12);
});

test("words known by their vectors alone are told, and nothing else changes", () => {
  const { words } = parts.constants;
  const plain = createClassifier(parts);
  const shared = words.shared.toLowerCase();
  const constants = { ...parts.constants, words: { ...words, shared } };
  const told = createClassifier(seal({ ...parts, constants }));
  assert.deepEqual(told.classify("cherry leaf pie"), plain.classify("cherry leaf pie"));
  const before = plain.explain("cherry leaf pie");
  assert.deepEqual(told.explain("cherry leaf pie"), {
    ...before,
    words: before.words.map((word) => (word.known ? { ...word, byVector: true } : word)),
    features: before.features.map((feature) => ({ ...feature, byVector: true })),
  });
});

test("how likely a text is none of the labels follows the constants", async () => {
  const other = [1, -0.5, -2, 0.25];
  const told = createClassifier(seal({ ...parts, constants: { ...parts.constants, other } }));
  // The logits of "cherry" are 5/6, 0 and -5/6; one word of two is known.
  const lead = 0.5 + Math.fround(1 / 3) - (0 - 0.5 - Math.fround(1 / 3)) / 2;
  const odds = 1 - 0.5 * lead - 1 + 0.25 * Math.log(3);
  const found = told.classify("cherry pie").other;
  assert.ok(Math.abs(Number(found) - 1 / (1 + Math.exp(-odds))) < 1e-12, `${found}`);
  assert.equal(told.classify("pie").other, 1);
  assert.equal(createClassifier(parts).classify("cherry").other, null);
});

test("after dispose there is no answer any more", async () => {
  const classifier = await create({ model: packed });
  classifier.dispose();
  assert.throws(() => classifier.classify("x"), {
    code: "disposed",
    message: "This classifier was disposed of",
  });
  await assert.rejects(classifier.checkForUpdate(), { code: "option" });
});

test("where nothing can be kept, updates say so", async () => {
  const refused = { code: "option", message: /there is no IndexedDB here/ };
  const classifier = await create({ base: folder });
  await assert.rejects(classifier.checkForUpdate(), refused);
  await assert.rejects(classifier.rollback(), refused);
  await assert.rejects(create({ base: folder, trust: "a key" }), refused);
  assert.deepEqual(classifier.predict("cherry"), predict("cherry"));
});

test("a manifest of the same files makes the same classifier", async (t) => {
  const own = copy(t);
  writeManifest(own, "9.9.9");
  assert.equal((await create({ base: own })).info().version, "9.9.9");
});
