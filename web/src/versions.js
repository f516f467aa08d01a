// Which versions of a site a browser keeps and which of them runs: a record, and its changes. They
// do not touch the browser, so a store makes each of them one transaction.

/**
 * @import { Manifest, File } from "./manifest.js"
 */

import { own } from "./json.js";
import { fail } from "./problem.js";

/**
 * All that is kept of a site.
 *
 * @typedef {object} State
 * @property {{ [digest: string]: Version }} versions by the digests of their manifests
 * @property {{ [part: string]: Part }} parts
 */

/**
 * A version of a site.
 *
 * @typedef {object} Version
 * @property {string} name the classifier's
 * @property {string} version
 * @property {number | null} kept when it was first whole, by this machine's clock, for people
 * @property {Manifest["files"]} files
 * @property {{ [name: string]: string | null }} beside the digests of the manifest and of what lies
 *   beside the site; null where the server had none
 */

/**
 * What runs: of the whole site, or of its model alone, where there is no service worker. Versions
 * are named by their digests.
 *
 * @typedef {object} Part
 * @property {string | null} current
 * @property {string | null} before
 * @property {string | null} arriving the version that is being downloaded
 * @property {boolean} proven whether the current version has started once
 * @property {number} starts how often it was started without telling that it had
 * @property {{ [digest: string]: string }} bad versions that are not taken by themselves, and why
 * @property {{ digest: string, name: string, version: string } | null} newest the newest version
 *   that has run
 * @property {Signer | null} signer of the first signed version, where nobody has named a key
 * @property {string[]} wanted where the files begin that are kept once they have been used
 * @property {{ [client: string]: string }} pages the version of each page and worker
 */

/**
 * Who signs: the id of the key and, where the site came with it, the key in hexadecimal digits.
 *
 * @typedef {{ id: string, key: string | null }} Signer
 */

/**
 * A change of the record; gives what it came to. It is told which files are kept, of those that
 * were asked for, and may put others, or null for one that is to go.
 *
 * @template Result
 * @typedef {(
 *   state: State,
 *   held: string[],
 *   put: (digest: string, bytes: ArrayBuffer | null) => void,
 * ) => Result} Change
 */

export const SITE = "site";
export const MODEL = "model";

// TensorFlow.js, and the format that nothing else reads: 1.5 MB.
export const ON_DEMAND = ["vendor/", "tfjs/graph/"];
const MODEL_FILES = ["about.json", "constants.json", "tfjs/layers/"];

// Why a version is bad.
export const STARTS = "did not start";
export const LEFT = "left";

// So many starts that do not tell that they were good are a version that does not start.
const MOST_STARTS = 2;

// Of pages that were closed. A page that is being opened is in no list of the browser's yet.
const MOST_PAGES = 100;

/** @returns {State} */
export const emptyState = () => ({ versions: {}, parts: {} });

/**
 * @param {State} state
 * @param {string} name
 */
export function partOf(state, name) {
  state.parts[name] = state.parts[name] || {
    current: null,
    before: null,
    arriving: null,
    proven: false,
    starts: 0,
    bad: {},
    newest: null,
    signer: null,
    wanted: [],
    pages: {},
  };
  return state.parts[name];
}

/**
 * Applies a change to a record; gives the new one, whether it differs, the files to put, and the
 * digests of those of which no version is left.
 *
 * @template Result
 * @param {State} state
 * @param {Change<Result>} change
 * @param {string[]} held
 */
export function applyChange(state, change, held) {
  const before = filesOf(state);
  const old = JSON.stringify(state);
  /** @type {Map<string, ArrayBuffer | null>} */
  const puts = new Map();
  const outcome = change(state, held, (digest, bytes) => puts.set(digest, bytes));
  dropVersions(state);
  const after = filesOf(state);
  puts.forEach((bytes, digest) => {
    // Another tab has given up the version that it is of.
    if (bytes && !after.has(digest)) throw fail("replaced", "Another tab has taken another version");
  });
  const gone = Array.from(before).filter((digest) => !after.has(digest));
  return { state, isChanged: JSON.stringify(state) !== old, puts, gone, outcome };
}

/** @param {State} state */
function filesOf(state) {
  /** @type {Set<string>} */
  const digests = new Set();
  for (const digest of Object.keys(state.versions)) {
    const { files, beside } = state.versions[digest];
    Object.keys(files).forEach((name) => digests.add(files[name].sha256));
    Object.keys(beside).forEach((name) => digests.add(`${beside[name]}`));
  }
  return digests;
}

/**
 * Gives the digests of files that are kept for nothing but the version that is arriving.
 *
 * @param {State} state
 * @param {string} name the part's
 */
export function filesOfArriving(state, name) {
  const rest = /** @type {State} */ (JSON.parse(JSON.stringify(state)));
  partOf(rest, name).arriving = null;
  dropVersions(rest);
  const needed = filesOf(rest);
  return Array.from(filesOf(state)).filter((digest) => !needed.has(digest));
}

/** @param {State} state */
function dropVersions(state) {
  /** @type {Set<string | null>} */
  const needed = new Set();
  for (const name of Object.keys(state.parts)) {
    const { current, before, arriving, pages } = state.parts[name];
    [current, before, arriving].forEach((digest) => needed.add(digest));
    Object.keys(pages).forEach((page) => needed.add(pages[page]));
  }
  for (const digest of Object.keys(state.versions)) {
    if (!needed.has(digest)) delete state.versions[digest];
  }
}

