// Makes classifiers: of a bundle's files or of a package's model, here or in a worker, by any of
// the engines, and newer ones as they come.

/**
 * @import { Classifier } from "./assemble.js"
 * @import { Opened } from "./bundle.js"
 * @import { Parts } from "./model.js"
 * @import { Read } from "./places.js"
 * @import { Answers } from "./predict.js"
 */

import { assemble, checkParts } from "./assemble.js";
import { openBundle } from "./bundle.js";
import { createEncoder } from "./encode.js";
import { checkOptions, problem, throwIfAborted } from "./errors.js";
import { OPTIONS } from "./options.js";
import { parts } from "./parts.js";
import { folderOf, loadedUpdates } from "./places.js";

/**
 * What `create` may be told.
 *
 * @typedef {object} CreateOptions
 * @property {string | URL} [base] the folder of a bundle: its address or, in Node, its path (".")
 * @property {PackedModel} [model] a package's model, in place of a bundle
 * @property {boolean | AnyWorker} [worker] whether texts are classified off the page's own thread, or
 *   the worker that does, which runs the package's `worker` or the bundle's worker.js
 * @property {Runtime} [runtime] the engine ("kernel")
 * @property {AbortSignal} [signal] gives it up
 * @property {(progress: Progress) => void} [onProgress] told of each file
 * @property {string | string[]} [trust] public keys, in PEM, of those whose releases are taken;
 *   without any, whatever the address has
 * @property {typeof fetch} [fetch] what fetches the files
 */

/**
 * A Worker, as those know it who have no types of a browser.
 *
 * @typedef {object} AnyWorker
 * @property {(message: any) => void} postMessage
 * @property {() => void} terminate
 * @property {any} onmessage
 * @property {any} onerror
 */

/** @typedef {"kernel" | "layers" | "graph"} Runtime */

/** @typedef {{ file: string, loaded: number, total: number }} Progress bytes so far, and in all */

/**
 * A model as packages have it: the parts that a classifier is made from, and what is told of it.
 *
 * @typedef {Parts & { about: About, manifest: Manifest, digest: string }} PackedModel
 */

/**
 * A parsed manifest.json.
 *
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {{ [name: string]: { bytes: number, sha256: string } }} files
 * @property {{ [name: string]: string }} inputs
 */

/**
 * Of a parsed about.json, what is told of a model.
 *
 * @typedef {object} About
 * @property {{ title: string }} corpus
 * @property {{ test: { [name: string]: any } }} metrics
 * @property {string} [license]
 */

/**
 * What is known of a model.
 *
 * @typedef {object} Info
 * @property {string} name
 * @property {string} version
 * @property {string} title
 * @property {string} digest sha256 of the bundle's manifest.json
 * @property {{ [name: string]: any }} metrics on the test split: "recall@1", "macro_f1", …
 * @property {{ [input: string]: string }} origin sha256 of what it was made from
 * @property {string | null} license as SPDX abbreviates it
 */

/**
 * What came of looking for a newer version.
 *
 * @typedef {object} Update
 * @property {"current" | "updated" | "refused" | "unreachable"} state
 * @property {string | null} version
 * @property {string | null} digest
 * @property {string} [code]
 * @property {string} [reason] for people
 */

/**
 * A classifier that can be exchanged for a newer one while it is used.
 *
 * @typedef {object} Managed
 * @property {string[]} labels in the model's order
 * @property {number} unsureBelow below this score, the best label is a guess
 * @property {() => Info} info
 * @property {() => Promise<Update>} checkForUpdate looks for a newer version, and answers by it
 *   from then on if there is one to be trusted
 * @property {() => Promise<Update>} rollback goes back to the version before
 * @property {() => void} dispose frees what it holds; it answers no more
 */

/** @typedef {Managed & Answers} LocalClassifier */

/** @typedef {Managed & { [Name in keyof Answers]: (...given: Parameters<Answers[Name]>) =>
 *   Promise<Awaited<ReturnType<Answers[Name]>>> }} RemoteClassifier all answers come as promises
 */

/** The methods that answer. */
export const METHODS = /** @type {const} */ (["classify", "classifyBatch", "explain", "predict"]);

/**
 * Makes a classifier.
 *
 * @overload
 * @param {CreateOptions & { worker?: false }} [options]
 * @returns {Promise<LocalClassifier>}
 * @throws {TypeError} of the code "option", naming the one that is wrong
 * @throws {Error} of the code "unreachable", "mixed" or "refused"
 */
