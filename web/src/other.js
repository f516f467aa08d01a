// What `create` does besides making a classifier of a bundle's files, here and by the kernel: it
// names what is wrong, takes a package's model, and asks for a worker or another engine.

/**
 * @import { Opened } from "./bundle.js"
 * @import { createHere, CreateOptions, PackedModel } from "./create.js"
 * @import { Rule } from "./errors.js"
 * @import { Parts } from "./model.js"
 */

import { checkOptions, problem, throwIfAborted } from "./errors.js";
import { OPTIONS } from "./options.js";
import { keepPacked } from "./packed.js";
import { folderOf, loadScript, scope } from "./places.js";
import { createRemote } from "./remote.js";
import { tensorflowScores } from "./tensorflow.js";

/** @type {{ [name: string]: string }} */
const EXPECTED = {
  base: "an address or a path",
  model: "the model of a package",
  worker: "true, false or a Worker",
  runtime: "kernel, layers or graph",
  signal: "an AbortSignal",
  onProgress: "a function",
  trust: "a public key in PEM, or a list of them",
  fetch: "a function",
};

/**
 * Makes a classifier by options that are not all good for a bundle's files, here.
 *
 * @param {any} options
 * @param {typeof createHere} createOwn that of the script that asks
 */
export async function createOther(options, createOwn) {
  /** @type {{ [name: string]: Rule }} */
  const rules = {};
  for (const name of Object.keys(OPTIONS)) rules[name] = [OPTIONS[name][0], EXPECTED[name]];
  checkOptions(options, rules);
  /** @type {CreateOptions} */
  const { base, model, trust, worker, signal } = Object(options);
  if (base && model) throw problem("option", "Give either base or model, not both", TypeError);
  if (model && trust) {
    throw problem("option", "trust is for a base: a package's model is trusted as the package is", TypeError);
  }
  throwIfAborted(signal);
  if (worker === true && !scope.Worker) {
    throw problem("option", "worker is for browsers: there are no workers here", TypeError);
  }
  if (worker) return createRemote(options);
  return createOwn(options, keepPacked(/** @type {PackedModel} */ (model)));
}

/**
 * Makes the engine that is not the kernel.
 *
 * @param {CreateOptions} options
 * @param {Opened} opened
 * @param {Parts} parts of the layers format
 */
export async function createEngine({ base = ".", runtime }, { manifest, readModel }, parts) {
  const { constants } = parts;
  const own =
    runtime === "graph" ? await Promise.all(readModel("graph", [])) : [parts.model, parts.weights];
  const tf = await loadTensorFlow(base, Object(manifest.files["vendor/tf.min.js"]).sha256);
  const { scores, dispose } = await tensorflowScores(tf, { constants, model: own[0], weights: own[1] });
  return { toScores: (/** @type {any} */ text) => scores([text]), dispose };
}

/**
 * Loads TensorFlow.js, held to its digest.
 *
 * @param {string | URL} base
 * @param {string} digest
 */
function loadTensorFlow(base, digest) {
  // TensorFlow.js assigns to this global and, where there is none, evaluates a string to make
  // one, which the page's security policy forbids.
  if (!scope.tf) scope.regeneratorRuntime = undefined;
  const folder = folderOf(base).replace(/^file:\/\//, "");
  return loadScript(`${folder}/vendor/tf.min.js`, "tf", digest && `sha256-${toBase64(digest)}`);
}

/** @param {string} hex */
const toBase64 = (hex) =>
  btoa(hex.replace(/../g, (digits) => String.fromCharCode(parseInt(digits, 16))));
