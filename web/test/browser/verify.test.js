// The page's own check, on honest sites and on sites that someone has changed.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { ENVELOPE, STATEMENT, keyId, seal, sha256, toPem } from "../statement.js";
import { UNSAFE_HOST } from "./chromium.js";
import {
  WEIGHTS,
  change,
  copySite,
  flipBit,
  makeCanaries,
  makeStatement,
  openSite,
  readManifest,
  release,
  rewriteManifest,
  verify,
} from "./site.js";

const { BUNDLE = "" } = process.env;
const keys = generateKeyPairSync("ed25519");
const otherKeys = generateKeyPairSync("ed25519");
const pem = toPem(keys.publicKey);

const opened = openSite(BUNDLE);

/** Serves a copy of the bundle that `prepare` has changed. */
function publish(t, prepare) {
  const { site } = opened;
  site.folder = copySite(t, BUNDLE);
  site.broken = [];
  prepare(site.folder);
}

/**
 * Opens the page and verifies; gives what the page shows.
 *
 * @param {{ key?: string, base?: string }} options
 */
async function openAndVerify({ key, base = opened.site.base } = {}) {
  const { page, requests } = opened;
  requests.length = 0;
  await page.goto(base);
  assert.ok(!requests.some((url) => url.endsWith("/verify.js")), "verify.js is loaded unasked");
  const shown = await verify(page, key);
  assert.deepEqual(requests.filter((url) => !url.startsWith(base)), []);
  return shown;
}

const honest = (folder) => release(folder, makeStatement(folder), keys);

test("a site as it is built is no release", async (t) => {
  publish(t, () => {});
  const { outcome, says, states, facts, status } = await openAndVerify();
  assert.equal(outcome, "no release");
  assert.equal(status, "not a release");
  assert.match(says, /this is not a release/);
  assert.deepEqual(states, { Files: "Passed", Statement: "Open" });
  const { name, version, inputs } = readManifest(BUNDLE);
  assert.deepEqual(facts, {
    Release: `${name} ${version}`,
    "Data, sha256": inputs.database,
    "Manifest, sha256": sha256(readFileSync(join(BUNDLE, "manifest.json"))),
  });
});

test("an honest release with its key is confirmed", async (t) => {
  publish(t, honest);
  const { outcome, states, checks, facts, note, status } = await openAndVerify({ key: pem });
  assert.equal(status, `as published by the key ${facts["Signed with key"].slice(0, 12)}…`);
  assert.equal(outcome, "confirmed");
  const expected = ["Files", "Statement", "Signature", "Answers"].map((title) => [title, "Passed"]);
  assert.deepEqual(states, Object.fromEntries(expected));
  const count = Object.keys(readManifest(BUNDLE).files).length;
  assert.equal(
    checks.Files.says,
    `${count} of ${count} files have the sha256 digest that manifest.json gives.`,
  );
  assert.match(checks.Answers.says, /^3 texts have their published answers; the largest difference is 0\.$/);
  assert.equal(facts.Commit, "c0ffee".padEnd(40, "0"));
  assert.equal(facts["Data, sha256"], readManifest(BUNDLE).inputs.database);
  assert.equal(facts["Signed with key"], keyId(keys.publicKey));
  assert.equal(note, "Files were read from the server, and digested by the browser's own cryptography.");
});

test("an honest release without a key leaves the signature open", async (t) => {
  publish(t, honest);
  const { outcome, states } = await openAndVerify();
  assert.equal(outcome, "unchecked");
  assert.deepEqual(states, {
    Files: "Passed",
    Statement: "Passed",
    Signature: "Open",
    Answers: "Passed",
  });
});

test("what is pasted as a key and is none is said to be none", async (t) => {
  publish(t, honest);
  const rsa = toPem(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey);
  for (const key of ["abc", pem.replace("PUBLIC", "PRIVATE"), rsa]) {
    const { outcome, checks } = await openAndVerify({ key });
    assert.equal(outcome, "unchecked");
    assert.match(checks.Signature.says, /^Not checked\. That is no ed25519 public key in PEM/);
  }
});

test("a release that is not signed says that anyone could have written it", async (t) => {
  publish(t, (folder) => release(folder, makeStatement(folder)));
  const { outcome, says, states } = await openAndVerify();
  assert.equal(outcome, "unsigned");
  assert.match(says, /anyone could have written it/);
  assert.equal(states.Signature, "Open");
});

