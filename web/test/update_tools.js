// Versions of a tiny site, a server for them, and a store, all in memory, for tests of updates.

/**
 * @import { AskedFirst } from "../src/check.js"
 * @import { State } from "../src/versions.js"
 * @import { Store } from "../src/store.js"
 * @import { Keys } from "./statement.js"
 */

import { createUpdater } from "../src/update.js";
import { applyChange, emptyState } from "../src/versions.js";
import { makeParts, seal } from "./fixture.js";
import * as release from "./statement.js";

export const BASE = "https://site.test/";
export const WEIGHTS = "tfjs/layers/group1-shard1of1.bin";

/** @typedef {AskedFirst<string, Buffer>} Site */

/**
 * Makes a version of a site, whose model differs with its number.
 *
 * @param {string} version
 * @param {object} options
 * @param {Keys[]} [options.keys] who signs; nobody where there are none
 * @param {string} [options.name] the classifier's
 * @param {boolean} [options.stated] whether there is a statement
 * @param {(parts: any) => void} [options.spoil] changes the model
 * @param {(canaries: any[]) => void} [options.misstate] changes the canaries
 * @returns {Site}
 */
export function makeVersion(
  version,
  { keys = [], name = "tiny", stated = keys.length > 0, spoil = () => {}, misstate = () => {} } = {},
) {
  const parts = makeParts();
  const canaries = () => release.makeCanaries(seal(parts), ["sky", "cherry sky"]);
  // As a release does, what is in a file changes with the version, and not all files change.
  new Float32Array(parts.weights)[2] += Number(version.split(".")[0]);
  const texts = stated ? canaries() : [];
  misstate(texts);
  spoil(parts);
  const { constants } = seal(parts);
  const site = /** @type {Site} */ (new Map([
    ["about.json", release.toJson({ corpus: { title: "Tiny" }, metrics: { test: {} } })],
    ["constants.json", release.toJson(constants)],
    ["index.html", Buffer.from("<!doctype html>")],
    ["tfjs/layers/model.json", release.toJson(parts.model)],
    [WEIGHTS, Buffer.from(parts.weights)],
    ["vendor/tf.min.js", Buffer.from("tf")],
  ]));
  const about = { name, version, inputs: { database: "d", requirements: "r", packages: "p" } };
  const files = release.listFiles(site);
  site.set("manifest.json", release.toJson({ format: 1, ...about, files }));
  if (!stated) return site;
  const statement = release.toJson(release.makeStatement(site, about, texts));
  site.set(release.STATEMENT, statement);
  if (keys.length) {
    const envelopes = keys.map((each) => JSON.parse(release.seal(statement, each)));
    const signatures = envelopes.flatMap((envelope) => envelope.signatures);
    site.set(release.ENVELOPE, Buffer.from(JSON.stringify({ ...envelopes[0], signatures })));
  }
  return site;
}

/** @param {Site} site */
export const digestOf = (site) => release.sha256(site.get("manifest.json"));

/**
 * Makes a server in memory, whose site a test may change; `asked` gets the addresses that it was
 * asked for, without its own.
 *
 * @param {Site} site
 */
export function makeServer(site) {
  const server = {
    site,
    asked: /** @type {string[]} */ ([]),
    /** Answers in the site's place, if it gives something. @type {(name: string) => any} */
    plan: () => undefined,
    /** @type {(address: string, options: RequestInit) => Promise<Response>} */
    fetch: async (address, { cache }) => {
      const path = address.slice(BASE.length);
      server.asked.push(path);
      const name = path.split("?")[0];
      const planned = await server.plan(name);
      if (planned) return planned;
      const bytes = server.site.get(name);
      if (name === "manifest.json" && cache !== "no-store") throw new Error("asks a cache");
      return bytes ? new Response(new Uint8Array(bytes)) : new Response("", { status: 404 });
    },
  };
  return server;
}

/**
 * Makes a store in memory, which keeps as one in a browser does.
 *
 * @returns {Store & { room: number, state: State, kept: AskedFirst<string, ArrayBuffer> }}
 */
export function makeStore() {
  const store = {
    /** How many bytes of files there is room for. */
    room: Infinity,
    state: emptyState(),
    kept: /** @type {AskedFirst<string, ArrayBuffer>} */ (new Map()),
    read: async () => structuredClone(store.state),
    files: async (digests) => digests.map((digest) => store.kept.get(digest)),
    change: async (change, asked = []) => {
      const held = asked.filter((digest) => store.kept.has(digest));
      const { state, puts, gone, outcome } = applyChange(structuredClone(store.state), change, held);
      const bytes = [...store.kept.values(), ...puts.values()].map((each) => each?.byteLength || 0);
      const size = bytes.reduce((sum, each) => sum + each, 0);
      const isMore = [...puts.values()].some(Boolean);
      if (isMore && size > store.room) throw new DOMException("full", "QuotaExceededError");
      puts.forEach((bytes, digest) => {
        if (bytes) store.kept.set(digest, bytes.slice(0));
        else store.kept.delete(digest);
      });
      gone.forEach((digest) => store.kept.delete(digest));
      store.state = structuredClone(state);
      return structuredClone(outcome);
    },
  };
  return store;
}

/**
 * Opens a site as a page does: gives the updater and the version with which it starts.
 *
 * @param {ReturnType<typeof makeServer>} server
 * @param {Store} store
 * @param {object} options of the updater
 * @returns {Promise<{ updater: any, kept: any }>}
 */
export async function open(server, store, options = {}) {
  const updater = createUpdater({ base: BASE, fetch: server.fetch, store, ...options });
  return { updater, kept: await updater.current() };
}
