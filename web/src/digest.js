// The sha256 digest, by the browser or else by a script.

/** @import { Bytes } from "./bytes.js" */

import { hash } from "@stablelib/sha256";
import { toHex } from "./bytes.js";

/** The browser's own cryptography, which old browsers and pages without https lack. */
export const subtle = () => (typeof crypto === "object" && crypto.subtle) || null;

/**
 * Gives the sha256 digest of bytes in hexadecimal digits.
 *
 * @param {Bytes} bytes
 */
export async function sha256(bytes) {
  const native = subtle();
  return toHex(native ? new Uint8Array(await native.digest("SHA-256", bytes)) : hash(bytes));
}
