// Posts that are learnt from in blocks, where Python's memory would not hold all at once. Here they
// are in memory, in the same blocks. src/provender/model/blocks.py says why.

/** @import { Features } from "./features.js" */

import { rowsWhere } from "./features.js";

// Features of posts that are learnt from at once.
const MOST_FEATURES = 1 << 24;

/**
 * Gives how many features posts have, those without any counted as with one.
 *
 * @param {Features[]} parts
 */
export const countFeatures = (...parts) =>
  parts.reduce(
    (total, { starts }) =>
      starts.subarray(1).reduce((sum, end, row) => sum + Math.max(end - starts[row], 1), total),
    0,
  );

/**
 * Gives in how many blocks posts of so many features are learnt from.
 *
 * @param {number} features
 */
export const countBlocks = (features) => Math.max(1, Math.ceil(features / MOST_FEATURES));

/**
 * Deals posts to blocks in turn.
 *
 * @param {Features} posts
 * @param {number} count
 */
export const deal = (posts, count) =>
  Array.from({ length: count }, (_, block) => rowsWhere(posts, (row) => row % count === block));
