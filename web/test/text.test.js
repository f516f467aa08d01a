// The text recipe's interpreter.

/** @import { Recipe } from "../src/text.js" */

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import vm from "node:vm";
import { gzipSync } from "node:zlib";
import { writeScript } from "../minify.js";
import { compileText } from "../src/text.js";
import { RECIPE } from "./fixture.js";
import { assertOld } from "./old_browsers.js";

const { split: toWords, isRun, isMark } = compileText(RECIPE);
const folder = await mkdtemp(join(tmpdir(), "text-"));
const outfile = join(folder, "text.js");
await writeScript({
  entryPoints: [join(import.meta.dirname, "..", "src", "text.js")],
  bundle: true,
  minifySyntax: true,
  tsconfigRaw: {},
  format: "iife",
  globalName: "Text",
  target: "es2017",
  outfile,
});
const code = await readFile(outfile, "utf8");
await rm(folder, { recursive: true });

/** @param {Recipe["replace"]} replace */
const withRules = (...replace) => compileText({ ...RECIPE, replace }).split;

test("ASCII letters are lower-cased by rule", () => {
  assert.deepEqual(toWords("AZaz@[`{ 09"), ["azaz", "09"]);
});

test("characters beyond ASCII are lower-cased by the table alone", () => {
  assert.deepEqual(toWords("ÀÖ Øø ĀāĬĮ"), ["àö", "Øø", "āāĭį"]);
});

test("a character in no table stays, however a browser would lower-case it", () => {
  assert.deepEqual(toWords("İ ẞ ς Σ \u212a"), ["İ", "ẞ", "ς", "Σ", "\u212a"]);
});

test("one character may become several, or none", () => {
  assert.deepEqual(toWords("Straße a\ufe0fb"), ["strasse", "ab"]);
});

test("a letter of ASCII may have another lower case", () => {
  const { split: toTurkish } = compileText({ ...RECIPE, fold: [["I", "ı"]] });
  assert.deepEqual(toTurkish("ILIK Iß"), ["ılık", "ıß"]);
  assert.deepEqual(toTurkish("ABC"), ["abc"]);
});

test("characters are composed, and once more when they are folded", () => {
  const { split: composed } = compileText({
    ...RECIPE,
    pairs: "\u00e0a\u0300\u1ea1a\u0323\u00e4a\u0308",
    lower: [],
  });
  // The mark below comes first, whatever the order in which they were typed.
  assert.deepEqual(composed("a\u0300 a\u0300\u0323"), ["\u00e0", "\u1ea1\u0300"]);
  // Of two marks of one class the first is next to the letter.
  assert.deepEqual(composed("a\u0308\u0300 \u00e0\u0323"), ["\u00e4\u0300", "\u1ea1\u0300"]);
  // And keeps what stands behind it from the letter.
  assert.deepEqual(composed("a\u0301\u0300"), ["a\u0301\u0300"]);
  const { split: folded } = compileText({
    ...RECIPE,
    pairs: "\u00e0a\u0300\u00e4a\u0308",
    fold: [["\u00e4", "ae"]],
  });
  assert.deepEqual(folded("a\u0308\u0300"), ["ae\u0300"]);
  assert.deepEqual(composed("A\u0300 a\ufe0f\u0300"), ["\u00e0", "\u00e0"]);
  assert.deepEqual(composed("\u0300 a"), ["\u0300", "a"]);
  assert.deepEqual(composed("\u1112\u1161\u11ab \ud558\u11ab \ud55c\u11ab"), [
    "\ud55c",
    "\ud55c",
    "\ud55c\u11ab",
  ]);
  assert.deepEqual(toWords("\u212b"), ["a\u030a"]);
});

test("a symbol is a word of its own", () => {
  assert.deepEqual(toWords("a😀\ufe0f😀b"), ["a", "😀", "😀", "b"]);
});

test("a run without spaces stands apart", () => {
  assert.deepEqual(toWords("a\u4e00\u4e01b"), ["a", "\u4e00\u4e01", "b"]);
  assert.deepEqual(["\u4e00\u4e01", "a", "\u51ff", "\u9fff"].map(isRun), [true, false, true, true]);
  const none = compileText({ ...RECIPE, grams: { ...RECIPE.grams, sizes: [] } });
  assert.deepEqual(none.split("a\u4e00\u4e01b"), ["a\u4e00\u4e01b"]);
  assert.equal(none.isRun("\u4e00"), false);
});

