// What is said where a site does not load.

import assert from "node:assert/strict";
import test from "node:test";
import { describeProblem } from "../src/describe.js";
import { BASE, WEIGHTS, makeServer, makeVersion } from "./update_tools.js";

const UPDATING = "site_updating";

const describe = (server, error = new SyntaxError("Unexpected token '<'")) =>
  describeProblem(error, { base: BASE, fetch: server.fetch });

test("a site that is uploaded by half names the file", async () => {
  const whole = makeVersion("2.0.0");
  const half = makeVersion("2.0.0").set(WEIGHTS, whole.get(WEIGHTS).subarray(8));
  const { title, cause, retry } = await describe(makeServer(half));
  assert.deepEqual([title, retry], [UPDATING, true]);
  assert.match(cause, new RegExp(`^${WEIGHTS} is not the file .* bytes, not \\d+\\): .*\\.$`));
  half.delete("constants.json");
  assert.match((await describe(makeServer(half))).cause, /^constants\.json .*\(missing\)/);
});

test("a network that answers in the site's place is named", async () => {
  const server = makeServer(makeVersion("1.0.0"));
  for (const names of [["manifest.json"], [WEIGHTS], ["constants.json"]]) {
    server.plan = (name) => (names.includes(name) ? new Response("<!DOCTYPE html>") : undefined);
    const { title, cause } = await describe(server);
    assert.equal(title, UPDATING);
    assert.match(cause, new RegExp(`^In place of ${names[0]} came a web page: the network may want`));
  }
});

test("a server that is broken is one that is being updated", async () => {
  const server = makeServer(makeVersion("1.0.0"));
  for (const status of [404, 500, 503]) {
    server.plan = () => new Response("", { status });
    const { title, cause } = await describe(server);
    assert.deepEqual([title, cause], [UPDATING, `manifest.json: HTTP ${status}.`]);
  }
});

test("no connection is no update", async () => {
  const server = makeServer(makeVersion("1.0.0"));
  server.plan = () => Promise.reject(new TypeError("Failed to fetch"));
  const { title, cause, retry } = await describe(server);
  assert.equal(title, "site_away");
  assert.deepEqual([cause, retry], ["manifest.json: Failed to fetch.", true]);
});

test("a site that is whole and does not run says why, and asks for no other try", async () => {
  const error = new Error("The kernel cannot run this model: table/kernel is stored as int32");
  const site = makeVersion("1.0.0", { spoil: ({ model }) => (model.weightsManifest[0].weights[0].dtype = "int32") });
  assert.deepEqual(await describe(makeServer(site), error), {
    title: "site_broken",
    cause: "The kernel cannot run this model: table/kernel is stored as int32.",
    retry: false,
  });
});

test("a site that is whole by now is to be tried again", async () => {
  const error = new Error("its weights take 56270 bytes, not 140270");
  const { title, cause, retry } = await describe(makeServer(makeVersion("1.0.0")), error);
  assert.deepEqual([title, retry], [UPDATING, true]);
  assert.equal(cause, "The page had files of two versions. Now they are of one.");
});
