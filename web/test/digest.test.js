// The sha256 digest without WebCrypto.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { sha256, sha256Here } from "../src/digest.js";

test("it is that of Node.js, whatever the length", async () => {
  // Around the ends of blocks, where the padding needs one more.
  for (const length of [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 1000, 100003]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7919) >> 3);
    const expected = createHash("sha256").update(bytes).digest("hex");
    assert.equal(sha256Here(bytes), expected, `${length} bytes`);
    assert.equal(await sha256(bytes), expected);
  }
});

test("a view of some bytes is digested as these alone", () => {
  const view = new Uint8Array([9, 97, 98, 99, 9]).subarray(1, 4);
  // FIPS 180-4's example.
  assert.equal(
    sha256Here(view),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});
