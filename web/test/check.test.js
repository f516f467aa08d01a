// The check of a site, on a site in memory: spoilt at random, it is never confirmed.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import test from "node:test";
import { checkSite } from "../src/check.js";
import { createClassifier } from "../src/classifier.js";
import { makeParts } from "./fixture.js";
import { seal, sha256, toPem } from "./browser/site.js";

const keys = generateKeyPairSync("ed25519");
const pem = toPem(keys.publicKey);
const STATEMENT = "provenance.intoto.json";
const ENVELOPE = "provenance.dsse.json";
const VERDICTS = ["refuted", "undecided", "no release", "unsigned", "unchecked", "confirmed"];
const MUTATIONS = 3000;

const json = (value) => Buffer.from(`${JSON.stringify(value, null, 1)}\n`);
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64");

function makeCanaries() {
  const classifier = createClassifier(makeParts());
  return ["", "cherry sky", "LEAF\0😀"].map((text) => ({
    text,
    scores: Object.fromEntries(
      classifier.predict(text).map(({ label, score }) => [label, score]),
    ),
  }));
}

/** Makes a signed site of three files, as a Map of bytes by name; `stated` goes astray. */
function makeSite(canaries = makeCanaries(), stated = {}) {
  const { constants, model, weights } = makeParts();
  const site = new Map([
    ["constants.json", json(constants)],
    ["tfjs/layers/model.json", json(model)],
    ["tfjs/layers/group1-shard1of1.bin", Buffer.from(weights)],
  ]);
  const inputs = { database: "d", requirements: "r", packages: "p" };
  const files = {};
  for (const [name, bytes] of site) files[name] = { bytes: bytes.length, sha256: sha256(bytes) };
  site.set("manifest.json", json({ format: 1, name: "tiny", version: "1", files, inputs }));
  const dependency = (name, digest) => ({ name, digest: { sha256: digest } });
  const { name, version, database, requirements, packages } = {
    name: "tiny",
    version: "1",
    ...inputs,
    ...stated,
  };
  const statement = json({
    _type: "https://in-toto.io/Statement/v1",
    subject: [...site].map(([name, bytes]) => dependency(`bundle/${name}`, sha256(bytes))),
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        externalParameters: { name, version },
        resolvedDependencies: [
          { name: "source", digest: { gitCommit: "c" } },
          dependency("data/source/news.sqlite", database),
          dependency("requirements.lock", requirements),
          dependency("web/package-lock.json", packages),
        ],
      },
      runDetails: { byproducts: [{ name: "canaries", content: base64(canaries) }] },
    },
  });
  site.set(STATEMENT, statement);
  site.set(ENVELOPE, Buffer.from(seal(statement, keys)));
  return site;
}

const check = (site, key = pem) =>
  checkSite(async (name) => (site.has(name) ? new Uint8Array(site.get(name)) : null), key);

const states = ({ checks }) =>
  Object.fromEntries(checks.map(({ title, state }) => [title, state]));

test("an honest site is confirmed", async () => {
  const found = await check(makeSite());
  assert.equal(found.verdict, "confirmed");
  assert.deepEqual(states(found), {
    Files: "passed",
    Statement: "passed",
    Signature: "passed",
    Answers: "passed",
  });
});

test("a statement of another build is refuted", async () => {
  for (const what of ["name", "version", "database", "requirements", "packages"]) {
    const found = await check(makeSite(makeCanaries(), { [what]: "another" }));
    assert.equal(found.verdict, "refuted");
    const input = what === "name" || what === "version" ? what : `input ${what}`;
    const [, { details }] = found.checks;
    assert.deepEqual(details, [`${input}: the statement differs from manifest.json`]);
  }
});

test("without a statement, files are held to their manifest", async () => {
  const site = makeSite();
  site.delete(STATEMENT);
  site.delete(ENVELOPE);
  assert.equal((await check(site, "")).verdict, "no release");
  const name = "constants.json";
  const changed = Buffer.from(site.get(name));
  changed[0] ^= 1;
  for (const [bytes, problem] of [
    [changed, "other content"],
    [undefined, "missing"],
  ]) {
    const spoilt = new Map(site);
    if (bytes) spoilt.set(name, bytes);
    else spoilt.delete(name);
    const { verdict, checks } = await check(spoilt, "");
    assert.equal(verdict, "refuted");
    assert.deepEqual(checks[0].details, [`${name}: ${problem}`]);
  }
});

