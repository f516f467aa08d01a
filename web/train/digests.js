// Digests of rows, whatever file they were in.

/**
 * @import { Features } from "./features.js"
 * @import { Used } from "./splits.js"
 */

import { createHash } from "node:crypto";

/**
 * Of rows, each as a line of JSON.
 *
 * @typedef {{ rows: number, sha256: string }} Digest
 */

/**
 * @param {Iterable<unknown[]>} rows
 * @returns {Digest}
 */
function digest(rows) {
  const hash = createHash("sha256");
  let count = 0;
  for (const row of rows) {
    hash.update(`${JSON.stringify(row)}\n`);
    count++;
  }
  return { rows: count, sha256: hash.digest("hex") };
}

/** @param {Pick<Used, "rowid" | "text" | "label" | "year">[]} posts */
export const digestPosts = (posts) =>
  digest(posts.map(({ rowid, text, label, year }) => [`${rowid}`, text, label, year]));

/** @param {Pick<Features, "rowids" | "labels" | "starts" | "ids" | "counts">} features */
export const digestFeatures = ({ rowids, labels, starts, ids, counts }) =>
  digest(
    rowids.map((rowid, row) => {
      const [start, end] = [starts[row], starts[row + 1]];
      return [`${rowid}`, labels[row], [...ids.subarray(start, end)], [...counts.subarray(start, end)]];
    }),
  );
