// The page of a release by `provender release`, in the folder BUNDLE, with the signer's public
// key in the file PUBLIC_KEY.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { openPage, openSite, readJson, verify } from "../browser/site.js";

const { BUNDLE = "", PUBLIC_KEY = "" } = process.env;
const statement = readJson(BUNDLE, "provenance.intoto.json");
const { resolvedDependencies } = statement.predicate.buildDefinition;
const digest = (name) => resolvedDependencies.find((item) => item.name === name).digest;

const opened = openSite(BUNDLE);

test("the page confirms the release that it is of, without its server, too", async (t) => {
  const { browser, site } = opened;
  const { page } = await openPage(t, browser, site.base);
  await page.locator("#offline", { hasText: "works without a connection" }).waitFor();
  for (const stop of [() => {}, () => site.stop()]) {
    await stop();
    await page.reload();
    const { says, facts, states } = await verify(page, readFileSync(PUBLIC_KEY, "utf8"));
    assert.equal(says, "The files are those of a release, signed with the key that you gave.");
    assert.equal(facts.Commit, digest("source").gitCommit);
    assert.equal(facts["Data, sha256"], digest("data/source/news.sqlite").sha256);
    assert.deepEqual(Object.values(states), ["Passed", "Passed", "Passed", "Passed"]);
  }
});
