// The page's words: the same in every language that it speaks.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

const FOLDER = join(import.meta.dirname, "..", "src", "languages");
const LANGUAGES = Object.fromEntries(
  readdirSync(FOLDER).map((name) => [
    name.replace(".json", ""),
    JSON.parse(readFileSync(join(FOLDER, name), "utf8")),
  ]),
);
const { en } = LANGUAGES;

const placesOf = (sentence) =>
  Array.from(`${sentence}`.matchAll(/\{(\w+)\}/g), ([, name]) => name.replace("of_", "")).sort();

test("five languages are there", () => {
  assert.deepEqual(Object.keys(LANGUAGES).sort(), ["de", "en", "es", "fr", "ja"]);
});

for (const [code, words] of Object.entries(LANGUAGES)) {
  test(`${code} has every word, and every place in it`, () => {
    assert.equal(words.code, code);
    assert.deepEqual(Object.keys(words), Object.keys(en));
    assert.deepEqual(Object.keys(words.languages).sort(), Object.keys(en.languages).sort());
    for (const [key, sentence] of Object.entries(words)) {
      assert.ok(sentence !== "", key);
      assert.deepEqual(placesOf(sentence), placesOf(en[key]), `${code}: ${key}`);
    }
  });

  test(`${code} groups digits as browsers do`, () => {
    for (const value of [7, 999, 1000, 4558, 12345, 1234567]) {
      const grouped =
        value < words.group_from
          ? `${value}`
          : `${value}`.replace(/\B(?=(\d{3})+$)/g, words.group);
      assert.equal(grouped, value.toLocaleString(code));
    }
  });
}
