// Starts the package's worker. This is apart from the kernel, which the worker's script imports: a
// module that starts a worker which imports it again is more than some bundlers get to the end of.

/** @typedef {typeof import("../create.js").create} Create */

/**
 * Makes a classifier, with a worker of the package's own where it is told `worker: true`.
 *
 * @param {Create} create
 * @param {any} [options]
 * @returns {Promise<any>}
 */
export async function createBy(create, options) {
  const isAsked = Object(options).worker === true && typeof Worker === "function";
  if (PROVENDER_FORMAT !== "esm" || !isAsked) return create(options);
  // Bundlers find the script by these very words.
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  try {
    return await create(Object.assign({}, options, { worker }));
  } catch (error) {
    worker.terminate();
    throw error;
  }
}