/**
 * Gives the files that a part needs of a version, by their names.
 *
 * @param {Manifest["files"]} files
 * @param {string} part
 * @param {string[]} wanted
 */
export const neededNames = (files, part, wanted) =>
  Object.keys(files).filter((name) =>
    part === MODEL
      ? startsWithAny(name, MODEL_FILES)
      : !startsWithAny(name, ON_DEMAND) || startsWithAny(name, wanted),
  );

/**
 * @param {string} name
 * @param {string[]} starts
 */
const startsWithAny = (name, starts) => starts.some((start) => name.startsWith(start));

/**
 * Gives the digests of files, each once.
 *
 * @param {{ [name: string]: File }} files
 * @param {string[]} names
 */
export const digestsOf = (files, names) =>
  Array.from(new Set(names.map((name) => files[name].sha256)));

/**
 * Makes a version the current one; the one before is the last that has started.
 *
 * @param {State} state
 * @param {string} name the part's
 * @param {string} digest
 * @param {number} now
 */
export function flip(state, name, digest, now) {
  const part = partOf(state, name);
  const version = state.versions[digest];
  version.kept = version.kept || now;
  part.arriving = null;
  delete part.bad[digest];
  if (part.current === digest) return;
  if (part.current && (part.proven || !part.before || part.before === digest)) {
    part.before = part.current;
  }
  Object.assign(part, { current: digest, proven: false, starts: 0 });
  const { newest } = part;
  const isOther = !newest || newest.name !== version.name;
  if (isOther || compareVersions(version.version, newest.version) >= 0) {
    part.newest = { digest, name: version.name, version: version.version };
  }
}

/**
 * Counts a start of the current version, or leaves it for the one before, where it has not told
 * of too many. Gives the version that is to start, or null where there is none.
 *
 * @param {State} state
 * @param {string} name the part's
 */
export function start(state, name) {
  const part = partOf(state, name);
  if (!part.proven && part.starts >= MOST_STARTS && mayGoBack(part)) goBack(part, STARTS);
  if (!part.proven) part.starts += 1;
  return part.current;
}

/**
 * Notes that a version has started: it is not bad, whatever was thought of it meanwhile.
 *
 * @param {State} state
 * @param {string} name the part's
 * @param {string} digest
 */
export function started(state, name, digest) {
  const part = partOf(state, name);
  if (part.current === digest) part.proven = true;
  if (own(part.bad, digest) === STARTS) delete part.bad[digest];
}

/**
 * Gives whether there is a version to go back to, which was not left itself.
 *
 * @param {Part} part
 */
export const mayGoBack = ({ before, bad }) => before !== null && own(bad, before) === undefined;

/**
 * Goes back to the version before, and remembers why.
 *
 * @param {Part} part
 * @param {string} why
 */
export function goBack(part, why) {
  const { current, before } = part;
  part.bad[/** @type {string} */ (current)] = why;
  Object.assign(part, { current: before, before: current, proven: true, starts: 0 });
}

/**
 * Binds a page or worker to its version. Forgets the oldest that are open no more.
 *
 * @param {Part} part
 * @param {string} client
 * @param {string} digest
 * @param {string[]} open
 */
export function bind(part, client, digest, open) {
  part.pages[client] = digest;
  const closed = Object.keys(part.pages).filter((page) => !open.includes(page));
  closed.slice(0, -MOST_PAGES).forEach((page) => delete part.pages[page]);
}

/**
 * Forgets pages that are open no more, unless they are of a version that is kept anyway, and so
 * may be of a page that is being opened.
 *
 * @param {Part} part
 * @param {string[]} open
 */
export function forgetPages(part, open) {
  for (const page of Object.keys(part.pages)) {
    const kept = [part.current, part.before].includes(part.pages[page]);
    if (!kept && !open.includes(page)) delete part.pages[page];
  }
}

const VERSION = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/**
 * Compares versions by the precedence of Semantic Versioning 2.0.0: below 0 where the first is the
 * older, 0 where neither is, or where one is no such version.
 *
 * @param {string} first
 * @param {string} second
 */
export function compareVersions(first, second) {
  const [a, b] = [VERSION.exec(first), VERSION.exec(second)];
  if (!a || !b) return 0;
  for (const place of [1, 2, 3]) {
    const order = compareNumbers(a[place], b[place]);
    if (order) return order;
  }
  if (!a[4] || !b[4]) return Number(!a[4]) - Number(!b[4]);
  return comparePreReleases(a[4].split("."), b[4].split("."));
}

/**
 * @param {string[]} first
 * @param {string[]} second
 */
function comparePreReleases(first, second) {
  for (let i = 0; i < Math.min(first.length, second.length); i++) {
    const [a, b] = [first[i], second[i]];
    const [isNumber, isOther] = [/^\d+$/.test(a), /^\d+$/.test(b)];
    const order =
      isNumber && isOther
        ? compareNumbers(a, b)
        : Number(isOther) - Number(isNumber) || Number(a > b) - Number(a < b);
    if (order) return order;
  }
  return first.length - second.length;
}

/**
 * Compares whole numbers of any length in decimal digits.
 *
 * @param {string} first
 * @param {string} second
 */
function compareNumbers(first, second) {
  const [a, b] = [first, second].map((digits) => digits.replace(/^0+(?=\d)/, ""));
  return a.length - b.length || Number(a > b) - Number(a < b);
}
