// The page of a release by `provender release`, in the folder BUNDLE, with the signer's public
// key in the file PUBLIC_KEY.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { openSite } from "../browser/site.js";

const { BUNDLE, PUBLIC_KEY } = process.env;
const statement = JSON.parse(readFileSync(join(BUNDLE, "provenance.intoto.json"), "utf8"));
const { resolvedDependencies } = statement.predicate.buildDefinition;
const digest = (name) => resolvedDependencies.find((item) => item.name === name).digest;

const opened = openSite(BUNDLE);

test("the page confirms the release that it is of, without its server, too", async (t) => {
  const context = await opened.browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(opened.site.base);
  await page.locator("#offline", { hasText: "works without a connection" }).waitFor();
  for (const stop of [() => {}, () => opened.site.stop()]) {
    await stop();
    await page.reload();
    await page.fill("#verify-key", readFileSync(PUBLIC_KEY, "utf8"));
    await page.click("#verify-form button");
    const verdict = page.locator("#verify-verdict[data-verdict]");
    assert.equal(
      await verdict.innerText(),
      "The files are those of a release, signed with the key that you gave.",
    );
    const facts = await page.$$eval("#verify-facts dd", (items) =>
      items.map((item) => item.textContent),
    );
    for (const fact of [digest("source").gitCommit, digest("data/source/news.sqlite").sha256]) {
      assert.ok(facts.includes(fact), fact);
    }
    const states = await page.$$eval(".state", (items) => items.map((item) => item.textContent));
    assert.deepEqual(states, ["Passed", "Passed", "Passed", "Passed"]);
  }
});
