// Builds the files of the npm package, of the model in a bundle.

/** @import { BuildOptions, Plugin } from "esbuild" */

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { writeTypes } from "./build_types.js";
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
  const { model, name } = await readModel(bundle, license);
  // Packages of other models, or versions, may be on the same page.
  const unique = `provender ${createHash("sha256").update(model).digest("hex")}`;
  await mkdir(join(output, "esm"), { recursive: true });

  /**
   * @param {"esm" | "cjs" | "iife"} format
   * @param {string} entry
   * @param {string} outfile
   * @param {{ [source: string]: string }} kept modules of their own, and where they are
   */
  const write = (format, entry, outfile, kept) =>
    build({
      ...shared,
      format,
      globalName: format === "iife" ? toGlobal(name) : undefined,
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
    });

  await Promise.all([
    write("iife", "package/script.js", SCRIPT, {}),
    write("cjs", "classifier.js", KERNEL, {}),
    write("esm", "classifier.js", `esm/${KERNEL}`, {}),
    ...MODULES.flatMap(([file, entry]) => [
      write("cjs", entry, file, { "classifier.js": `./${KERNEL}`, "script.js": `./${SCRIPT}` }),
      write("esm", entry, `esm/${file}`, {
        "classifier.js": `./${KERNEL}`,
        "script.js": `../${SCRIPT}`,
      }),
    ]),
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
    digest: createHash("sha256").update(text).digest("hex"),
  };
  const packed = {
    // As JSON, which is read faster than a script's values, and not before it is needed.
    constants: JSON.stringify({ ...constants, words: null }),
    words: constants.words,
    model: JSON.stringify(model),
    about: JSON.stringify({ ...about, license }),
    manifest: JSON.stringify(manifest),
    weights: packBytes(weights),
  };
  return {
    name: manifest.name,
    model:
      `export const facts = ${JSON.stringify(facts)};` +
      `export const packed = ${JSON.stringify(packed)};`,
  };
}

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
    onResolve({ filter: /\/(script|classifier)\.js$/, namespace: "file" }, ({ path, kind }) => {
      const file = path.replace(/.*\//, "");
      if (kind === "entry-point") return undefined;
      return kept[file] ? { path: kept[file], external: true } : undefined;
    });
  },
});