test("a mark belongs to what it stands on", () => {
  assert.deepEqual(toWords("\u4e00\u0301a\u0301"), ["\u4e00\u0301", "a\u0301"]);
  assert.deepEqual(["\u0301", "a"].map(isMark), [true, false]);
});

test("what matches a rule without a replacement is a word of its own", () => {
  assert.deepEqual(withRules(["[!$]", null, ""])("a!b$ !!"), ["a", "!", "b", "$", "!", "!"]);
});

test("the table reaches beyond U+FFFF", () => {
  assert.deepEqual(toWords("\u{10400}\u{10427}\u{10428}"), ["\u{10428}\u{1044f}\u{10428}"]);
});

test("separators become a space", () => {
  assert.deepEqual(toWords("a\u00a0b\u2028c\u206fd"), ["a", "b", "c", "d"]);
});

test("a lone surrogate becomes a space", () => {
  assert.deepEqual(toWords("a\ud83db\ude00c\ude00\ud83dd"), ["a", "b", "c", "d"]);
});

test("only the first characters are read, each counted once however it is stored", () => {
  const first = (text) => compileText({ ...RECIPE, max_characters: 3, replace: [] }).split(text);
  assert.deepEqual(first("abcdef"), ["abc"]);
  assert.deepEqual(first("abc"), ["abc"]);
  assert.deepEqual(first("\u{10428}b\u{10429}d"), ["\u{10428}b\u{10429}"]);
  assert.deepEqual(first("\ud800\ud800b\u{10428}"), ["b"]);
  assert.deepEqual(first("a \u{1f600}b"), ["a", "\u{1f600}"]);
});

test("only U+0020 splits, and no word is empty", () => {
  assert.deepEqual(withRules()("  a\tb  c\u3000d "), ["a\tb", "c\u3000d"]);
  assert.deepEqual(toWords(""), []);
  assert.deepEqual(toWords("\0!\0"), []);
});

test("replacements apply in order, each to the whole text", () => {
  assert.deepEqual(withRules(["a", "b", "a"], ["b", "c", "b"])("abab"), ["cccc"]);
  assert.deepEqual(withRules(["b", "c", "b"], ["a", "b", "a"])("abab"), ["bcbc"]);
});

test("a replacement is literal", () => {
  for (const literal of ["$&", "$1", "$$", "$`", "\\1", "\\n"]) {
    assert.deepEqual(withRules(["(b)", literal, "b"])("abc"), [`a${literal}c`]);
  }
});

test("a text that lacks what each match needs is not searched", () => {
  assert.deepEqual(withRules(["ab", "x", "c"])("ab"), ["ab"]);
  assert.deepEqual(withRules(["ab", "x", "c"])("ab c"), ["x", "c"]);
});

test("a pattern sees folded text, and a character beyond U+FFFF as one", () => {
  assert.deepEqual(withRules(["abc", "x", "b"])("ABC"), ["x"]);
  assert.deepEqual(withRules(["[^a-z]", "_", ""])("a\u{20000}b"), ["a_b"]);
});

test("composition and scripts without spaces cost 600 bytes at most, and ES2017 is enough", () => {
  // What it took before it knew of either, by the same tools.
  const before = 759;
  const size = gzipSync(code, { level: 9 }).length;
  assert.ok(size > before && size <= before + 600, `${size} bytes`);
  assertOld(code, "text.js");
});

test("no replaceAll, normalize, look-behind or property of Unicode is needed", () => {
  const script = `
    delete String.prototype.replaceAll;
    delete String.prototype.normalize;
    const Whole = RegExp;
    RegExp = function (pattern, flags) {
      if (/\\(\\?<|\\\\p/i.test(pattern)) throw new SyntaxError(pattern);
      return new Whole(pattern, flags);
    };
    Text.compileText(${JSON.stringify(RECIPE)}).split`;
  // Regular expressions that are written out are seen by the parser of ES2017 above.
  const without = vm.runInNewContext(`${code}${script}`);
  const text = "ÀĀ Don't\ud83d A\u0300 \u{10400}\u{1f600}b, İ!";
  assert.deepEqual([...without(text)], toWords(text));
  const lookBehind = `${code}${script.replace("[!-/", "(?<=a)[!-/")}`;
  assert.throws(() => vm.runInNewContext(lookBehind), { name: "SyntaxError" });
});
