// The order of versions, and which pages are remembered.

import assert from "node:assert/strict";
import test from "node:test";
import { bind, compareVersions, emptyState, forgetPages, partOf } from "../src/versions.js";

test("versions are in the order of Semantic Versioning", () => {
  const ordered = [
    "0.9.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0",
    "10.0.0",
    `${"9".repeat(30)}.0.0`,
    `1${"0".repeat(30)}.0.0`,
  ];
  ordered.forEach((first, i) =>
    ordered.forEach((second, k) => {
      const order = Math.sign(compareVersions(first, second));
      assert.equal(order, Math.sign(i - k), `${first} ${second}`);
    }),
  );
  for (const [first, second] of [["1.0.0+a", "1.0.0+b"], ["1", "2"], ["01.0.0", "1.0.0"], ["x", "1.0.0"]]) {
    assert.equal(compareVersions(first, second), 0);
  }
});

test("of closed pages the latest are remembered, and all that are open", () => {
  const part = partOf(emptyState(), "site");
  for (let i = 0; i < 500; i++) bind(part, `page ${i}`, "version", ["page 3"]);
  const pages = Object.keys(part.pages);
  assert.equal(pages.length, 101);
  assert.deepEqual([pages[0], pages[1], pages[100]], ["page 3", "page 400", "page 499"]);
});

test("pages of a version that is kept for no other reason are forgotten once they are closed", () => {
  const part = partOf(emptyState(), "site");
  Object.assign(part, { current: "third", before: "second" });
  part.pages = { a: "first", b: "first", c: "second", d: "third" };
  forgetPages(part, ["b"]);
  assert.deepEqual(part.pages, { b: "first", c: "second", d: "third" });
});
