// Tables of texts: dropped, opened or pasted, labelled row by row, and downloaded.

/** @import { Classification, Answers } from "./predict.js" */

import * as words from "words";
import { percent } from "./answer.js";
import { hasHeader, parseTable, textColumn, writeTable } from "./csv.js";
import { byId, create, fillTable, on } from "./dom.js";
import { fill } from "./words.js";

// So many rows are shown, and so much of each text.
const SHOWN_ROWS = 20;
const SHOWN_CHARACTERS = 120;

// A score in the file, from 0 to 1.
const DIGITS = 4;

const NO_TABLE = { name: "", rows: /** @type {string[][]} */ ([]) };

let table = NO_TABLE;
/** @type {Classification[]} */
let found = [];
// Counts the tables and columns, since an answer may come when another is asked for.
let asked = 0;

const column = /** @type {HTMLSelectElement} */ (byId("table-column"));
const header = /** @type {HTMLInputElement} */ (byId("table-header"));
const progress = /** @type {HTMLProgressElement} */ (byId("table-progress"));
const download = /** @type {HTMLButtonElement} */ (byId("table-download"));

/**
 * Tells how many lines of a text field's text could each be a text.
 *
 * @param {string} text whose lines end in line feeds, as those of a field do
 */
export function linesOf(text) {
  let lines = 0;
  // At each key: so the text is not split.
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    if (text.slice(start, end).trim()) lines++;
    start = end + 1;
  }
  return lines;
}

/**
 * Has tables labelled by a classifier.
 *
 * @param {() => Answers | null} classifier
 * @param {(error: Error) => void} fail
 */
export function takeTables(classifier, fail) {
  const field = byId("field");
  const file = /** @type {HTMLInputElement} */ (byId("file"));

  /** @param {string} name @param {string} text */
  function open(name, text) {
    table = { name, rows: parseTable(text) };
    header.checked = hasHeader(table.rows);
    byId("table").hidden = false;
    showColumns();
    label();
    byId("table-heading").scrollIntoView({ block: "nearest" });
  }

  /** @param {File} given */
  function read(given) {
    const reader = new FileReader();
    reader.onload = () => open(given.name, decode(/** @type {ArrayBuffer} */ (reader.result)));
    reader.onerror = () => fail(/** @type {Error} */ (reader.error));
    reader.readAsArrayBuffer(given);
  }

  function label() {
    const answers = classifier();
    if (!answers) return;
    const round = ++asked;
    const rows = body();
    const chosen = Number(column.value);
    found = [];
    download.disabled = true;
    progress.max = rows.length || 1;
    progress.value = 0;
    byId("table-about").textContent = rows.length
      ? fill(rows.length > 1 ? words.table_rows : words.table_row, {
          name: table.name,
          count: rows.length,
        })
      : words.table_empty;
    answers
      .classifyBatch(rows.map((row) => row[chosen] || ""), {
        topK: 1,
        onProgress: (done) => {
          if (round === asked) progress.value = done;
        },
      })
      .then((all) => {
        if (round !== asked) return;
        found = all;
        progress.value = progress.max;
        download.disabled = !rows.length;
        showRows(rows, chosen);
      })
      .catch(fail);
  }

  for (const type of ["dragenter", "dragover"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      field.classList.add("dropping");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) field.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    field.classList.remove("dropping");
    const { files = null } = Object(event.dataTransfer);
    if (!files || !files.length) return;
    event.preventDefault();
    read(files[0]);
  });
  on("file", "change", () => {
    if (file.files && file.files.length) read(file.files[0]);
    // The same file may be opened again.
    file.value = "";
  });
  column.onchange = label;
  header.onchange = () => {
    showColumns(Number(column.value));
    label();
  };
  on("table-close", "click", () => {
    asked++;
    table = NO_TABLE;
    byId("table").hidden = true;
    byId("text").focus();
  });
  download.onclick = save;
  return { openText: (/** @type {string} */ text) => open(words.table_pasted, text) };
}

/** @param {ArrayBuffer} bytes */
function decode(bytes) {
  const [first, second] = new Uint8Array(bytes);
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return new TextDecoder(first === 0xff ? "utf-16le" : "utf-16be").decode(bytes);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

const body = () => table.rows.slice(header.checked ? 1 : 0);

const names = () =>
  (table.rows[0] || []).map((name, place) =>
    header.checked ? name : fill(words.table_number, { count: place + 1 }),
  );

/** @param {number} [chosen] */
function showColumns(chosen) {
  column.textContent = "";
  names().forEach((name, place) => {
    const option = create("option", "", [name]);
    option.value = `${place}`;
    column.appendChild(option);
  });
  const rows = body();
  const kept = chosen === undefined ? (rows.length ? textColumn(rows) : 0) : chosen;
  column.value = `${kept}`;
}

/**
 * @param {string[][]} rows
 * @param {number} chosen
 */
function showRows(rows, chosen) {
  fillTable("table-head", "th", [[words.table_text, words.table_label, words.table_score]]);
  fillTable(
    "table-rows",
    "td",
    rows.slice(0, SHOWN_ROWS).map((row, place) => {
      const [best] = found[place].labels;
      return [
        (row[chosen] || "").slice(0, SHOWN_CHARACTERS) || words.table_nothing,
        best ? best.label : words.table_nothing,
        best ? percent(best.score) : "",
      ];
    }),
  );
  byId("table-first").textContent =
    rows.length > SHOWN_ROWS ? fill(words.table_first, { count: SHOWN_ROWS }) : "";
}

function save() {
  const rows = body().map((row, place) => {
    const { labels, sure } = found[place];
    const [best] = labels;
    return row.concat(
      best ? [best.label, best.score.toFixed(DIGITS), sure ? words.yes : words.no] : ["", "", words.no],
    );
  });
  const head = [...names(), words.table_label, words.table_score, words.table_sure];
  const link = create("a");
  link.href = URL.createObjectURL(new Blob([writeTable([head, ...rows])], { type: "text/csv" }));
  link.download = `${table.name.replace(/\.\w+$/, "") || words.table}-${words.table_label}.csv`;
  document.body.appendChild(link);
  link.click();
  document.body.removeChild(link);
  // Once the browser has taken it.
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
