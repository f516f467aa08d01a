// The commands of train/: how they explain themselves, and what they leave behind.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import test from "node:test";
import { createClassifier } from "../src/classifier.js";
import { TABLES } from "../train/recipe.js";
import { makeFolder, run } from "./tools.js";

const SETTINGS = `
name: fruit
title: y
source: {kind: sqlite, path: any, table: posts, text: body, label: kind}
vocabulary: {min_count: 1}
`;
const WORDS = { apple: ["core", "crisp", "cider"], plum: ["stone", "purple", "jam"] };

function makeInputs(t) {
  const folder = makeFolder(t);
  const [config, source] = [join(folder, "config.yaml"), join(folder, "posts.sqlite")];
  writeFileSync(config, SETTINGS);
  const database = new DatabaseSync(source);
  database.exec("CREATE TABLE posts (body, kind)");
  const insert = database.prepare("INSERT INTO posts VALUES (?, ?)");
  for (let number = 0; number < 60; number++) {
    const kind = number % 2 ? "apple" : "plum";
    const [first, second] = [WORDS[kind][number % 3], WORDS[kind][(number + 1) % 3]];
    insert.run(`${first} and ${second} ${number}`, kind);
  }
  database.close();
  return { folder, config, source, output: join(folder, "made") };
}

const train = ({ config, source, output }, ...more) =>
  run("train/index.js", "--config", config, "--source", source, "--output", output, ...more);

/** Asserts that a command fails with one line that has all of these, and no stack. */
function assertSays({ status, stderr }, code, ...parts) {
  assert.equal(status, code, stderr);
  assert.match(stderr, /^error: /);
  assert.doesNotMatch(stderr, /\n {4}at /);
  for (const part of parts) assert.ok(stderr.includes(part), `${part} is not in: ${stderr}`);
}

test("what is made answers as a bundle, and is the same bytes a second time", (t) => {
  const inputs = makeInputs(t);
  assert.equal(train(inputs).status, 0);
  const read = (name) => readFileSync(join(inputs.output, name));
  const names = readdirSync(inputs.output, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(inputs.output.length + 1));
  assert.deepEqual(names.sort(), [
    "candidates.json",
    "choice.json",
    "constants.json",
    "digests.json",
    "history.csv",
    "labels.json",
    "metrics.json",
    "scores.bin",
    "sizes.csv",
    "text.json",
    "tfjs/layers/group1-shard1of1.bin",
    "tfjs/layers/model.json",
    "validation.bin",
    "vocabulary.json",
  ]);
  const { predict } = createClassifier({
    constants: JSON.parse(read("constants.json").toString()),
    model: JSON.parse(read("tfjs/layers/model.json").toString()),
    weights: read("tfjs/layers/group1-shard1of1.bin"),
  });
  assert.equal(predict("A purple stone", 1)[0].label, "plum");
  assert.equal(predict("crisp cider", 1)[0].label, "apple");
  const first = names.map(read);
  assert.equal(train(inputs).status, 0);
  assert.deepEqual(names.map(read), first);
});

test("the commands tell how they are used", () => {
  for (const script of ["index.js", "compare.js"]) {
    const { status, stdout } = run(`train/${script}`, "--help");
    assert.equal(status, 0);
    assert.ok(stdout.startsWith(`Usage: node web/train/${script} `));
    for (const line of stdout.split("\n")) assert.ok(line.length <= 100, line);
  }
  for (const args of [[], ["--config", "a"], ["--source", "a"], ["--nope"], ["extra"]]) {
    const { status, stderr } = run("train/index.js", ...args);
    assert.equal(status, 2);
    assert.match(stderr, /\nUsage: /);
  }
});

test("an older Node is told so", (t) => {
  const folder = makeFolder(t);
  const older = join(folder, "older.cjs");
  writeFileSync(older, 'Object.defineProperty(process.versions, "node", { value: "20.1.0" });');
  const done = run("../web/train/index.js", "--help");
  assert.equal(done.status, 0);
  process.env.NODE_OPTIONS = `--require ${older}`;
  t.after(() => delete process.env.NODE_OPTIONS);
  assertSays(run("train/index.js", "--help"), 1, "24", "20.1.0");
});

