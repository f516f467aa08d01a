// The service worker: it keeps versions of the site, each whole and under the sha256 digest of
// its manifest.json, and answers a page from the one version with which that page was opened.

import { toHex } from "./bytes.js";

/**
 * A file as the server gave it.
 *
 * @typedef {{ status: number, type: string, bytes: BufferSource }} Download
 */

const MANIFEST = "manifest.json";

// A release lays these beside the files of the manifest.
const PROVENANCE = ["provenance.intoto.json", "provenance.dsse.json"];

const { scope } = self.registration;
// Several bundles may be sites of one origin.
const VERSIONS = `provender ${scope} version `;
const STATE = `provender ${scope} state`;

// Stands for a version where a page was opened while none was kept.
const SERVER = "server";

// Before Safari 16, no page can be bound to its version before it has asked for a file.
const BINDS = "resultingClientId" in FetchEvent.prototype;

/** @param {BufferSource} bytes */
const sha256 = async (bytes) =>
  toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));

/**
 * Fetches a file past the browser's own cache.
 *
 * @param {string} name
 * @returns {Promise<Download>}
 */
async function download(name) {
  const response = await fetch(name, { cache: "no-cache" });
  return {
    status: response.status,
    type: response.headers.get("Content-Type") || "application/octet-stream",
    bytes: await response.arrayBuffer(),
  };
}

/**
 * @param {Cache} cache
 * @param {string} name
 * @param {Download} file
 */
const keep = (cache, name, { status, type, bytes }) =>
  cache.put(name, new Response(bytes, { status, headers: { "Content-Type": type } }));

/**
 * @param {string} version
 * @param {string} name
 */
const kept = (version, name) => caches.match(name, { cacheName: VERSIONS + version });

/**
 * Whether a version has its manifest, which is kept last.
 *
 * @param {string} version
 */
const isWhole = async (version) => Boolean(await kept(version, MANIFEST));

/**
 * Keeps what the worker knows, too, since the browser may stop it at any time.
 *
 * @param {string} name
 * @param {string} value
 */
async function remember(name, value) {
  await (await caches.open(STATE)).put(name, new Response(value));
}

/** @param {string} name */
async function recall(name) {
  const found = await caches.match(name, { cacheName: STATE });
  return found ? found.text() : null;
}

/**
 * @param {string} client
 * @param {string} version
 */
const bind = (client, version) => remember(`client/${client}`, version);

/** @param {string} client */
const versionOf = (client) => (client ? recall(`client/${client}`) : null);

/** Keeps the server's version and makes it the one for pages to come; fails if it is not whole. */
async function update() {
  const manifest = await download(MANIFEST);
  const version = await sha256(manifest.bytes);
  if (!(await isWhole(version))) await fill(version, manifest);
  const before = await recall("current");
  if (version !== before) {
    if (before) await remember("before", before);
    await remember("current", version);
  }
  await dropOldVersions();
}

/**
 * @param {string} version
 * @param {Download} manifest
 */
async function fill(version, manifest) {
  const { files } = JSON.parse(new TextDecoder().decode(manifest.bytes));
  const cache = await caches.open(VERSIONS + version);
  await Promise.all(
    Object.keys(files).map(async (name) => {
      const file = await download(name);
      if ((await sha256(file.bytes)) !== files[name].sha256) {
        throw new Error(`${name} is not of the version in ${MANIFEST}`);
      }
      await keep(cache, name, { status: 200, type: file.type, bytes: file.bytes });
    }),
  );
  await Promise.all(
    PROVENANCE.map(async (name) => {
      const file = await download(name);
      // That there is none is worth knowing without a connection, too.
      if (file.status === 200 || file.status === 404) await keep(cache, name, file);
    }),
  );
  await keep(cache, MANIFEST, manifest);
}

async function dropOldVersions() {
  const pages = await self.clients.matchAll({ type: "all", includeUncontrolled: true });
  // The version before may be that of a page which is being opened, and is in no list yet.
  const needed = await Promise.all([
    recall("current"),
    recall("before"),
    ...pages.map(({ id }) => versionOf(id)),
  ]);
  const names = await caches.keys();
  await Promise.all(
    names
      .filter((name) => name.startsWith(VERSIONS))
      .filter((name) => !needed.includes(name.slice(VERSIONS.length)))
      .map((name) => caches.delete(name)),
  );
}

async function openPages() {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return pages.filter(({ url }) => url.startsWith(scope));
}

/** Takes over the pages of a first visit, which the server has just sent. */
async function takePages() {
  const current = await recall("current");
  for (const { id } of await openPages()) {
    if (!(await versionOf(id))) await bind(id, /** @type {string} */ (current));
  }
  await self.clients.claim();
}

async function tellPages() {
  const current = await recall("current");
  for (const page of await openPages()) {
    const version = await versionOf(page.id);
    if (version && version !== SERVER && version !== current) page.postMessage("newer");
  }
}

/**
 * Gives a file's name in the manifest, or null for an address outside the site's folder.
 *
 * @param {string} address
 */
function nameOf(address) {
  const place = address.split(/[?#]/)[0];
  if (!place.startsWith(scope)) return null;
  return place.slice(scope.length) || "index.html";
}

/**
 * Gives the version for a request, or null where it is not known any more. Binds to it the page
 * or worker that the request opens, or that has none yet.
 *
 * @param {FetchEvent} event
 */
async function choose({ request, clientId, resultingClientId }) {
  const opens = request.mode === "navigate";
  const own = opens ? null : await versionOf(clientId);
  if (own && !resultingClientId) return own;
  const version = own || (await recall("current"));
  const usable = own || (version && (await isWhole(version)));
  // A page that is open had a version, which the browser has dropped with all else.
  if (!usable && !opens && BINDS) return null;
  const chosen = usable ? /** @type {string} */ (version) : SERVER;
  const client = resultingClientId || clientId;
  if (client) await bind(client, chosen);
  return chosen;
}

/**
 * @param {FetchEvent} event
 * @param {string} name
 */
async function answer(event, name) {
  const version = await choose(event);
  if (version === null) return Response.error();
  if (version === SERVER) return fetch(event.request);
  const found = await kept(version, name);
  if (found && found.ok) return found;
  // The browser has dropped it. The server may have another version, which must not mix in.
  if (!(await isWhole(version))) return Response.error();
  return PROVENANCE.includes(name) ? lateProvenance(version, name) : fetch(event.request);
}

/**
 * Provenance may be published after the files, and is taken only with the same files.
 *
 * @param {string} version
 * @param {string} name
 */
async function lateProvenance(version, name) {
  try {
    const file = await download(name);
    const { bytes } = await download(MANIFEST);
    if (file.status === 200 && (await sha256(bytes)) === version) {
      await keep(await caches.open(VERSIONS + version), name, file);
    }
  } catch (error) {
    // Without a connection, what was found on an earlier visit stands.
    if (!(await kept(version, name))) return Response.error();
  }
  return (await kept(version, name)) || new Response("", { status: 404 });
}

self.addEventListener("install", (event) => event.waitUntil(update()));
self.addEventListener("activate", (event) => event.waitUntil(takePages()));

self.addEventListener("fetch", (event) => {
  const name = nameOf(event.request.url);
  if (event.request.method === "GET" && name !== null) event.respondWith(answer(event, name));
});

// A page asks once it has loaded. Where the server cannot be reached, or has a version by half,
// what is kept stands.
self.addEventListener("message", (event) => {
  if (event.data === "look for newer") event.waitUntil(update().then(tellPages, () => {}));
});
