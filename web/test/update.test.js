// Updates: what is taken, what is refused, and what runs, on a site in memory.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import test from "node:test";
import { createUpdater, readParts } from "../src/update.js";
import { createClassifier } from "../src/classifier.js";
import { ENVELOPE, STATEMENT, keyId, sha256, toJson, toPem } from "./statement.js";
import { BASE, WEIGHTS, digestOf, makeServer, makeStore, makeVersion, open } from "./update_tools.js";

const keys = generateKeyPairSync("ed25519");
const otherKeys = generateKeyPairSync("ed25519");
const trust = toPem(keys.publicKey);
const signed = (version, options = {}) => makeVersion(version, { keys: [keys], ...options });

/** Opens a site whose version is kept, and has started; gives what a test changes. */
async function keep(site, options = {}) {
  const server = makeServer(site);
  const store = makeStore();
  const { updater } = await open(server, store, options);
  const found = await updater.check();
  assert.deepEqual([found.state, found.reason], ["updated", null]);
  await restart({ server, store, options, runs: site });
  server.asked.length = 0;
  return { server, store, options, runs: site };
}

/** Opens a site again, as it must be: with the version that runs, whole, which says so. */
async function restart({ server, store, options, runs }) {
  const { updater, kept } = await open(server, store, options);
  assert.equal(kept.digest, digestOf(runs));
  for (const [name, bytes] of Object.entries(kept.files)) {
    assert.deepEqual(Buffer.from(bytes), runs.get(name), name);
  }
  createClassifier(readParts(kept.files)).predict("sky");
  await updater.started();
  return updater;
}

/** Publishes a version, which must be refused: for `code`, with nothing lost. */
async function refuses(kept, site, code, reason, state = "refused") {
  kept.server.site = site;
  const { updater } = await open(kept.server, kept.store, kept.options);
  const found = await updater.check();
  assert.deepEqual([found.state, found.code], [state, code], found.reason);
  assert.match(found.reason, reason);
  assert.equal(found.runs.digest, digestOf(kept.runs));
  await restart(kept);
  return found;
}

/** Publishes a version, which must be taken. */
async function takes(kept, site) {
  kept.server.site = site;
  const { updater } = await open(kept.server, kept.store, kept.options);
  const found = await updater.check();
  assert.deepEqual([found.state, found.reason], ["updated", null]);
  assert.equal(found.digest, digestOf(site));
  kept.runs = site;
  await restart(kept);
}

test("a first version is kept, a newer one taken, and the same is current", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  await takes(kept, makeVersion("2.0.0"));
  const { updater } = await open(kept.server, kept.store);
  const { state, version, digest } = await updater.check();
  assert.deepEqual([state, version, digest], ["current", "2.0.0", digestOf(kept.runs)]);
});

test("only files that changed are fetched, by digest, and of those used on demand none", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  const newer = makeVersion("2.0.0");
  await takes(kept, newer);
  assert.deepEqual(kept.server.asked, [
    "manifest.json",
    STATEMENT,
    ENVELOPE,
    ...["constants.json", WEIGHTS].map((name) => `${name}?sha256=${sha256(newer.get(name))}`),
  ]);
});

test("what two files have alike is fetched once, and an unchanged site costs one request", async () => {
  const site = makeVersion("1.0.0");
  const server = makeServer(site);
  // index.html and another of the same content.
  const manifest = JSON.parse(`${site.get("manifest.json")}`);
  manifest.files["copy.html"] = manifest.files["index.html"];
  site.set("manifest.json", toJson(manifest)).set("copy.html", site.get("index.html"));
  const store = makeStore();
  const { updater } = await open(server, store, { part: "site" });
  assert.equal((await updater.check()).state, "updated");
  assert.equal(server.asked.filter((path) => /html/.test(path)).length, 1);
  assert.ok(!server.asked.some((path) => path.startsWith("vendor/")));
  server.asked.length = 0;
  assert.equal((await updater.check()).state, "current");
  assert.deepEqual(server.asked, ["manifest.json"]);
});

