// Draws the icons that need pixels, src/icons/*.png, as src/icon.svg has them: node web/icons.js.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

// In the units of the drawing, which is 32 wide.
const UNITS = 32;
const RADIUS = 7;
const LINES = [
  { from: 8, to: 24, y: 10 },
  { from: 8, to: 19, y: 16 },
  { from: 8, to: 14, y: 22 },
];
const THICK = 3.5;
const GREEN = [0x2c, 0x6e, 0x49];
const PAPER = [0xff, 0xfe, 0xfb];

// Each pixel is the mean of so many points a side.
const POINTS = 4;

/**
 * The icons by name: how wide, and how much of the width the drawing takes; a maskable one is cut
 * by whoever shows it, down to a circle of 80 % of its width, and so has no corners of its own.
 *
 * @type {{ [name: string]: { size: number, share: number } }}
 */
export const ICONS = {
  "icon-192.png": { size: 192, share: 1 },
  "icon-512.png": { size: 512, share: 1 },
  "icon-maskable-512.png": { size: 512, share: 0.8 },
};

/**
 * Gives an icon's pixels, row by row, as red, green, blue and opacity.
 *
 * @param {{ size: number, share: number }} icon
 */
export function draw({ size, share }) {
  const pixels = new Uint8Array(size * size * 4);
  const scale = UNITS / (size * share);
  const shift = (UNITS - UNITS / share) / 2;
  for (let place = 0; place < size * size; place++) {
    const sums = [0, 0, 0, 0];
    for (let point = 0; point < POINTS * POINTS; point++) {
      const x = ((place % size) + ((point % POINTS) + 0.5) / POINTS) * scale + shift;
      const y = (Math.floor(place / size) + (Math.floor(point / POINTS) + 0.5) / POINTS) * scale + shift;
      if (share === 1 && !isInside(x, y)) continue;
      const color = LINES.some((line) => isOn(line, x, y)) ? PAPER : GREEN;
      color.forEach((value, channel) => (sums[channel] += value));
      sums[3]++;
    }
    const covered = sums[3];
    for (let channel = 0; channel < 3; channel++) {
      pixels[4 * place + channel] = covered ? Math.round(sums[channel] / covered) : 0;
    }
    pixels[4 * place + 3] = Math.round((255 * covered) / (POINTS * POINTS));
  }
  return pixels;
}

/**
 * @param {number} x
 * @param {number} y
 */
function isInside(x, y) {
  const beyond = (/** @type {number} */ at) =>
    Math.max(RADIUS - at, at - (UNITS - RADIUS), 0);
  return Math.hypot(beyond(x), beyond(y)) <= RADIUS;
}

/**
 * @param {{ from: number, to: number, y: number }} line with round ends
 * @param {number} x
 * @param {number} y
 */
const isOn = (line, x, y) =>
  Math.hypot(Math.max(line.from - x, x - line.to, 0), y - line.y) <= THICK / 2;

/**
 * @param {Uint8Array} pixels
 * @param {number} size
 */
function toPng(pixels, size) {
  const rows = Buffer.alloc(size * (size * 4 + 1));
  for (let row = 0; row < size; row++) {
    rows.set(pixels.subarray(row * size * 4, (row + 1) * size * 4), row * (size * 4 + 1) + 1);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  // 8 bits each of red, green, blue and opacity.
  header.set([8, 6], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/**
 * @param {string} type
 * @param {Buffer} data
 */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, "src", "icons");
  mkdirSync(folder, { recursive: true });
  for (const [name, icon] of Object.entries(ICONS)) {
    writeFileSync(join(folder, name), toPng(draw(icon), icon.size));
  }
}