/**
 * Makes a classifier in a worker.
 *
 * @overload
 * @param {CreateOptions & { worker: true | AnyWorker }} options
 * @returns {Promise<RemoteClassifier>}
 */
/**
 * Makes a classifier, here or in a worker.
 *
 * @overload
 * @param {CreateOptions} options
 * @returns {Promise<LocalClassifier | RemoteClassifier>}
 */
/** @param {CreateOptions} [options] */
export async function create(options) {
  const given = /** @type {CreateOptions} */ (Object(options));
  /** @type {unknown} */
  let wrong;
  try {
    checkOptions(options, OPTIONS);
  } catch (error) {
    wrong = error;
  }
  if (!wrong && !given.model && !given.worker) return createHere(given);
  // What an option has to be is said by what is loaded now, if it can be had: few pages need it.
  const { createOther } = await loadMore(given).catch((error) => {
    throw wrong || error;
  });
  return createOther(options, createHere);
}

/** @param {CreateOptions} options */
const loadMore = ({ base = "." }) => parts.more(folderOf(base));

/**
 * @param {CreateOptions} options
 * @param {Keeper} [keeper] what has the model, in place of a bundle
 * @returns {Promise<LocalClassifier>}
 */
export async function createHere(options, keeper) {
  const { signal, trust } = options;
  throwIfAborted(signal);
  const updates = keeper || (trust ? await parts.updates() : loadedUpdates());
  /** @type {Made | null} */
  let made = await (updates ? updates.makeKept(options, make) : make(options));
  throwIfAborted(signal);

  function current() {
    if (!made) throw problem("disposed", "This classifier was disposed of");
    return made;
  }

  /**
   * Looks for another version, and answers by it from then on.
   *
   * @param {"check" | "rollback"} how
   * @returns {Promise<Update>}
   */
  async function change(how) {
    if (!keeper) current();
    const { found, next } = await (updates || (await parts.updates())).change(how, options, make);
    if (next) {
      current().dispose();
      made = next;
    }
    return found;
  }

  const managed = {
    get labels() {
      return current().classifier.labels;
    },
    get unsureBelow() {
      return current().classifier.unsureBelow;
    },
    info: () => Object.assign({}, current().info),
    checkForUpdate: () => change("check"),
    rollback: () => change("rollback"),
    dispose() {
      current().dispose();
      made = null;
    },
  };
  const answers = /** @type {any} */ (managed);
  for (const name of METHODS) {
    answers[name] = (/** @type {any[]} */ ...given) =>
      /** @type {any} */ (current().classifier[name])(...given);
  }
  return answers;
}

/**
 * Gives what is known of a model.
 *
 * @param {Pick<PackedModel, "about" | "manifest" | "digest">} model
 * @returns {Info}
 */
export const toInfo = ({ about, manifest, digest }) => ({
  name: manifest.name,
  version: manifest.version,
  title: about.corpus.title,
  digest,
  metrics: about.metrics.test,
  origin: manifest.inputs,
  license: about.license || null,
});

/** @typedef {{ classifier: Classifier, info: Info, dispose: () => void }} Made */

/** @typedef {typeof make} Make */

/**
 * What has versions of a model, or the one of a package.
 *
 * @typedef {object} Keeper
 * @property {(options: CreateOptions, make: Make) => Promise<Made>} makeKept
 * @property {(how: "check" | "rollback", options: CreateOptions, make: Make) =>
 *   Promise<{ found: any, next?: Made }>} change looks for another version
 */

/**
 * @param {CreateOptions} options
 * @param {Read} [read]
 * @param {Opened} [opened]
 * @returns {Promise<Made>}
 */
async function make(options, read, opened) {
  const { runtime = "kernel" } = options;
  const whole = opened || (await openBundle(options, read));
  const files = whole.readModel("layers", ["constants.json", "about.json"]);
  // What takes longest is done while other files are under way.
  const [digest, encode, constants, about, model, weights] = await Promise.all(
    [/** @type {any} */ (whole.digest), files[0].then(createEncoder)].concat(files),
  );
  const own = { constants, model, weights };
  // A bundle's files are those of its manifest; a package's have their seal.
  if (opened) checkParts(own);
  const { toScores, dispose } =
    runtime === "kernel"
      ? { toScores: undefined, dispose() {} }
      : await (await loadMore(options)).createEngine(options, whole, own);
  return {
    classifier: assemble(own, encode, toScores),
    info: toInfo({ about, manifest: whole.manifest, digest }),
    dispose,
  };
}