test("progress is told in bytes, up to all of them", async () => {
  const server = makeServer(makeVersion("1.0.0"));
  const told = [];
  const { updater } = await open(server, makeStore(), { onProgress: (each) => told.push(each) });
  await updater.check();
  assert.equal(told.length, 4);
  const { loaded, total } = told[3];
  assert.equal(loaded, total);
  assert.ok(told[0].loaded < total);
});

test("of versions before, one is kept, and files of none are deleted", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  for (const version of ["2.0.0", "3.0.0"]) await takes(kept, makeVersion(version));
  const versions = Object.values(kept.store.state.versions).map(({ version }) => version);
  assert.deepEqual(versions.sort(), ["2.0.0", "3.0.0"]);
  const digests = new Set(
    ["2.0.0", "3.0.0"].flatMap((version) => {
      const site = makeVersion(version);
      const model = ["about.json", "constants.json", "tfjs/layers/model.json", WEIGHTS];
      return ["manifest.json", ...model].map((name) => sha256(site.get(name)));
    }),
  );
  assert.deepEqual([...kept.store.kept.keys()].sort(), [...digests].sort());
});

test("an older version is refused, signed or not, and whatever a clock says", async (t) => {
  for (const make of [makeVersion, signed]) {
    const kept = await keep(make("10.0.0"));
    await refuses(kept, make("9.0.0"), "older", /Version 9\.0\.0 is older than 10\.0\.0/);
    await takes(kept, make("11.0.0"));
    await refuses(kept, make("10.0.0"), "older", /older than 11\.0\.0/);
    for (const time of [0, 1e14]) {
      t.mock.method(Date, "now", () => time);
      await refuses(kept, make("10.0.1"), "older", /older/);
      await takes(kept, make(time ? "13.0.0" : "12.0.0"));
    }
    t.mock.reset();
  }
});

test("another build under a version is refused where it is signed, and taken where not", async () => {
  const rebuilt = { spoil: ({ constants }) => (constants.unsure_below = 0.4) };
  const kept = await keep(signed("1.0.0"));
  await refuses(kept, signed("1.0.0", rebuilt), "another-build", /another build/);
  await takes(await keep(makeVersion("1.0.0")), makeVersion("1.0.0", rebuilt));
});

test("another classifier that the same key has signed is refused, and an unsigned one is another site", async () => {
  const kept = await keep(signed("1.0.0"), { trust });
  await refuses(kept, signed("2.0.0", { name: "other" }), "other-name", /classifier other, not tiny/);
  const plain = await keep(makeVersion("2.0.0"));
  await takes(plain, makeVersion("1.0.0", { name: "other" }));
  await refuses(plain, makeVersion("0.9.0", { name: "other" }), "older", /older than 1\.0\.0/);
});

test("with a trusted key, what is not signed with it is refused", async () => {
  const kept = await keep(signed("1.0.0"), { trust });
  const newer = signed("2.0.0");
  await refuses(kept, makeVersion("2.0.0"), "unsigned", /not signed/);
  await refuses(kept, makeVersion("2.0.0", { stated: true }), "unsigned", /not signed/);
  const other = makeVersion("2.0.0", { keys: [otherKeys] });
  const id = keyId(otherKeys.publicKey);
  await refuses(kept, other, "wrong-key", new RegExp(`signed with the key ${id}`));

  const renamed = JSON.parse(`${other.get(ENVELOPE)}`);
  renamed.signatures[0].keyid = keyId(keys.publicKey);
  const forged = new Map(other).set(ENVELOPE, toJson(renamed));
  await refuses(kept, forged, "bad-signature", /does not fit/);
  const swapped = new Map(newer).set(STATEMENT, signed("9.0.0").get(STATEMENT));
  await refuses(kept, swapped, "bad-signature", /What is signed is not/);
  const broken = new Map(newer).set(ENVELOPE, Buffer.from("{}"));
  await refuses(kept, broken, "bad-signature", /cannot be read/);
  const bare = new Map(newer);
  bare.delete(STATEMENT);
  await refuses(kept, bare, "unsigned", /no provenance\.intoto\.json/);
  await takes(kept, newer);
});

