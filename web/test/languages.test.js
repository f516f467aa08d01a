// The page's words: the same in every language that it speaks.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { build } from "esbuild";

const SOURCES = join(import.meta.dirname, "..", "src");
const FOLDER = join(SOURCES, "languages");
const LANGUAGES = Object.fromEntries(
  readdirSync(FOLDER).map((name) => [
    name.replace(".json", ""),
    JSON.parse(readFileSync(join(FOLDER, name), "utf8")),
  ]),
);
const { en } = LANGUAGES;

const placesOf = (sentence) =>
  Array.from(`${sentence}`.matchAll(/\{(\w+)\}/g), ([, name]) => name.replace("of_", "")).sort();

// A code stands where an error is made, with its message in English.
const CODES = new Set(
  readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".js"))
    .flatMap((name) =>
      Array.from(readFileSync(join(SOURCES, name), "utf8").matchAll(/\bfail\(([^`;{]*?),\s*[`"]/g)),
    )
    .flatMap(([, code]) => Array.from(code.matchAll(/"([a-z-]+)"(?! \?)/g), ([, name]) => name)),
);

test("every reason to refuse a version is in every language but English, which has it in full", () => {
  assert.ok(CODES.has("older") && CODES.has("missing") && CODES.has("http"));
  // Said of a site that is as it should be.
  CODES.delete("done");
  for (const [code, { reasons }] of Object.entries(LANGUAGES)) {
    assert.deepEqual(Object.keys(reasons), code === "en" ? [] : Array.from(CODES).sort(), code);
  }
});

test("a refusal is told in the page's language, and then in full", async () => {
  const tell = async (language) => {
    const built = await build({
      entryPoints: [join(SOURCES, "words.js")],
      alias: { words: join(FOLDER, `${language}.json`) },
      bundle: true,
      format: "esm",
      write: false,
    });
    const { reasonOf } = await import(`data:text/javascript,${encodeURIComponent(built.outputFiles[0].text)}`);
    return ["older", "unheard-of"].map((code) => reasonOf({ code, reason: "It is old." }));
  };
  assert.deepEqual(await tell("en"), ["It is old.", "It is old."]);
  assert.deepEqual(await tell("de"), [
    "Sie ist älter als eine, die hier schon lief. (It is old.)",
    "It is old.",
  ]);
});

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
      for (const reason of Object.values(key === "reasons" ? sentence : {})) assert.ok(reason);
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
