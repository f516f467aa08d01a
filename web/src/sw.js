// The service worker: it keeps versions of the site, each whole, and answers a page from the one
// version with which that page was opened.

/**
 * @import { File } from "./manifest.js"
 * @import { Report } from "./update.js"
 * @import { State } from "./versions.js"
 */

import { sha256 } from "./digest.js";
import { download, downloadFile } from "./download.js";
import { own } from "./json.js";
import { MANIFEST } from "./manifest.js";
import { openStore } from "./store.js";
import { createUpdater, nameOf } from "./update.js";
import { ON_DEMAND, SITE, bind, mayGoBack, partOf, start, started } from "./versions.js";

/** @typedef {{ type: "look" | "status" | "back" | "started", again?: boolean }} Message */

const { scope } = self.registration;
const INDEX = "index.html";

// Stands for a version where a page was opened while none was kept.
const SERVER = "server";

// Before Safari 16, no page can be bound to its version before it has asked for a file.
const BINDS = "resultingClientId" in FetchEvent.prototype;

// A page that does not listen holds up nothing for longer.
const HEARD_MILLISECONDS = 1000;

// Of a release's files beside the site, which no manifest names, this is the most.
const BESIDE_BYTES = 24 << 20;

/** @type {{ [extension: string]: string }} */
const TYPES = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
};

const store = openStore(scope);
const updater = createUpdater({ base: scope, part: SITE, store, openPages: openIds });

// What could not be noted where the disk is full. The worker may be stopped at any time, so this
// does for want of something better.
/** @type {Map<string, string>} */
const unnoted = new Map();

async function openIds() {
  const pages = await self.clients.matchAll({ type: "all", includeUncontrolled: true });
  return pages.map(({ id }) => id);
}

async function openPages() {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return pages.filter(({ url }) => url.startsWith(scope));
}

/**
 * Gives the version of a page or worker.
 *
 * @param {State} state
 * @param {string} client
 */
const versionOf = (state, client) => unnoted.get(client) || own(partOf(state, SITE).pages, client);

/** Takes over the pages of a first visit, which the server has just sent. */
async function takePages() {
  const pages = await openPages();
  const open = await openIds();
  await store.change((state) => {
    const part = partOf(state, SITE);
    for (const { id } of pages) {
      if (part.current && !versionOf(state, id)) bind(part, id, part.current, open);
    }
  });
  await self.clients.claim();
}

/** Deletes what was kept before there was the store. */
async function dropCaches() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(`provender ${scope} `));
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** Keeps the site, or has its pages say why it could not be kept. */
async function install() {
  const { state, code, reason } = await updater.check();
  if (state === "current" || state === "updated") return;
  const pages = await openPages();
  await Promise.all(pages.map((page) => tell(page, { type: "not kept", code, reason })));
  throw new Error(`${reason}`);
}

/**
 * Tells a page, and waits until it has heard: what a worker says last may be lost with it.
 *
 * @param {Client} page
 * @param {object} message
 */
const tell = (page, message) =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    setTimeout(resolve, HEARD_MILLISECONDS);
    page.postMessage(message, [port2]);
  });

/** @param {string} name */
const typeOf = (name) => TYPES[name.slice(name.lastIndexOf(".") + 1)] || "application/octet-stream";

/**
 * Gives a file's name in the manifest, or null for an address outside the site's folder.
 *
 * @param {string} address
 */