test("with a trusted key, no first version is taken that is not signed with it", async () => {
  for (const site of [makeVersion("1.0.0"), makeVersion("1.0.0", { keys: [otherKeys] })]) {
    const { updater, kept } = await open(makeServer(site), makeStore(), { trust });
    assert.equal(kept, null);
    assert.equal((await updater.check()).state, "refused");
    assert.equal(await updater.running(), null);
  }
});

test("keys are changed by a list of the old and the new, and both may sign at once", async () => {
  const both = [trust, toPem(otherKeys.publicKey)];
  const kept = await keep(signed("1.0.0"), { trust: both });
  await takes(kept, makeVersion("2.0.0", { keys: [otherKeys] }));
  kept.options = { trust: both[1] };
  await refuses(kept, signed("3.0.0"), "wrong-key", /signed with the key/);
  await takes(kept, makeVersion("3.0.0", { keys: [keys, otherKeys] }));
});

test("what is no key is refused at once", () => {
  assert.throws(() => createUpdater({ base: BASE, trust: "abc", store: makeStore() }), {
    message: /no ed25519 public key/,
  });
});

test("the first signer is remembered, and with the key beside the site nobody passes for it", async () => {
  const withKey = (site) => new Map(site).set("provenance.pub", Buffer.from(trust));
  const forge = (version) => {
    const site = makeVersion(version, { keys: [otherKeys] });
    const envelope = JSON.parse(`${site.get(ENVELOPE)}`);
    envelope.signatures[0].keyid = keyId(keys.publicKey);
    return site.set(ENVELOPE, toJson(envelope));
  };
  for (const [first, code] of /** @type {[any, string | null][]} */ ([
    [withKey(signed("1.0.0")), "bad-signature"],
    [signed("1.0.0"), null],
  ])) {
    const kept = await keep(first);
    await refuses(kept, makeVersion("2.0.0"), "unsigned", /delete this site's data/);
    const other = makeVersion("2.0.0", { keys: [otherKeys] });
    await refuses(kept, other, "wrong-key", /delete this site's data/);
    other.set("provenance.pub", Buffer.from(toPem(otherKeys.publicKey)));
    await refuses(kept, other, "wrong-key", /delete this site's data/);
    await takes(kept, signed("2.0.0"));
    // An id alone is a name that anyone can write.
    if (code) await refuses(kept, forge("3.0.0"), code, /does not fit/);
    else await takes(kept, forge("3.0.0"));
  }
});

test("a site that was never signed may become one that is, and then stays so", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  await takes(kept, makeVersion("2.0.0"));
  await takes(kept, signed("3.0.0"));
  await refuses(kept, makeVersion("4.0.0"), "unsigned", /not signed/);
});

test("a key beside the site that does not fit its signature is refused", async () => {
  const site = makeVersion("1.0.0", { keys: [otherKeys] });
  const envelope = JSON.parse(`${site.get(ENVELOPE)}`);
  envelope.signatures[0].keyid = keyId(keys.publicKey);
  site.set(ENVELOPE, toJson(envelope)).set("provenance.pub", Buffer.from(trust));
  const { updater } = await open(makeServer(site), makeStore());
  assert.equal((await updater.check()).code, "bad-signature");
});

test("a statement about other files is refused, and one that is none", async () => {
  const kept = await keep(signed("1.0.0"), { trust });
  const mixed = signed("3.0.0");
  for (const name of [STATEMENT, ENVELOPE]) mixed.set(name, signed("2.0.0").get(name));
  await refuses(kept, mixed, "other-files", /another digest|differs/);
  const plain = await keep(makeVersion("1.0.0"));
  const stale = makeVersion("2.0.0").set(STATEMENT, signed("9.0.0").get(STATEMENT));
  await refuses(plain, stale, "other-files", /The statement is about other files/);
  const none = makeVersion("2.0.0").set(STATEMENT, Buffer.from("{}"));
  await refuses(plain, none, "bad-statement", /_type/);
});

test("the files of a version come from that version alone, whatever a cache mixes in", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  const newer = makeVersion("2.0.0");
  const { sha256: digest } = JSON.parse(`${newer.get("manifest.json")}`).files[WEIGHTS];
  const other = makeVersion("3.0.0").get(WEIGHTS);
  const mixed = new Map(newer).set(WEIGHTS, other);
  await refuses(kept, mixed, "half-published", new RegExp(`${WEIGHTS} is not the file .*other content`));
  assert.deepEqual(kept.server.asked.slice(-2), [`${WEIGHTS}?sha256=${digest}`, WEIGHTS]);

  // A cache that keeps for ever what an unfinished upload gave is gone around.
  kept.server.site = newer;
  let first = true;
  kept.server.plan = (name) => {
    if (name !== WEIGHTS || !first) return undefined;
    first = false;
    return new Response(new Uint8Array(other));
  };
  await takes(kept, newer);
});

test("half a file, a missing one, a longer one and a page in its place are refused", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  const newer = makeVersion("2.0.0");
  const whole = newer.get(WEIGHTS);
  const html = Buffer.from("<!DOCTYPE html><title>Log in</title>");
  for (const [bytes, code, reason] of /** @type {[any, string, RegExp][]} */ ([
    [whole.subarray(1), "half-published", /bytes, not /],
    [null, "half-published", /\(missing\)/],
    [Buffer.concat([whole, whole]), "half-published", /more than/],
    [html, "html", /came a web page: the network may want you to log in first/],
  ])) {
    const site = new Map(newer);
    if (bytes) site.set(WEIGHTS, bytes);
    else site.delete(WEIGHTS);
    await refuses(kept, site, code, reason);
  }
  await takes(kept, newer);
});