test("without WebCrypto a script digests, and checks the signature", async (t) => {
  publish(t, honest);
  const { site } = opened;
  const base = site.base.replace("127.0.0.1", UNSAFE_HOST);
  const { outcome, note } = await openAndVerify({ key: pem, base });
  assert.equal(outcome, "confirmed");
  assert.match(note, /digested by a script, as there is no WebCrypto\.$/);
  flipBit(site.folder, WEIGHTS);
  change(site.folder, ENVELOPE, (text) =>
    text.replace(/(?<="sig":")./, (first) => (first === "A" ? "B" : "A")),
  );
  const { states } = await openAndVerify({ key: pem, base });
  assert.equal(states.Files, "Failed");
  assert.equal(states.Signature, "Failed");
});

test("a file that could not be read leaves the verdict open", async (t) => {
  for (const name of ["icon.svg", ENVELOPE, "manifest.json"]) {
    publish(t, honest);
    opened.site.broken = [name];
    const { outcome, checks } = await openAndVerify();
    assert.equal(outcome, "undecided", name);
    assert.deepEqual(checks["Not read"].details, [`${name}: HTTP 500`]);
  }
});

/** Each attack, and the check that fails with what it names. */
const ATTACKS = {
  "one flipped bit in a weight": {
    attack: (folder) => flipBit(folder, WEIGHTS),
    check: "Files",
    details: [`${WEIGHTS}: other content`],
  },
  "a removed file": {
    attack: (folder) => rmSync(join(folder, "constants.js")),
    check: "Files",
    details: ["constants.js: missing"],
  },
  "a label renamed, in a manifest made to fit": {
    attack: (folder) => {
      change(folder, "constants.json", (json) => json.replace('"labels":["', '"labels":["x'));
      rewriteManifest(folder);
    },
    check: "Statement",
    details: ["constants.json", "manifest.json"].map(
      (name) => `${name}: the statement has another digest`,
    ),
  },
  "an added script, in a manifest made to fit": {
    attack: (folder) => {
      writeFileSync(join(folder, "added.js"), "");
      rewriteManifest(folder);
    },
    check: "Statement",
    details: [
      "added.js: not in the statement",
      "manifest.json: the statement has another digest",
    ],
  },
  "a manifest that leads out of the site": {
    attack: (folder) =>
      change(folder, "manifest.json", (json) => json.replace('"icon.svg"', '"../icon.svg"')),
    check: "Files",
    details: ["../icon.svg: no name of a file in this site"],
  },
  "a manifest that is none": {
    attack: (folder) => writeFileSync(join(folder, "manifest.json"), "[1]"),
    check: "Files",
    details: ["manifest.json: not a list of files"],
  },
  "a statement of a release with other data": {
    attack: (folder) => {
      const statement = makeStatement(folder);
      const { resolvedDependencies } = statement.predicate.buildDefinition;
      resolvedDependencies[1].digest.sha256 = "0".repeat(64);
      release(folder, statement, keys);
    },
    check: "Statement",
    details: ["input database: the statement differs from manifest.json"],
  },
  "a statement of another version": {
    attack: (folder) => {
      const statement = makeStatement(folder);
      statement.predicate.buildDefinition.externalParameters.version = "0.0.9";
      release(folder, statement, keys);
    },
    check: "Statement",
    details: ["version: the statement differs from manifest.json"],
  },
  "a statement with a file that the site lacks": {
    attack: (folder) => {
      const statement = makeStatement(folder);
      statement.subject.push({ name: "bundle/other.js", digest: { sha256: "0".repeat(64) } });
      release(folder, statement, keys);
    },
    check: "Statement",
    details: ["other.js: in the statement, but not in manifest.json"],
  },
  "a file named twice": {
    attack: (folder) => {
      const statement = makeStatement(folder);
      statement.subject.push(statement.subject[0]);
      release(folder, statement, keys);
    },
    check: "Statement",
    details: [],
  },
  "a statement that is no JSON": {
    attack: (folder) => change(folder, STATEMENT, (json) => json.slice(1)),
    check: "Statement",
    details: [],
  },
  "a statement changed after it was signed": {
    attack: (folder) => change(folder, STATEMENT, (json) => json.replace("c0ffee", "badbad")),
    check: "Signature",
    says: "What is signed is not provenance.intoto.json.",
    details: [],
  },
  "another key": {
    attack: (folder) => release(folder, makeStatement(folder), otherKeys),
    check: "Signature",
    details: [`given: ${keyId(keys.publicKey)}`, `signed with: ${keyId(otherKeys.publicKey)}`],
  },
  "another key under this one's name": {
    attack: (folder) => {
      const envelope = JSON.parse(seal(readFileSync(join(folder, STATEMENT)), otherKeys));
      envelope.signatures[0].keyid = keyId(keys.publicKey);
      writeFileSync(join(folder, ENVELOPE), JSON.stringify(envelope));
    },
    check: "Signature",
    says: "The signature does not fit the statement.",
    details: [],
  },
  "a signature taken away": {
    attack: (folder) => rmSync(join(folder, ENVELOPE)),
    check: "Signature",
    says: "The statement is not signed.",
    details: [],
  },
  "an envelope without its statement": {
    attack: (folder) => rmSync(join(folder, STATEMENT)),
    check: "Statement",
    details: [],
  },
  "an envelope that is none": {
    attack: (folder) => writeFileSync(join(folder, ENVELOPE), '{"payload": 7}'),
    check: "Signature",
    details: [],
  },
  "other answers than were published": {
    attack: (folder) => {
      const canaries = makeCanaries(folder);
      const [label] = Object.keys(canaries[1].scores);
      canaries[1].scores[label] += 2e-5;
      release(folder, makeStatement(folder, canaries), keys);
    },
    check: "Answers",
    details: ["text 2: differs by 2.0e-5"],
  },
  "answers for other labels": {
    attack: (folder) => {
      const canaries = makeCanaries(folder);
      const [label] = Object.keys(canaries[0].scores);
      canaries[0].scores.another = canaries[0].scores[label];
      delete canaries[0].scores[label];
      release(folder, makeStatement(folder, canaries), keys);
    },
    check: "Answers",
    details: ["text 1: differs by Infinity"],
  },
};

for (const [name, { attack, check, says, details }] of Object.entries(ATTACKS)) {
  test(`${name}: refuted`, async (t) => {
    publish(t, (folder) => {
      honest(folder);
      attack(folder);
    });
    const found = await openAndVerify({ key: pem });
    assert.equal(found.outcome, "refuted");
    assert.equal(found.says, "This is not what was published.");
    assert.equal(found.status, "not what was published");
    assert.equal(found.states[check], "Failed");
    if (says) assert.equal(found.checks[check].says, says);
    assert.deepEqual(found.checks[check].details, details);
  });
}
