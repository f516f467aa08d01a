// The sha256 digest, by the browser or else by this script.

/** @import { Bytes } from "./bytes.js" */

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
  return native ? toHex(new Uint8Array(await native.digest("SHA-256", bytes))) : sha256Here(bytes);
}

const BLOCK = 64;

/** @type {number[]} */
const start = [];
/** @type {number[]} */
const constants = [];

// The first 32 bits behind the point of the primes' square and cubic roots (FIPS 180-4, 4.2.2).
for (let number = 2; constants.length < BLOCK; number++) {
  let factor = 2;
  while (number % factor) factor++;
  if (factor < number) continue;
  /** @param {number} power */
  const root = (power) => (Math.pow(number, power) * 0x100000000) | 0;
  if (start.length < 8) start.push(root(1 / 2));
  constants.push(root(1 / 3));
}

/**
 * Turns the 32 bits of a number to the right.
 *
 * @param {number} value
 * @param {number} places
 */
const turn = (value, places) => (value >>> places) | (value << (32 - places));

/**
 * Gives the same without the browser's help, at once.
 *
 * @param {Uint8Array} bytes
 */
export function sha256Here(bytes) {
  const padded = new DataView(new ArrayBuffer((((bytes.length + 8) >> 6) + 1) * BLOCK));
  const all = new Uint8Array(padded.buffer);
  all.set(bytes);
  all[bytes.length] = 0x80;
  padded.setUint32(all.length - 8, bytes.length / 0x20000000);
  padded.setUint32(all.length - 4, bytes.length << 3);
  const state = Int32Array.from(start);
  const words = new Int32Array(BLOCK);
  for (let block = 0; block < all.length; block += BLOCK) {
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < BLOCK; i++) {
      if (i < 16) {
        words[i] = padded.getInt32(block + 4 * i);
      } else {
        const x = words[i - 15];
        const y = words[i - 2];
        const turned = (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
        words[i] = words[i - 16] + words[i - 7] + turned;
      }
      const first =
        (h +
        (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
        ((e & f) ^ (~e & g)) +
        constants[i] +
        words[i]) | 0;
      const second =
        (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) +
        ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] += value));
  }
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((value, i) => digest.setInt32(4 * i, value));
  return toHex(new Uint8Array(digest.buffer));
}
