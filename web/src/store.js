// What a browser keeps of a site: files by their digests, and one record that says of which
// versions they are and which of those runs. It is in IndexedDB, whose transactions happen as a
// whole or not at all. Service worker, pages and workers share it.

/** @import { Change, State } from "./versions.js" */

import { applyChange, emptyState } from "./versions.js";

/**
 * Where versions are kept.
 *
 * @typedef {object} Store
 * @property {() => Promise<State>} read gives the record
 * @property {(digests: string[]) => Promise<(ArrayBuffer | undefined)[]>} files gives the bytes of
 *   files, undefined for one that is not kept
 * @property {<Result>(change: Change<Result>, asked?: string[]) => Promise<Result>} change changes
 *   the record in one transaction, and deletes the files of which no version is left; `change` is
 *   told which of the files `asked` are kept
 */

const FILES = "files";
const RECORDS = "records";
const KEY = "state";

/**
 * Gives the store of the site at an address.
 *
 * @param {string} base
 * @returns {Store}
 */
export function openStore(base) {
  /** @type {Promise<IDBDatabase> | null} */
  let opened = null;
  const forget = () => {
    opened = null;
  };

  function open() {
    if (!opened) {
      opened = connect(`provender ${base}`, forget);
      opened.catch(forget);
    }
    return opened;
  }

  /**
   * Begins a transaction, and gives what `work` does with it, which asks for all at once: left to
   * itself, a transaction ends.
   *
   * @template Result
   * @param {IDBTransactionMode} mode
   * @param {(transaction: IDBTransaction) => Promise<Result>} work
   */
  async function transact(mode, work) {
    const stores = [FILES, RECORDS];
    let transaction;
    try {
      transaction = (await open()).transaction(stores, mode);
    } catch (error) {
      // Closed meanwhile, as when all of the site's data are deleted.
      if (/** @type {Error} */ (error).name !== "InvalidStateError") throw error;
      forget();
      transaction = (await open()).transaction(stores, mode);
    }
    return work(transaction);
  }

  return {
    read: () =>
      transact("readonly", async (transaction) => {
        const request = transaction.objectStore(RECORDS).get(KEY);
        await finish(transaction);
        return request.result || emptyState();
      }),

    files: (digests) =>
      transact("readonly", async (transaction) => {
        const requests = digests.map((digest) => transaction.objectStore(FILES).get(digest));
        await finish(transaction);
        return requests.map(({ result }) => result);
      }),

    change: (change, asked = []) =>
      transact("readwrite", (transaction) => apply(transaction, change, asked)),
  };
}

/**
 * Applies a change to the record.
 *
 * @template Result
 * @param {IDBTransaction} transaction
 * @param {Change<Result>} change
 * @param {string[]} asked
 * @returns {Promise<Result>}
 */
async function apply(transaction, change, asked) {
  const files = transaction.objectStore(FILES);
  const records = transaction.objectStore(RECORDS);
  const counts = asked.map((digest) => files.count(digest));
  /** @type {any} */
  let result;
  /** @type {unknown} */
  let thrown;
  const request = records.get(KEY);
  // Requests are answered in their order, so the counts are known. What is asked for here
  // belongs to the transaction, where after a promise it might have ended.
  request.onsuccess = () => {
    try {
      const held = asked.filter((_, index) => counts[index].result > 0);
      const { state, isChanged, puts, gone, outcome } = applyChange(
        request.result || emptyState(),
        change,
        held,
      );
      result = outcome;
      puts.forEach((bytes, digest) => (bytes ? files.put(bytes, digest) : files.delete(digest)));
      gone.forEach((digest) => files.delete(digest));
      // On a full disk, what only deletes must not need room.
      if (isChanged) records.put(state, KEY);
    } catch (error) {
      thrown = error;
      transaction.abort();
    }
  };
  try {
    await finish(transaction);
  } catch (error) {
    throw thrown || error;
  }
  return result;
}

/**
 * @param {string} name
 * @param {() => void} forget is called once the connection is of no use any more
 * @returns {Promise<IDBDatabase>}
 */
const connect = (name, forget) =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(FILES);
      request.result.createObjectStore(RECORDS);
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      database.onclose = forget;
      // Someone deletes it, or a later script needs it in another form.
      database.onversionchange = () => {
        database.close();
        forget();
      };
      resolve(database);
    };
  });

/**
 * Waits until a transaction has happened; rejects where it has not.
 *
 * @param {IDBTransaction} transaction
 * @returns {Promise<void>}
 */
const finish = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
