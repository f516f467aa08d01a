// Answers in words, in each language that the page speaks.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { build } from "esbuild";

const source = (name) => join(import.meta.dirname, "..", "src", name);

/** Gives src/answer.js with the words of a language. */
async function speak(language) {
  const built = await build({
    entryPoints: [source("answer.js")],
    alias: { words: source(`languages/${language}.json`) },
    bundle: true,
    format: "esm",
    write: false,
  });
  const words = JSON.parse(readFileSync(source(`languages/${language}.json`), "utf8"));
  const [{ contents }] = built.outputFiles;
  const base64 = Buffer.from(contents).toString("base64");
  return { words, ...(await import(`data:text/javascript;base64,${base64}`)) };
}

const { words, percent, readingOf, verdictOn } = await speak("en");

/** An answer to a text of ten known words, but for what is `given`. */
const found = (given) => ({
  labels: [{ label: "tides", score: 0.9 }],
  known: 10,
  words: 10,
  read: 10,
  sure: true,
  other: 0.1,
  ...given,
});

test("no probability is said to be 0 or 1", () => {
  const shown = [0, 0.0099, 0.01, 0.5, 0.896, 0.99, 0.9901, 1].map(percent);
  assert.deepEqual(shown, [
    ...["under 1 %", "under 1 %", "1.0 %", "50.0 %", "89.6 %", "99.0 %", "over 99 %", "over 99 %"],
  ]);
});

test("numbers are written as the language has them", async () => {
  const written = {};
  for (const language of ["de", "en", "es", "fr", "ja"]) {
    written[language] = (await speak(language)).percent(0.896);
  }
  assert.deepEqual(written, { de: "89,6 %", en: "89.6 %", es: "89,6 %", fr: "89,6 %", ja: "89.6 %" });
});

/** @type {{ [name: string]: [object, keyof typeof words] }} */
const VERDICTS = {
  "a sure answer": [{}, "likely"],
  "one that is not sure": [{ sure: false }, "unsure"],
  "pieces alone": [{ known: 0, sure: false }, "unsure"],
  "a text of something else": [{ other: 0.5 }, "none_of_them"],
  "a model that cannot tell that": [{ other: null }, "likely"],
  "one known word": [{ known: 1 }, "one_known"],
  "nothing known": [{ labels: [], known: 0 }, "none_known"],
  "no text": [{ labels: [], words: 0, known: 0 }, "empty"],
};

for (const [name, [given, key]] of Object.entries(VERDICTS)) {
  test(`the verdict on ${name}`, () => assert.equal(verdictOn(found(given), () => true), words[key]));
}

test("a script that the model has never seen is told from unknown words", () => {
  const unseen = verdictOn(found({ labels: [], known: 0 }), () => false);
  assert.equal(unseen, "The model has learnt from no text in this script.");
});

test("how much was read is said with the right number of words", () => {
  const readings = [{ words: 0 }, { words: 1, read: 1, known: 1 }, { words: 1, read: 1, known: 0 }];
  assert.deepEqual(readings.map(found).map(readingOf), [
    ...["", "1 word, which is known.", "1 word, which is not known."],
  ]);
  const more = [{ known: 1 }, { known: 0 }, { words: 1500, read: 300, known: 290 }];
  assert.deepEqual(more.map(found).map(readingOf), [
    "10 words, 1 of them known.",
    "10 words, none of them known.",
    "The first 300 of 1,500 words are read, 290 of them known.",
  ]);
});
