// Why a site does not load, found out by looking at it, for whoever visits it.

/**
 * @import { Bytes } from "./bytes.js"
 * @import { Fetch } from "./download.js"
 * @import { Problem } from "./problem.js"
 */

import { createClassifier } from "./assemble.js";
import { describeHtml, download, downloadFile, isHtml } from "./download.js";
import { MANIFEST, readManifest } from "./manifest.js";
import { assembleParts } from "./read_parts.js";
import { fail } from "./problem.js";
import { MODEL, neededNames } from "./versions.js";

/**
 * What to say of a problem: which it is, its cause, and whether another try may help.
 *
 * @typedef {{ title: "site_updating" | "site_away" | "site_broken", cause: string,
 *   retry: boolean }} Description
 */

// Of a site that is as it should be: what did not fit together came before.
const DONE = "The page had files of two versions. Now they are of one";

const MANIFEST_BYTES = 1 << 20;

/**
 * Says why a site's model could not be loaded: it is uploaded by half, a network answers in its
 * place, there is no connection, or it is as it should be, and does not run here.
 *
 * @param {unknown} error what was thrown
 * @param {{ base?: string, fetch?: Fetch }} [options] the site's address, with a slash
 * @returns {Promise<Description>}
 */
export async function describeProblem(
  error,
  { base = "", fetch: ask = (address, options) => fetch(address, options) } = {},
) {
  const { code, message } = await findCause(ask, base).catch(
    (/** @type {Problem} */ problem) => problem,
  );
  if (code === "does-not-run") {
    const { message: own } = /** @type {Error} */ (error);
    return { title: "site_broken", cause: sentence(own), retry: false };
  }
  const isAway = code === "unreachable" || code === "slow";
  return { title: isAway ? "site_away" : "site_updating", cause: sentence(message), retry: true };
}

/**
 * Reads the model's files again, past all caches, and tries it; gives what is wrong, if only that
 * nothing is any more.
 *
 * @param {Fetch} ask
 * @param {string} base
 * @returns {Promise<Problem>}
 */
async function findCause(ask, base) {
  const bytes = await download(ask, base + MANIFEST, MANIFEST, MANIFEST_BYTES, "no-store");
  if (isHtml(bytes)) throw describeHtml(MANIFEST);
  const { files } = readManifest(bytes);
  /** @type {{ [name: string]: Bytes }} */
  const read = {};
  for (const name of neededNames(files, MODEL, [])) {
    read[name] = await downloadFile(ask, base, name, files[name], false);
  }
  try {
    createClassifier(assembleParts((name) => read[name]));
  } catch (error) {
    return fail("does-not-run", /** @type {Error} */ (error).message);
  }
  return fail("done", DONE);
}

/** @param {string} text */
const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