test("a manifest that is none is refused, and one that cannot be had is unreachable", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  const newer = makeVersion("2.0.0");
  const manifest = JSON.parse(`${newer.get("manifest.json")}`);
  const { files } = manifest;
  const file = files[WEIGHTS];
  const odd = (changes) => toJson({ ...manifest, ...changes });
  for (const [bytes, code] of /** @type {[any, string][]} */ ([
    [Buffer.from("<html>Log in"), "html"],
    [Buffer.from("{"), "bad-json"],
    [Buffer.from("[1]"), "bad-json"],
    [odd({ files: {} }), "bad-manifest"],
    [odd({ files: [] }), "bad-manifest"],
    [odd({ version: 2 }), "bad-manifest"],
    [odd({ format: "1" }), "bad-manifest"],
    [odd({ format: 2 }), "newer-code"],
    [odd({ files: { "../x": file } }), "bad-manifest"],
    [odd({ files: { "https://x.test/y": file } }), "bad-manifest"],
    [Buffer.from(`${odd({})}`.replace('"index.html"', '"__proto__"')), "bad-manifest"],
    [odd({ files: { ...files, x: null } }), "bad-manifest"],
    [odd({ files: { ...files, x: { ...file, sha256: "7" } } }), "bad-manifest"],
    [odd({ files: { ...files, x: { ...file, bytes: -1 } } }), "bad-manifest"],
    [odd({ files: { ...files, x: { ...file, bytes: 1e12 } } }), "too-large"],
    [odd({ files: { x: file } }), "does-not-run"],
  ])) {
    await refuses(kept, new Map(newer).set("manifest.json", bytes), code, /./);
  }
  const gone = new Map(newer);
  gone.delete("manifest.json");
  await refuses(kept, gone, "missing", /manifest\.json: HTTP 404/);
  kept.server.plan = () => new Response("", { status: 500 });
  await refuses(kept, newer, "http", /manifest\.json: HTTP 500/, "unreachable");
  kept.server.plan = () => Promise.reject(new TypeError("Failed to fetch"));
  await refuses(kept, newer, "unreachable", /Failed to fetch/, "unreachable");
});

