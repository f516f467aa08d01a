// Checks a site: its files, its statement, the statement's signature, and the model's answers.

/**
 * @import { Bytes } from "./bytes.js"
 * @import { Parts } from "./model.js"
 * @import { Classifier } from "./assemble.js"
 * @import { Model } from "./model.js"
 * @import { Canary, JsonObject, Statement } from "./statement.js"
 */

import { createClassifier } from "./classifier.js";
import { fromBase64 } from "./bytes.js";
import { sha256 } from "./digest.js";
import { joinShards, weightPaths } from "./model.js";
import { isSignedBy, keyId, readPublicKey } from "./signature.js";
import { parseObject, readStatement } from "./statement.js";

/**
 * Gives a file's bytes, or null where there is no such file; rejects where it could not be read.
 *
 * @typedef {(name: string) => Promise<Bytes | null>} ReadFile
 */

/** @typedef {typeof PASSED | typeof FAILED | typeof OPEN} State */

/** @typedef {{ title: string, state: State, says: string, details: string[] }} Check */

/**
 * What the check of a site has found.
 *
 * @typedef {object} Found
 * @property {Verdict} verdict
 * @property {string} says the verdict in a sentence
 * @property {Check[]} checks in their order
 * @property {[title: string, value: string][]} facts
 */

/** @typedef {AskedFirst<string, { bytes: Bytes, digest: string }>} Files */

/**
 * A Map whose `has` is asked before its `get`.
 *
 * @template Key, Value
 * @typedef {{ get(key: Key): Value } & Map<Key, Value>} AskedFirst
 */

/**
 * A site as its manifest has it.
 *
 * @typedef {object} Site
 * @property {JsonObject | null} manifest
 * @property {string | null} digest the manifest's
 * @property {Files} files what could be read of the files that it names
 * @property {string[]} unread what could not be read, and why
 * @property {string[]} problems what is not as the manifest has it
 */

/**
 * What a release lays beside the site.
 *
 * @typedef {object} Provenance
 * @property {Bytes | null | undefined} statement
 * @property {Bytes | null | undefined} envelope
 * @property {string[]} unread what could not be read, and why
 * @property {Statement} [read] the statement's content
 * @property {string} [wrong] why the statement could not be used
 */

/** @typedef {Provenance & { statement: Bytes }} Stated */

const MANIFEST = "manifest.json";
const STATEMENT = "provenance.intoto.json";
const ENVELOPE = "provenance.dsse.json";
const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const LAYERS = "tfjs/layers";

// By how much a probability may differ from the published one.
const TOLERANCE = 1e-5;

// No name that leads out of the site's folder, or to another host.
const FILE_NAME = /^[A-Za-z0-9_-][\w.-]*(\/[A-Za-z0-9_-][\w.-]*)*$/;

const SIGNATURE = "Signature";

// What a check or the whole comes to. OPEN: nobody has looked, or nobody could.
export const PASSED = "passed";
export const FAILED = "failed";
export const OPEN = "open";

/** @typedef {keyof typeof VERDICTS} Verdict */

const VERDICTS = {
  refuted: "This is not what was published.",
  undecided: "This could not be decided: not every file could be read.",
  "no release":
    "The files are those of their manifest, but nothing here says where they come from: " +
    "this is not a release.",
  unsigned:
    "The files are those of a release, as its statement has them. It is not signed, so anyone " +
    "could have written it.",
  unchecked:
    "The files are those of a release, as its statement has them. Its signature has not been " +
    "checked: that takes the signer's public key.",
  confirmed: "The files are those of a release, signed with the key that you gave.",
};

/**
 * Checks a site.
 *
 * @param {ReadFile} read
 * @param {string} publicKey the signer's key in PEM, or "" where none is known
 * @returns {Promise<Found>}
 */
