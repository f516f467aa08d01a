// Keeps a site's versions, or those of its model alone, and takes a newer one: whole, from whom it
// should be, with the answers that were published, or not at all.

/**
 * @import { Bytes } from "./bytes.js"
 * @import { CreateOptions, Made, Make } from "./create.js"
 * @import { Parts } from "./model.js"
 * @import { Fetch } from "./download.js"
 * @import { Manifest } from "./manifest.js"
 * @import { Problem } from "./problem.js"
 * @import { Read } from "./places.js"
 * @import { Statement } from "./statement.js"
 * @import { Store } from "./store.js"
 * @import { Offer } from "./trust.js"
 * @import { State, Version } from "./versions.js"
 */

import { TOLERANCE, largestDifference } from "./canaries.js";
import { createClassifier } from "./assemble.js";
import { sha256 } from "./digest.js";
import { describeHtml, download, downloadFile, isHtml } from "./download.js";
import { throwIfAborted } from "./errors.js";
import { own } from "./json.js";
import { ENVELOPE, MANIFEST, STATEMENT, readManifest } from "./manifest.js";
import { toBuffer } from "./model.js";
import { readerAt } from "./places.js";
import { assembleParts } from "./read_parts.js";
import { fail, toProblem } from "./problem.js";
import { readPublicKey } from "./signature.js";
import { openStore } from "./store.js";
import { checkStatement } from "./trust.js";
import {
  LEFT,
  MODEL,
  STARTS,
  digestsOf,
  filesOfArriving,
  flip,
  forgetPages,
  goBack,
  mayGoBack,
  neededNames,
  partOf,
  start,
  started,
} from "./versions.js";

/**
 * @typedef {object} Options
 * @property {string | URL} [base] the site's address; "." unless told
 * @property {string | string[]} [trust] public keys in PEM, one of which must have signed. Without
 *   any, the signer of the first signed version is the one of those to come.
 * @property {Fetch} [fetch]
 * @property {(progress: { file: string, loaded: number, total: number }) => void} [onProgress] is
 *   told how many bytes of those to be downloaded have come
 * @property {string} [part] MODEL, unless told
 * @property {Store} [store]
 * @property {() => Promise<string[]>} [openPages] gives the ids of pages and workers that are open
 */

/**
 * A version that is kept, and its files.
 *
 * @typedef {object} Kept
 * @property {string} version
 * @property {string} digest of its manifest.json
 * @property {number | null} kept when it came, in milliseconds of this machine's clock
 * @property {{ [name: string]: ArrayBuffer }} files the model's, about.json and manifest.json
 */

/**
 * A version that is kept, and whether it came with a release's statement.
 *
 * @typedef {{ name: string, version: string, digest: string, kept: number | null,
 *   stated: boolean }} Named
 */

/**
 * What a look for a newer version came to.
 *
 * @typedef {object} Found
 * @property {"current" | "updated" | "refused" | "unreachable"} state
 * @property {string | null} version what the server has, as far as it could be read
 * @property {string | null} digest
 * @property {string | null} code why it was not taken, for programs
 * @property {string | null} reason the same for people
 * @property {Named | null} runs the version that starts from now on
 */

/**
 * What a service worker tells a page. The page's script may be of another version than the worker,
 * so what is said here stays.
 *
 * @typedef {object} Report
 * @property {Found | null} found what a look for a newer version came to
 * @property {Named | null} page the version of the page itself
 * @property {Named | null} runs the version with which pages open from now on
 * @property {Named | null} before the version to which one may go back
 */

/** @typedef {ReturnType<typeof createUpdater>} Updater */

// A manifest has 3 kB, a statement 40 kB, of which the envelope is a third longer.
const MANIFEST_BYTES = 1 << 20;
const STATEMENT_BYTES = 16 << 20;
const ENVELOPE_BYTES = 24 << 20;
const KEY_BYTES = 1 << 12;

// Lies beside the site where its publisher has put it: the public key, in PEM.
const KEY = "provenance.pub";

// Codes of a server that did not answer, or not as it should.
const UNREACHED = ["unreachable", "http", "slow"];

// Downloads at once.
const LANES = 4;

/** @type {{ [why: string]: string }} */
const BAD = {
  [STARTS]: "was started twice, and did not",
  [LEFT]: "was left for the one before",
};

/**
 * Gives what keeps the versions of a site.
 *
 * @param {Options} options
 * @throws {Error} if `trust` is no public key
 */
