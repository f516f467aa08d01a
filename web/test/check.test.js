// The check of a site, on a site in memory.

import assert from "node:assert/strict";
import test from "node:test";
import { checkSite } from "../src/check.js";
import { check, makeCanaries, makeSite, pem } from "./memory_site.js";
import { ENVELOPE, STATEMENT } from "./statement.js";

const states = ({ checks }) =>
  Object.fromEntries(checks.map(({ title, state }) => [title, state]));

test("an honest site is confirmed", async () => {
  const found = await check(makeSite());
  assert.equal(found.verdict, "confirmed");
  assert.deepEqual(states(found), {
    Files: "passed",
    Statement: "passed",
    Signature: "passed",
    Answers: "passed",
  });
});

test("a statement of another build is refuted", async () => {
  for (const what of ["name", "version", "database", "requirements", "packages"]) {
    const found = await check(makeSite(makeCanaries(), { [what]: "another" }));
    assert.equal(found.verdict, "refuted");
    const input = what === "name" || what === "version" ? what : `input ${what}`;
    const [, { details }] = found.checks;
    assert.deepEqual(details, [`${input}: the statement differs from manifest.json`]);
  }
});

test("without a statement, files are held to their manifest", async () => {
  const site = makeSite();
  site.delete(STATEMENT);
  site.delete(ENVELOPE);
  assert.equal((await check(site, "")).verdict, "no release");
  const name = "constants.json";
  const changed = Buffer.from(site.get(name));
  changed[0] ^= 1;
  for (const [bytes, problem] of /** @type {[Buffer | undefined, string][]} */ ([
    [changed, "other content"],
    [undefined, "missing"],
  ])) {
    const spoilt = new Map(site);
    if (bytes) spoilt.set(name, bytes);
    else spoilt.delete(name);
    const { verdict, checks } = await check(spoilt, "");
    assert.equal(verdict, "refuted");
    assert.deepEqual(checks[0].details, [`${name}: ${problem}`]);
  }
});

test("answers within the tolerance pass, and no others", async () => {
  for (const [change, state] of /** @type {[(score: number) => any, string][]} */ ([
    [(score) => score + 0.9e-5, "passed"],
    [(score) => score - 0.9e-5, "passed"],
    [(score) => score + 1.1e-5, "failed"],
    [(score) => score - 1.1e-5, "failed"],
    [String, "failed"],
    [() => null, "failed"],
  ])) {
    const canaries = makeCanaries();
    canaries[2].scores.blue = change(canaries[2].scores.blue);
    assert.equal(states(await check(makeSite(canaries))).Answers, state);
  }
});

test("answers to nothing prove nothing", async () => {
  for (const canaries of [[], {}, [{ text: "" }], [{ text: 7, scores: {} }]]) {
    assert.equal(states(await check(makeSite(canaries))).Answers, "open");
  }
});

test("each file is needed, and one too many in no list is not", async () => {
  const names = [...makeSite().keys()];
  for (const name of names) {
    const site = makeSite();
    site.delete(name);
    assert.equal((await check(site)).verdict, "refuted", name);
  }
});

test("a file that cannot be read is no forgery", async () => {
  const site = makeSite();
  for (const broken of site.keys()) {
    const found = await checkSite(async (name) => {
      if (name === broken) throw new Error("no connection");
      return new Uint8Array(site.get(name));
    }, pem);
    assert.deepEqual(found.checks.at(-1)?.details, [`${broken}: no connection`]);
    const lost = broken === STATEMENT ? "refuted" : "undecided";
    assert.equal(found.verdict, lost, broken);
  }
});
