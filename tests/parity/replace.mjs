// Splits texts by recipes as the page does, for Python to compare with its own words.
// Usage: node replace.mjs FILE: JSON {tables, cases: [[rule, texts]]}; prints a
// JSON array with the words of each text of each case.

import { readFileSync } from "node:fs";
import { compileText } from "../../web/src/text.js";

const { tables, cases } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const words = cases.map(([rule, texts]) =>
  texts.map(compileText({ ...tables, replace: [rule] }).split),
);
console.log(JSON.stringify(words));
