// Splits texts by recipes as the page does, for Python to compare with its own words.
// Usage: node replace.mjs FILE: JSON {tables, cases: [[pattern, replacement, texts]]}; prints a
// JSON array with the words of each text of each case.

import { readFileSync } from "node:fs";
import { compileText } from "../../web/src/text.js";

const { tables, cases } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const words = cases.map(([pattern, replacement, texts]) =>
  texts.map(compileText({ ...tables, replace: [[pattern, replacement]] }).split),
);
console.log(JSON.stringify(words));