function nameAt(address) {
  const place = address.split(/[?#]/)[0];
  if (!place.startsWith(scope)) return null;
  return place.slice(scope.length) || INDEX;
}

/**
 * Whether a request is one of those by which a newer version is looked for.
 *
 * @param {Request} request
 */
const looksPast = ({ cache, mode }) =>
  mode !== "navigate" && (cache === "no-store" || cache === "reload");

/**
 * Whether a request names a file by another digest than it has: it is not of the page's version.
 *
 * @param {Request} request
 * @param {File | undefined} file
 */
function isOther({ url }, file) {
  const [, asked] = /[?&]sha256=(\w+)/.exec(url) || [];
  return asked !== undefined && !(file && file.sha256 === asked);
}

/**
 * Gives the version for a request, or null where it is not known any more. Binds to it the page
 * or worker that the request opens, or that has none yet.
 *
 * @param {FetchEvent} event
 * @param {string} name
 */
async function choose({ request, clientId, resultingClientId }, name) {
  const opens = request.mode === "navigate";
  const client = resultingClientId || clientId;
  let before;
  try {
    before = await store.read();
  } catch (error) {
    // Of a storage that does not open, nothing is shown: all of a page comes from the server.
    if (opens) unnoted.set(client, SERVER);
    return unnoted.get(opens ? client : clientId) || null;
  }
  const bound = opens ? undefined : versionOf(before, clientId);
  if (bound && !resultingClientId) return bound;
  const open = await openIds();

  /** @param {State} state */
  function decide(state) {
    const counted = opens && name === INDEX ? start(state, SITE) : partOf(state, SITE).current;
    const version = bound || counted;
    // A page that is open had a version, which the browser has dropped with all else.
    if (!version && !opens && BINDS) return null;
    const chosen = version || SERVER;
    if (client) bind(partOf(state, SITE), client, chosen, open);
    return chosen;
  }

  try {
    return await store.change(decide);
  } catch (error) {
    // A full disk, on which nothing can be noted, still shows what is on it.
    const chosen = decide(before);
    if (client && chosen) unnoted.set(client, chosen);
    return chosen;
  }
}

/**
 * @param {FetchEvent} event
 * @param {string} name
 */
async function answer(event, name) {
  const digest = await choose(event, name);
  if (digest === null) return Response.error();
  if (digest === SERVER) return fetch(event.request);
  const version = own((await store.read()).versions, digest);
  // The browser has dropped it. The server may have another version, which must not mix in.
  if (!version) return Response.error();
  const file = own(version.files, name);
  if (isOther(event.request, file)) return fetch(event.request);
  if (file) {
    return (await respond(name, file.sha256)) || (await fetchLate(digest, name, file));
  }
  const beside = own(version.beside, name);
  if (beside === undefined) return fetch(event.request);
  return (beside && (await respond(name, beside))) || lateProvenance(digest, name);
}

/**
 * Gives a kept file, or null where it is not kept, or damaged.
 *
 * @param {string} name
 * @param {string} digest
 */
async function respond(name, digest) {
  const [bytes] = await store.files([digest]);
  if (!bytes || (await sha256(new Uint8Array(bytes))) !== digest) return null;
  return new Response(bytes, { headers: { "Content-Type": typeOf(name) } });
}

/**
 * Fetches a file that is kept only once it has been used, or that was lost. The server may have
 * another version by now, of which it takes nothing.
 *
 * @param {string} version
 * @param {string} name
 * @param {File} file
 */
async function fetchLate(version, name, file) {
  let bytes;
  try {
    bytes = await downloadFile(fetch, scope, name, file, true);
  } catch (error) {
    return Response.error();
  }
  try {
    await store.change((state, _, put) => {
      const { wanted } = partOf(state, SITE);
      const start = ON_DEMAND.find((each) => name.startsWith(each));
      if (start && !wanted.includes(start)) wanted.push(start);
      if (own(state.versions, version)) put(file.sha256, bytes.buffer);
    });
  } catch (error) {
    // It serves this page, though there is no room to keep it.
  }
  return new Response(bytes, { headers: { "Content-Type": typeOf(name) } });
}

/**
 * Provenance may be published after the files, and is taken only with the same files.
 *
 * @param {string} version
 * @param {string} name
 */
async function lateProvenance(version, name) {
  let bytes;
  try {
    bytes = await download(fetch, scope + name, name, BESIDE_BYTES, "no-store");
    const manifest = await download(fetch, scope + MANIFEST, MANIFEST, BESIDE_BYTES, "no-store");
    if ((await sha256(manifest)) !== version) return new Response("", { status: 404 });
  } catch (error) {
    // Without a connection, what was found on an earlier visit stands.
    return new Response("", { status: 404 });
  }
  const { buffer } = bytes;
  const digest = await sha256(bytes);
  await store.change((state, _, put) => {
    const found = own(state.versions, version);
    if (!found) return;
    found.beside[name] = digest;
    put(digest, buffer);
  });
  return new Response(bytes, { headers: { "Content-Type": typeOf(name) } });
}

/**
 * Does what a page asks; gives what it is told.
 *
 * @param {Message} message
 * @param {string} client the page
 * @returns {Promise<Report>}
 */
async function serve({ type, again }, client) {
  let found = null;
  if (type === "started") {
    await store.change((state) => started(state, SITE, `${versionOf(state, client)}`));
  }
  if (type === "back") await updater.rollback();
  if (type === "look") {
    found = await updater.check({ again });
    // This script knows too little of it; the one that comes with it may know more.
    if (["newer-code", "does-not-run"].includes(`${found.code}`)) await updateSelf();
  }
  if (type === "back" || (found && found.state === "updated")) await tellPages();
  const state = await store.read();
  const part = partOf(state, SITE);
  return {
    found,
    page: nameOf(state, versionOf(state, client) || null),
    runs: nameOf(state, part.current),
    before: mayGoBack(part) ? nameOf(state, part.before) : null,
  };
}

async function updateSelf() {
  try {
    await self.registration.update();
  } catch (error) {
    // There is none that could be installed; the page is told of the version itself.
  }
}

/** Tells pages of another version than the one that runs from now on. */
async function tellPages() {
  const state = await store.read();
  const { current } = partOf(state, SITE);
  for (const page of await openPages()) {
    const version = versionOf(state, page.id);
    if (version && version !== SERVER && version !== current) page.postMessage({ type: "newer" });
  }
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) =>
  event.waitUntil(Promise.all([takePages(), dropCaches()])),
);

self.addEventListener("fetch", (event) => {
  const name = nameAt(event.request.url);
  if (event.request.method !== "GET" || name === null || looksPast(event.request)) return;
  event.respondWith(answer(event, name));
});

self.addEventListener("message", (event) => {
  const { data, ports, source } = event;
  if (!data || !ports.length) return;
  const { id } = /** @type {Client} */ (source);
  event.waitUntil(serve(data, id).then((report) => ports[0].postMessage(report)));
});