test("answers within the tolerance pass, and no others", async () => {
  for (const [change, state] of [
    [(score) => score + 0.9e-5, "passed"],
    [(score) => score - 0.9e-5, "passed"],
    [(score) => score + 1.1e-5, "failed"],
    [(score) => score - 1.1e-5, "failed"],
    [String, "failed"],
    [() => null, "failed"],
  ]) {
    const canaries = makeCanaries();
    canaries[2].scores.blue = change(canaries[2].scores.blue);
    assert.equal(states(await check(makeSite(canaries))).Answers, state);
  }
});

test("answers to nothing prove nothing", async () => {
  for (const canaries of [[], {}, [{ text: "" }], [{ text: 7, scores: {} }]]) {
    assert.equal(states(await check(makeSite(canaries))).Answers, "open");
  }
});

test("each file is needed, and one too many in no list is not", async () => {
  const names = [...makeSite().keys()];
  for (const name of names) {
    const site = makeSite();
    site.delete(name);
    assert.equal((await check(site)).verdict, "refuted", name);
  }
});

test("a file that cannot be read is no forgery", async () => {
  const site = makeSite();
  for (const broken of site.keys()) {
    const found = await checkSite(async (name) => {
      if (name === broken) throw new Error("no connection");
      return new Uint8Array(site.get(name));
    }, pem);
    assert.deepEqual(found.checks.at(-1).details, [`${broken}: no connection`]);
    const lost = broken === STATEMENT ? "refuted" : "undecided";
    assert.equal(found.verdict, lost, broken);
  }
});

/** A generator of whole numbers below `most`, the same in each run (Park and Miller). */
function makeChance(seed) {
  let state = seed;
  return (most) => {
    state = (state * 48271) % 2147483647;
    return state % most;
  };
}

test("no site with a changed byte is confirmed, and none breaks the check", async () => {
  const chance = makeChance(7);
  const honest = makeSite();
  const names = [...honest.keys()];
  const counts = {};
  for (let i = 0; i < MUTATIONS; i++) {
    const name = names[chance(names.length)];
    const bytes = Buffer.from(honest.get(name));
    const place = chance(bytes.length);
    const mutations = [
      () => bytes.fill(bytes[place] ^ (1 << chance(8)), place, place + 1),
      () => bytes.subarray(0, place),
      () => Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1 + chance(40))]),
      () => Buffer.concat([bytes.subarray(0, place), Buffer.from([chance(256)]), bytes.subarray(place)]),
    ];
    const mutated = mutations[chance(mutations.length)]();
    const site = new Map(honest).set(name, mutated);
    const { verdict } = await check(site);
    assert.ok(VERDICTS.includes(verdict));
    // White space of the envelope is signed by nobody, and means nothing.
    if (name !== ENVELOPE) assert.notEqual(verdict, "confirmed", `${name}: ${mutated}`);
    counts[verdict] = (counts[verdict] || 0) + 1;
  }
  assert.ok(counts.refuted > 0.95 * MUTATIONS, JSON.stringify(counts));
});

test("values of any type in place of any other break nothing", async () => {
  const odd = [null, 7, "x", [], [null], {}, { toString: 1 }, true, { length: 3 }];
  for (const name of ["manifest.json", STATEMENT, ENVELOPE]) {
    const honest = JSON.parse(makeSite().get(name));
    for (const path of paths(honest)) {
      for (const value of odd) {
        const spoilt = replaceAt(honest, path, value);
        const { verdict, facts } = await check(new Map(makeSite()).set(name, json(spoilt)));
        assert.notEqual(verdict, "confirmed", `${name} ${path}`);
        for (const [, fact] of facts) assert.equal(typeof fact, "string");
      }
    }
  }
});

function* paths(value, path = []) {
  yield path;
  if (typeof value === "object" && value !== null) {
    for (const key of Object.keys(value)) yield* paths(value[key], [...path, key]);
  }
}

function replaceAt(value, [key, ...rest], replacement) {
  if (key === undefined) return replacement;
  const copy = structuredClone(value);
  copy[key] = replaceAt(copy[key], rest, replacement);
  return copy;
}