/** A response that never ends, of so many bytes at a time. */
function makeEndless(bytes, sent) {
  return new Response(
    new ReadableStream({
      pull(controller) {
        sent.bytes += bytes;
        controller.enqueue(new Uint8Array(bytes));
      },
      cancel() {
        sent.cancelled = true;
      },
    }),
  );
}

test("data without an end is cut off where a file should end", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  const newer = makeVersion("2.0.0");
  for (const [name, code, most] of /** @type {[string, string, number][]} */ ([
    ["manifest.json", "too-large", 1 << 20],
    [STATEMENT, "too-large", 16 << 20],
    [WEIGHTS, "half-published", 1 << 16],
  ])) {
    const sent = { bytes: 0, cancelled: false };
    kept.server.plan = (asked) => (asked === name ? makeEndless(1 << 16, sent) : undefined);
    await refuses(kept, newer, code, /more than/);
    assert.ok(sent.cancelled && sent.bytes <= most + 6 * (1 << 16), `${sent.bytes}`);
  }
});

test("a server that never ends is given up", async (t) => {
  const kept = await keep(makeVersion("1.0.0"));
  const newer = makeVersion("2.0.0");
  for (const name of ["manifest.json", WEIGHTS]) {
    for (const answer of [
      () => new Promise(() => {}),
      () => new Response(new ReadableStream({ start: (to) => to.enqueue(new Uint8Array(1)) })),
    ]) {
      kept.server.plan = (asked) => (asked === name ? answer() : undefined);
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const ticking = setInterval(() => t.mock.timers.tick(1e5), 5);
      await refuses(kept, newer, "slow", /takes longer than \d+ s/, "unreachable");
      clearInterval(ticking);
      t.mock.timers.reset();
    }
  }
  kept.server.plan = () => undefined;
  await takes(kept, newer);
});

test("a model that gives other answers than were published is not taken", async () => {
  const kept = await keep(signed("1.0.0"), { trust });
  const misstate = (canaries) => (canaries[1].scores.blue += 2e-5);
  await refuses(kept, signed("2.0.0", { misstate }), "answers", /other answers than were published/);
  const other = { misstate: (canaries) => (canaries[1].scores = { red: 1 }) };
  await refuses(kept, signed("2.0.0", other), "answers", /other answers/);
  await takes(kept, signed("2.0.0", { misstate: (canaries) => (canaries[1].scores.blue += 5e-6) }));
});

test("a model that does not run is not taken, nor one of an edition that is not known", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  const cut = { spoil: (parts) => (parts.weights = parts.weights.slice(4)) };
  await refuses(kept, makeVersion("2.0.0", cut), "does-not-run", /does not run here/);
  const edition = { spoil: ({ constants }) => (constants.format = 99) };
  await refuses(kept, makeVersion("2.0.0", edition), "does-not-run", /format 99/);
  const site = signed("2.0.0");
  const statement = JSON.parse(`${site.get(STATEMENT)}`);
  site.set(STATEMENT, toJson({ ...statement, _type: "https://in-toto.io/Statement/v2" }));
  site.delete(ENVELOPE);
  await refuses(kept, site, "newer-code", /Statement\/v2/);
});

test("rollback goes back once, and what was left comes again only when it is asked for", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  const [first, second] = [kept.runs, makeVersion("2.0.0")];
  const { updater } = await open(kept.server, kept.store);
  assert.equal(await updater.rollback(), null);
  await takes(kept, second);

  const back = await updater.rollback();
  assert.deepEqual([back.version, back.digest], ["1.0.0", digestOf(first)]);
  kept.runs = first;
  await restart(kept);
  assert.equal(await updater.rollback(), null);
  await refuses(kept, second, "bad", /was left for the one before/);

  kept.server.asked.length = 0;
  const found = await (await restart(kept)).check({ again: true });
  assert.equal(found.state, "updated");
  assert.deepEqual(kept.server.asked, ["manifest.json", STATEMENT, ENVELOPE]);
  kept.runs = second;
  await restart(kept);
  await updater.rollback();
  kept.runs = first;
  await takes(kept, makeVersion("3.0.0"));
});

