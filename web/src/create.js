// Makes classifiers: of a bundle's files or of a package's model, here or in a worker, by any of
// the engines, and newer ones as they come.

/**
 * @import { Classifier } from "./assemble.js"
 * @import { Bundle } from "./bundle.js"
 * @import { Parts } from "./model.js"
 * @import { Rule } from "./errors.js"
 * @import { Answers } from "./predict.js"
 */

import { assemble, createClassifier } from "./assemble.js";
import { openBundle } from "./bundle.js";
import { createEncoder } from "./encode.js";
import { checkOptions, problem, throwIfAborted } from "./errors.js";
import { parts } from "./parts.js";
import { folderOf, loadedUpdates, scope } from "./places.js";
import { isFunction, isSignal } from "./predict.js";

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
 * A version whose files are kept in this browser.
 *
 * @typedef {{ version: string, digest: string, files: { [name: string]: ArrayBuffer } }} Kept
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

const RUNTIMES = ["kernel", "layers", "graph"];
/** The methods that answer. */
export const METHODS = /** @type {const} */ (["classify", "classifyBatch", "explain", "predict"]);

/** @param {any} value */
const isText = (value) => typeof value === "string" && value !== "";

/** @type {{ [name: string]: Rule }} */
const OPTIONS = {
  base: [(value) => isText(value) || value instanceof URL, "an address or a path"],
  model: [(value) => !!Object(value).constants, "the model of a package"],
  worker: [
    (value) => typeof value === "boolean" || !!Object(value).postMessage,
    "true, false or a Worker",
  ],
  runtime: [(value) => RUNTIMES.includes(value), "kernel, layers or graph"],
  signal: [isSignal, "an AbortSignal"],
  onProgress: [isFunction, "a function"],
  trust: [
    (value) => [].concat(value).every(isText) && [].concat(value).length > 0,
    "a public key in PEM, or a list of them",
  ],
  fetch: [isFunction, "a function"],
};

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
  checkOptions(options, OPTIONS);
  const given = /** @type {CreateOptions} */ (Object(options));
  if (given.base && given.model) {
    throw problem("option", "Give either base or model, not both", TypeError);
  }
  if (given.model && given.trust) {
    throw problem("option", "trust is for a base: a package's model is trusted as the package is", TypeError);
  }
  throwIfAborted(given.signal);
  if (!given.worker) return createHere(given);
  if (given.worker === true && !scope.Worker) {
    throw problem("option", "worker is for browsers: there are no workers here", TypeError);
  }
  return (await loadMore(given)).createRemote(given);
}

/** @param {CreateOptions} options */
const loadMore = ({ base = "." }) => parts.more(folderOf(base));

/**
 * @param {CreateOptions} options
 * @returns {Promise<LocalClassifier>}
 */
export async function createHere(options) {
  const { signal, trust } = options;
  const { base, fetch, onProgress } = options;
  const updates = options.model ? null : trust ? await parts.updates() : loadedUpdates();
  /** @param {any} some */
  const makeUpdater = (some) => some.createUpdater({ base, trust, fetch, onProgress });
  let updater = updates && makeUpdater(updates);
  /** @type {Kept | null} */
  let kept = updater && (await updater.current());
  if (trust && !kept) {
    const { state, code, reason } = await updater.check();
    updater = makeUpdater(updates);
    kept = await updater.current();
    if (!kept) throw problem(code || state, `${reason}`);
  }
  /** @type {Made | null} */
  let made = await make(options, kept);
  throwIfAborted(signal);
  if (kept) await updater.started();

  function current() {
    if (!made) throw problem("disposed", "This classifier was disposed of");
    return made;
  }

  /**
   * Looks for another version by `find`, and answers by it from then on.
   *
   * @param {(updater: any) => Promise<Update>} find
   */
  async function change(find) {
    if (options.model) throw problem("option", "A package's model is updated with the package");
    current();
    const some = updates || (await parts.updates());
    const found = await find(makeUpdater(some));
    if (found.state !== "updated") return found;
    const next = makeUpdater(some);
    const newer = await make(options, await next.current());
    await next.started();
    current().dispose();
    made = newer;
    return found;
  }

  /** @param {any} own @returns {Promise<Update>} */
  async function goBack(own) {
    const before = await own.rollback();
    return before
      ? { state: "updated", version: before.version, digest: before.digest }
      : { state: "current", version: null, digest: null, reason: "There is no version before." };
  }

  const managed = {
    get labels() {
      return current().classifier.labels;
    },
    get unsureBelow() {
      return current().classifier.unsureBelow;
    },
    info: () => Object.assign({}, current().info),
    checkForUpdate: () => change((own) => own.check()),
    rollback: () => change(goBack),
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

/**
 * @param {CreateOptions} options
 * @param {Kept | null} kept
 * @returns {Promise<Made>}
 */
async function make(options, kept) {
  const { base = ".", model: packed, runtime = "kernel" } = options;
  const bundle = packed ? null : await openBundle(options, kept);
  const { manifest } = packed || /** @type {Bundle} */ (bundle);
  /** @type {any[]} */
  const files = bundle
    ? bundle.readModel("layers", ["constants.json", "about.json"])
    : /** @type {PackedModel[]} */ ([packed]).map((own) => [
        own.constants,
        own.about,
        own.model,
        own.weights,
      ])[0];
  // What takes longest is done while other files are under way.
  const encoding = bundle ? files[0].then(createEncoder) : undefined;
  const digesting = (packed || /** @type {Bundle} */ (bundle)).digest;
  const [digest, encode, constants, about, model, weights] = await Promise.all(
    [digesting, encoding].concat(files),
  );
  const own = { constants, model, weights };
  const info = toInfo({ about, manifest, digest });
  if (runtime === "kernel") {
    // A bundle's files are those of its manifest; a package's have their seal.
    const classifier = packed ? createClassifier(own) : assemble(own, encode);
    return { classifier, info, dispose() {} };
  }
  if (!bundle && runtime === "graph") {
    throw problem("option", "A package's model has no graph format", TypeError);
  }
  const [form, formWeights] =
    bundle && runtime === "graph"
      ? await Promise.all(bundle.readModel("graph", []))
      : [model, weights];
  const { loadTensorFlow, tensorflowScores } = await loadMore(options);
  const tf = await loadTensorFlow(base, Object(manifest.files["vendor/tf.min.js"]).sha256);
  const engine = await tensorflowScores(tf, { constants, model: form, weights: formWeights });
  const { scores, dispose } = engine;
  return { classifier: assemble(own, encode, (text) => scores([text])), info, dispose };
}
