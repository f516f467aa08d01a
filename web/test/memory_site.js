// A signed site in memory, and its check.

import { generateKeyPairSync } from "node:crypto";
import { checkSite } from "../src/check.js";
import { createClassifier } from "../src/classifier.js";
import { makeParts } from "./fixture.js";
import { seal, sha256, toPem } from "./browser/site.js";

const keys = generateKeyPairSync("ed25519");
export const pem = toPem(keys.publicKey);
export const STATEMENT = "provenance.intoto.json";
export const ENVELOPE = "provenance.dsse.json";

export const json = (value) => Buffer.from(`${JSON.stringify(value, null, 1)}\n`);
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64");

export function makeCanaries() {
  const classifier = createClassifier(makeParts());
  return ["", "cherry sky", "LEAF\0😀"].map((text) => ({
    text,
    scores: Object.fromEntries(
      classifier.predict(text).map(({ label, score }) => [label, score]),
    ),
  }));
}

/** Makes a signed site of three files, as a Map of bytes by name; `stated` goes astray. */
export function makeSite(canaries = makeCanaries(), stated = {}) {
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

export const check = (site, key = pem) =>
  checkSite(async (name) => (site.has(name) ? new Uint8Array(site.get(name)) : null), key);
