// The tests that docs/bundle.md names for each attack are there.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

const HERE = import.meta.dirname;
const ATTACKS = [
  "arbitrary software",
  "rollback",
  "mix-and-match",
  "extraneous dependencies",
  "endless data",
  "slow retrieval",
  "wrong software",
  "key compromise",
];

/** Reads the rows of the table of attacks. */
function readRows() {
  const text = readFileSync(join(HERE, "..", "..", "docs", "bundle.md"), "utf8");
  const [, section] = text.split("\n### Attacks\n");
  return section
    .split("\n## ")[0]
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .slice(1);
}

/** Reads the names of all tests, those that are put together from a file's name included. */
function readNames() {
  const files = readdirSync(HERE, { recursive: true, encoding: "utf8" });
  const scripts = files.filter((file) => file.endsWith(".test.js") && file !== "attacks.test.js");
  return scripts.flatMap((file) => {
    const script = readFileSync(join(HERE, file), "utf8");
    return Array.from(script.matchAll(/^ *test\(\s*(?:"(.*?)"|`(.*?)`),/gm), ([, plain, made]) =>
      plain === undefined ? made : plain,
    );
  });
}

test("each attack has a test that is there", () => {
  const rows = readRows();
  const names = readNames();
  assert.ok(names.length > 100, `${names.length}`);
  const patterns = names.map((name) => name.split("${name}").map(escape).join(".+"));
  for (const [, attack, , cell] of rows) {
    const name = cell.slice(1, -1);
    assert.ok(patterns.some((pattern) => new RegExp(`^${pattern}$`).test(name)), `${attack}: ${name}`);
  }
  const attacks = rows.map(([, attack]) => attack);
  for (const attack of ATTACKS) assert.ok(attacks.includes(attack), attack);
});

/** @param {string} text */
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
