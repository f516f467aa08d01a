// Bytes in a script's text, which takes no more than the bytes themselves once it is compressed:
// base64, of which each letter has parts of two bytes, takes a quarter more.

/** @import { Bytes } from "../bytes.js" */

import { toHex } from "../bytes.js";

/**
 * Bytes as text: the different ones in hexadecimal digits, the most frequent first; and for each
 * byte the letter of its place there, or for a rare one two.
 *
 * @typedef {{ order: string, text: string }} PackedBytes
 */

// What a script's text can hold as it is. The last two say that a second letter follows.
const LETTERS =
  " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~";
const ALONE = LETTERS.length - 2;

/**
 * @param {Uint8Array} bytes
 * @returns {PackedBytes}
 */
export function packBytes(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte]++;
  const order = Array.from(counts.keys())
    .filter((byte) => counts[byte])
    .sort((a, b) => counts[b] - counts[a] || a - b);
  /** @type {string[]} */
  const letters = [];
  order.forEach((byte, place) => {
    const rest = place - ALONE;
    letters[byte] =
      rest < 0
        ? LETTERS[place]
        : LETTERS[ALONE + Math.floor(rest / LETTERS.length)] + LETTERS[rest % LETTERS.length];
  });
  return {
    order: toHex(Uint8Array.from(order)),
    text: Array.from(bytes, (byte) => letters[byte]).join(""),
  };
}

/**
 * @param {PackedBytes} packed
 * @returns {Bytes}
 */
export function unpackBytes({ order, text }) {
  const known = (order.match(/../g) || []).map((digits) => parseInt(digits, 16));
  /** @type {number[]} */
  const places = [];
  for (let i = 0; i < LETTERS.length; i++) places[LETTERS.charCodeAt(i)] = i;
  const bytes = new Uint8Array(text.length);
  let end = 0;
  for (let i = 0; i < text.length; i++) {
    let place = places[text.charCodeAt(i)];
    if (place >= ALONE) {
      place = ALONE + (place - ALONE) * LETTERS.length + places[text.charCodeAt(++i)];
    }
    bytes[end++] = known[place];
  }
  return bytes.slice(0, end);
}