export function createUpdater({
  base = ".",
  trust = [],
  fetch: ask = (address, options) => fetch(address, options),
  onProgress = () => {},
  part: name = MODEL,
  store: given,
  openPages = async () => [],
} = {}) {
  const folder = toFolder(String(base));
  const store = given || openStore(folder);
  const keys = /** @type {string[]} */ ([]).concat(trust).map(readPublicKey);
  /** @type {Promise<Kept | null> | null} */
  let starting = null;
  /** @type {Promise<Found> | null} */
  let checking = null;

  /**
   * @param {string} file
   * @param {number} most
   */
  const look = (file, most) => download(ask, folder + file, file, most, "no-store");

  /**
   * Looks for what not every site has.
   *
   * @param {string} file
   * @param {number} most
   */
  async function lookFor(file, most) {
    try {
      const bytes = await look(file, most);
      // Some hosts have a page for what they lack.
      return isHtml(bytes) ? null : bytes;
    } catch (error) {
      if (/** @type {Problem} */ (error).code !== "missing") throw error;
      return null;
    }
  }

  /** @param {Partial<Offer>} offer gets what the server has */
  async function readOffer(offer) {
    const bytes = await look(MANIFEST, MANIFEST_BYTES);
    if (isHtml(bytes)) throw describeHtml(MANIFEST);
    const digest = await sha256(bytes);
    const manifest = readManifest(bytes);
    Object.assign(offer, {
      manifest: bytes,
      digest,
      name: manifest.name,
      version: manifest.version,
    });
    return { manifest, digest };
  }

  /**
   * Looks for a newer version, and takes it. Gives whether there was one.
   *
   * @param {Partial<Offer>} offer gets what the server has
   * @param {boolean} again
   */
  async function take(offer, again) {
    const { manifest, digest } = await readOffer(offer);
    const part = partOf(await store.read(), name);
    if (digest === part.current && (await isWhole(manifest, digest))) return false;

    const bad = own(part.bad, digest);
    if (bad !== undefined && !again) {
      throw fail("bad", `Version ${manifest.version} ${BAD[bad] || "is bad"}; it is not taken again`);
    }
    offer.statement = await lookFor(STATEMENT, STATEMENT_BYTES);
    offer.envelope = await lookFor(ENVELOPE, ENVELOPE_BYTES);
    const { canaries, signer } = await checkStatement(
      /** @type {Offer} */ (offer),
      keys,
      part,
      () => lookFor(KEY, KEY_BYTES),
    );

    await prepare(/** @type {Offer} */ (offer), manifest);
    await downloadMissing(manifest, digest, !part.current);
    await checkAnswers(manifest, canaries);
    const open = await openPages();
    await change(manifest, digest, (state, isWhole) => {
      if (!isWhole) throw fail("replaced", "This browser has lost a part of it meanwhile");
      flip(state, name, digest, Date.now());
      const own = partOf(state, name);
      own.signer = signer || own.signer;
      forgetPages(own, open);
    });
    return digest !== part.current;
  }

  /**
   * Changes the record, given whether a version is whole.
   *
   * @template Result
   * @param {Manifest} manifest
   * @param {string} digest
   * @param {(state: State, isWhole: boolean) => Result} work
   */
  async function change({ files }, digest, work) {
    const all = digestsOf(files, Object.keys(files));
    return store.change((state, held) => {
      const needed = digestsOf(files, neededNames(files, name, partOf(state, name).wanted));
      const isKept = own(state.versions, digest) !== undefined;
      return work(state, isKept && needed.every((each) => held.includes(each)));
    }, all);
  }

  /**
   * @param {Manifest} manifest
   * @param {string} digest
   */
  const isWhole = (manifest, digest) => change(manifest, digest, (_, whole) => whole);

  /**
   * Notes a version as the one that is arriving, so that what comes of it stays.
   *
   * @param {Offer} offer
   * @param {Manifest} manifest
   */
  async function prepare(
    { manifest, digest, name: title, version, statement, envelope },
    { files },
  ) {
    /** @type {Version["beside"]} */
    const beside = { [MANIFEST]: digest };
    /** @type {[string, Bytes][]} */
    const bytes = [[digest, manifest]];
    for (const [file, content] of /** @type {[string, Bytes | null][]} */ ([
      [STATEMENT, statement],
      [ENVELOPE, envelope],
    ])) {
      beside[file] = content && (await sha256(content));
      if (content) bytes.push([/** @type {string} */ (beside[file]), content]);
    }
    await store.change((state, _, put) => {
      const known = own(state.versions, digest);
      const { kept = null } = known || {};
      state.versions[digest] = { name: title, version, files, beside, kept };
      partOf(state, name).arriving = digest;
      bytes.forEach(([key, content]) => put(key, bufferOf(content)));
    });
  }

  /**
   * Downloads the files of a version that are not kept yet, each content once.
   *
   * @param {Manifest} manifest
   * @param {string} digest
   * @param {boolean} shown whether the browser may have them since it showed the page
   */
  async function downloadMissing({ files }, digest, shown) {
    const all = digestsOf(files, Object.keys(files));
    const missing = await store.change((state, held) => {
      const names = neededNames(files, name, partOf(state, name).wanted);
      return digestsOf(files, names).filter((each) => !held.includes(each));
    }, all);
    const waiting = missing.map((each) =>
      /** @type {string} */ (Object.keys(files).find((file) => files[file].sha256 === each)),
    );
    const total = waiting.reduce((sum, file) => sum + files[file].bytes, 0);
    let done = 0;
    await inLanes(waiting, async (file) => {
      const bytes = await downloadFile(ask, folder, file, files[file], shown);
      await keep(digest, files[file].sha256, bytes);
      done += bytes.length;
      onProgress({ file, loaded: done, total });
    });
  }

  /**
   * Keeps a file of the version that is arriving.
   *
   * @param {string} digest the version's
   * @param {string} key the file's digest
   * @param {Bytes} bytes
   */
  const keep = (digest, key, bytes) =>
    store.change((state, _, put) => {
      if (partOf(state, name).arriving !== digest) {
        throw fail("replaced", "Another tab has taken another version");
      }
      put(key, bufferOf(bytes));
    });

  /**
   * Asks the model of a version its canary texts or, where it has none, for any answer.
   *
   * @param {Manifest} manifest
   * @param {Statement["canaries"]} canaries
   */
  async function checkAnswers({ version, files }, canaries) {
    const names = neededNames(files, MODEL, []);
    const read = await readFiles(files, names);
    if (!read) throw fail("replaced", "This browser has lost a part of it meanwhile");
    let differences;
    try {
      const classifier = createClassifier(readParts(read));
      classifier.predict("", 1);
      differences = (canaries || []).map((canary) => largestDifference(classifier, canary));
    } catch (error) {
      // A newer script may know how; files of any content may be wrong in any way.
      const { message } = /** @type {Error} */ (error);
      throw fail("does-not-run", `The model of version ${version} does not run here: ${message}`);
    }
    // Not by the largest, as NaN is none.
    if (!differences.every((difference) => difference <= TOLERANCE)) {
      throw fail("answers", `The model of version ${version} gives other answers than were published`);
    }
  }

  /**
   * Reads files that are kept; gives null where one is not, or is damaged and so is kept no more.
   *
   * @param {Manifest["files"]} files
   * @param {string[]} names
   */
  async function readFiles(files, names) {
    const kept = await store.files(names.map((file) => files[file].sha256));
    /** @type {{ [name: string]: ArrayBuffer }} */
    const read = {};
    /** @type {string[]} */
    const lost = [];
    for (let i = 0; i < names.length; i++) {
      const bytes = kept[i];
      const { sha256: expected } = files[names[i]];
      if (bytes && (await sha256(new Uint8Array(bytes))) === expected) read[names[i]] = bytes;
      else lost.push(expected);
    }
    if (!lost.length) return read;
    await store.change((_, __, put) => lost.forEach((key) => put(key, null)));
    return null;
  }

  /** @param {boolean} again */
  async function run(again) {
    /** @type {Partial<Offer>} */
    const offer = {};
    /** @type {Found["state"]} */
    let state;
    /** @type {Problem | null} */
    let problem = null;
    try {
      state = (await take(offer, again)) ? "updated" : "current";
    } catch (error) {
      problem = toProblem(error);
      state = UNREACHED.includes(problem.code) ? "unreachable" : "refused";
      if (problem.code === "quota") await giveUp();
    }
    return {
      state,
      version: offer.version || null,
      digest: offer.digest || null,
      code: problem && problem.code,
      reason: problem && `${problem.message}.`,
      runs: await running(),
    };
  }

  /** Gives the room back that a version took which does not fit. */
  async function giveUp() {
    try {
      await store.change((state, _, put) =>
        filesOfArriving(state, name).forEach((digest) => put(digest, null)),
      );
      await store.change((state) => {
        partOf(state, name).arriving = null;
      });
    } catch (error) {
      // A disk may be so full that not even this can be noted. It is when there is a next time.
    }
  }

  /** @returns {Promise<Named | null>} */
  async function running() {
    try {
      const state = await store.read();
      return nameOf(state, partOf(state, name).current);
    } catch (error) {
      // Nothing runs from a storage that does not open.
      return null;
    }
  }

  /** @returns {Promise<Kept | null>} */
  async function begin() {
    const state = await store.change((record) => {
      start(record, name);
      return record;
    });
    const { current, before } = partOf(state, name);
    for (const digest of [current, before]) {
      const version = digest && own(state.versions, digest);
      if (!version) continue;
      const [manifest] = await store.files([/** @type {string} */ (digest)]);
      const read = await readFiles(version.files, neededNames(version.files, name, []));
      if (!read || !manifest) continue;
      read[MANIFEST] = manifest;
      return Object.assign({ files: read }, /** @type {Named} */ (nameOf(state, digest)));
    }
    return null;
  }

  /**
   * Gives the version that runs, whole, or null where none is kept. Counts as a start of it, of
   * which `started` must tell that it was good.
   */
  function current() {
    // Where there is no storage, nothing is kept in it.
    starting = starting || begin().catch(() => null);
    return starting;
  }

  return {
    current,

    /** Tells that the version that `current` gave has started. */
    async started() {
      const version = await current();
      if (version) await store.change((state) => started(state, name, version.digest));
    },

    /**
     * Looks for a newer version, and takes it. What runs goes on running, whatever comes of it.
     *
     * @param {{ again?: boolean }} [options] whether to take one, too, that did not start or was left
     */
    async check({ again = false } = {}) {
      // One that is going on may be about to refuse what is asked for now.
      if (checking && again) await checking;
      if (!checking) {
        checking = run(again);
        const end = () => {
          checking = null;
        };
        checking.then(end, end);
      }
      return checking;
    },

    /**
     * Goes back to the version before, which then runs until a newer one than that which is left is
     * published, or `check({ again: true })` is called. Gives it, or null where there is none.
     */
    rollback() {
      return store.change((state) => {
        const part = partOf(state, name);
        if (!mayGoBack(part)) return null;
        goBack(part, LEFT);
        return nameOf(state, part.current);
      });
    },

    running,
  };
}

