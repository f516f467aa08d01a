// ed25519 signatures in DSSE envelopes (github.com/secure-systems-lab/dsse).

/**
 * @import { Bytes } from "./bytes.js"
 * @import { JsonObject } from "./json.js"
 */

import { verify } from "@stablelib/ed25519";
import { fromBase64, toHex } from "./bytes.js";
import { sha256, subtle } from "./digest.js";
import { parseObject } from "./json.js";

/** @typedef {{ payload: Bytes, signatures: { keyid: string, sig: unknown }[] }} Envelope */

const PAYLOAD_TYPE = "application/vnd.in-toto+json";

const PEM = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]*)-----END PUBLIC KEY-----\s*$/;

// What stands before the 32 bytes of an ed25519 key in its DER form (RFC 8410).
const DER_START = "302a300506032b6570032100";
const DER_BYTES = 44;
const SIGNATURE_BYTES = 64;

/** @param {string} text */
const utf8 = (text) => new TextEncoder().encode(text);

/**
 * Reads a public key from PEM to its 32 bytes.
 *
 * @param {string} pem
 * @throws {Error} if the text is no ed25519 public key
 */
export function readPublicKey(pem) {
  const [, body] = PEM.exec(pem) || [];
  const bytes = decode(body && body.replace(/\s/g, ""));
  if (!bytes || bytes.length !== DER_BYTES || !toHex(bytes).startsWith(DER_START)) {
    throw new Error("That is no ed25519 public key in PEM, which begins -----BEGIN PUBLIC KEY-----");
  }
  return bytes.slice(DER_BYTES - 32);
}

/**
 * Gives the id by which securesystemslib, and so an envelope, names a public key.
 *
 * @param {Bytes} key
 */
export const keyId = (key) =>
  sha256(
    utf8(`{"keytype":"ed25519","keyval":{"public":"${toHex(key)}"},"scheme":"ed25519"}`),
  );

/**
 * Opens the DSSE envelope of a statement; gives null where it is none.
 *
 * @param {Bytes} bytes
 * @returns {Envelope | null}
 */
export function openEnvelope(bytes) {
  const { payloadType, payload, signatures } = /** @type {JsonObject} */ (
    parseObject(bytes) || {}
  );
  const isUsable =
    payloadType === PAYLOAD_TYPE &&
    Array.isArray(signatures) &&
    signatures.length &&
    signatures.every((each) => each && typeof each.keyid === "string");
  const decoded = isUsable ? decode(payload) : null;
  return decoded && { payload: decoded, signatures: /** @type {any[]} */ (signatures) };
}

/**
 * Tells whether an envelope names a public key, and whether one of the signatures under that name
 * was made by it.
 *
 * @param {Envelope} envelope
 * @param {Bytes} key
 */
export async function verifyEnvelope({ payload, signatures }, key) {
  const id = await keyId(key);
  const own = signatures.filter(({ keyid }) => keyid === id);
  let fits = false;
  for (const { sig } of own) {
    fits = fits || (await isSignedBy(key, sig, PAYLOAD_TYPE, payload));
  }
  return { named: own.length > 0, fits };
}

/**
 * Whether the signature of an envelope's type and payload was made by the key.
 *
 * @param {Bytes} key
 * @param {unknown} signature in base64, if it is one
 * @param {string} type
 * @param {Bytes} payload
 */
export async function isSignedBy(key, signature, type, payload) {
  const bytes = decode(signature);
  if (!bytes || bytes.length !== SIGNATURE_BYTES) return false;
  const message = authenticated(type, payload);
  const native = await importKey(key);
  return native
    ? /** @type {SubtleCrypto} */ (subtle()).verify({ name: "Ed25519" }, native, bytes, message)
    : verify(key, message, bytes);
}

/**
 * What DSSE signs: type and payload, each after its length in bytes.
 *
 * @param {string} type
 * @param {Bytes} payload
 */
function authenticated(type, payload) {
  const typeBytes = utf8(type);
  const start = utf8(`DSSEv1 ${typeBytes.length} ${type} ${payload.length} `);
  const message = new Uint8Array(start.length + payload.length);
  message.set(start);
  message.set(payload, start.length);
  return message;
}

/**
 * Gives the key to the browser, or null where that knows no ed25519.
 *
 * @param {Bytes} key
 */
async function importKey(key) {
  if (!subtle()) return null;
  try {
    return await /** @type {SubtleCrypto} */ (subtle()).importKey(
      "raw",
      key,
      { name: "Ed25519" },
      false,
      ["verify"],
    );
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "NotSupportedError") throw error;
    return null;
  }
}

/** @param {unknown} text */
function decode(text) {
  if (typeof text !== "string") return null;
  try {
    return fromBase64(text);
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "InvalidCharacterError") throw error;
    return null;
  }
}
