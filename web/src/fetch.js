import { joinShards, weightPaths } from "./model.js";

export const fetchJson = (url) => fetchAs("json", url);

/** Fetches a TensorFlow.js model from its folder as `{model, weights}`. */
export async function fetchModel(folder) {
  const model = await fetchJson(`${folder}/model.json`);
  const shards = await Promise.all(
    weightPaths(model).map((path) => fetchAs("arrayBuffer", `${folder}/${path}`)),
  );
  return { model, weights: joinShards(shards) };
}

async function fetchAs(type, url) {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return await response[type]();
  } catch (error) {
    throw new Error(`Could not load ${url}: ${error.message}`);
  }
}
