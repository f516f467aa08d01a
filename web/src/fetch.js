import { joinShards, weightPaths } from "./model.js";

export const fetchJson = (url) => fetchAs("json", url);

/** Fetches a TensorFlow.js model from its folder as `{model, weights}`. */
export const fetchModel = (folder) => readModel(folder, fetchAs);

/** Reads a model by `read(type, name)`, which gives a file's parsed "json" or "arrayBuffer". */
export async function readModel(folder, read) {
  const model = await read("json", `${folder}/model.json`);
  const shards = await Promise.all(
    weightPaths(model).map((path) => read("arrayBuffer", `${folder}/${path}`)),
  );
  return { model, weights: joinShards(shards) };
}

export async function fetchAs(type, url) {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return await response[type]();
  } catch (error) {
    throw new Error(`Could not load ${url}: ${error.message}`);
  }
}
