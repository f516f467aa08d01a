// What the TensorFlow.js formats have in common: a weights manifest, and shards of bytes that
// hold its weights one after the other.

export const weightPaths = ({ weightsManifest }) =>
  [].concat(...weightsManifest.map((group) => group.paths));

export const weightSpecs = ({ weightsManifest }) =>
  [].concat(...weightsManifest.map((group) => group.weights));

/** Joins the shards of weights, in the manifest's order, into one ArrayBuffer. */
export function joinShards(shards) {
  const joined = new Uint8Array(shards.reduce((size, shard) => size + shard.byteLength, 0));
  let end = 0;
  for (const shard of shards) {
    joined.set(new Uint8Array(toBuffer(shard)), end);
    end += shard.byteLength;
  }
  return joined.buffer;
}

/** Gives the ArrayBuffer behind `bytes`: itself, or a copy of the part that a view shows. */
export function toBuffer(bytes) {
  if (!ArrayBuffer.isView(bytes)) return bytes;
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}