/**
 * Gives what a version is called, or null where it is not kept.
 *
 * @param {State} state
 * @param {string | null} digest
 * @returns {Named | null}
 */
export function nameOf(state, digest) {
  const found = digest && own(state.versions, digest);
  if (!digest || !found) return null;
  const { name, version, kept, beside } = found;
  return { name, version, digest, kept, stated: Boolean(beside[STATEMENT]) };
}

/**
 * Makes a classifier of the version that is kept, where there is one. Of whoever trusts a signer,
 * there has to be.
 *
 * @param {CreateOptions} options
 * @param {Make} make
 */
export async function makeKept(options, make) {
  let updater = updaterFor(options);
  let kept = await updater.current();
  if (options.trust && !kept) {
    const { state, code, reason } = await updater.check();
    updater = updaterFor(options);
    kept = await updater.current();
    if (!kept) throw fail(code || state, `${reason}`);
  }
  const made = await make(options, readerOf(options, kept));
  throwIfAborted(options.signal);
  if (kept) await updater.started();
  return made;
}

/**
 * Looks for another version; gives what came of it, and the classifier of what was found.
 *
 * @param {"check" | "rollback"} how
 * @param {CreateOptions} options
 * @param {Make} make
 * @returns {Promise<{ found: any, next?: Made }>}
 */
