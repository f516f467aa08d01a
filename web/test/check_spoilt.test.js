// The check of a site in memory that is spoilt at random: never confirmed, and never broken.

import assert from "node:assert/strict";
import test from "node:test";
import { check, makeSite } from "./memory_site.js";
import { ENVELOPE, STATEMENT, toJson } from "./statement.js";

const VERDICTS = ["refuted", "undecided", "no release", "unsigned", "unchecked", "confirmed"];
const MUTATIONS = 3000;

/** A generator of whole numbers below `most`, the same in each run (Park and Miller). */
function makeChance(seed) {
  let state = seed;
  return (most) => {
    state = (state * 48271) % 2147483647;
    return state % most;
  };
}

test("no site with a changed byte is confirmed, and none breaks the check", async () => {
  const chance = makeChance(7);
  const honest = makeSite();
  const names = [...honest.keys()];
  const counts = {};
  for (let i = 0; i < MUTATIONS; i++) {
    const name = names[chance(names.length)];
    const bytes = Buffer.from(honest.get(name));
    const place = chance(bytes.length);
    const mutations = [
      () => bytes.fill(bytes[place] ^ (1 << chance(8)), place, place + 1),
      () => bytes.subarray(0, place),
      () => Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1 + chance(40))]),
      () => Buffer.concat([bytes.subarray(0, place), Buffer.from([chance(256)]), bytes.subarray(place)]),
    ];
    const mutated = mutations[chance(mutations.length)]();
    const site = new Map(honest).set(name, mutated);
    const { verdict } = await check(site);
    assert.ok(VERDICTS.includes(verdict));
    // White space of the envelope is signed by nobody, and means nothing.
    if (name !== ENVELOPE) assert.notEqual(verdict, "confirmed", `${name}: ${mutated}`);
    counts[verdict] = (counts[verdict] || 0) + 1;
  }
  assert.ok(counts.refuted > 0.95 * MUTATIONS, JSON.stringify(counts));
});

test("values of any type in place of any other break nothing", async () => {
  /** @type {unknown[]} */
  const odd = [null, 7, "x", [], [null], {}, { toString: 1 }, true, { length: 3 }];
  for (const name of ["manifest.json", STATEMENT, ENVELOPE]) {
    const honest = JSON.parse(`${makeSite().get(name)}`);
    for (const path of paths(honest)) {
      for (const value of odd) {
        const spoilt = replaceAt(honest, path, value);
        const { verdict, facts } = await check(new Map(makeSite()).set(name, toJson(spoilt)));
        assert.notEqual(verdict, "confirmed", `${name} ${path}`);
        for (const [, fact] of facts) assert.equal(typeof fact, "string");
      }
    }
  }
});

function* paths(value, path = []) {
  yield path;
  if (typeof value === "object" && value !== null) {
    for (const key of Object.keys(value)) yield* paths(value[key], [...path, key]);
  }
}

/**
 * @param {any} value
 * @param {string[]} path
 * @param {unknown} replacement
 */
function replaceAt(value, [key, ...rest], replacement) {
  if (key === undefined) return replacement;
  const copy = structuredClone(value);
  copy[key] = replaceAt(copy[key], rest, replacement);
  return copy;
}