test("after a rollback, what is older than the version that was left stays refused", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  await takes(kept, makeVersion("3.0.0"));
  const { updater } = await open(kept.server, kept.store);
  await updater.rollback();
  kept.runs = makeVersion("1.0.0");
  await refuses(kept, makeVersion("2.0.0"), "older", /older than 3\.0\.0/);
  kept.server.site = kept.runs;
  assert.equal((await updater.check()).state, "current");
});

test("a version that was started twice and did not is left, and remembered", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  kept.server.site = makeVersion("2.0.0");
  const { updater } = await open(kept.server, kept.store);
  await updater.check();
  const starts = [];
  for (let i = 0; i < 3; i++) starts.push((await open(kept.server, kept.store)).kept.version);
  assert.deepEqual(starts, ["2.0.0", "2.0.0", "1.0.0"]);
  await refuses(kept, kept.server.site, "bad", /was started twice, and did not/);
  await takes(kept, makeVersion("3.0.0"));
});

test("a version that has started once is not left, nor the first of all", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  await takes(kept, makeVersion("2.0.0"));
  for (let i = 0; i < 5; i++) {
    assert.equal((await open(kept.server, kept.store)).kept.version, "2.0.0");
  }
  const [server, store] = [makeServer(makeVersion("1.0.0")), makeStore()];
  await (await open(server, store)).updater.check();
  for (let i = 0; i < 5; i++) assert.equal((await open(server, store)).kept.version, "1.0.0");
});

test("a version that several tabs start at once is not bad once one of them has started", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  kept.server.site = makeVersion("2.0.0");
  await (await open(kept.server, kept.store)).updater.check();
  const tabs = [];
  for (let i = 0; i < 3; i++) tabs.push(await open(kept.server, kept.store));
  assert.equal(tabs[2].kept.version, "1.0.0");
  await tabs[0].updater.started();
  await takes(kept, kept.server.site);
});

test("a version that has not started yet is not the one to go back to", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  kept.server.site = makeVersion("2.0.0");
  await (await open(kept.server, kept.store)).updater.check();
  await takes(kept, makeVersion("3.0.0"));
  const { updater } = await open(kept.server, kept.store);
  assert.equal((await updater.rollback()).version, "1.0.0");
});

test("a file that is damaged where it is kept is not used, and is fetched again", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  await takes(kept, makeVersion("2.0.0"));
  const digest = sha256(kept.runs.get(WEIGHTS));
  new Uint8Array(kept.store.kept.get(digest))[0] ^= 1;
  const { updater, kept: read } = await open(kept.server, kept.store);
  assert.equal(read.version, "1.0.0");
  assert.equal((await updater.check()).state, "current");
  await restart(kept);
});

test("a version that has lost a part just before it would run does not run", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  const newer = makeVersion("2.0.0");
  const { files } = kept.store;
  kept.store.files = async (digests) => {
    const found = await files(digests);
    kept.store.kept.delete(sha256(newer.get(WEIGHTS)));
    return found;
  };
  kept.server.site = newer;
  const found = await createUpdater({ base: BASE, ...kept.server, store: kept.store }).check();
  assert.deepEqual([found.state, found.code], ["refused", "replaced"]);
  kept.store.files = files;
  await restart(kept);
  await takes(kept, newer);
});

test("two tabs that look at once take the same version, and no file twice over", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  kept.server.site = makeVersion("2.0.0");
  const tabs = await Promise.all([1, 2].map(() => open(kept.server, kept.store)));
  const found = await Promise.all(tabs.flatMap(({ updater }) => [updater.check(), updater.check()]));
  for (const { runs } of found) assert.equal(runs.version, "2.0.0");
  // Of one tab, the second asks nothing.
  assert.equal(kept.server.asked.filter((path) => path === "manifest.json").length, 2);
  kept.runs = kept.server.site;
  await restart(kept);
});

