// Tables as text: what people paste or drop, and what they download.

/** @typedef {string[][]} Rows */

const DELIMITERS = ["\t", ";", ",", "|"];

// Longer cells are no names of columns.
const LONGEST_NAME = 40;

// What spreadsheets would compute, and a number, which is none of that.
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?\s*%?$/;

/**
 * Splits a text into rows of cells: a table with a delimiter that all rows share, or a column.
 *
 * @param {string} text
 * @returns {Rows}
 */
export function parseTable(text) {
  const whole = text.replace(/^\ufeff/, "");
  for (const delimiter of DELIMITERS) {
    if (!whole.includes(delimiter)) continue;
    const rows = parse(whole, delimiter);
    const [first = []] = rows;
    if (first.length > 1 && rows.every((row) => row.length === first.length)) return rows;
  }
  // In a column of texts, a comma or a quote is just that, unless every cell is in quotes.
  const lines = /^"/.test(whole) ? parse(whole, "\n").map((row) => [row.join("\n")]) : null;
  return (
    lines ||
    whole
      .split(/\r\n|\r|\n/)
      .filter((line) => line.trim())
      .map((line) => [line])
  );
}

/**
 * Reads delimited text, in which cells in quotes may hold delimiters, ends of lines and, doubled,
 * quotes (RFC 4180).
 *
 * @param {string} text
 * @param {string} delimiter
 * @returns {Rows}
 */
function parse(text, delimiter) {
  /** @type {Rows} */
  const rows = [];
  /** @type {string[]} */
  let row = [];
  let place = 0;
  while (place < text.length) {
    let cell;
    if (text[place] === '"') {
      let end = place + 1;
      for (; end < text.length; end++) {
        if (text[end] !== '"') continue;
        if (text[end + 1] !== '"') break;
        end++;
      }
      cell = text.slice(place + 1, end).replace(/""/g, '"');
      place = end + 1;
      // What follows a closing quote belongs to the cell all the same.
      const rest = untilEnd(text, place, delimiter);
      cell += text.slice(place, rest);
      place = rest;
    } else {
      const end = untilEnd(text, place, delimiter);
      cell = text.slice(place, end);
      place = end;
    }
    row.push(cell);
    if (text[place] === delimiter && delimiter !== "\n") {
      place++;
      if (place < text.length) continue;
      row.push("");
    } else {
      place += text[place] === "\r" && text[place + 1] === "\n" ? 2 : 1;
    }
    if (row.length > 1 || row[0].trim()) rows.push(row);
    row = [];
  }
  return rows;
}

/**
 * @param {string} text
 * @param {number} place
 * @param {string} delimiter
 */
function untilEnd(text, place, delimiter) {
  while (place < text.length && !"\r\n".includes(text[place]) && text[place] !== delimiter) place++;
  return place;
}

/**
 * Tells whether the first row looks like names of columns.
 *
 * @param {Rows} rows
 */
export function hasHeader(rows) {
  if (rows.length < 2) return false;
  const [names, ...rest] = rows;
  const isShort = names.every((name) => name.trim() && name.length <= LONGEST_NAME && !NUMBER.test(name));
  if (!isShort || names.some((name, place) => names.indexOf(name) < place)) return false;
  if (names.length > 1) return true;
  // A column of words, or of texts under a word.
  const mean = rest.reduce((sum, [cell]) => sum + cell.length, 0) / rest.length;
  return !/\s/.test(names[0].trim()) && mean > 2 * names[0].length;
}

/**
 * Gives the column whose cells are the longest.
 *
 * @param {Rows} rows
 */
export function textColumn(rows) {
  const sizes = rows[0].map((_, column) =>
    rows.reduce((sum, row) => sum + (row[column] || "").length, 0),
  );
  return sizes.indexOf(Math.max(...sizes));
}

/**
 * Writes rows as CSV that spreadsheets open as they are: in UTF-8 with its mark, and with nothing
 * in it that they would compute. A cell that begins as a formula does, and is no number, gets an
 * apostrophe before it.
 *
 * @param {Rows} rows
 */
export const writeTable = (rows) =>
  `\ufeff${rows.map((row) => row.map(writeCell).join(",")).join("\r\n")}\r\n`;

/** @param {string} cell */
function writeCell(cell) {
  const safe = FORMULA.test(cell) && !NUMBER.test(cell.trim()) ? `'${cell}` : cell;
  return /[",;\r\n\t]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