export async function checkSite(read, publicKey = "") {
  const site = await readSite(read);
  const checks = [checkFiles(site)];
  const provenance = await readProvenance(read);
  /** @type {string[]} */
  const signers = [];
  if (provenance.statement) {
    checks.push(checkStatement(site, provenance));
    checks.push(await checkSignature(/** @type {Stated} */ (provenance), publicKey, signers));
    checks.push(checkAnswers(site, provenance.read, checks));
  } else if (provenance.envelope) {
    checks.push(result("Statement", FAILED, `There is ${ENVELOPE}, but no ${STATEMENT}.`));
  } else if (!provenance.unread.length) {
    checks.push(result("Statement", OPEN, `There is no ${STATEMENT}.`));
  }

  const unread = site.unread.concat(provenance.unread);
  if (unread.length) checks.push(result("Not read", OPEN, "These could not be read.", unread));
  const verdict = judge(checks, unread, provenance);
  return {
    verdict,
    says: VERDICTS[verdict],
    checks,
    facts: listFacts(site, provenance.read, signers),
  };
}

/**
 * @param {string} title
 * @param {State} state
 * @param {string} says
 * @param {string[]} details
 * @returns {Check}
 */
const result = (title, state, says, details = []) => ({ title, state, says, details });

/**
 * @param {Check[]} checks
 * @param {string[]} unread
 * @param {Provenance} provenance
 * @returns {Verdict}
 */
function judge(checks, unread, { statement, envelope }) {
  if (checks.some(({ state }) => state === FAILED)) return "refuted";
  if (unread.length) return "undecided";
  if (!statement) return "no release";
  if (!envelope) return "unsigned";
  const { state } = /** @type {Check} */ (checks.find(({ title }) => title === SIGNATURE));
  return state === PASSED ? "confirmed" : "unchecked";
}

/**
 * Reads a file as `{bytes}`, which are null where there is none, or as `{problem}`.
 *
 * @param {ReadFile} read
 * @param {string} name
 * @returns {Promise<{ bytes?: Bytes | null, problem?: string }>}
 */
async function readFile(read, name) {
  try {
    return { bytes: await read(name) };
  } catch (error) {
    return { problem: `${name}: ${/** @type {Error} */ (error).message}` };
  }
}

/**
 * Reads the manifest and each file that it names.
 *
 * @param {ReadFile} read
 */
async function readSite(read) {
  /** @type {Site} */
  const site = { manifest: null, digest: null, files: new Map(), unread: [], problems: [] };
  const { bytes, problem } = await readFile(read, MANIFEST);
  if (problem) return Object.assign(site, { unread: [problem] });
  if (!bytes) return Object.assign(site, { problems: [`${MANIFEST}: missing`] });

  site.digest = await sha256(bytes);
  site.manifest = parseObject(bytes);
  const named = site.manifest && parseNamed(site.manifest.files);
  if (!named) return Object.assign(site, { problems: [`${MANIFEST}: not a list of files`] });
  await Promise.all(named.map(([name, expected]) => readNamed(site, read, name, expected)));
  return site;
}

/** @param {unknown} files */
function parseNamed(files) {
  const isTable = typeof files === "object" && files !== null && !Array.isArray(files);
  return isTable && Object.keys(files).length ? Object.entries(files) : null;
}

/**
 * @param {Site} site
 * @param {ReadFile} read
 * @param {string} name
 * @param {JsonObject | null} expected
 */
async function readNamed(site, read, name, expected) {
  if (!FILE_NAME.test(name)) {
    site.problems.push(`${name}: no name of a file in this site`);
    return;
  }
  const { bytes, problem } = await readFile(read, name);
  if (problem) site.unread.push(problem);
  else if (!bytes) site.problems.push(`${name}: missing`);
  else {
    const digest = await sha256(bytes);
    site.files.set(name, { bytes, digest });
    if (digest !== (expected || {}).sha256) site.problems.push(`${name}: other content`);
  }
}

/** @param {Site} site */
function checkFiles({ manifest, files, problems, unread }) {
  const named = (manifest && parseNamed(manifest.files)) || [];
  if (problems.length) {
    // They came in whatever order the server gave them.
    return result("Files", FAILED, `Not every file is as ${MANIFEST} has it.`, problems.sort());
  }
  return result(
    "Files",
    unread.length ? OPEN : PASSED,
    `${files.size} of ${named.length} files have the sha256 digest that ${MANIFEST} gives.`,
  );
}

/**
 * Reads what a release lays beside the site.
 *
 * @param {ReadFile} read
 */
