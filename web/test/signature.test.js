// Digests, keys and signatures, by the browser's own cryptography and by scripts.

import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import test from "node:test";
import { sha256 } from "../src/digest.js";
import { isSignedBy, keyId, readPublicKey } from "../src/signature.js";
import { toPem } from "./statement.js";

// The key of the private bytes 0, 1, … 31, and what securesystemslib 1.4 calls it.
const PEM = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=
-----END PUBLIC KEY-----
`;
const ID = "63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9";
const PRIVATE = createPrivateKey({
  key: Buffer.concat([
    Buffer.from("302e020100300506032b657004220420", "hex"),
    Buffer.from(Array.from({ length: 32 }, (_, i) => i)),
  ]),
  format: "der",
  type: "pkcs8",
});
const TYPE = "text/plän";
const PAYLOAD = Buffer.from("payload\0\xff", "latin1");
const MESSAGE = Buffer.concat([Buffer.from(`DSSEv1 10 ${TYPE} 9 `), PAYLOAD]);
const SIGNATURE = sign(null, MESSAGE, PRIVATE).toString("base64");

/** Runs a test by the browser's own cryptography, and by the scripts that stand in for it. */
function testBoth(name, run) {
  test(name, run);
  test(`${name}, without WebCrypto`, async (t) => {
    const native = globalThis.crypto;
    Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
    t.after(() => {
      Object.defineProperty(globalThis, "crypto", { value: native, configurable: true });
    });
    await run();
  });
}

testBoth("sha256 has the digests of FIPS 180's examples", async () => {
  const digests = {
    "": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    abc: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  };
  for (const [text, digest] of Object.entries(digests)) {
    assert.equal(await sha256(new TextEncoder().encode(text)), digest);
  }
  const million = new Uint8Array(1e6).fill(97);
  const digest = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
  assert.equal(await sha256(million), digest);
});

testBoth("a key has the id that signers give it", async () => {
  assert.equal(await keyId(readPublicKey(PEM)), ID);
  assert.equal(await keyId(readPublicKey(PEM.replace(/\n/g, "\r\n"))), ID);
});

testBoth("a signature fits its key, type and payload alone", async () => {
  const key = readPublicKey(PEM);
  assert.equal(await isSignedBy(key, SIGNATURE, TYPE, PAYLOAD), true);
  const other = generateKeyPairSync("ed25519").publicKey;
  const otherKey = readPublicKey(toPem(other));
  const flipped = Buffer.from(SIGNATURE, "base64");
  flipped[40] ^= 1;
  for (const wrong of /** @type {Parameters<typeof isSignedBy>[]} */ ([
    [otherKey, SIGNATURE, TYPE, PAYLOAD],
    [key, SIGNATURE, "text/plain", PAYLOAD],
    [key, SIGNATURE, TYPE, PAYLOAD.subarray(1)],
    [key, flipped.toString("base64"), TYPE, PAYLOAD],
    [key, SIGNATURE.slice(4), TYPE, PAYLOAD],
    [key, "!", TYPE, PAYLOAD],
    [key, null, TYPE, PAYLOAD],
  ])) {
    assert.equal(await isSignedBy(...wrong), false);
  }
});

test("a browser with WebCrypto, but without ed25519, falls back to the script", async (t) => {
  const refuse = async () => {
    throw new DOMException("Unrecognized name", "NotSupportedError");
  };
  const { mock } = t.mock.method(crypto.subtle, "importKey", refuse);
  assert.equal(await isSignedBy(readPublicKey(PEM), SIGNATURE, TYPE, PAYLOAD), true);
  assert.equal(mock.callCount(), 1);
});

test("what is no public key of ed25519 is refused", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
  const own = createPublicKey(PRIVATE);
  assert.equal(toPem(own), PEM);
  for (const text of [
    "",
    "key",
    PEM.replace("MCow", "MCo!"),
    PEM.replace("MCow", ""),
    PEM + PEM,
    toPem(rsa),
    `${PRIVATE.export({ type: "pkcs8", format: "pem" })}`,
  ]) {
    assert.throws(() => readPublicKey(text), /^Error: That is no ed25519 public key in PEM/);
  }
});
