// The labelled posts of an SQLite database: the workflow's own table, or a table of the user's.

/** @import { Settings } from "./config.js" */

import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { TextDecoder } from "node:util";
import { isSaid } from "./errors.js";
import { formatFloat, strip } from "./python.js";

/**
 * One row of a source; nothing is judged yet.
 *
 * @typedef {object} Post
 * @property {bigint} rowid
 * @property {string | null} text
 * @property {string | null} label
 * @property {number | null} year by which the test part is told from the training part
 * @property {bigint | number | string | null} position its place in time
 */

/** @typedef {bigint | number | string | null} Value */

// The table that the workflow makes of whatever source, and its columns.
const TABLE = "news";
const COLUMNS = ["id", "Data", "Category", "Year"];

// What names a row where a table's columns leave it its name.
const ROW_NAMES = ["rowid", "_rowid_", "oid"];

// Stands for it in a view, or a table without row ids.
const NUMBERED = "row_number() OVER ()";

// Between the numbers of two rows that have several labels each.
const MOST_LABELS = 1000n;

const SPLITS = new Map([
  ...["train", "training"].map((name) => /** @type {const} */ ([name, 0])),
  ...["validation", "valid", "val", "dev", "development"].map((name) => /** @type {const} */ ([name, 1])),
  ...["test", "testing"].map((name) => /** @type {const} */ ([name, 2])),
]);

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

const MOMENT =
  /^(\d{4})-(\d\d)-(\d\d)(?:.(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * Reads the posts of a database, which is never written to.
 *
 * @param {string} path
 * @param {Settings} settings
 * @returns {Post[]}
 */
export function fetchPosts(path, settings) {
  if (!existsSync(path)) isSaid(`there is no database ${path}: name one by --source`);
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
      .all()
      .map(({ name }) => String(name));
    if (tables.includes(TABLE) && COLUMNS.every((name) => columnsOf(database, TABLE).includes(name))) {
      return fetchOwn(database);
    }
    return fetchTable(database, tables, settings);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== "ERR_SQLITE_ERROR") throw error;
    return isSaid(`SQLite cannot read ${path}: ${message}. Check --source`);
  } finally {
    database.close();
  }
}

/** @param {DatabaseSync} database */
function fetchOwn(database) {
  const hasPosition = columnsOf(database, TABLE).includes("Position");
  const columns = ["Data", "Category", "Year", ...(hasPosition ? ["Position"] : [])];
  return readRows(database, TABLE, "id", columns).map(({ rowid, values }) => {
    const [text, label, year, position] = values;
    return {
      rowid,
      text: toText(text),
      label: toText(label),
      year: year === null ? null : Number(year),
      position: hasPosition ? position : rowid,
    };
  });
}

/**
 * @param {DatabaseSync} database
 * @param {string[]} tables
 * @param {Settings} settings
 */
function fetchTable(database, tables, { source, split }) {
  if (source.kind !== "sqlite") {
    isSaid(
      `source.kind is ${source.kind}: name by --source the database that snakemake makes of it, ` +
        "data/source/news.sqlite",
    );
  }
  const table = find(tables, source.table, "table", "source.table");
  const there = columnsOf(database, table);
  const hasSplit = split.by !== "hash";
  const hasOrder = split.validation_by !== "hash" && split.validation_by !== "rowid";
  const columns = [
    find(there, source.text, "column", "source.text"),
    find(there, source.label, "column", "source.label"),
    ...(hasSplit ? [find(there, source.split, "column", "source.split")] : []),
    ...(hasOrder ? [find(there, split.validation_by, "column", "split.validation_by")] : []),
  ];
  const key = keyOf(database, table, there);
  const toYear = yearOf(split);
  const kept = new Set(source.labels.map(String));
  return readRows(database, table, key, columns).flatMap(({ rowid, values }) => {
    const year = hasSplit ? toYear(values[2], rowid) : 0;
    const position = hasOrder ? toPosition(values[values.length - 1]) : rowid;
    return labelsOf(toText(values[1]), source.label_separator)
      .map((label, place) => ({
        rowid: source.label_separator ? rowid * MOST_LABELS + BigInt(place) : rowid,
        text: toText(values[0]),
        label: label === null ? null : (source.rename_labels[label] ?? label),
        year,
        position,
      }))
      .filter(({ label }) => !kept.size || label === null || kept.has(label));
  });
}

/**
 * Reads rows with their keys, in the order of these.
 *
 * @param {DatabaseSync} database
 * @param {string} table
 * @param {string} key
 * @param {string[]} columns
 */
function readRows(database, table, key, columns) {
  // As bytes, texts come whole, and what is no UTF-8 is told from what is.
  const selected = columns.map((name) => {
    const column = quote(name);
    return `CASE WHEN typeof(${column}) IN ('text', 'blob') THEN CAST(${column} AS BLOB) ELSE ${column} END`;
  });
  const query = database.prepare(`SELECT ${[key, ...selected].join(", ")} FROM ${quote(table)} ORDER BY 1`);
  query.setReadBigInts(true);
  query.setReturnArrays(true);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const rows = [];
  for (const row of query.iterate()) {
    const [rowid, ...values] = /** @type {[bigint, ...(Value | Uint8Array)[]]} */ (/** @type {unknown} */ (row));
    rows.push({ rowid, values: values.map((value) => decode(decoder, value, rowid)) });
  }
  return rows;
}