test("of tabs that take different versions, one wins, and what runs is whole", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  const [older, newer] = [makeVersion("2.0.0"), makeVersion("3.0.0")];
  const [first, second] = await Promise.all([1, 2].map(() => open(kept.server, kept.store)));
  kept.server.site = older;
  let going;
  kept.server.plan = async (name) => {
    if (going || !["constants.json", WEIGHTS].includes(name)) return undefined;
    if (name !== WEIGHTS) return new Response(new Uint8Array(older.get(name)));
    kept.server.site = newer;
    going = second.updater.check();
    await going;
    return new Response(new Uint8Array(older.get(WEIGHTS)));
  };
  const found = await first.updater.check();
  assert.deepEqual([found.state, found.code], ["refused", "replaced"]);
  assert.equal((await going).state, "updated");
  kept.runs = newer;
  await restart(kept);
});

test("a power cut at any step leaves what ran, or what is new, whole", async (t) => {
  /**
   * Makes a server and a store that count what is asked of them, and answer all before the last;
   * `stopped` comes when that is asked and all before it is answered: then nothing more happens.
   */
  function cut({ server, store }, last) {
    let steps = 0;
    let running = 0;
    let tell;
    const stopped = new Promise((resolve) => (tell = resolve));
    const count = (work) => async (...args) => {
      steps += 1;
      if (steps < last) {
        running += 1;
        try {
          return await work(...args);
        } finally {
          running -= 1;
          if (steps >= last && !running) tell();
        }
      }
      if (!running) tell();
      return new Promise(() => {});
    };
    return {
      stopped,
      fetch: count(server.fetch),
      store: { read: count(store.read), files: count(store.files), change: count(store.change) },
    };
  }
  // Nothing is to wait for a server that never answers.
  t.mock.timers.enable({ apis: ["setTimeout"] });

  const runs = [];
  for (let last = 1, done = false; !done; last++) {
    const kept = await keep(signed("1.0.0"), { trust });
    const newer = signed("2.0.0");
    kept.server.site = newer;
    const { stopped, ...asked } = cut(kept, last);
    const updater = createUpdater({ base: BASE, trust, ...asked });
    done = Boolean(await Promise.race([updater.check(), stopped]));

    const next = await open(kept.server, kept.store, kept.options);
    runs.push(next.kept.version);
    kept.runs = next.kept.version === "2.0.0" ? newer : kept.runs;
    const again = await restart(kept);
    const { state, reason } = await again.check();
    assert.equal(state, kept.runs === newer ? "current" : "updated", reason);
    kept.runs = newer;
    await restart(kept);
    // Of each version its manifest, statement, envelope, constants and weights; and what is alike.
    assert.equal(kept.store.kept.size, 12);
  }
  const first = runs.indexOf("2.0.0");
  assert.ok(first >= 10 && runs.slice(0, first).every((version) => version === "1.0.0"));
  assert.ok(runs.slice(first).every((version) => version === "2.0.0"));
});

test("what there is no room for leaves the room that it took, and is taken once there is some", async () => {
  const kept = await keep(makeVersion("1.0.0"));
  const before = [...kept.store.kept.keys()];
  const size = [...kept.store.kept.values()].reduce((sum, bytes) => sum + bytes.byteLength, 0);
  const newer = makeVersion("2.0.0");
  for (const room of [0, newer.get("manifest.json").length + 1]) {
    kept.store.room = size + room;
    await refuses(kept, newer, "quota", /no room left for it/);
    assert.deepEqual([...kept.store.kept.keys()], before);
  }
  kept.store.room = Infinity;
  await takes(kept, newer);
});

test("without a storage, a look says so, and nothing is kept", async () => {
  const failing = async () => {
    throw new DOMException("no room", "QuotaExceededError");
  };
  const store = { read: failing, files: failing, change: failing };
  const { updater, kept } = await open(makeServer(makeVersion("1.0.0")), store);
  assert.equal(kept, null);
  const found = await updater.check();
  assert.deepEqual([found.state, found.code, found.runs], ["refused", "quota", null]);
});
