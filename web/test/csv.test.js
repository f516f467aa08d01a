// Tables as people paste and drop them.

import assert from "node:assert/strict";
import test from "node:test";
import { hasHeader, parseTable, textColumn, writeTable } from "../src/csv.js";

const TABLES = {
  "commas and quotes": ['a,"b, ""c""\n d",\r\n1,2,3\r\n', [["a", 'b, "c"\n d', ""], ["1", "2", "3"]]],
  semicolons: ["a;b\nc;d,e", [["a", "b"], ["c", "d,e"]]],
  "a spreadsheet's cells": ["a\tb\n1\t2,5\n", [["a", "b"], ["1", "2,5"]]],
  "a mark of UTF-8": ["\ufeffa,b\n1,2", [["a", "b"], ["1", "2"]]],
  "a column of sentences": ["One, two\n\nThree\r\nfour; five", [["One, two"], ["Three"], ["four; five"]]],
  "a column in quotes": ['"One\ntwo"\n"Three"\n', [["One\ntwo"], ["Three"]]],
  "a quote that never ends": ['"One\ntwo', [["One\ntwo"]]],
  "old ends of lines": ["a,b\rc,d", [["a", "b"], ["c", "d"]]],
  nothing: ["\n \n", []],
};

for (const [name, [text, rows]] of Object.entries(TABLES)) {
  test(`reads ${name}`, () => assert.deepEqual(parseTable(`${text}`), rows));
}

test("what is written is read again", () => {
  const rows = [['a "b"', "c\nd", ""], ["日本", "x;y", "-1"], ["'", "a,b", "\t"]];
  const [first, ...rest] = parseTable(writeTable(rows));
  assert.deepEqual([first, ...rest], [rows[0], rows[1], ["'", "a,b", "'\t"]]);
});

test("nothing that is written is computed by a spreadsheet", () => {
  const cells = ["=1+1", "+cmd|x", "-cmd", "@SUM(A1)", "\t=1", "-5", "+4,5", "-1.5e3", "10 %", "a=b"];
  assert.equal(
    writeTable([cells]),
    `\ufeff'=1+1,'+cmd|x,'-cmd,'@SUM(A1),"'\t=1",-5,"+4,5",-1.5e3,10 %,a=b\r\n`,
  );
});

test("tells a first row that names the columns", () => {
  assert.equal(hasHeader([["id", "text"], ["1", "some text"]]), true);
  assert.equal(hasHeader([["1", "text"], ["2", "more"]]), false);
  assert.equal(hasHeader([["a", "a"], ["b", "c"]]), false);
  assert.equal(hasHeader([["text"], ["a much longer sentence"]]), true);
  assert.equal(hasHeader([["a sentence of words"], ["another one of them"]]), false);
  assert.equal(hasHeader([["text"]]), false);
});

test("takes the column with the longest cells for the texts", () => {
  assert.equal(textColumn([["id", "text", "no"], ["12", "a long sentence", "3"]]), 1);
});
