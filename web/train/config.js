// The configuration, as the workflow has it: files laid over each other, and the defaults of its
// schema.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse, YAMLParseError } from "yaml";
import { isSaid } from "./errors.js";
import { toSeconds } from "./posts.js";

/**
 * What a build depends on, with every default set. What a source does not have is empty.
 *
 * @typedef {object} Settings
 * @property {string} name
 * @property {string} version
 * @property {string} title
 * @property {{ kind: string, table: string, text: string, label: string, split: string,
 *   labels: (string | number)[], rename_labels: { [label: string]: string },
 *   label_separator: string, min_posts: number, rare_labels: string }} source
 * @property {{ by: "threshold" | "names" | "hash", threshold: number, is_date: boolean,
 *   test: number, validation_by: string }} split
 * @property {{ recipe: string, strip: string[], augment: string[][], language: string,
 *   marks: string, grams: import("./recipe.js").GramSettings }} text
 * @property {{ size: number, min_count: number, piece_min_count: number,
 *   exclude?: string }} vocabulary
 * @property {ModelSettings} model
 */

/**
 * @typedef {{ budget_kb: number | "auto", sure_accuracy: number, max_words: number,
 *   smoothing: number, power: number, idf_power: number, share: number | "auto",
 *   cost: number | "auto", epochs: number, seed: number }} ModelSettings
 */

/** @typedef {{ [key: string]: any }} Keys */

const TOOL = join(import.meta.dirname, "..", "..");

const RECIPE = "config/text.yaml";

const BOOL = "tag:yaml.org,2002:bool";

// Kinds of source whose rows have a split value, whatever is configured.
const WITH_YEARS = ["newsgroups", "docstrings"];

const NO_SOURCE = {
  table: "",
  text: "",
  label: "",
  split: "",
  labels: [],
  rename_labels: {},
  label_separator: "",
  min_posts: 1,
  rare_labels: "",
};

/**
 * Reads a configuration of one file or several, of which the last has the last word.
 *
 * @param {string[]} paths
 * @returns {Settings}
 */
export function readSettings(paths) {
  const schema = readYaml(join(TOOL, "workflow", "schemas", "config.schema.yaml"));
  const config = /** @type {Keys} */ ({});
  for (const part of thatCount(paths.map(readYaml))) layOver(config, part);
  addDefaults(config, schema);
  check(config, schema, paths);
  if (config.vectors) isSaid("vectors: Node.js cannot train with them: leave them out, or use Python");
  const { source, split } = config;
  const hasThreshold = "threshold" in split || WITH_YEARS.includes(source.kind);
  const by = split.by ?? (hasThreshold ? "threshold" : source.split ? "names" : "hash");
  const isDate = typeof split.threshold === "string";
  const threshold = isDate ? toSeconds(split.threshold) : split.threshold;
  if (by === "threshold" && threshold === undefined) isSaid("split.threshold is missing, or no date");
  return /** @type {Settings} */ ({
    ...config,
    source: { ...NO_SOURCE, ...source },
    split: { ...split, by, threshold, is_date: isDate },
    text: { ...config.text, recipe: recipeFile(config.text.recipe) },
  });
}

/**
 * Gives the path of the text recipe: the project's own, or else the tool's.
 *
 * @param {string} named
 */
const recipeFile = (named) =>
  named === RECIPE && !existsSync(named) ? join(TOOL, RECIPE) : named;

/**
 * @param {string} path
 * @returns {Keys}
 */
export function readYaml(path) {
  let value;
  try {
    // The edition of YAML that Python's library reads, to which y and n are texts.
    value = parse(readFileSync(path, "utf8"), {
      version: "1.1",
      customTags: (tags) => tags.map(withoutShortBools),
    });
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    return isSaid(`${path} is not valid YAML: ${error.message}`);
  }
  if (!isKeys(value)) isSaid(`${path} holds no keys with values: see config/config.yaml`);
  return value;
}

/**
 * @param {import("yaml").Tags[number]} tag
 * @returns {import("yaml").Tags[number]}
 */
function withoutShortBools(tag) {
  if (typeof tag === "string" || tag.tag !== BOOL || !("test" in tag) || !tag.test) return tag;
  return { ...tag, test: new RegExp(`(?!^[ynYN]$)${tag.test.source}`) };
}

/**
 * Gives the parts from the last one on that names another kind of source than those below.
 *
 * @param {Keys[]} parts
 */
function thatCount(parts) {
  let first = 0;
  /** @type {string | undefined} */
  let kind;
  parts.forEach(({ source }, place) => {
    if (source?.kind && source.kind !== kind) [first, kind] = [place, source.kind];
  });
  return parts.slice(first);
}

/**
 * @param {Keys} below
 * @param {Keys} above
 */
function layOver(below, above) {
  for (const [key, value] of Object.entries(above)) {
    if (isKeys(value) && isKeys(below[key])) layOver(below[key], value);
    else below[key] = structuredClone(value);
  }
}

/**
 * @param {unknown} value
 * @returns {value is Keys}
 */
const isKeys = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * @param {Keys} config
 * @param {Keys} schema
 */
function addDefaults(config, schema) {
  for (const [key, below] of Object.entries(schema.properties)) {
    if ("default" in below) config[key] ??= structuredClone(below.default);
    if (!below.properties) continue;
    const part = config[key] ?? {};
    addDefaults(part, below);
    // A part without any defaults is there or not, as word vectors are.
    if (Object.keys(part).length) config[key] ??= part;
  }
}

/**
 * @param {Keys} config
 * @param {Keys} schema
 * @param {string[]} paths
 */
function check(config, schema, paths) {
  const isValid = new Ajv2020({ allErrors: true, strict: false }).compile(schema);
  if (isValid(config)) return;
  const faults = (isValid.errors || []).map(({ instancePath, message, params }) => {
    const place = instancePath.slice(1).replaceAll("/", ".") || "it";
    const named = params.additionalProperty || params.propertyName || "";
    return `${place}: ${message} ${named}`.trimEnd();
  });
  isSaid(`${paths.join(", ")} is wrong:\n  ${[...new Set(faults)].join("\n  ")}`);
}
