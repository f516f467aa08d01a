// Checks a site: its files, its statement, the statement's signature, and the model's answers.

import { createClassifier } from "./classifier.js";
import { fromBase64 } from "./bytes.js";
import { sha256 } from "./digest.js";
import { joinShards, weightPaths } from "./model.js";
import { isSignedBy, keyId, readPublicKey } from "./signature.js";
import { parseObject, readStatement } from "./statement.js";

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
 * Checks a site by `read(name)`, a promise of a file's bytes as a Uint8Array, or of null where
 * there is no such file; it rejects where a file could not be read.
 *
 * Gives `{verdict, says, checks, facts}`: `checks` is `[{title, state, says, details}]` in the
 * order of the checks, `facts` is `[[title, value]]`.
 *
 * @param publicKey {string} the signer's key in PEM, or "" where none is known
 */
export async function checkSite(read, publicKey = "") {
  const site = await readSite(read);
  const checks = [checkFiles(site)];
  const provenance = await readProvenance(read);
  const signers = [];
  if (provenance.statement) {
    checks.push(checkStatement(site, provenance));
    checks.push(await checkSignature(provenance, publicKey, signers));
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

const result = (title, state, says, details = []) => ({ title, state, says, details });

function judge(checks, unread, { statement, envelope }) {
  if (checks.some(({ state }) => state === FAILED)) return "refuted";
  if (unread.length) return "undecided";
  if (!statement) return "no release";
  if (!envelope) return "unsigned";
  const { state } = checks.find(({ title }) => title === SIGNATURE);
  return state === PASSED ? "confirmed" : "unchecked";
}

/** Reads a file as `{bytes}`, which are null where there is none, or as `{problem}`. */
async function readFile(read, name) {
  try {
    return { bytes: await read(name) };
  } catch (error) {
    return { problem: `${name}: ${error.message}` };
  }
}

/** Reads the manifest and each file that it names: `{manifest, digest, files, unread, problems}`. */
async function readSite(read) {
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

function parseNamed(files) {
  const isTable = typeof files === "object" && files !== null && !Array.isArray(files);
  return isTable && Object.keys(files).length ? Object.entries(files) : null;
}

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

/** Reads what a release lays beside the site: `{statement, read, wrong, envelope, unread}`. */
async function readProvenance(read) {
  const [statement, envelope] = await Promise.all(
    [STATEMENT, ENVELOPE].map((name) => readFile(read, name)),
  );
  const provenance = {
    statement: statement.bytes,
    envelope: envelope.bytes,
    unread: [statement, envelope].filter(({ problem }) => problem).map(({ problem }) => problem),
  };
  if (statement.bytes) {
    try {
      provenance.read = readStatement(statement.bytes);
    } catch (error) {
      provenance.wrong = error.message;
    }
  }
  return provenance;
}

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

function compareSubjects({ files, digest, manifest }, subjects) {
  const found = new Map(files);
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

function compareInputs({ manifest }, { name, version, inputs }) {
  const own = manifest || {};
  const stated = own.inputs || {};
  return [
    ["name", own.name, name],
    ["version", own.version, version],
    ...Object.keys(inputs).map((input) => [`input ${input}`, stated[input], inputs[input]]),
  ]
    .filter(([, here, there]) => here !== there)
    .map(([what]) => `${what}: the statement differs from ${MANIFEST}`);
}

/** Checks the envelope; the ids of its keys are added to `signers`. */
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
    return result(title, OPEN, `Not checked. ${error.message}.`);
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

/** Opens a DSSE envelope: `{payload, signatures: [{keyid, sig}]}`, or null. */
function openEnvelope(bytes) {
  const { payloadType, payload, signatures } = parseObject(bytes) || {};
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
    if (error.name !== "InvalidCharacterError") throw error;
    return null;
  }
}

function checkAnswers({ files }, statement, checks) {
  const title = "Answers";
  // Other files may do anything, such as never come to an end.
  const [own, stated] = checks;
  if (own.state !== PASSED || stated.state !== PASSED) {
    return result(title, OPEN, "The model was not asked, as it is not known to be the published one.");
  }
  const { canaries } = statement;
  if (!canaries) return result(title, OPEN, "The statement has no texts to replay.");
  let differences;
  try {
    const classifier = createClassifier(readParts(files));
    differences = canaries.map(({ text, scores }) => largestDifference(classifier, text, scores));
  } catch (error) {
    // Files of any content may be wrong in any way.
    return result(title, FAILED, "The model does not run.", [error.message]);
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

/** Gives the largest difference of a text's scores; Infinity where labels or numbers lack. */
function largestDifference({ labels, predict }, text, scores) {
  const stated = Object.keys(scores);
  if (stated.length !== labels.length) return Infinity;
  const differences = predict(text, labels.length).map(({ label, score }) =>
    stated.includes(label) && typeof scores[label] === "number"
      ? Math.abs(score - scores[label])
      : Infinity,
  );
  return Math.max(...differences);
}

function readParts(files) {
  const constants = readJson(files, "constants.json");
  const model = readJson(files, `${LAYERS}/model.json`);
  const shards = weightPaths(model).map((path) => find(files, `${LAYERS}/${path}`));
  return { constants, model, weights: joinShards(shards) };
}

const readJson = (files, name) => JSON.parse(new TextDecoder().decode(find(files, name)));

function find(files, name) {
  if (!files.has(name)) throw new Error(`${name}: missing`);
  return files.get(name).bytes;
}

const isText = (value) => typeof value === "string" && value !== "";

function listFacts({ manifest, digest }, statement, signers) {
  const { name, version, inputs } = manifest || {};
  const { commit, repository, inputs: stated = {} } = statement || {};
  const database = stated.database || (inputs || {}).database;
  return [
    ["Release", [name, version].every(isText) && `${name} ${version}`],
    ["Commit", commit],
    ["Source", repository],
    ["Data, sha256", database],
    ["Manifest, sha256", digest],
    ["Signed with key", signers.join(", ")],
  ].filter(([, value]) => isText(value));
}
