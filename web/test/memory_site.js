// A signed site in memory, and its check.

/** @import { AskedFirst } from "../src/check.js" */

import { generateKeyPairSync } from "node:crypto";
import { checkSite } from "../src/check.js";
import { makeParts } from "./fixture.js";
import * as release from "./statement.js";

const keys = generateKeyPairSync("ed25519");
export const pem = release.toPem(keys.publicKey);

export const makeCanaries = () => release.makeCanaries(makeParts(), ["sky", "cherry sky", "LEAF\0😀"]);

/**
 * Makes a signed site of three files, as a Map of bytes by name; its statement has what is in
 * `stated` in place of what is true.
 *
 * @param {unknown} canaries
 * @param {{ [name: string]: string }} stated
 */
export function makeSite(canaries = makeCanaries(), stated = {}) {
  const about = { name: "tiny", version: "1" };
  const inputs = { database: "d", requirements: "r", packages: "p" };
  const { constants, model, weights } = makeParts();
  const site = new Map([
    ["constants.json", release.toJson(constants)],
    ["tfjs/layers/model.json", release.toJson(model)],
    ["tfjs/layers/group1-shard1of1.bin", Buffer.from(weights)],
  ]);
  const files = release.listFiles(site);
  site.set("manifest.json", release.toJson({ format: 1, ...about, files, inputs }));
  const said = { ...about, ...stated, inputs: { ...inputs, ...stated } };
  const statement = release.toJson(release.makeStatement(site, said, canaries));
  site.set(release.STATEMENT, statement);
  site.set(release.ENVELOPE, Buffer.from(release.seal(statement, keys)));
  return /** @type {AskedFirst<string, Buffer>} */ (site);
}

export const check = (site, key = pem) =>
  checkSite(async (name) => (site.has(name) ? new Uint8Array(site.get(name)) : null), key);
