// Builds the files of the npm package, of the model in a bundle.

/** @import { BuildOptions, Plugin } from "esbuild" */

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeTypes } from "./build_types.js";
import { THOROUGH, writeScript } from "./minify.js";
import { packBytes } from "./src/package/bytes.js";

/** @param {string} name */
const source = (name) => join(import.meta.dirname, "src", name);

// The package's modules, each in both formats; and of which source code and types are.
const MODULES = [
  ["core.js", "package/core.js", "classifier.js"],
  ["index.js", "package/index.js", "package/api.js"],
  ["model.js", "package/model.js", "package/model.js"],
  ["worker.js", "worker.js", "worker.js"],
];

// What is another where it is required.
const REQUIRED = new Map([["index.js", "package/required.js"]]);

// Characters of ASCII, of which no word has those that are capitals, as a rule.
const PRINTABLE = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ~^|`"];

// The kernel, for what has no model inside; and the script that has one, for the others.
const KERNEL = "kernel.js";
const SCRIPT = "classifier.js";

/**
 * Builds the package's files.
 *
 * @param {string} bundle
 * @param {string} output
 * @param {BuildOptions} shared
 * @param {string} [license] of the model, as SPDX abbreviates it
 */
export async function buildPackage(bundle, output, shared, license) {
  const { model, name, texts } = await readModel(bundle, license);
  // Packages of other models, or versions, may be on the same page.
  const unique = `provender ${digest(JSON.stringify([model, texts])).slice(0, 16)}`;
  await mkdir(join(output, "esm"), { recursive: true });

  /**
   * @param {"esm" | "cjs" | "iife"} format
   * @param {string} entry
   * @param {string} outfile
   * @param {{ [source: string]: string }} kept modules of their own, and where they are
   */
  const write = (format, entry, outfile, kept) =>
    writeScript({
      ...shared,
      format,
      // So that modules that import from CommonJS in Node.js are told by what names.
      platform: format === "cjs" ? "node" : "browser",
      globalName: format === "iife" ? toGlobal(name) : undefined,
      // Of the others in CommonJS it would take out what says that they have no default export.
      compress: format === "cjs" && outfile !== KERNEL ? false : THOROUGH,
      entryPoints: [source(entry)],
      outfile: join(output, outfile),
      define: {
        PROVENDER_FORMAT: JSON.stringify(format),
        PROVENDER_PACKAGE: JSON.stringify(unique),
      },
      // Who has these modules without a bundler has a browser that reads them; bundlers need them.
      logOverride: { "empty-import-meta": "silent" },
      supported: format === "esm" ? { "dynamic-import": true, "import-meta": true } : {},
      plugins: [resolver(model, kept)],
      texts: outfile === SCRIPT ? texts : {},
    });

  await Promise.all([
    write("iife", "package/script.js", SCRIPT, {}),
    write("cjs", "classifier.js", KERNEL, {}),
    write("esm", "classifier.js", `esm/${KERNEL}`, {}),
    ...MODULES.flatMap(([file, entry]) => [
      write("cjs", REQUIRED.get(file) || entry, file, { "classifier.js": `./${KERNEL}`, "script.js": `./${SCRIPT}` }),
      write("esm", entry, `esm/${file}`, {
        "classifier.js": `./${KERNEL}`,
        "script.js": `../${SCRIPT}`,
      }),
    ]),
    write("esm", "package/node.js", "esm/node.js", { "index.js": "../index.js" }),
    writeFile(join(output, "esm", "package.json"), '{"type":"module"}\n'),
    writeTypes(MODULES.map(([file, , types]) => [file, types]), output),
  ]);
}

/**
 * Reads a bundle, and gives the module that the package's script has it from.
 *
 * @param {string} bundle
 * @param {string} [license]
 */
async function readModel(bundle, license) {
  /** @param {string[]} path */
  const read = async (...path) => JSON.parse(await readFile(join(bundle, ...path), "utf8"));
  const text = await readFile(join(bundle, "manifest.json"));
  const manifest = JSON.parse(`${text}`);
  const about = await read("about.json");
  const constants = await read("constants.json");
  const model = await read("tfjs", "layers", "model.json");
  const weights = await readFile(join(bundle, "tfjs", "layers", "group1-shard1of1.bin"));
  const facts = {
    labels: constants.labels,
    unsureBelow: constants.unsure_below,
    version: manifest.version,
    digest: digest(`${text}`),
  };
  /** @type {string} */
  const rests = constants.words.rests;
  // Ends of lines would be two characters each, or of a template, which takes Node.js twice as long.
  const end = PRINTABLE.find((character) => !rests.includes(character)) || "\n";
  /** @type {{ [name: string]: string }} */
  const texts = {};
  const aside = (/** @type {string} */ given) => {
    const own = `provender text ${Object.keys(texts).length}`;
    texts[own] = given;
    return own;
  };
  const { text: bytes, ...howPacked } = packBytes(weights);
  const packed = {
    // As JSON, which is read faster than a script's values, and not before it is needed.
    constants: aside(JSON.stringify({ ...constants, words: null })),
    words: {
      shared: aside(constants.words.shared),
      rests: aside(rests.replace(/\n/g, () => end)),
    },
    end,
    model: aside(JSON.stringify(model)),
    about: aside(JSON.stringify({ ...about, license })),
    manifest: aside(JSON.stringify(manifest)),
    weights: { ...howPacked, text: aside(bytes) },
  };
  return {
    name: manifest.name,
    texts,
    model:
      `export const facts = ${JSON.stringify(facts)};` +
      `export const packed = ${JSON.stringify(packed)};`,
  };
}

/** @param {string} text */
const digest = (text) => createHash("sha256").update(text).digest("hex");

/**
 * Gives the name of a global, as newsOfTodayClassifier for news-of-today.
 *
 * @param {string} name
 */
const toGlobal = (name) =>
  `${name.replace(/-+(.?)/g, (_, letter) => letter.toUpperCase())}Classifier`;

/**
 * Has esbuild find what is no file, or is another file in the package.
 *
 * @param {string} model
 * @param {{ [source: string]: string }} kept
 * @returns {Plugin}
 */
const resolver = (model, kept) => ({
  name: "package",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^provender:model$/ }, ({ path }) => ({ path, namespace: "model" }));
    onLoad({ filter: /./, namespace: "model" }, () => ({ contents: model }));
    onResolve({ filter: /\/parts\.js$/ }, () => ({ path: source("package/parts.js") }));
    onResolve({ filter: /\/(script|classifier|index)\.js$/, namespace: "file" }, ({ path, kind }) => {
      const file = path.replace(/.*\//, "");
      if (kind === "entry-point") return undefined;
      return kept[file] ? { path: kept[file], external: true } : undefined;
    });
  },
});
