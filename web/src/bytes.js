// Bytes as texts: hexadecimal digits and base64.

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** @param {Uint8Array} bytes */
export const toHex = (bytes) =>
  Array.from(bytes, (byte) => (byte + 0x100).toString(16).slice(1)).join("");

/**
 * Decodes base64.
 *
 * @param {string} text
 * @returns {Bytes}
 * @throws {Error} if the text is not base64
 */
export function fromBase64(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  // Not Uint8Array.from, which takes a text character by character through an iterator.
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** @param {string} digits */
export const fromHex = (digits) =>
  new Uint8Array(/** @type {string[]} */ (digits.match(/../g)).map((pair) => parseInt(pair, 16)));