export async function change(how, options, make) {
  const updater = updaterFor(options);
  const found = how === "check" ? await updater.check() : await goBackBy(updater);
  if (found.state !== "updated") return { found };
  const next = updaterFor(options);
  const made = await make(options, readerOf(options, await next.current()));
  await next.started();
  return { found, next: made };
}

/**
 * Gives what reads the files of a version that is kept, and others from the server.
 *
 * @param {CreateOptions} options
 * @param {Kept | null} kept
 * @returns {Read}
 */
function readerOf({ base = ".", fetch, signal }, kept) {
  const fetched = readerAt(base, fetch, signal);
  return async (name, digest, cache) =>
    kept && kept.files[name] && !cache
      ? new Uint8Array(kept.files[name])
      : fetched(name, digest, cache);
}

/** @param {CreateOptions} options */
const updaterFor = ({ base, trust, fetch, onProgress }) =>
  createUpdater({ base, trust, fetch: /** @type {Fetch | undefined} */ (fetch), onProgress });

/** @param {Updater} updater */
async function goBackBy(updater) {
  const before = await updater.rollback();
  return before
    ? { state: "updated", version: before.version, digest: before.digest }
    : { state: "current", version: null, digest: null, reason: "There is no version before." };
}

/** @param {Bytes} bytes */
const bufferOf = (bytes) => /** @type {ArrayBuffer} */ (toBuffer(bytes));

/** @param {string} base */
function toFolder(base) {
  const folder = base.replace(/\/*$/, "/");
  return typeof location === "object" ? new URL(folder, location.href).href : folder;
}

/**
 * Does some work for each item, several at once; stops at the first that fails.
 *
 * @template Item
 * @param {Item[]} items
 * @param {(item: Item) => Promise<void>} work
 */
async function inLanes(items, work) {
  const waiting = items.slice();
  async function lane() {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        await work(item);
      } catch (error) {
        waiting.length = 0;
        throw error;
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane));
}

/**
 * Gives what a classifier is made from, of the files that `current` gave.
 *
 * @param {{ [name: string]: ArrayBuffer }} files
 * @returns {Parts}
 */
export const readParts = (files) => assembleParts((name) => files[name]);
