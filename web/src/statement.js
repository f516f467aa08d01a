// Reads a release's statement (in-toto v1, with a predicate of SLSA provenance v1). It comes
// from outside, so nothing is taken for granted about its shape.

/**
 * @import { Bytes } from "./bytes.js"
 * @import { JsonObject } from "./json.js"
 */

import { fromBase64 } from "./bytes.js";
import { isObject, parseObject } from "./json.js";
import { MANIFEST, listFiles } from "./manifest.js";

/**
 * What a page needs of a statement; what it does not say is null or empty.
 *
 * @typedef {object} Statement
 * @property {Map<string, string | null>} subjects the sha256 digest of each file of the site
 * @property {string | null} name
 * @property {string | null} version
 * @property {string | null} commit
 * @property {string | null} repository
 * @property {{ [name: string]: string | null }} inputs by their names in manifest.json
 * @property {Canary[] | null} canaries
 */

/**
 * A text, and the score that was published for each label.
 *
 * @typedef {{ text: string, scores: JsonObject }} Canary
 */

const STATEMENT = "https://in-toto.io/Statement/v1";
const PREDICATE = "https://slsa.dev/provenance/v1";

const BUNDLE = "bundle/";
const DATA = "data/source/news.sqlite";
const PYTHON_LOCK = "requirements.lock";
const NODE_LOCK = "web/package-lock.json";

/**
 * @param {unknown} value
 * @returns {JsonObject}
 */
const object = (value) => (isObject(value) ? value : {});

/**
 * @param {unknown} value
 * @returns {JsonObject[]}
 */
const list = (value) => (Array.isArray(value) ? value.filter(isObject) : []);

/** @param {unknown} value */
const text = (value) => (typeof value === "string" ? value : null);

/**
 * @param {unknown} items
 * @param {string} name
 * @returns {JsonObject}
 */
const named = (items, name) => list(items).find((item) => item.name === name) || {};

/**
 * @param {JsonObject} item
 * @param {string} kind
 */
const digest = (item, kind) => text(object(item.digest)[kind]);

/**
 * Reads a statement.
 *
 * @param {Bytes} bytes
 * @returns {Statement}
 * @throws {Error} if it is no such statement
 */
export function readStatement(bytes) {
  const statement = parseObject(bytes);
  if (!statement) throw new Error("it is not a JSON object");
  if (statement._type !== STATEMENT) throw new Error(`its _type is not ${STATEMENT}`);
  if (statement.predicateType !== PREDICATE) throw new Error(`its predicate is not ${PREDICATE}`);

  const { buildDefinition, runDetails } = object(statement.predicate);
  const { externalParameters, resolvedDependencies } = object(buildDefinition);
  const { name, version } = object(externalParameters);
  const source = named(resolvedDependencies, "source");
  return {
    subjects: readSubjects(statement.subject),
    name: text(name),
    version: text(version),
    commit: digest(source, "gitCommit"),
    repository: text(source.uri),
    inputs: {
      database: digest(named(resolvedDependencies, DATA), "sha256"),
      requirements: digest(named(resolvedDependencies, PYTHON_LOCK), "sha256"),
      packages: digest(named(resolvedDependencies, NODE_LOCK), "sha256"),
    },
    canaries: readCanaries(named(object(runDetails).byproducts, "canaries")),
  };
}

/** @param {unknown} items */
function readSubjects(items) {
  /** @type {Map<string, string | null>} */
  const subjects = new Map();
  for (const item of list(items)) {
    const path = text(item.name) || "";
    if (path.startsWith(BUNDLE)) {
      const name = path.slice(BUNDLE.length);
      if (subjects.has(name)) throw new Error(`it names ${path} twice`);
      subjects.set(name, digest(item, "sha256"));
    }
  }
  if (subjects.size === 0) throw new Error("it names no file of a site");
  return subjects;
}

/**
 * Gives the canaries, or null where there are none that can be read.
 *
 * @param {JsonObject} byproduct
 */
function readCanaries({ content }) {
  if (typeof content !== "string") return null;
  let canaries;
  try {
    canaries = JSON.parse(new TextDecoder().decode(fromBase64(content)));
  } catch (error) {
    // Of base64 that is none, or of JSON that is none.
    if (
      /** @type {Error} */ (error).name !== "InvalidCharacterError" &&
      !(error instanceof SyntaxError)
    ) {
      throw error;
    }
    return null;
  }
  const usable = list(canaries).filter(
    (canary) => typeof canary.text === "string" && isObject(canary.scores),
  );
  return usable.length && usable.length === canaries.length
    ? /** @type {Canary[]} */ (/** @type {unknown} */ (usable))
    : null;
}

/**
 * Gives what a statement says otherwise than a site: its files, name, version and inputs.
 *
 * @param {object} site
 * @param {JsonObject | null} site.manifest
 * @param {string | null} site.digest the manifest's
 * @param {Map<string, { digest: string }>} site.files the digest of each file
 * @param {Statement} statement
 */
export const compareStatement = (site, statement) =>
  compareSubjects(site, statement).concat(compareInputs(site, statement)).sort();

/**
 * @param {Parameters<typeof compareStatement>[0]} site
 * @param {Statement} statement
 */
function compareSubjects({ files, digest, manifest }, { subjects }) {
  const found = new Map(Array.from(files, ([name, file]) => [name, file.digest]));
  if (digest) found.set(MANIFEST, digest);
  const named = (listFiles(manifest) || []).map(([name]) => name);
  const problems = [];
  for (const [name, subject] of subjects) {
    if (found.has(name) && found.get(name) !== subject) {
      problems.push(`${name}: the statement has another digest`);
    }
    if (name !== MANIFEST && !named.includes(name)) {
      problems.push(`${name}: in the statement, but not in ${MANIFEST}`);
    }
  }
  for (const name of found.keys()) {
    if (!subjects.has(name)) problems.push(`${name}: not in the statement`);
  }
  return problems;
}

/**
 * @param {Parameters<typeof compareStatement>[0]} site
 * @param {Statement} statement
 */
function compareInputs({ manifest }, { name, version, inputs }) {
  const own = manifest || {};
  const stated = object(own.inputs);
  return [
    ["name", own.name, name],
    ["version", own.version, version],
    ...Object.keys(inputs).map((input) => [`input ${input}`, stated[input], inputs[input]]),
  ]
    .filter(([, here, there]) => here !== there)
    .map(([what]) => `${what}: the statement differs from ${MANIFEST}`);
}
