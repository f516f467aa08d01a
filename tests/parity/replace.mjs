// Splits texts by recipes as the page does, for Python to compare with its own words.
// Usage: node replace.mjs FILE: JSON {tables, cases: [[pattern, replacement, text]]}; prints a
// JSON array with the words of each case.

import { readFileSync } from "node:fs";
import { compileText } from "../../web/src/text.js";

const { tables, cases } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const words = cases.map(([pattern, replacement, text]) =>
  compileText({ ...tables, replace: [[pattern, replacement]] })(text),
);
console.log(JSON.stringify(words));
