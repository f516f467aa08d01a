// The icons are those that web/icons.js draws.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { inflateSync } from "node:zlib";
import { draw, ICONS } from "../icons.js";

const FOLDER = join(import.meta.dirname, "..", "src", "icons");

/** Gives the pixels of a PNG that has one chunk of them, unfiltered. */
function pixelsOf(bytes, size) {
  const start = bytes.indexOf("IDAT");
  const rows = inflateSync(bytes.subarray(start + 4, start + 4 + bytes.readUInt32BE(start - 4)));
  const width = size * 4 + 1;
  return Buffer.concat(
    Array.from({ length: size }, (_, row) => rows.subarray(row * width + 1, (row + 1) * width)),
  );
}

for (const [name, icon] of Object.entries(ICONS)) {
  test(`${name} is as it is drawn`, () => {
    const pixels = pixelsOf(readFileSync(join(FOLDER, name)), icon.size);
    assert.ok(pixels.equals(draw(icon)));
    // Green at the edge of the drawing's middle, white where its first line is.
    const at = (x, y) => Array.from(pixels.subarray(4 * (y * icon.size + x)).subarray(0, 4));
    const middle = icon.size / 2;
    assert.deepEqual(at(middle, Math.round(icon.size * 0.05)), [0x2c, 0x6e, 0x49, 255]);
    const line = Math.round(middle - ((16 - 10) / 32) * icon.size * icon.share);
    assert.deepEqual(at(middle, line), [0xff, 0xfe, 0xfb, 255]);
    assert.equal(at(0, 0)[3], icon.share === 1 ? 0 : 255);
  });
}
