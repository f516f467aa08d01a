import { hash } from "@stablelib/sha256";
import { toHex } from "./bytes.js";

/** The browser's own cryptography, which old browsers and pages without https lack. */
export const subtle = () => (typeof crypto === "object" && crypto.subtle) || null;

/** Gives the sha256 digest of a Uint8Array in hexadecimal digits. */
export async function sha256(bytes) {
  const native = subtle();
  return toHex(native ? new Uint8Array(await native.digest("SHA-256", bytes)) : hash(bytes));
}
