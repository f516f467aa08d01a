// A classifier in a worker, as the page sees it.

/**
 * @import { CreateOptions, RemoteClassifier } from "./create.js"
 * @import { Classification } from "./predict.js"
 */

import { METHODS } from "./create.js";
import { problem, show, throwIfAborted } from "./errors.js";
import { parts } from "./parts.js";
import { folderOf, ownFolder, startWorker } from "./places.js";

// So many questions does a worker hold at once; others wait here, where they can be given up.
const AT_ONCE = 4;

// So many texts of a batch make a question.
const BATCH = 64;

/**
 * @typedef {object} Question
 * @property {number} id
 * @property {object} message
 * @property {(value: any) => void} resolve
 * @property {(error: Error) => void} reject
 */

/**
 * Starts the worker beside the scripts.
 *
 * @param {string} base
 */
const startOwn = (base) =>
  parts.worker ? parts.worker(base) : startWorker(`${ownFolder || `${base}/`}worker.js`);

/**
 * @param {CreateOptions} options
 * @returns {Promise<RemoteClassifier>}
 */
export async function createRemote(options) {
  const { base = ".", fetch, onProgress, signal, worker: given } = options;
  if (fetch) throw problem("option", "fetch stays on the page: a worker has its own", TypeError);
  const worker =
    given === true ? startOwn(folderOf(base)) : /** @type {Worker} */ (given);
  /** @type {Question[]} */
  let waiting = [];
  /** @type {Map<number, Question>} */
  const asked = new Map();
  let count = 0;
  /** @type {any} */
  let facts;
  /** @type {Error | null} */
  let ended = null;

  /** @param {Error} error */
  function end(error) {
    ended = ended || error;
    Array.from(asked.values()).concat(waiting).forEach(({ reject }) => reject(error));
    asked.clear();
    waiting = [];
    worker.terminate();
  }

  function send() {
    while (waiting.length && asked.size < AT_ONCE) {
      const next = /** @type {Question} */ (waiting.shift());
      asked.set(next.id, next);
      worker.postMessage(next.message);
    }
  }

  worker.onmessage = ({ data }) => {
    if (data.progress) {
      if (onProgress) onProgress(data.progress);
      return;
    }
    const question = asked.get(data.id);
    asked.delete(data.id);
    facts = data.facts || facts;
    // What was given up has no question any more.
    if (question) {
      if (data.error) question.reject(Object.assign(new Error(data.error.message), data.error));
      else question.resolve(data.value);
    }
    send();
  };
  worker.onerror = (event) => {
    end(problem("worker", `The worker has failed: ${event.message || "its script did not load"}`));
  };

  /**
   * @param {string} name of a method
   * @param {any[]} values
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  function ask(name, values, signal) {
    return new Promise((resolve, reject) => {
      if (ended) throw ended;
      throwIfAborted(signal);
      const id = ++count;
      const question = { id, message: { id, name, values }, resolve, reject };
      waiting.push(question);
      if (signal) {
        signal.addEventListener("abort", () => {
          waiting = waiting.filter((other) => other !== question);
          try {
            throwIfAborted(signal);
          } catch (error) {
            reject(error);
          }
        });
      }
      send();
    });
  }

  /**
   * Parts an answer's options from the signal, which cannot leave the page.
   *
   * @param {any} options
   */
  function apart(options) {
    const rest = Object.assign({}, options);
    delete rest.signal;
    delete rest.onProgress;
    return options && Object(options) === options ? rest : options;
  }

  /**
   * @param {Iterable<string>} texts
   * @param {any} options
   */
  async function classifyBatch(texts, options) {
    if (typeof texts === "string" || !Object(texts)[Symbol.iterator]) {
      throw problem("text", `The texts must be a list of strings, not ${show(texts)}`, TypeError);
    }
    const { onProgress: tell, signal: own } = Object(options);
    /** @type {Classification[]} */
    let found = [];
    /** @type {Promise<Classification[]>[]} */
    const running = [];
    /** @param {string[]} part */
    const start = (part) => running.push(ask("classifyBatch", [part, apart(options)], own));
    async function take() {
      found = found.concat(await /** @type {Promise<Classification[]>} */ (running.shift()));
      if (tell) tell(found.length);
    }
    /** @type {string[]} */
    let part = [];
    for (const text of texts) {
      part.push(text);
      if (part.length < BATCH) continue;
      start(part);
      part = [];
      if (running.length === AT_ONCE) await take();
    }
    if (part.length) start(part);
    while (running.length) await take();
    return found;
  }

  const remote = {
    get labels() {
      return facts.labels;
    },
    get unsureBelow() {
      return facts.unsureBelow;
    },
    info: () => Object.assign({}, facts.info),
    checkForUpdate: () => ask("checkForUpdate", []),
    rollback: () => ask("rollback", []),
    dispose: () => end(problem("disposed", "This classifier was disposed of")),
  };
  const answers = /** @type {any} */ (remote);
  for (const name of METHODS) {
    answers[name] = (/** @type {any} */ text, /** @type {any} */ options) =>
      ask(name, [text, apart(options)], Object(options).signal);
  }
  answers.classifyBatch = classifyBatch;

  const { model, runtime, trust } = options;
  const address = model ? undefined : new URL(String(base), location.href).href;
  try {
    await ask("create", [{ base: address, model, runtime, trust }], signal);
  } catch (error) {
    end(/** @type {Error} */ (error));
    throw error;
  }
  return answers;
}
