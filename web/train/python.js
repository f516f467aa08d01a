// What Python does otherwise than JavaScript, where both must give the same.

const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const OUTER_SPACE = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");

// Beyond these powers of ten Python writes a number with an exponent.
const [LEAST_POWER, MOST_POWER] = [-4, 16];

/**
 * Gives a text without the white space around it, as `str.strip` has it.
 *
 * @param {string} text
 */
export const strip = (text) => text.replace(OUTER_SPACE, "");

/**
 * Compares texts by their code points, where JavaScript compares units of UTF-16.
 *
 * @param {string} a
 * @param {string} b
 */
export function compareTexts(a, b) {
  const most = Math.min(a.length, b.length);
  let place = 0;
  while (place < most && a.charCodeAt(place) === b.charCodeAt(place)) place++;
  if (place === most) return a.length - b.length;
  const [one, other] = [a.charCodeAt(place), b.charCodeAt(place)];
  // A surrogate stands for what is beyond all units.
  const [isPart, isOtherPart] = [isSurrogate(one), isSurrogate(other)];
  return isPart === isOtherPart ? one - other : isPart ? 1 : -1;
}

/** @param {number} unit */
const isSurrogate = (unit) => unit >= 0xd800 && unit < 0xe000;

/**
 * Writes a float as `repr` does.
 *
 * @param {number} value
 */
export function formatFloat(value) {
  if (!Number.isFinite(value)) throw new Error(`${value} is no finite number`);
  if (Object.is(value, -0)) return "-0.0";
  const [digits, exponent] = value.toExponential().split("e");
  const power = Number(exponent);
  if (value === 0 || (power >= LEAST_POWER && power < MOST_POWER)) {
    const [whole, rest] = digits.replace("-", "").split(".");
    const all = whole + (rest || "");
    const sign = value < 0 ? "-" : "";
    if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${all}`;
    const padded = all.padEnd(power + 1, "0");
    return `${sign}${padded.slice(0, power + 1)}.${padded.slice(power + 1) || "0"}`;
  }
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/**
 * Writes a number with so many decimals, an exact half to the even one.
 *
 * @param {number} value
 * @param {number} decimals
 */
export function formatFixed(value, decimals) {
  // All that toFixed can give tells whether it is a half.
  const exact = value.toFixed(100);
  const end = exact.length - 100 + decimals;
  if (!/^50*$/.test(exact.slice(end))) return value.toFixed(decimals);
  const below = exact.slice(0, end);
  return Number(below[below.length - 1]) % 2 ? value.toFixed(decimals) : below;
}

/** A number that Python has as a float, also where it is whole. */
export class Float {
  /** @param {number} value */
  constructor(value) {
    this.value = value;
  }
}

/**
 * Writes JSON as `files.format_json` does: indented, with the keys in order. Numbers that are not
 * whole are floats; a `Float` always is one.
 *
 * @param {unknown} value
 * @returns {string}
 */
export const formatJson = (value) => `${format(value, 0)}\n`;

/**
 * @param {unknown} value
 * @param {number} depth
 * @returns {string}
 */
function format(value, depth) {
  if (value instanceof Float) return formatFloat(value.value);
  if (typeof value === "bigint") return `${value}`;
  if (typeof value === "number") return Number.isInteger(value) ? `${value}` : formatFloat(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((each) => format(each, depth + 1))
    : Object.keys(value)
        .sort(compareTexts)
        .map((key) => {
          const own = /** @type {{ [key: string]: unknown }} */ (value)[key];
          return `${JSON.stringify(key)}: ${format(own, depth + 1)}`;
        });
  const [open, close] = isList ? "[]" : "{}";
  if (!parts.length) return open + close;
  const gap = `\n${" ".repeat(depth + 1)}`;
  return `${open}${gap}${parts.join(`,${gap}`)}\n${" ".repeat(depth)}${close}`;
}
