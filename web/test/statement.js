// Statements of releases for tests, and their signatures.

/**
 * @import { BinaryLike, KeyObject } from "node:crypto"
 * @import { Parts } from "../src/model.js"
 */

import { createHash, sign } from "node:crypto";
import { createClassifier } from "../src/classifier.js";

export const STATEMENT = "provenance.intoto.json";
export const ENVELOPE = "provenance.dsse.json";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";

/**
 * A site's files in their order.
 *
 * @typedef {Iterable<[name: string, bytes: Buffer]>} Files
 */

/** @typedef {{ publicKey: KeyObject, privateKey: KeyObject }} Keys */

/** @param {BinaryLike} bytes */
export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/**
 * Gives the bytes of a value as JSON.
 *
 * @param {unknown} value
 */
export const toJson = (value) => Buffer.from(`${JSON.stringify(value, null, 1)}\n`);

/**
 * Makes a manifest's list of files.
 *
 * @param {Files} files
 */
export const listFiles = (files) =>
  Object.fromEntries(
    Array.from(files, ([name, bytes]) => [name, { bytes: bytes.length, sha256: sha256(bytes) }]),
  );

/**
 * Makes the statement of a release.
 *
 * @param {Files} files
 * @param {{ name: string, version: string, inputs: { [name: string]: string } }} manifest
 * @param {unknown} canaries
 */
export function makeStatement(files, { name, version, inputs }, canaries) {
  const content = Buffer.from(JSON.stringify(canaries)).toString("base64");
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: Array.from(files, ([path, bytes]) => ({
      name: `bundle/${path}`,
      digest: { sha256: sha256(bytes) },
    })),
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        externalParameters: { name, version },
        resolvedDependencies: [
          { name: "source", digest: { gitCommit: "c0ffee".padEnd(40, "0") } },
          { name: "data/source/news.sqlite", digest: { sha256: inputs.database } },
          { name: "requirements.lock", digest: { sha256: inputs.requirements } },
          { name: "web/package-lock.json", digest: { sha256: inputs.packages } },
        ],
      },
      runDetails: {
        byproducts: [{ name: "canaries", content, mediaType: "application/json" }],
      },
    },
  };
}

/**
 * Gives texts and their scores by the model of `parts`.
 *
 * @param {Parts} parts
 * @param {string[]} texts
 */
export function makeCanaries(parts, texts) {
  const classifier = createClassifier(parts);
  return texts.map((text) => ({
    text,
    scores: Object.fromEntries(
      classifier.predict(text, Infinity).map(({ label, score }) => [label, score]),
    ),
  }));
}

/**
 * @param {KeyObject} publicKey
 * @returns {string}
 */
export const toPem = (publicKey) => `${publicKey.export({ type: "spki", format: "pem" })}`;

/** @param {KeyObject} publicKey */
export function keyId(publicKey) {
  const { x } = publicKey.export({ format: "jwk" });
  const key = Buffer.from(`${x}`, "base64url").toString("hex");
  return sha256(`{"keytype":"ed25519","keyval":{"public":"${key}"},"scheme":"ed25519"}`);
}

/**
 * Gives the envelope of a payload, as text.
 *
 * @param {Buffer} payload
 * @param {Keys} keys
 */
export function seal(payload, { publicKey, privateKey }) {
  const start = `DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `;
  const signature = sign(null, Buffer.concat([Buffer.from(start), payload]), privateKey);
  return JSON.stringify({
    payload: payload.toString("base64"),
    payloadType: PAYLOAD_TYPE,
    signatures: [{ keyid: keyId(publicKey), sig: signature.toString("base64") }],
  });
}
