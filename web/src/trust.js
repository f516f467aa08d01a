// Whether a version may be taken: by what its statement says, who signed that, and which release
// ran before.

/**
 * @import { Bytes } from "./bytes.js"
 * @import { File } from "./manifest.js"
 * @import { Envelope } from "./signature.js"
 * @import { Statement } from "./statement.js"
 * @import { Part, Signer } from "./versions.js"
 */

import { fromHex, toHex } from "./bytes.js";
import { sha256 } from "./digest.js";
import { parseObject } from "./json.js";
import { ENVELOPE, STATEMENT, listFiles } from "./manifest.js";
import { fail } from "./problem.js";
import { keyId, openEnvelope, readPublicKey, verifyEnvelope } from "./signature.js";
import { compareStatement, readStatement } from "./statement.js";
import { compareVersions } from "./versions.js";

/**
 * A version as the server has it.
 *
 * @typedef {object} Offer
 * @property {Bytes} manifest
 * @property {string} digest the manifest's
 * @property {string} name
 * @property {string} version
 * @property {Bytes | null} statement
 * @property {Bytes | null} envelope
 */

// What a newer edition of this format begins with, too.
const STATEMENTS = "https://in-toto.io/Statement/v";
const KNOWN = `${STATEMENTS}1`;

const MEND =
  "If its publisher says that this is meant, delete this site's data in the browser, and open " +
  "it again";

/**
 * Checks who says what of a version; gives its canaries, where it has some, and who signed it,
 * which is null where nobody did, or where keys are given.
 *
 * @param {Offer} offer
 * @param {Bytes[]} keys those that are trusted; where there are none, the first signer is
 * @param {Pick<Part, "newest" | "signer">} part
 * @param {() => Promise<Bytes | null>} readKey gives the key, in PEM, that lies beside the site
 * @returns {Promise<{ canaries: Statement["canaries"], signer: Signer | null }>}
 * @throws {Error} with a `code`
 */
export async function checkStatement(offer, keys, part, readKey) {
  const known = keys.length ? keys : knownKeys(part.signer);
  const envelope = openSigned(offer, known.length > 0 || part.signer !== null);
  if (envelope) {
    if (known.length) await checkKeys(envelope, known);
    else checkId(envelope, part.signer);
    await checkSame(envelope, offer);
  }
  checkOrder(offer, part);
  const statement = offer.statement && compare(offer, offer.statement);
  return {
    canaries: statement && statement.canaries,
    signer: envelope && !keys.length ? await firstSigner(envelope, part.signer, readKey) : null,
  };
}

/** @param {Signer | null} signer */
const knownKeys = (signer) => (signer && signer.key ? [fromHex(signer.key)] : []);

/**
 * @param {Offer} offer
 * @param {boolean} mustBeSigned
 */
function openSigned({ version, statement, envelope }, mustBeSigned) {
  if (!envelope && mustBeSigned) {
    throw fail("unsigned", `Version ${version} is not signed, and must be. ${MEND}`);
  }
  if (!envelope) return null;
  if (!statement) throw fail("unsigned", `There is ${ENVELOPE}, but no ${STATEMENT}`);
  const opened = openEnvelope(envelope);
  if (!opened) throw fail("bad-signature", `${ENVELOPE} cannot be read as a signed statement`);
  return opened;
}

/**
 * @param {Envelope} envelope
 * @param {Bytes[]} keys
 */
async function checkKeys(envelope, keys) {
  let named = false;
  for (const key of keys) {
    const found = await verifyEnvelope(envelope, key);
    if (found.fits) return;
    named = named || found.named;
  }
  throw named
    ? fail("bad-signature", "The signature does not fit the statement")
    : otherKey(envelope, await Promise.all(keys.map(keyId)));
}

/**
 * Without its key, all that is known of the first signer is its name.
 *
 * @param {Envelope} envelope
 * @param {Signer | null} signer
 */
function checkId(envelope, signer) {
  if (signer && !envelope.signatures.some(({ keyid }) => keyid === signer.id)) {
    throw otherKey(envelope, [signer.id]);
  }
}

/**
 * @param {Envelope} envelope
 * @param {string[]} expected
 */
const otherKey = ({ signatures }, expected) =>
  fail(
    "wrong-key",
    `It was signed with the key ${signatures.map(({ keyid }) => keyid.slice(0, 64)).join(", ")}, ` +
      `not with ${expected.join(" or ")}. ${MEND}`,
  );

/**
 * @param {Envelope} envelope
 * @param {Offer} offer
 */
async function checkSame({ payload }, { statement }) {
  if ((await sha256(payload)) !== (await sha256(/** @type {Bytes} */ (statement)))) {
    throw fail("bad-signature", `What is signed is not ${STATEMENT}`);
  }
}

/**
 * Refuses what is older than the newest that has run, and what a release cannot become: another
 * build, or another classifier's. What nobody signs may be another site under the same address.
 *
 * @param {Offer} offer
 * @param {Pick<Part, "newest">} part
 */
function checkOrder({ digest, name, version, envelope }, { newest }) {
  if (!newest) return;
  if (name !== newest.name) {
    if (!envelope) return;
    throw fail("other-name", `It is the classifier ${name}, not ${newest.name}. ${MEND}`);
  }
  const order = compareVersions(version, newest.version);
  if (order < 0) {
    throw fail("older", `Version ${version} is older than ${newest.version}, which was here before`);
  }
  if (envelope && order === 0 && digest !== newest.digest) {
    throw fail("another-build", `Version ${version} is another build than the one that was here`);
  }
}

/**
 * @param {Offer} offer
 * @param {Bytes} bytes
 */
function compare({ digest, manifest }, bytes) {
  const content = parseObject(bytes);
  const type = content && content._type;
  if (typeof type === "string" && type.startsWith(STATEMENTS) && type !== KNOWN) {
    throw fail("newer-code", `${STATEMENT} is a ${type}; this code reads ${KNOWN}`);
  }
  let statement;
  try {
    statement = readStatement(bytes);
  } catch (error) {
    throw fail("bad-statement", `${STATEMENT}: ${/** @type {Error} */ (error).message}`);
  }
  const parsed = parseObject(manifest);
  const files = new Map(
    /** @type {[string, File][]} */ (listFiles(parsed)).map(([name, file]) => [
      name,
      { digest: file.sha256 },
    ]),
  );
  const [problem] = compareStatement({ manifest: parsed, digest, files }, statement);
  if (problem) throw fail("other-files", `The statement is about other files: ${problem}`);
  return statement;
}

/**
 * Gives the signer to be remembered, with the key where it lies beside the site and fits.
 *
 * @param {Envelope} envelope
 * @param {Signer | null} known
 * @param {() => Promise<Bytes | null>} readKey
 * @returns {Promise<Signer>}
 */
async function firstSigner(envelope, known, readKey) {
  if (known && known.key) return known;
  const id = known ? known.id : envelope.signatures[0].keyid;
  const pem = await readKey();
  if (!pem) return { id, key: null };
  let key;
  try {
    key = readPublicKey(new TextDecoder().decode(pem));
  } catch (error) {
    return { id, key: null };
  }
  if ((await keyId(key)) !== id) return { id, key: null };
  if (!(await verifyEnvelope(envelope, key)).fits) {
    throw fail("bad-signature", "The signature does not fit the statement");
  }
  return { id, key: toHex(key) };
}