test("what is wrong is said with its place, and what was there stays", (t) => {
  const inputs = makeInputs(t);
  mkdirSync(inputs.output);
  writeFileSync(join(inputs.output, "kept"), "");
  const change = (from, to) => writeFileSync(inputs.config, SETTINGS.replace(from, to));
  assertSays(train({ ...inputs, config: "none.yaml" }), 1, "none.yaml");
  assertSays(train({ ...inputs, source: "none.sqlite" }), 1, "none.sqlite", "--source");
  assertSays(train({ ...inputs, source: inputs.config }), 1, inputs.config, "not a database");
  change("kind: sqlite", "kind: sqlight");
  assertSays(train(inputs), 1, "config.yaml", "source.kind");
  change("min_count", "min_cuont");
  assertSays(train(inputs), 1, "min_cuont");
  change("name: fruit", "name: [fruit");
  assertSays(train(inputs), 1, "config.yaml", "YAML");
  change("table: posts", "table: poasts");
  assertSays(train(inputs), 1, "source.table", "poasts", "posts");
  change("label: kind", "label: sort");
  assertSays(train(inputs), 1, "source.label", "sort", "body, kind");
  change("label: kind", "label: kind, split: kind");
  assertSays(train(inputs), 1, "row 1", "split");
  change(/source: .*/, "source: {kind: docstrings, packages: [a, b]}\nsplit: {threshold: 1}");
  assertSays(train(inputs), 1, "docstrings", "data/source/news.sqlite");
  const vectors = `vectors: {path: v.txt, sha256: "${"ab".repeat(32)}", format: text}`;
  change("name: fruit", `name: fruit\n${vectors}`);
  assertSays(train(inputs), 1, "vectors", "leave them out");
  assert.deepEqual(readdirSync(inputs.output), ["kept"]);
});

test("a folder that holds other files keeps them", (t) => {
  const inputs = makeInputs(t);
  const there = join(inputs.folder, "posts.sqlite");
  const before = readFileSync(there);
  // The folder of the table itself, as --output . would be.
  assert.equal(train({ ...inputs, output: inputs.folder }).status, 0);
  assert.deepEqual(readFileSync(there), before);
  assert.ok(existsSync(join(inputs.folder, "constants.json")));
  assert.ok(!existsSync(join(inputs.folder, ".part")));
});

test("a comparison tells what is not the same", (t) => {
  const inputs = makeInputs(t);
  train(inputs);
  const made = inputs.output;
  const compare = (...args) => run("train/compare.js", "--node", made, ...args);
  assert.equal(compare("--bundle", made).status, 0);
  assert.match(compare("--bundle", made).stderr, /^2 of 2 parts are the same$/m);
  const other = join(inputs.folder, "other");
  train({ ...inputs, output: other });
  writeFileSync(join(other, "constants.json"), "{}");
  const { status, stderr } = compare("--bundle", other);
  assert.equal(status, 1);
  assert.match(stderr, /^bundle\/constants.json is not the same\n1 of 2 parts/);
  assertSays(compare("--bundle", "none"), 2, "none");
});

/** Gives a test of whether a code point is in a list of gaps. */
function memberOf(gaps) {
  const members = new Set();
  let point = 0;
  gaps.forEach((gap, place) => {
    for (const end = point + gap; point < end; point++) if (place % 2) members.add(point);
  });
  return (code) => members.has(code);
}

const kindOf = (character) =>
  /[\p{L}\p{M}\p{N}]/u.test(character) ? "word" : /\p{S}/u.test(character) ? "symbol" : "separator";

test("Python's tables of Unicode say of each character what Node's own Unicode says", () => {
  const { variants, scripts, pairs, parts } = JSON.parse(readFileSync(TABLES, "utf8"));
  const { separators, symbols, ignored, lower, fold } = variants.keep.any;
  const [isSeparator, isSymbol, isIgnored] = [separators, symbols, ignored].map(memberOf);
  const changed = new Map(fold);
  for (const [first, last, step, delta] of lower) {
    for (let point = first; point <= last; point += step) {
      changed.set(String.fromCodePoint(point), String.fromCodePoint(point + delta));
    }
  }
  const isThai = memberOf(scripts.Thai);
  let newer = 0;
  for (let point = 0x80; point < 0x110000; point++) {
    const character = String.fromCodePoint(point);
    // Half of a character, what stands for one, and how symbols look.
    if ((point >= 0xd800 && point < 0xe000) || point === 0xfffd || isIgnored(point)) continue;
    const found = isSymbol(point) ? "symbol" : isSeparator(point) ? "separator" : "word";
    if (found !== kindOf(character)) {
      // What Python's edition does not know yet parts words.
      assert.equal(found, "separator", character);
      newer++;
      continue;
    }
    if (found === "separator") continue;
    const [low] = character.toLowerCase();
    if (!fold.some(([source]) => source === character)) {
      assert.equal(changed.get(character) || character, low, character);
    }
    // Some marks are part of what they stand on.
    const isThaiHere = /\p{Script=Thai}/u.test(character) && found === "word";
    if (!/\p{M}/u.test(character)) assert.equal(isThai(point), isThaiHere, character);
  }
  assert.ok(newer > 0 && newer < 17000, `${newer} characters are newer`);
  const composed = Array.from(pairs);
  for (let place = 0; place < composed.length; place += 3) {
    const [whole, first, second] = composed.slice(place, place + 3);
    assert.equal((first + second).normalize("NFC"), whole);
  }
  for (const [character, apart] of parts) assert.equal(character.normalize("NFD"), apart);
});