async function readProvenance(read) {
  const [statement, envelope] = await Promise.all(
    [STATEMENT, ENVELOPE].map((name) => readFile(read, name)),
  );
  /** @type {Provenance} */
  const provenance = {
    statement: statement.bytes,
    envelope: envelope.bytes,
    unread: /** @type {string[]} */ (
      [statement, envelope].filter(({ problem }) => problem).map(({ problem }) => problem)
    ),
  };
  if (statement.bytes) {
    try {
      provenance.read = readStatement(statement.bytes);
    } catch (error) {
      provenance.wrong = /** @type {Error} */ (error).message;
    }
  }
  return provenance;
}

/**
 * @param {Site} site
 * @param {Provenance} provenance
 */
function checkStatement(site, { read, wrong }) {
  if (!read) return result("Statement", FAILED, `${STATEMENT} cannot be used: ${wrong}.`);
  if (!site.manifest && site.unread.length) {
    return result("Statement", OPEN, `There is no ${MANIFEST} to compare it with.`);
  }
  const problems = compareSubjects(site, read.subjects).concat(compareInputs(site, read));
  return problems.length
    ? result("Statement", FAILED, "The release's statement is about other files.", problems.sort())
    : result("Statement", PASSED, "The release's statement names these files and inputs.");
}

/**
 * @param {Site} site
 * @param {Statement["subjects"]} subjects
 */