/**
 * @param {import("node:util").TextDecoder} decoder
 * @param {Value | Uint8Array} value
 * @param {bigint} rowid
 * @returns {Value}
 */
function decode(decoder, value, rowid) {
  if (!(value instanceof Uint8Array)) return value;
  try {
    return decoder.decode(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return isSaid(`row ${rowid} is not UTF-8: mend it, or leave it out by a view`);
  }
}

/**
 * @param {DatabaseSync} database
 * @param {string} table
 */
const columnsOf = (database, table) =>
  database
    .prepare(`PRAGMA table_xinfo(${quote(table)})`)
    .all()
    .map(({ name }) => String(name));

/**
 * Gives what identifies a row: SQLite's row id, or a running number without one.
 *
 * @param {DatabaseSync} database
 * @param {string} table
 * @param {string[]} columns
 */
function keyOf(database, table, columns) {
  const taken = columns.map((name) => name.toLowerCase());
  const name = ROW_NAMES.find((each) => !taken.includes(each));
  const { type, sql } = /** @type {{ type: string, sql: string }} */ (
    database.prepare("SELECT type, sql FROM sqlite_master WHERE name = ?").get(table)
  );
  return name && type === "table" && !/WITHOUT\s+ROWID/i.test(sql) ? name : NUMBERED;
}

/** @param {string} name */
const quote = (name) => `"${name.replaceAll('"', '""')}"`;

/**
 * Finds a name, written in capitals or not, as SQL has it.
 *
 * @param {string[]} there
 * @param {string} name
 * @param {string} what
 * @param {string} setting
 */
function find(there, name, what, setting) {
  const alike = there.filter((each) => each.toLowerCase() === name.toLowerCase());
  if (there.includes(name)) return name;
  if (alike.length === 1) return alike[0];
  return isSaid(`${setting} names the ${what} ${name}, but there is ${there.sort().join(", ")}`);
}

/**
 * Gives the labels that a value names, each once; null where it names none.
 *
 * @param {string | null} written
 * @param {string} separator
 * @returns {(string | null)[]}
 */
function labelsOf(written, separator) {
  if (written === null) return [null];
  if (!separator) return [strip(written)];
  const labels = [...new Set(written.split(separator).map(strip))].filter(Boolean);
  return labels.length ? labels : [null];
}

/**
 * @param {Value} value
 * @returns {string | null}
 */
const toText = (value) =>
  value === null || typeof value === "string"
    ? value
    : typeof value === "bigint"
      ? `${value}`
      : formatFloat(value);

/**
 * Makes the function that gives the number which stands for a split value.
 *
 * @param {Settings["split"]} split
 * @returns {(value: Value, rowid: bigint) => number | null}
 */
function yearOf({ by, is_date: isDate }) {
  /** @param {Value} value */
  function read(value) {
    if (by === "names") return typeof value === "string" ? SPLITS.get(strip(value).toLowerCase()) : undefined;
    if (isDate) return typeof value === "string" ? toSeconds(value) : undefined;
    return toNumber(value);
  }
  return (value, rowid) => {
    if (value === null) return null;
    const year = read(value);
    return year ?? isSaid(`row ${rowid}: ${value} is no split value: mend it, or leave it out by a view`);
  };
}

/**
 * @param {Value} value
 * @returns {number | undefined}
 */
function toNumber(value) {
  if (typeof value === "string" && !NUMBER.test(strip(value))) return undefined;
  const number = typeof value === "string" ? Number(strip(value)) : Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/**
 * Gives an ISO date or timestamp as seconds since 1970, in UTC where it names no zone.
 *
 * @param {string} value
 */
export function toSeconds(value) {
  const [, year, month, day, hour = "0", minute = "0", second = "0", part = "", zone = "Z"] =
    strip(value).match(MOMENT) || [];
  if (!year) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // What the calendar lacks would be another day.
  if (date.getUTCDate() !== Number(day) || date.getUTCMonth() + 1 !== Number(month)) return undefined;
  const clock = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  const [, sign, hours, minutes = "0"] = zone.match(/^([+-])(\d\d):?(\d\d)?$/) || [, "+", "0"];
  const offset = (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
  const microseconds = Number(part.slice(0, 6).padEnd(6, "0"));
  return ((date.getTime() / 1000 + clock - offset) * 1e6 + microseconds) / 1e6;
}

/**
 * Gives a value by which rows are ordered; as text, 10 would come before 9.
 *
 * @param {Value} value
 * @returns {Value}
 */
const toPosition = (value) => (typeof value === "string" ? (toNumber(value) ?? value) : value);