function compareSubjects({ files, digest, manifest }, subjects) {
  const found = /** @type {AskedFirst<string, { digest: string }>} */ (new Map(files));
  if (digest) found.set(MANIFEST, { digest });
  const named = ((manifest && parseNamed(manifest.files)) || []).map(([name]) => name);
  const problems = [];
  for (const [name, subject] of subjects) {
    if (found.has(name) && found.get(name).digest !== subject) {
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
 * @param {Site} site
 * @param {Statement} statement
 */
function compareInputs({ manifest }, { name, version, inputs }) {
  const own = manifest || {};
  const stated = /** @type {JsonObject} */ (own.inputs || {});
  return [
    ["name", own.name, name],
    ["version", own.version, version],
    ...Object.keys(inputs).map((input) => [`input ${input}`, stated[input], inputs[input]]),
  ]
    .filter(([, here, there]) => here !== there)
    .map(([what]) => `${what}: the statement differs from ${MANIFEST}`);
}

/**
 * Checks the envelope.
 *
 * @param {Stated} provenance
 * @param {string} publicKey
 * @param {string[]} signers gets the ids of the envelope's keys
 */
async function checkSignature({ statement, envelope, unread }, publicKey, signers) {
  const title = SIGNATURE;
  if (!envelope) {
    if (unread.length) return result(title, OPEN, `${ENVELOPE} could not be read.`);
    // Whoever brings a key expects a signature, and a forger would leave it away.
    return result(title, publicKey.trim() ? FAILED : OPEN, "The statement is not signed.");
  }
  const opened = openEnvelope(envelope);
  if (!opened) return result(title, FAILED, `${ENVELOPE} cannot be read as a signed statement.`);
  signers.push(...opened.signatures.map(({ keyid }) => keyid));
  if ((await sha256(opened.payload)) !== (await sha256(statement))) {
    return result(title, FAILED, `What is signed is not ${STATEMENT}.`);
  }
  if (!publicKey.trim()) {
    return result(title, OPEN, "Not checked: paste the signer's public key below.");
  }

  let key;
  try {
    key = readPublicKey(publicKey);
  } catch (error) {
    return result(title, OPEN, `Not checked. ${/** @type {Error} */ (error).message}.`);
  }
  const id = await keyId(key);
  const own = opened.signatures.filter(({ keyid }) => keyid === id);
  if (!own.length) {
    return result(title, FAILED, "It was signed with another key than the one that you gave.", [
      `given: ${id}`,
      ...signers.map((signer) => `signed with: ${signer}`),
    ]);
  }
  for (const { sig } of own) {
    if (await isSignedBy(key, sig, PAYLOAD_TYPE, opened.payload)) {
      return result(title, PASSED, "The statement was signed with the key that you gave.");
    }
  }
  return result(title, FAILED, "The signature does not fit the statement.");
}

/**
 * Opens a DSSE envelope; gives null where it is none.
 *
 * @param {Bytes} bytes
 * @returns {{ payload: Bytes, signatures: { keyid: string, sig: unknown }[] } | null}
 */
function openEnvelope(bytes) {
  const { payloadType, payload, signatures } = /** @type {JsonObject} */ (
    parseObject(bytes) || {}
  );
  const isUsable =
    payloadType === PAYLOAD_TYPE &&
    typeof payload === "string" &&
    Array.isArray(signatures) &&
    signatures.length &&
    signatures.every((each) => each && typeof each.keyid === "string");
  if (!isUsable) return null;
  try {
    return { payload: fromBase64(payload), signatures };
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "InvalidCharacterError") throw error;
    return null;
  }
}

/**
 * @param {Site} site
 * @param {Statement | undefined} statement
 * @param {Check[]} checks
 */
function checkAnswers({ files }, statement, checks) {
  const title = "Answers";
  // Other files may do anything, such as never come to an end.
  const [own, stated] = checks;
  if (own.state !== PASSED || stated.state !== PASSED) {
    return result(title, OPEN, "The model was not asked, as it is not known to be the published one.");
  }
  const { canaries } = /** @type {Statement} */ (statement);
  if (!canaries) return result(title, OPEN, "The statement has no texts to replay.");
  let differences;
  try {
    const classifier = createClassifier(readParts(files));
    differences = canaries.map(({ text, scores }) => largestDifference(classifier, text, scores));
  } catch (error) {
    // Files of any content may be wrong in any way.
    return result(title, FAILED, "The model does not run.", [
      /** @type {Error} */ (error).message,
    ]);
  }
  const largest = Math.max(...differences);
  if (differences.every((difference) => difference <= TOLERANCE)) {
    return result(
      title,
      PASSED,
      `${canaries.length} texts have their published answers; ` +
        `the largest difference is ${largest ? largest.toExponential(1) : "0"}.`,
    );
  }
  return result(
    title,
    FAILED,
    "The model gives other answers than were published.",
    differences
      .map((difference, index) => `text ${index + 1}: differs by ${difference.toExponential(1)}`)
      .filter((_, index) => differences[index] > TOLERANCE),
  );
}

/**
 * Gives the largest difference of a text's scores; Infinity where labels or numbers lack.
 *
 * @param {Classifier} classifier
 * @param {string} text
 * @param {Canary["scores"]} scores
 */
function largestDifference({ labels, predict }, text, scores) {
  const stated = Object.keys(scores);
  const answer = predict(text, labels.length);
  if (!stated.length || stated.length !== answer.length) return Infinity;
  const differences = answer.map(({ label, score }) =>
    stated.includes(label) && typeof scores[label] === "number"
      ? Math.abs(score - scores[label])
      : Infinity,
  );
  return Math.max(...differences);
}

/**
 * @param {Files} files
 * @returns {Parts}
 */
function readParts(files) {
  const constants = readJson(files, "constants.json");
  /** @type {Model} */
  const model = readJson(files, `${LAYERS}/model.json`);
  const shards = weightPaths(model).map((path) => find(files, `${LAYERS}/${path}`));
  return { constants, model, weights: joinShards(shards) };
}

/**
 * @param {Files} files
 * @param {string} name
 */
const readJson = (files, name) => JSON.parse(new TextDecoder().decode(find(files, name)));

/**
 * @param {Files} files
 * @param {string} name
 */
function find(files, name) {
  if (!files.has(name)) throw new Error(`${name}: missing`);
  return files.get(name).bytes;
}

/**
 * @param {unknown} value
 * @returns {value is string}
 */
const isText = (value) => typeof value === "string" && value !== "";

/**
 * @param {Site} site
 * @param {Statement | undefined} statement
 * @param {string[]} signers
 * @returns {Found["facts"]}
 */
function listFacts({ manifest, digest }, statement, signers) {
  const { name, version, inputs } = manifest || {};
  const { commit, repository, inputs: stated = {} } = statement || {};
  const database = stated.database || /** @type {JsonObject} */ (inputs || {}).database;
  return /** @type {Found["facts"]} */ ([
    ["Release", [name, version].every(isText) && `${name} ${version}`],
    ["Commit", commit],
    ["Source", repository],
    ["Data, sha256", database],
    ["Manifest, sha256", digest],
    ["Signed with key", signers.join(", ")],
  ].filter(([, value]) => isText(value)));
}
